"""YAML without surprises: text, whole numbers, true, false, null, and the place of each."""

import re
from typing import Any

import yaml

from bot.adapters.policy_files.marks import Document, Fault, Faults, Mark
from bot.adapters.policy_files.plain_scalars import shown
from bot.adapters.policy_files.yaml_tree import Tree
from bot.domain.policy_version import MAX_FILE_BYTES, TOO_LONG

MAX_BYTES = MAX_FILE_BYTES
MAX_DEPTH = 20
MAX_NODES = 100_000
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: some four times as fast, with the same marks."""


def load(
    text: str | bytes, *, file: str, loader: type[Any] = LOADER
) -> tuple[Document | None, list[Fault]]:
    """Read one YAML file and return all its faults, in the order of their places.

    The document is there, too, when only single values or keys are at fault (their marks are the
    faults' marks), so that the rest can be checked in the same run. It is None when the text has
    no reliable shape. Only a document without faults may be used.
    """
    faults = Faults(file)
    document = None
    readable = _readable(text, faults)
    if readable is not None:
        tree = Tree(file)
        if _Scan(readable, faults, tree).is_sound(loader):
            document = tree.document()
            faults.extend(tree.faults)
    return document, sorted(faults.found, key=lambda fault: fault.mark)


# Invisible, or turning the text around them: a reviewer would not see what is read here.
_HIDING = (
    r"\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f"
)
_HIDDEN_CHARACTER = re.compile(f"[{_HIDING}]")
# Characters: those, what YAML refuses anyway, tabs, and line ends that an editor does not count.
_BAD_CHARACTER = re.compile(
    rf"[{_HIDING}]|[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_TAB = "a tab: write spaces (in double-quoted text: \\t)"
_BOM = "a byte order mark: save the file as UTF-8 without BOM"


def _readable(text: str | bytes, faults: Faults) -> str | None:
    """Return the text with plain line ends, or None if there is more in it than text."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        faults.add(0, 0, TOO_LONG)
        return None
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").split("\n")
        faults.add(len(before) - 1, len(before[-1]), "not UTF-8 text: save the file as UTF-8")
        return None
    lines = decoded.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        if bad := _BAD_CHARACTER.search(line):
            is_bom = (number, bad.start(), bad[0]) == (0, 0, "\ufeff")
            faults.add(number, bad.start(), _BOM if is_bom else _bad_character(bad[0]))
    return None if faults.found else "\n".join(lines)


def _bad_character(character: str) -> str:
    if character == "\t":
        return _TAB
    refused = f"the character U+{ord(character):04X} is not allowed"
    if not _HIDDEN_CHARACTER.match(character):
        return f"{refused}: remove it"
    # Right-to-left languages use some of them rightly; their letters alone are read well, too.
    return f"{refused}, in no language: it hides or turns text around (remove it)"


# A comment starts at a # after white space (or at the start of a line) outside of scalars.
_COMMENT = re.compile(r"(?<!\S)(#+)([^\n]*)")
_VALUE_EATEN = re.compile(r" +(#+)(\S?)")
_HASH = "an unquoted # starts a comment"
_GLUED = f'{_HASH}: write "{{0}}" in quotes, or put a space after the # if a comment is meant'
_NO_VALUE = f"{_HASH}, so there is no value here: write the value in quotes, or null before the #"
_NODES = f"over {MAX_NODES:,} keys and values: split the file up"
_DEPTH = f"nested over {MAX_DEPTH} levels deep: write it flatter"
_ANCHOR = 'anchors (&{0}) are not allowed: remove it, or write "&{0}" in quotes if it is text'
_ALIAS = (
    "aliases (*{0}) and merge keys are not allowed: write the value out,"
    ' or write "*{0}" in quotes if it is text'
)
_TAG = "tags (!…) are not allowed: remove it, or write the value in quotes if the ! is text"
_DIRECTIVE = "%YAML and %TAG lines are not allowed: remove them"
_SECOND = "one document per file: put what follows into a file of its own"
_EMPTY = "the file is empty: write keys and values, such as kind: company"
_DEEPER = (
    "the next line is indented more than this one, which has a value already:"
    " indent them alike, or write the value in quotes if it goes on there"
)
_INDENT = "indent the keys of a block alike"
_INDICATOR = "text that starts with @, ` or % must be in quotes"
_STAR = "text that starts with * or & must be in quotes"

# What the two loaders call the trouble, and how to write it.
_HINTS = {
    "mapping values are not allowed": 'text with ": " in it must be in quotes',
    "did not find expected key": _INDENT,
    "expected <block end>": _INDENT,
    "found character": _INDICATOR,
    "did not find expected alphabetic or numeric": _STAR,
    "expected alphabetic or numeric": _STAR,
    "did not find expected <document start>": _SECOND,
    "expected '<document start>'": _SECOND,
    "found undefined tag handle": "text that starts with ! must be in quotes",
}


class _Scan:
    """One pass over the events, which are judged before anything is made of them."""

    def __init__(self, text: str, faults: Faults, tree: Tree) -> None:
        self._text, self._faults, self._tree = text, faults, tree
        self._depth = self._documents = self._nodes = 0
        self._has_alias = False
        self._index = self._line = 0  # where the last scalar ended
        self._comment_line = self._glued_line = -1  # the last of each beside something else

    def is_sound(self, loader: type[Any]) -> bool:
        """Tell all that events can tell, and whether they make one finite tree."""
        reader = loader(self._text)
        try:
            while not isinstance(event := reader.get_event(), yaml.StreamEndEvent):
                if not self._take(event):
                    return False
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The pure Python loader lets ValueError and OverflowError out for bad \U escapes.
            self._syntax(error)
            return False
        finally:
            reader.dispose()
        self._comments(len(self._text))
        if not self._documents:
            self._faults.add(0, 0, _EMPTY)
        return self._documents == 1 and not self._has_alias

    def _take(self, event: Any) -> bool:
        """Judge one event; False ends the pass, because what follows is not to be looked at."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            is_told = self._is_decorated(event)
            is_mapping = kind is yaml.MappingStartEvent
            self._tree.open(_mark(event.start_mark), is_mapping=is_mapping, is_told=is_told)
            self._depth += 1
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._tree.close()
            self._depth -= 1
            return True
        elif kind is yaml.AliasEvent:
            self._alias(event)
        else:
            return kind is not yaml.DocumentStartEvent or self._document(event)
        return self._is_within_limits(event)

    def _is_within_limits(self, event: Any) -> bool:
        self._nodes += 1
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            self._faults.at(event.start_mark, _DEPTH if self._depth > MAX_DEPTH else _NODES)
            return False
        return True

    def _alias(self, event: Any) -> None:
        self._has_alias = True
        self._faults.at(event.start_mark, _ALIAS.format(shown(event.anchor)))

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents > 1:
            self._faults.at(event.start_mark, _SECOND)
        elif event.version or event.tags:
            self._faults.at(event.start_mark, _DIRECTIVE)
        return self._documents == 1

    def _scalar(self, event: Any) -> None:
        is_told = self._is_decorated(event)
        start, end = event.start_mark, event.end_mark
        if self._text.find("#", self._index, start.index) >= 0:
            self._comments(start.index)
        self._index, self._line = end.index, end.line
        mark = Mark(start.line + 1, start.column + 1)
        shown_at = self._eaten(event) if start.index == end.index else None
        is_plain = not event.style
        self._tree.scalar(event.value, mark, shown_at or mark, is_plain=is_plain, is_told=is_told)

    def _eaten(self, event: Any) -> Mark | None:
        """Return the place of a comment that took the place of a value."""
        comment = _VALUE_EATEN.match(self._text, self._index)
        if comment is None:
            return None
        column = event.end_mark.column + comment.start(1) - self._index
        if not comment[2].strip():  # _comments tells the others
            self._faults.add(self._line, column, _NO_VALUE)
        return Mark(self._line + 1, column + 1)

    def _is_decorated(self, event: Any) -> bool:
        """Refuse a tag or an anchor; the value under it is not judged again."""
        if event.tag is not None:
            self._faults.at(event.start_mark, _TAG)
        elif event.anchor is not None:
            self._faults.at(event.start_mark, _ANCHOR.format(shown(event.anchor)))
        else:
            return False
        return True

    def _comments(self, end: int) -> None:
        """Refuse comments such as #help-it, which look like the value that they hide.

        From the last scalar's end up to here there are only spaces, indicators and comments.
        """
        index, line = self._index, self._line
        for comment in _COMMENT.finditer(self._text, self._index, end):
            line += self._text.count("\n", index, comment.start())
            index = comment.start()
            line_start = self._text.rfind("\n", 0, index) + 1
            if not self._text[line_start:index].strip():
                continue
            self._comment_line = line
            if comment[2][:1].strip():
                self._glued_line = line
                hidden = shown(comment[0].split()[0].rstrip(",]}"))
                self._faults.add(line, index - line_start, _GLUED.format(hidden))

    def _syntax(self, error: Exception) -> None:
        """Tell a syntax error, unless it is the wake of a # that hid the end of a line."""
        problem: yaml.Mark | None = getattr(error, "problem_mark", None)
        context: yaml.Mark | None = getattr(error, "context_mark", None)
        ends = [mark.index for mark in (context, problem) if mark and mark.index > self._index]
        line_before = self._line
        self._comments(min(ends, default=self._index))
        what = str(getattr(error, "context", None) or "")
        # Inside { } and [ ] the trouble shows lines after the # that hid the closing bracket.
        first_line = min(line_before, context.line) if context and "flow" in what else line_before
        if self._glued_line >= first_line:
            return
        message = str(getattr(error, "problem", None) or "this cannot be read as YAML")
        if problem and message.startswith("mapping values") and self._is_deeper(problem.line):
            self._faults.add(problem.line - 1, self._indent(problem.line - 1), _DEEPER)
            return
        if context:
            message += f", {what} started at line {context.line + 1}"
        hints = [hint for start, hint in _HINTS.items() if message.startswith(start)]
        if self._comment_line >= first_line:
            hints.append(f"{_HASH}: write it in quotes if it is text")
        where = context if context and problem and self._is_at_end(problem) else problem
        line, column = (where.line, where.column) if where else (line_before, 0)
        self._faults.add(line, column, message + "".join(f" ({hint})" for hint in hints))

    def _is_deeper(self, number: int) -> bool:
        """Say whether a line is indented more than the one before, which has a value already."""
        before = self._line_of(number - 1) if number else ""
        has_value = ": " in before.strip().partition(" #")[0]
        return has_value and self._indent(number) > self._indent(number - 1)

    def _indent(self, number: int) -> int:
        line = self._line_of(number)
        return len(line) - len(line.lstrip(" "))

    def _line_of(self, number: int) -> str:
        return self._text.split("\n")[number]

    def _is_at_end(self, mark: yaml.Mark) -> bool:
        return not self._text[mark.index :].strip()


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)
