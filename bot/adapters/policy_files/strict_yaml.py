"""YAML without surprises: text, whole numbers, true, false, null, and the place of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_LONGEST_SHOWN = 40
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: some four times as fast, with the same marks."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Fault:
    """One mistake, where it is and how to write it right."""

    file: str
    mark: Mark
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.mark.line}:{self.mark.column}: error: {self.message}"


@dataclass(frozen=True)
class Document:
    """What a file says, with the place of each key and of each value (the root's path is ())."""

    data: dict[str, Any]
    keys: Mapping[Path, Mark]
    values: Mapping[Path, Mark]


def load(
    text: str | bytes, *, file: str, loader: type[Any] = LOADER
) -> tuple[Document | None, list[Fault]]:
    """Read one YAML file and return all its faults, in the order of their places.

    The document is there, too, when only single values or keys are at fault (their marks are the
    faults' marks), so that the rest can be checked in the same run. It is None when the text has
    no reliable shape. Only a document without faults may be used.
    """
    faults = _Faults(file)
    document = None
    readable = _readable(text, faults)
    if readable is not None and (scan := _Scan(readable, faults, loader)).is_composable():
        document = _compose(readable, faults, loader, scan)
    return document, sorted(faults.found, key=lambda fault: fault.mark)


@dataclass
class _Faults:
    """Collects faults; lines and columns come in counted from 0, as PyYAML counts them."""

    file: str
    found: list[Fault] = field(default_factory=list)

    def add(self, line: int, column: int, message: str) -> None:
        self.found.append(Fault(self.file, Mark(line + 1, column + 1), message))

    def at(self, mark: Any, message: str) -> None:
        self.add(mark.line, mark.column, message)


# Characters: what YAML refuses anyway, tabs, and line ends that an editor does not count as such.
_BAD_CHARACTER = re.compile(
    r"[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TAB = "a tab: write spaces (in double-quoted text: \\t)"
_BOM = "a byte order mark: save the file as UTF-8 without BOM"


def _readable(text: str | bytes, faults: _Faults) -> str | None:
    """Return the text with plain line ends, or None if there is more in it than text."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        faults.add(0, 0, f"the file is over {MAX_BYTES:,} bytes: split it up")
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
            faults.add(number, bad.start(), _bad_character(bad[0]))
    return None if faults.found else "\n".join(lines)


def _bad_character(character: str) -> str:
    known = {"\t": _TAB, "\ufeff": _BOM}
    return known.get(character, f"the character U+{ord(character):04X} is not allowed: remove it")


# A comment starts at a # after white space (or at the start of a line) outside of scalars.
_COMMENT = re.compile(r"(?<!\S)(#+)([^\n]*)")
_VALUE_EATEN = re.compile(r" +(#+)(\S?)")
_HASH = "an unquoted # starts a comment"
_GLUED = f'{_HASH}: write "{{0}}" in quotes, or put a space after the # if a comment is meant'
_NO_VALUE = f"{_HASH}, so there is no value here: write the value in quotes, or null before the #"
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
_TOP = "the top level must be keys and values, such as kind: company"
_INDICATOR = "text that starts with @, ` or % must be in quotes"
_STAR = "text that starts with * or & must be in quotes"

# What the two loaders call the trouble, and how to write it.
_HINTS = {
    "mapping values are not allowed": 'text with ": " in it must be in quotes',
    "found character": _INDICATOR,
    "did not find expected alphabetic or numeric": _STAR,
    "expected alphabetic or numeric": _STAR,
    "did not find expected <document start>": _SECOND,
    "expected '<document start>'": _SECOND,
    "found undefined tag handle": "text that starts with ! must be in quotes",
}


class _Scan:
    """One pass over the events. It builds nothing: no text can grow while it is judged."""

    def __init__(self, text: str, faults: _Faults, loader: type[Any]) -> None:
        # Values that are told to be wrong already, and where a # took the place of a value.
        self.told: set[Mark] = set()
        self.eaten: dict[Mark, Mark] = {}
        self._text, self._faults, self._loader = text, faults, loader
        self._depth = self._documents = 0
        self._has_alias = False
        self._index = self._line = 0  # where the last scalar ended
        self._comment_line = self._glued_line = -1  # the last of each beside something else

    def is_composable(self) -> bool:
        """Tell all that events can tell, and whether they make one finite tree."""
        try:
            for event in yaml.parse(self._text, Loader=self._loader):
                if not self._take(event):
                    return False
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The pure Python loader lets ValueError and OverflowError out for bad \U escapes.
            self._syntax(error)
            return False
        if not self._documents:
            self._faults.add(0, 0, _EMPTY)
        return self._documents == 1 and not self._has_alias

    def _take(self, event: Any) -> bool:
        """Judge one event; False ends the pass, because what follows is not to be looked at."""
        match event:
            case yaml.DocumentStartEvent():
                return self._document(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.CollectionStartEvent():
                self._decoration(event)
                self._depth += 1
                if self._depth > MAX_DEPTH:
                    self._faults.at(event.start_mark, _DEPTH)
                    return False
            case yaml.CollectionEndEvent():
                self._depth -= 1
            case yaml.StreamEndEvent():
                self._comments(len(self._text))
        return True

    def _alias(self, event: Any) -> None:
        self._has_alias = True
        self._faults.at(event.start_mark, _ALIAS.format(_shown(event.anchor)))

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents > 1:
            self._faults.at(event.start_mark, _SECOND)
        elif event.version or event.tags:
            self._faults.at(event.start_mark, _DIRECTIVE)
        return self._documents == 1

    def _scalar(self, event: Any) -> None:
        self._decoration(event)
        self._comments(event.start_mark.index)
        self._index, self._line = event.end_mark.index, event.end_mark.line
        if event.start_mark.index != event.end_mark.index:
            return
        if comment := _VALUE_EATEN.match(self._text, self._index):
            column = event.end_mark.column + comment.start(1) - self._index
            if not comment[2].strip():  # _comments tells the others
                self._faults.add(self._line, column, _NO_VALUE)
            self.eaten[_mark(event.start_mark)] = Mark(self._line + 1, column + 1)

    def _decoration(self, event: Any) -> None:
        """Refuse a tag or an anchor; the value under it is not judged again."""
        if event.tag is not None:
            self._faults.at(event.start_mark, _TAG)
        elif event.anchor is not None:
            self._faults.at(event.start_mark, _ANCHOR.format(_shown(event.anchor)))
        else:
            return
        self.told.add(_mark(event.start_mark))

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
                hidden = _shown(comment[0].split()[0].rstrip(",]}"))
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
        if context:
            message += f", {what} started at line {context.line + 1}"
        hints = [hint for start, hint in _HINTS.items() if message.startswith(start)]
        if self._comment_line >= first_line:
            hints.append(f"{_HASH}: write it in quotes if it is text")
        where = context if context and problem and self._is_at_end(problem) else problem
        line, column = (where.line, where.column) if where else (line_before, 0)
        self._faults.add(line, column, message + "".join(f" ({hint})" for hint in hints))

    def _is_at_end(self, mark: yaml.Mark) -> bool:
        return not self._text[mark.index :].strip()


# Plain scalars that YAML 1.1, YAML 1.2 or a person would read differently.
_QUOTE = 'write "{0}" in quotes: unquoted, YAML reads '
_TRAPS = tuple(
    (re.compile(pattern, re.ASCII), message)
    for pattern, message in (
        (
            r"(?i:yes|no|on|off)",
            (
                'write "{0}" in quotes, or true/false:'
                " unquoted {0} is a boolean in YAML 1.1 and text in YAML 1.2"
            ),
        ),
        (r"True|TRUE|False|FALSE", 'write true or false in small letters, or "{0}" in quotes'),
        (r"~|Null|NULL", 'write null, or "{0}" in quotes if it is text'),
        (r"\d{4}-\d\d?-\d\d?(([Tt]|\s+)\d\d?:\d\d.*)?", _QUOTE + "a date"),
        (r"[-+]?\d[\d_]*(:\d[\d_]*)+(\.[\d_]*)?", _QUOTE + "a number to the base of 60"),
        (
            r"[-+]?\d[\d_]*(\.[\d_]*)?[eE][-+]?\d+|[-+]?\.[\d_]+[eE][-+]?\d+",
            _QUOTE + "a power of ten (Salesforce ids always need quotes)",
        ),
        (r"[-+]?0[\d_]+|[-+]?0o[0-7_]+", _QUOTE + "an octal number"),
        (r"[-+]?0x[\da-fA-F_]+|[-+]?0b[01_]+", _QUOTE + "a hexadecimal or binary number"),
        (
            r"[-+]?\d[\d_]*\.[\d_]*|[-+]?\.\d[\d_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            _QUOTE + "a floating-point number",
        ),
        (r"\+\d+|[-+]?\d+_[\d_]*", 'write the number in digits only, or "{0}" in quotes'),
        (r"-?\d{19,}", 'write "{0}" in quotes: too long for a number'),
    )
)
_NUMBER = re.compile(r"-?\d+", re.ASCII)
_WORDS: dict[str, bool | None] = {"": None, "null": None, "true": True, "false": False}


def _compose(text: str, faults: _Faults, loader: type[Any], scan: _Scan) -> Document | None:
    try:
        root: Any = yaml.compose(text, Loader=loader)
    except yaml.YAMLError:
        return None  # one anchor twice: every anchor is told already
    if not isinstance(root, yaml.MappingNode):
        if _mark(root.start_mark) not in scan.told:
            faults.at(root.start_mark, _TOP)
        return None
    tree = _Tree(faults, scan)
    return Document(data=tree.value(root, ()), keys=tree.keys, values=tree.values)


class _Tree:
    """Turns nodes into values; a node at fault becomes its own text, at the fault's mark."""

    def __init__(self, faults: _Faults, scan: _Scan) -> None:
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self._faults, self._scan = faults, scan

    def value(self, node: Any, path: Path) -> Any:
        mark = _mark(node.start_mark)
        self.values[path] = self._scan.eaten.get(mark, mark)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(child, (*path, i)) for i, child in enumerate(node.value)]
        text = str(node.value)
        if node.style or mark in self._scan.told:
            return text
        if trap := _trap(text):
            self._faults.at(node.start_mark, trap)
            return text
        return _plain(text)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in found:
                first = self.keys[*path, key]
                self._faults.at(
                    key_node.start_mark,
                    f"duplicate key '{_shown(key)}' (first at line {first.line}):"
                    f" keep one of the lines {first.line} and {key_node.start_mark.line + 1}",
                )
                # Its value may have faults of its own; its marks must not cover the first one's.
                _Tree(self._faults, self._scan).value(value_node, path)
                continue
            self.keys[*path, key] = _mark(key_node.start_mark)
            found[key] = self.value(value_node, (*path, key))
        return found

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._faults.at(node.start_mark, "a key must be text: write a word before the colon")
            return f"?{node.start_mark.line}:{node.start_mark.column}"
        text = str(node.value)
        if node.style or _mark(node.start_mark) in self._scan.told:
            return text
        if text == "<<":
            self._faults.at(node.start_mark, "merge keys (<<) are not allowed: write the keys out")
        elif trap := _trap(text):
            self._faults.at(node.start_mark, trap)
        elif not isinstance(_plain(text), str):
            self._faults.at(node.start_mark, f'a key must be text: write "{text}" in quotes')
        return text


def _trap(text: str) -> str | None:
    """Say how to write a plain scalar that YAML would not read as it looks."""
    for pattern, message in _TRAPS:
        if pattern.fullmatch(text):
            return message.format(_shown(text))
    return None


def _plain(text: str) -> str | int | bool | None:
    if _NUMBER.fullmatch(text):
        return int(text)
    return _WORDS.get(text, text)


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


def _shown(text: str) -> str:
    """Return text fit for one line of a message."""
    short = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)
