"""Makes values of YAML events, with the place of each; a value at fault becomes its own text."""

from dataclasses import dataclass, field
from typing import Any

from bot.adapters.policy_files.marks import Document, Fault, Faults, Mark, Path
from bot.adapters.policy_files.plain_scalars import is_ordinary, plain, shown, trap

_TOP = "the top level must be keys and values, such as kind: company"
_NO_TEXT = "a key must be text: write a word before the colon"
_MERGE = "merge keys (<<) are not allowed: write the keys out"


@dataclass
class _Places:
    """What is known of the places of a document, or of a part that does not count."""

    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    nulls: list[Path] = field(default_factory=list)


class _Block:
    """A mapping (`data` is a dict), a list, or something that is not looked at (None)."""

    __slots__ = ("data", "into", "next", "next_into", "path")

    def __init__(self, data: dict[str, Any] | list[Any] | None, path: Path, into: _Places) -> None:
        self.data, self.path, self.into = data, path, into
        # Where the next value belongs; in a mapping None as long as a key is to come.
        self.next: Path | None = None
        self.next_into = into


class Tree:
    """Takes the events of one document, one after the other."""

    def __init__(self, file: str) -> None:
        self._faults = Faults(file)
        self._places = _Places()
        self._blocks: list[_Block] = []
        self._root: dict[str, Any] | None = None

    @property
    def faults(self) -> list[Fault]:
        return self._faults.found

    def document(self) -> Document | None:
        """Return what has been read; None if it is not keys and values."""
        if self._root is None:
            return None
        known = self._places
        return Document(self._root, known.keys, known.values, tuple(known.nulls))

    def open(self, mark: Mark, *, is_mapping: bool, is_told: bool) -> None:
        """Begin a block; `is_told` says that its place has a fault already."""
        if not self._blocks:
            self._open_root(mark, is_mapping=is_mapping, is_told=is_told)
            return
        data: dict[str, Any] | list[Any] | None = {} if is_mapping else []
        around = self._blocks[-1]
        path: Path | None = None
        if around.data is None:
            data = None
        elif isinstance(around.data, dict) and around.next is None:
            self._fault(mark, _NO_TEXT)
            self._key(around, f"?{mark.line - 1}:{mark.column - 1}", mark)
            data = None
        else:
            path = self._put(around, data)
            around.next_into.values[path] = mark
        self._blocks.append(_Block(data, path or (), around.next_into))

    def close(self) -> None:
        self._blocks.pop()

    def scalar(
        self, text: str, mark: Mark, shown_at: Mark, *, is_plain: bool, is_told: bool
    ) -> None:
        """Take a key or a value; the place of one that a comment took is `shown_at`."""
        is_bare = is_plain and not is_told and not is_ordinary(text)
        if not self._blocks:
            if not is_told:
                self._fault(mark, _TOP)
            return
        around = self._blocks[-1]
        if around.data is None:
            return
        if isinstance(around.data, dict) and around.next is None:
            if is_bare:
                self._judge_key(text, mark)
            self._key(around, text, mark)
            return
        value: str | int | bool | None = text
        if is_bare and (wrong := trap(text)):
            self._fault(mark, wrong)
        elif is_bare:
            value = plain(text)
        into = around.next_into
        path = self._put(around, value)
        into.values[path] = shown_at
        if value is None:
            into.nulls.append(path)

    def _open_root(self, mark: Mark, *, is_mapping: bool, is_told: bool) -> None:
        if is_mapping:
            self._root = {}
            self._places.values[()] = mark
        elif not is_told:
            self._fault(mark, _TOP)
        self._blocks.append(_Block(self._root, (), self._places))

    def _put(self, around: _Block, value: Any) -> Path:
        """Write a value into its block and return its path."""
        if isinstance(around.data, list):
            path = (*around.path, len(around.data))
            around.data.append(value)
            return path
        path = around.next or ()
        if isinstance(around.data, dict) and around.next_into is around.into:
            around.data[str(path[-1])] = value
        around.next = None
        return path

    def _key(self, around: _Block, key: str, mark: Mark) -> None:
        path = (*around.path, key)
        around.next, around.next_into = path, around.into
        first = around.into.keys.setdefault(path, mark)
        if first is not mark:
            line, again = first.line, mark.line
            self._fault(
                mark,
                f"duplicate key '{shown(key)}' (first at line {line}):"
                f" keep one of the lines {line} and {again}",
            )
            # Its value may have faults of its own; its places must not cover the first one's.
            around.next_into = _Places()

    def _judge_key(self, text: str, mark: Mark) -> None:
        if text == "<<":
            self._fault(mark, _MERGE)
        elif wrong := trap(text):
            self._fault(mark, wrong)
        elif not isinstance(plain(text), str):
            self._fault(mark, f'a key must be text: write "{text}" in quotes')

    def _fault(self, mark: Mark, message: str) -> None:
        self._faults.extend((Fault(self._faults.file, mark, message),))
