"""Markdown for GitHub: strangers' text made inert, and cards written as comments.

GitHub looks for @names, #numbers, commit ids and addresses in the rendered text, so a backslash or
an entity does not keep them from notifying: an invisible joiner inside does.
"""

import re

from bot.domain.cards import Card, CardAction, Fact, Link, TaskLine
from bot.domain.text import clean

MAX_TEXT = 1000
MAX_REPLY = 8000
MAX_BODY = 65_536
_MAX_ROWS = 50

_JOINER = "\u2060"
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_HEX = re.compile(r"\b[0-9a-f]{7,}\b", re.IGNORECASE)
_BREAKABLE = re.compile(r"[@#]|\bgh-(?=\d)|:(?=/)|\bwww(?=\.)", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z0-9:_-]{1,80}")
_COMMAND = re.compile(r"(`/[a-z]+(?: [a-z]+)?`)")
_EDGES = re.compile(r"(?s)\A(\s*)(.*?)(\s*)\Z")
_BACKTICKS = re.compile(r"`+")

_COMMANDS = {
    CardAction.APPROVE: "`/approve`",
    CardAction.DENY: "`/deny reason`",
    CardAction.CANCEL: "`/cancel`",
    CardAction.GIVE_BACK: "`/revoke`",
}
_LEFT_OUT = "The rest is too long for a comment and left out."


# ---- strangers' text ----------------------------------------------------------------------------


def escape_markdown(text: str, limit: int = MAX_TEXT) -> str:
    """Make text show on GitHub as typed and do nothing else: no mention, link, markup or command.

    Lines stay lines, the space around them goes, and at most `limit` characters are kept.
    """
    return "\n".join(_escape_line(line) for line in clean(text, limit).split("\n"))


def escape_reply(text: str) -> str:
    """Escape a sentence of ours that may hold names, but keep its `/commands` as code."""
    return "".join(
        part if _COMMAND.fullmatch(part) else _EDGES.sub(_escape_between, part)
        for part in _COMMAND.split(text)
    )


def _escape_between(found: re.Match[str]) -> str:
    return f"{found[1]}{escape_markdown(found[2], MAX_REPLY)}{found[3]}"


def code_span(text: str) -> str:
    """Show text as code on one line, whatever backticks it has; nothing in it can act."""
    words = _one_line(text)
    if not words:
        return ""
    longest = max(map(len, _BACKTICKS.findall(words)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _one_line(text: str) -> str:
    return " ".join(clean(text, MAX_TEXT).split())


def _escape_line(line: str) -> str:
    text = _HEX.sub(lambda found: _JOINER.join(re.findall(".{1,4}", found[0])), line)
    text = _BREAKABLE.sub(lambda found: found[0] + _JOINER, text)
    return _PUNCTUATION.sub(lambda found: _escape_mark(found[0]), text)


def _escape_mark(mark: str) -> str:
    # GitHub's own advice for a dollar sign that is not mathematics; a backslash is not enough.
    return "<span>$</span>" if mark == "$" else f"\\{mark}"


# ---- our comments -------------------------------------------------------------------------------


def marker(key: str) -> str:
    """Return the hidden line by which we find our own issue or comment again.

    Raises ValueError for a key that could break out of it.
    """
    if _KEY.fullmatch(key) is None:
        raise ValueError(f"a marker key has 1 to 80 of A-Z a-z 0-9 : _ -, not {key[:80]!r}")
    return f"<!-- usher:{key} -->"


def has_marker(body: str, key: str) -> bool:
    """Say whether this body ends with our marker; one in the middle may be quoted."""
    return body.rstrip().endswith(marker(key))


def with_marker(text: str, key: str) -> str:
    """Append the marker; text that GitHub would refuse as too long loses its end, and says so."""
    tail = f"\n\n{marker(key)}"
    room = MAX_BODY - len(tail)
    if len(text) > room:
        text = f"{text[: room - len(_LEFT_OUT) - 2].rsplit(chr(10), 1)[0]}\n\n{_LEFT_OUT}"
    return text + tail


def render_card(card: Card, *, key: str, issue_url: str | None = None) -> str:
    """Write a card as a comment that ends with the marker of `key`."""
    parts = [
        f"### {_inline(card.headline)}",
        _table(card.facts),
        *(escape_markdown(note) for note in card.notes[:_MAX_ROWS]),
        _checklist(card.tasks),
        _links(card.links),
        _how_to_act(card, issue_url),
    ]
    return with_marker("\n\n".join(part for part in parts if part), key)


def _inline(text: str) -> str:
    return escape_markdown(_one_line(text))


def _table(facts: tuple[Fact, ...]) -> str:
    if not facts:
        return ""
    rows = [
        f"| **{_inline(fact.label)}** | {escape_markdown(fact.text).replace(chr(10), '<br>')} |"
        for fact in facts[:_MAX_ROWS]
    ]
    return "\n".join(("| | |", "|---|---|", *rows))


def _links(links: tuple[Link, ...]) -> str:
    return "\n".join(f"- {_inline(link.label)}: <{link.url}>" for link in links if link.is_safe)


def _checklist(tasks: tuple[TaskLine, ...]) -> str:
    return "\n".join(_task(task) for task in tasks)


def _task(task: TaskLine) -> str:
    if task.done_by is None:
        return f"- [ ] {_inline(task.text)}"
    return f"- [x] {_inline(task.text)} — done by {_inline(task.done_by)}"


def _how_to_act(card: Card, issue_url: str | None) -> str:
    lines = []
    if commands := [_COMMANDS[action] for action in card.actions if action in _COMMANDS]:
        lines.append(f"To act, comment {' or '.join(commands)}. `/help` says what each does.")
    if CardAction.OPEN_ISSUE in card.actions and issue_url:
        lines.append(f"Decided on its issue: <{issue_url}>")
    lines.append(f"Request {code_span(card.request_id)}")
    return "\n\n".join(lines)
