"""The answer to /access mine: what somebody has, what they wait for, and the buttons to end it."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.cards import CardAction
from bot.domain.desk import HeldLevel, Mine, PendingLevel
from bot.domain.grant import GrantState
from bot.domain.text import clean, escape_mrkdwn
from handlers.slack.actions import Block
from handlers.slack.views import plain_text

MAX_ROWS = 20
_Row: TypeAlias = tuple[str, Block | None]
_MAX_LEVEL = 200

NOTHING = "You have no access through Usher and wait for none. Type /access to ask for some."
_GRANT_WORDS = {
    GrantState.ACTIVE: "active",
    GrantState.ENDING: "ending now",
    GrantState.ENDED: "ended",
    GrantState.NEEDS_IT: "ending, IT has to finish it",
}


def render(mine: Mine, issue_url: Callable[[int], str]) -> tuple[str, list[Block]]:
    """Return the text, which says it all, and the blocks."""
    if not mine.held and not mine.pending:
        return NOTHING, []
    held = [(_held_line(one, mine.timezone), _give_back(one)) for one in mine.held]
    pending: list[_Row] = [(_pending_line(one, issue_url), _cancel(one)) for one in mine.pending]
    lines = [line for line, _ in (*held, *pending)]
    blocks = [*_part("You have", held), *_part("You wait for", pending)]
    return "\n".join(lines[: 2 * MAX_ROWS]), blocks


def _part(title: str, rows: list[_Row]) -> list[Block]:
    if not rows:
        return []
    blocks: list[Block] = [{"type": "header", "text": plain_text(title)}]
    for line, button in rows[:MAX_ROWS]:
        text = {"type": "mrkdwn", "verbatim": True, "text": line}
        section: Block = {"type": "section", "text": text}
        blocks.append(section | ({"accessory": button} if button else {}))
    if len(rows) > MAX_ROWS:
        more = f"And {len(rows) - MAX_ROWS} more; your issues on GitHub show all of them."
        blocks.append({"type": "context", "elements": [plain_text(more)]})
    return blocks


def _held_line(held: HeldLevel, timezone: str) -> str:
    if held.state is not GrantState.ACTIVE:
        return f"{_level(held.level_id)}: {_GRANT_WORDS[held.state]}"
    return f"{_level(held.level_id)}: {_until(held.until, timezone)}"


def _pending_line(pending: PendingLevel, issue_url: Callable[[int], str]) -> str:
    line = f"{_level(pending.level_id)}: {pending.state.words}"
    if pending.issue_number is None:
        return line
    return f"{line}, <{issue_url(pending.issue_number)}|issue {pending.issue_number}>"


def _level(level_id: str) -> str:
    return escape_mrkdwn(clean(level_id, _MAX_LEVEL))


def _until(until: datetime | None, timezone: str) -> str:
    if until is None:
        return "for good"
    local = until.astimezone(ZoneInfo(timezone))
    return f"until {local.day} {local:%B %Y, %H:%M} ({escape_mrkdwn(timezone)})"


def _give_back(held: HeldLevel) -> Block | None:
    if not held.can_give_back:
        return None
    return _button(
        CardAction.GIVE_BACK,
        held.grant_id,
        label="Give back",
        ask=f"Give {clean(held.level_id, 100)} back?",
        loss="The access ends now. To have it again means to ask again.",
    )


def _cancel(pending: PendingLevel) -> Block:
    return _button(
        CardAction.CANCEL,
        pending.request_id,
        label="Cancel",
        ask=f"Cancel the request for {clean(pending.level_id, 100)}?",
        loss="Nobody will decide on it any more.",
    )


def _button(action: CardAction, subject_id: str, *, label: str, ask: str, loss: str) -> Block:
    return {
        "type": "button",
        "action_id": action.value,
        "text": plain_text(label),
        "value": f"{subject_id}:",
        "accessibility_label": clean(ask, 75),
        "confirm": {
            "title": plain_text(label),
            "text": plain_text(f"{ask} {loss}"),
            "confirm": plain_text(label),
            "deny": plain_text("Keep it"),
            "style": "danger",
        },
    }
