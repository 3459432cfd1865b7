"""What must be so after every play, whatever was broken: each write has had exactly one effect."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.crash.ending import cards, read_rows, vault_items
from tests.crash.ground import Ground
from tests.crash.writes import Effect

_MARKER = re.compile(r"<!-- usher:(\S+) -->\s*$")
_MAKES = (
    re.compile(r"github POST /repos/acme/access/issues$"),
    re.compile(r"github POST /repos/acme/access/issues/\d+/comments$"),
    re.compile(r"slack POST /api/chat\.postMessage$"),
    re.compile(r"onepassword (POST|DELETE) /v1/vaults/\w+/items"),
    re.compile(r"salesforce PATCH /services/data/[^/]+/sobjects/User/Usher_Person_Id__c/"),
)
_WHISPER = re.compile(r"slack POST /(actions/|commands/|api/chat\.postEphemeral)")
_PASSWORD = re.compile(r"salesforce POST .*/sobjects/User/\w+/password$")
_ITEM = re.compile(r"onepassword POST /v1/vaults/\w+/items$")


def made(effects: Iterable[Effect]) -> Counter[str]:
    """Count the effects of the calls that make or remove something, by kind of call."""
    calls = [f"{effect.service} {effect.call}" for effect in effects]
    return Counter(kind.pattern for kind in _MAKES for call in calls if kind.match(call))


def doubles(ground: Ground) -> Iterator[str]:
    """Name what is there twice: issues, comments and cards carry the key of their write."""
    issues = ground.world.github.issues()
    bodies = [issue.body for issue in issues] + [c.body for i in issues for c in i.comments]
    keys = [found[1] for body in bodies if (found := _MARKER.search(body))]
    keys += [str(card.metadata) for card in cards(ground)]
    yield from (f"{key} is there {n} times" for key, n in Counter(keys).items() if n > 1)
    whispers = sum(_WHISPER.match(f"{e.service} {e.call}") is not None for e in _effects(ground))
    if whispers > ground.gestures:
        yield f"{whispers} whispers answer {ground.gestures} gestures"


def wrong_passwords(ground: Ground) -> Iterator[str]:
    """Name each item that opens nothing, and each password set after its item was stored."""
    users = {user.username: user for user in ground.world.salesforce.org.users()}
    for items in vault_items(ground).values():
        for item in items:
            if item.password != users[item.username].last_password:
                yield f"the password in «{item.title}» is not the one of {item.username}"
    calls = [f"{effect.service} {effect.call}" for effect in _effects(ground)]
    stored = [n for n, call in enumerate(calls) if _ITEM.match(call)]
    if stored and any(_PASSWORD.match(call) for call in calls[stored[0] :]):
        yield "a password was set after the item was stored"


def left_over(ground: Ground) -> Iterator[str]:
    """Name what should be gone: reserved seats, unanswered messages, writes without an end."""
    rows = read_rows(ground.database_url)
    yield from (f"{row['pool']} is still reserved" for row in rows["reservations"])
    yield from (f"unanswered: {r['message']}" for r in rows["inbox"] if not r["answered_at"])
    yield from (f"unsettled: {r['key']}" for r in rows["writes"] if r["address"] is None)


def _effects(ground: Ground) -> list[Effect]:
    return list(ground.journal.effects)
