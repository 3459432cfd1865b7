"""GitHub Flavored Markdown of issues and comments as safe HTML, and its checklists."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markupsafe import Markup

from bot.sandbox.front.links import Links

# The only HTML that is understood, because comments of bots are full of it: nothing else passes.
_KNOWN_HTML = re.compile(r"<!--.{0,1000}?-->|</?span>|(?P<br><br ?/?>)", re.DOTALL)
_BOX = re.compile(r"\[([ xX])\]\s+")
_TASK = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+)\[ \](\s+\S.*)$")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, kw_only=True)
class OpenTask:
    """A box that nobody has ticked yet, with the number of its line in the comment."""

    line: int
    text: str


class GitHubText:
    """Draws Markdown as github.com would show it, without images and foreign HTML."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
        self._markdown.enable(["table", "strikethrough"]).disable(["image", "html_block"])
        self._markdown.inline.ruler.before("html_inline", "known_html", _known_html)
        self._markdown.core.ruler.push("boxes", _draw_boxes)
        self._markdown.core.ruler.push("links", self._point_links)

    def draw(self, text: str) -> Markup:
        return Markup(self._markdown.render(text))  # noqa: S704  # rendered with HTML switched off

    def _point_links(self, state: StateCore) -> None:
        for token in state.tokens:
            for child in token.children or ():
                if child.type == "link_open":
                    child.attrSet("href", self._links.target(str(child.attrGet("href"))) or "#")


def open_tasks(body: str) -> list[OpenTask]:
    """Find the boxes that can be ticked, outside code blocks."""
    found, fence = [], ""
    for number, line in enumerate(body.split("\n")):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (task := _TASK.match(line)):
            found.append(OpenTask(line=number, text=task[2].strip()))
    return found


def tick(body: str, line: int) -> str:
    """Return the body with the box on this line ticked; raises ValueError if there is none."""
    if line not in {task.line for task in open_tasks(body)}:
        raise ValueError("This task is gone or was ticked before.")
    lines = body.split("\n")
    lines[line] = _TASK.sub(r"\1[x]\2", lines[line])
    return "\n".join(lines)


def _known_html(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it so
    found = _KNOWN_HTML.match(state.src, state.pos)
    if found is None:
        return False
    if found["br"] and not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _draw_boxes(state: StateCore) -> None:
    """Show `[ ]` at the head of a list item as a box."""
    for before, token in zip(state.tokens[1:], state.tokens[2:], strict=False):
        is_item = before.type == "paragraph_open" and token.type == "inline"
        if not is_item or before.level < 2 or not token.children:
            continue
        first = token.children[0]
        if first.type == "text" and (box := _BOX.match(first.content)):
            mark = "☐" if box[1] == " " else "☑"
            first.content = f"{mark} {first.content[box.end() :]}"
