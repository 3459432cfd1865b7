"""Whom a Markdown text notifies on GitHub: render it, then find @names in the page's text."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

# Docs "Basic writing and formatting syntax", mentioning people and teams. A login has up to 39
# letters, digits and single hyphens; a team is org/team. GitHub's html-pipeline looks only after
# rendering, so a backslash or `&#64;` does not keep a name from being notified.
_MENTION = re.compile(
    r"(?<!\w)@([A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}(?:/[A-Za-z0-9][A-Za-z0-9_-]*)?)(?![\w/-])",
    re.ASCII,
)
_SILENT = frozenset({"code", "pre", "tt", "a", "script", "style"})


class _Text(HTMLParser):
    """Collects text nodes outside the elements where GitHub's mention filter does not look."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.nodes.append(data)


def mentions(markdown: str) -> list[str]:
    """Return the mentioned logins (and org/team names) once each, in order, as typed.

    Whether such a user exists is not asked: a name that is free today may be taken tomorrow.
    """
    page = _Text()
    page.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
    page.close()
    found = [match for node in page.nodes for match in _MENTION.findall(node)]
    return list(dict.fromkeys(found))
