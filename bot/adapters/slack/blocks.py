"""Cards as Block Kit, within Slack's limits and with strangers' words disarmed. Pure functions."""

from collections.abc import Callable
from typing import Any

from bot.domain.cards import Card, CardAction, Fact, Link, TaskLine
from bot.domain.text import clean, escape_mrkdwn

Block = dict[str, Any]

MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_TEXT = 3000
MAX_FIELDS = 10
MAX_BUTTON_LABEL = 75
MAX_FALLBACK = 3900  # chat.update refuses a text over 4,000
BUDGET = 10_000  # Slack refuses blocks of about 13,200 characters in all (msg_blocks_too_long)

_SHORT_FACT = 150
_LONG_FACT = 1500
_NOTE = 1200
_TASK = 300
_LARGEST_ENTITY = 5  # «&» becomes «&amp;»

_MORE_ON_ISSUE = "This is not all of it: see the issue for all."
_MORE = "This is not all of it."

_LABELS = {
    CardAction.APPROVE: "Approve",
    CardAction.DENY: "Deny",
    CardAction.CANCEL: "Cancel the request",
    CardAction.GIVE_BACK: "Give it back",
    CardAction.OPEN_ISSUE: "Open the issue",
}
_STYLES = {
    CardAction.APPROVE: "primary",
    CardAction.DENY: "danger",
    CardAction.GIVE_BACK: "danger",
}
_CONFIRM = {
    CardAction.CANCEL: ("Cancel the request?", "Nobody will decide on it any more.", "Cancel it"),
    CardAction.GIVE_BACK: ("Give it back?", "The access ends now.", "Give it back"),
}
_KEEP = "Keep it"
_LOSS = "This cannot be undone: to have it again means to ask again."


def render(card: Card, issue_url: Callable[[int], str]) -> tuple[str, list[Block]]:
    """Return the fallback text, which says the whole thing, and the blocks of a card."""
    page = _Page()
    page.headline(card.headline)
    page.facts(card.facts)
    for note in card.notes:
        page.plain(note, _NOTE)
    for task in card.tasks:
        page.plain(_task(task), _TASK)
    page.links(card.links)
    return fallback(card), page.finish(_buttons(card, issue_url), has_issue=_has_issue(card))


def fallback(card: Card) -> str:
    """Return the card as text alone: what notifications and screen readers get."""
    lines = [
        card.headline,
        *(f"{fact.label}: {fact.text}" for fact in card.facts),
        *card.notes,
        *(_task(task) for task in card.tasks),
        *(f"{link.label}: {link.url}" for link in card.links if link.is_safe),
    ]
    return escaped("\n".join(lines), MAX_FALLBACK)


def escaped(text: str, limit: int) -> str:
    """Clean and escape a text so that it fits a limit after escaping."""
    shown = escape_mrkdwn(clean(text, limit))
    if len(shown) <= limit:
        return shown
    return escape_mrkdwn(clean(text, limit // _LARGEST_ENTITY))


class _Page:
    """The blocks so far; what would not fit is left out, and the page says so at its end."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._left = BUDGET
        self._is_cut = False

    def headline(self, text: str) -> None:
        if len(clean(text, MAX_TEXT)) > MAX_HEADER:
            self.plain(text, MAX_TEXT)
        else:
            self._add({"type": "header", "text": plain_text(clean(text, MAX_HEADER) or "Request")})

    def facts(self, facts: tuple[Fact, ...]) -> None:
        """Show short facts in two columns, ten at a time, and each long one in full width."""
        columns: list[Block] = []
        for fact in facts:
            if len(fact.text) > _SHORT_FACT:
                columns = self._flush(columns)
                self._add({"type": "section", "text": self._fact(fact, _LONG_FACT)})
                continue
            columns.append(self._fact(fact, _SHORT_FACT))
            if len(columns) == MAX_FIELDS:
                columns = self._flush(columns)
        self._flush(columns)

    def links(self, links: tuple[Link, ...]) -> None:
        """Show addresses that are surely the company's; their characters cannot end a link."""
        lines = [
            f"<{link.url}|{escaped(link.label, _SHORT_FACT)}>" for link in links if link.is_safe
        ]
        if lines:
            text = "\n".join(lines[:MAX_FIELDS])
            self._add(
                {"type": "section", "text": {"type": "mrkdwn", "verbatim": True, "text": text}}
            )

    def plain(self, text: str, limit: int) -> None:
        shown = clean(text, limit)
        self._note_cut(text, shown)
        if shown:
            self._add({"type": "section", "text": plain_text(shown)})

    def finish(self, buttons: list[Block], *, has_issue: bool) -> list[Block]:
        if self._is_cut:
            notice = _MORE_ON_ISSUE if has_issue else _MORE
            self._blocks.append({"type": "context", "elements": [plain_text(notice)]})
        if buttons:
            self._blocks.append({"type": "actions", "elements": buttons})
        return self._blocks

    def _fact(self, fact: Fact, limit: int) -> Block:
        self._note_cut(fact.text, clean(fact.text, limit))
        label = escaped(fact.label, _SHORT_FACT)
        # verbatim: without it Slack turns bare addresses and #names of the text into links
        text = f"*{label}*\n{escaped(fact.text, limit) or '(empty)'}"
        return {"type": "mrkdwn", "verbatim": True, "text": text}

    def _flush(self, columns: list[Block]) -> list[Block]:
        if columns:
            self._add({"type": "section", "fields": columns})
        return []

    def _add(self, block: Block) -> None:
        size = _text_length(block)
        # two places are kept for the notice and the buttons
        if size > self._left or len(self._blocks) >= MAX_BLOCKS - 2:
            self._is_cut = True
            return
        self._left -= size
        self._blocks.append(block)

    def _note_cut(self, text: str, shown: str) -> None:
        self._is_cut = self._is_cut or shown != clean(text, len(text) + 1)


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(_text_length(one) for one in value)
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(_text_length(part) for part in value.values())


def _task(task: TaskLine) -> str:
    return f"Done by {task.done_by}: {task.text}" if task.done_by else f"To do: {task.text}"


def _has_issue(card: Card) -> bool:
    return card.issue_number is not None


def _buttons(card: Card, issue_url: Callable[[int], str]) -> list[Block]:
    return [
        _button(card, action, issue_url)
        for action in dict.fromkeys(card.actions)
        if action is not CardAction.OPEN_ISSUE or _has_issue(card)
    ]


def _button(card: Card, action: CardAction, issue_url: Callable[[int], str]) -> Block:
    label = _LABELS[action]
    button: Block = {
        "type": "button",
        "action_id": action.value,
        "text": plain_text(label),
        "accessibility_label": clean(f"{label}: {card.headline}", MAX_BUTTON_LABEL),
    }
    if action is CardAction.OPEN_ISSUE:
        return button | {"url": issue_url(card.issue_number or 0)}
    button["value"] = f"{card.request_id}:{card.digest}"
    if action in _STYLES:
        button["style"] = _STYLES[action]
    if action in _CONFIRM:
        button["confirm"] = _confirm(action, is_loss=card.confirm_loss)
    return button


def _confirm(action: CardAction, *, is_loss: bool) -> Block:
    title, text, yes = _CONFIRM[action]
    return {
        "title": plain_text(title),
        "text": plain_text(f"{text} {_LOSS}" if is_loss else text),
        "confirm": plain_text(yes),
        "deny": plain_text(_KEEP),
        "style": "danger",
    }
