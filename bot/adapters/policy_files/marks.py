"""Places in a file, what is wrong at them, and what stands there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_FAULTS = 1_000

Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in a file, counted from 1."""

    line: int
    column: int


START = Mark(1, 1)


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
    nulls: tuple[Path, ...] = ()
    """The paths of keys and entries without a value."""


@dataclass
class Faults:
    """Collects the faults of a file, as many as anybody will read."""

    file: str
    found: list[Fault] = field(default_factory=list)

    def add(self, line: int, column: int, message: str) -> None:
        """Add a fault; lines and columns come in counted from 0, as PyYAML counts them."""
        self.extend((Fault(self.file, Mark(line + 1, column + 1), message),))

    def at(self, mark: Any, message: str) -> None:
        self.add(mark.line, mark.column, message)

    def extend(self, more: Iterable[Fault]) -> None:
        for fault in more:
            if len(self.found) < MAX_FAULTS:
                self.found.append(fault)
            elif len(self.found) == MAX_FAULTS:
                self.found.append(Fault(self.file, fault.mark, _FLOOD))


_FLOOD = f"over {MAX_FAULTS:,} mistakes: correct those above first, then check again"
