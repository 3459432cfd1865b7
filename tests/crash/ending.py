"""How everything stands at the end of a play, in a form that two plays of one story share."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from bot.adapters.store import tables
from bot.adapters.store.database import make_engine
from bot.domain.audit import Tag
from bot.sandbox.slack import SlackMessage
from tests.crash.ground import Ground

Rows = list[dict[str, Any]]

_VOLATILE = (
    (re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(\.\d+)?"), "TIME"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "DAY"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\b[ro][0-9a-f]{11}\b"), "REQUEST"),
    (re.compile(r"\bgh[-:]comment[-:]\d+"), "COMMENT"),
)
# A setback is told as often as it happens, and a plan that was cut in two as two.
_TOLD_DIFFERENTLY = frozenset({Tag.SEAT_CHANGING, Tag.REQUEST_POSTPONED})


def plain(text: str) -> str:
    """Take out of a text what differs from play to play, and Markdown's escapes with it."""
    text = text.replace("\\", "").replace("\N{WORD JOINER}", "")
    for volatile, word in _VOLATILE:
        text = volatile.sub(word, text)
    return text


def ending(ground: Ground) -> list[str]:
    """Describe the end of a play, line by line; two plays that ended alike give equal lists."""
    rows = read_rows(ground.database_url)
    found = [
        *_issues(ground),
        *_cards(ground),
        *_org(ground),
        *_vaults(ground),
        *_our_rows(rows),
    ]
    return sorted(plain(line) for line in found)


def read_rows(database_url: str) -> dict[str, Rows]:
    """Read all tables of ours."""
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in tables.metadata.sorted_tables
            }
    finally:
        engine.dispose()


# ---- the outside world --------------------------------------------------------------------------


def _issues(ground: Ground) -> Iterator[str]:
    for issue in ground.world.github.issues():
        labels = ", ".join(sorted(issue.labels))
        yield f"issue {issue.title}: {issue.state} {issue.state_reason} [{labels}]"
        for comment in issue.comments:
            marker = comment.body.rstrip().splitlines()[-1]
            yield from _lines(f"comment by {comment.author} {marker}", comment.body)


def _lines(thing: str, text: str) -> Iterator[str]:
    """Say of each line whose it is, so that a difference is one line and not a page."""
    yield from (f"{thing} ¦ {line}" for line in text.splitlines() if line.strip())


def _cards(ground: Ground) -> Iterator[str]:
    for message in cards(ground):
        key = json.dumps((message.metadata or {}).get("event_payload"))
        yield from _lines(f"card {key} {message.channel}", message.text)
        yield f"card {key} {message.channel} has {_buttons(message)}"


def cards(ground: Ground) -> list[SlackMessage]:
    """List the cards in Slack: messages with blocks that everybody in the conversation sees."""
    return [m for m in ground.world.slack.messages() if m.blocks and m.ephemeral_for is None]


def _buttons(message: SlackMessage) -> list[str]:
    elements = [e for b in message.blocks for e in b.get("elements", []) if "action_id" in e]
    return [element["action_id"] for element in elements]


def _org(ground: Ground) -> Iterator[str]:
    for user in ground.world.salesforce.org.users():
        yield (
            f"user {user.username} {user.email} {user.external_id} {user.federation_id}: "
            f"active={user.is_active} frozen={user.is_frozen} {user.licence} {user.profile} "
            f"sets={user.permission_sets} licences={user.permission_set_licences} "
            f"has_password={user.last_password is not None} "
            f"owns={ground.world.salesforce.org.owned(user.username)}"
        )
    for pool in ground.world.salesforce.org.pools():
        yield f"pool {pool.kind} {pool.name}: {pool.used} of {pool.total}"
    for mail in ground.world.salesforce.org.outbox:
        yield f"mail {mail.kind}"


def _vaults(ground: Ground) -> Iterator[str]:
    for vault_id, items in vault_items(ground).items():
        for item in items:
            yield (
                f"item in {vault_id}: {item.title} {item.category} {item.username} {item.url} "
                f"{item.tags} {item.details}"
            )


def vault_items(ground: Ground) -> dict[str, list[Any]]:
    """Return what lies in each vault."""
    vaults = ground.world.onepassword._vaults
    return {vault_id: ground.world.onepassword.items(vault_id) for vault_id in vaults}


# ---- our own rows -------------------------------------------------------------------------------


def _our_rows(rows: dict[str, Rows]) -> Iterator[str]:
    for row in rows["requests"]:
        is_told = row["told_revision"] == row["revision"]
        yield (
            f"request of {row['person_id']} for {row['level_id']}: {row['state']} told={is_told} "
            f"issue={row['issue_number'] is not None} due={bool(row['due_at'])} {row['note']}"
        )
    for row in rows["grants"]:
        yield (
            f"grant of {row['person_id']} for {row['level_id']}: {row['state']} "
            f"{row['end_reason']} account={bool(row['account'])} item={bool(row['item_id'])} "
            f"due={bool(row['due_at'])} {row['note']}"
        )
    yield from (f"task {row['text']}: {row['done_by']}" for row in rows["tasks"])
    yield from (f"reserved {row['pool']}" for row in rows["reservations"])
    yield from (f"approval by {row['person_id']}: {row['verdict']}" for row in rows["approvals"])
    yield from (f"unanswered {m['message']}" for m in rows["inbox"] if not m["answered_at"])
    yield from (f"audit {tag} × {n}" for tag, n in sorted(_audit(rows["audit"]).items()))


def _audit(entries: Rows) -> Counter[str]:
    return Counter(e["tag"] for e in entries if e["tag"] not in _TOLD_DIFFERENTLY)


def logged_plans(ground: Ground) -> frozenset[str]:
    """Return what the audit log says was about to be changed in Salesforce."""
    entries = read_rows(ground.database_url)["audit"]
    return frozenset(entry["facts"] for entry in entries if entry["tag"] == Tag.SEAT_CHANGING)
