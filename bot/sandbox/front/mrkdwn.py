"""Slack's mrkdwn as safe HTML (docs.slack.dev/messaging/formatting-message-text)."""

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

from bot.sandbox.front.links import Links

_CODE_BLOCK = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TOKEN = re.compile(r"<([^<>\n]+)>")
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]*\S)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]*\S)~(?![\w~])"), "s"),
)
# Finished pieces wait behind a private character while the rest is styled.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PIECE = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


class Mrkdwn:
    """Draws mrkdwn with the names of the people that it mentions."""

    def __init__(self, links: Links, names: Mapping[str, str]) -> None:
        self._links = links
        self._names = names

    def draw(self, text: str) -> Markup:
        """Return the text as HTML; newlines stay newlines, for the style sheet to keep."""
        pieces: list[Markup] = []

        def keep(piece: Markup) -> str:
            pieces.append(piece)
            return f"{_OPEN}{len(pieces) - 1}{_CLOSE}"

        text = text.replace(_OPEN, "").replace(_CLOSE, "")
        for pattern, draw in self._passes():
            text = pattern.sub(lambda found, draw=draw: keep(draw(found[1])), text)  # type: ignore[misc]  # a default that binds
        html = str(escape(_unescaped(text)))
        for pattern, tag in _STYLES:
            html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
        # A link's label may hold a finished piece itself: put back until none is left.
        while _PIECE.search(html):
            html = _PIECE.sub(lambda found: str(pieces[int(found[1])]), html)
        return Markup(html)  # noqa: S704  # everything in it was escaped above

    def _passes(self) -> tuple[tuple[re.Pattern[str], Callable[[str], Markup]], ...]:
        return (
            (
                _CODE_BLOCK,
                lambda text: Markup("<pre>{}</pre>").format(_unescaped(text.strip("\n"))),
            ),
            (_CODE, lambda text: Markup("<code>{}</code>").format(_unescaped(text))),
            (_TOKEN, self._token),
        )

    def _token(self, inner: str) -> Markup:
        """Draw what stands between angle brackets: a mention, a date or a link."""
        what, _, label = inner.partition("|")
        if what.startswith("@"):
            name = self._names.get(what[1:], label or what[1:])
            return Markup('<span class="mention">@{}</span>').format(_unescaped(name))
        if what.startswith("#"):
            return Markup('<span class="mention">#{}</span>').format(_unescaped(label or what[1:]))
        if what.startswith("!"):
            return self._special(what[1:], label)
        shown = _unescaped(label or what)
        # Code inside an address is a finished piece: that is no address.
        target = None if _OPEN in what else self._links.target(_unescaped(what))
        if target is None:
            return escape(shown)
        return Markup('<a href="{}">{}</a>').format(target, shown)

    @staticmethod
    def _special(what: str, label: str) -> Markup:
        if what.startswith(("date^", "subteam^")):
            return escape(_unescaped(label or what))
        return Markup('<span class="mention">@{}</span>').format(what)


def _unescaped(text: str) -> str:
    """Undo the three entities that senders escape; there are no others in mrkdwn."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
