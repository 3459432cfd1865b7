"""One policy file: its text against its model, with everything that is wrong in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.adapters.policy_files.marks import Document, Fault, Mark
from bot.adapters.policy_files.messages import (
    Mistake,
    empty_value,
    fields_of,
    mistakes_of,
    shown,
)
from bot.adapters.policy_files.models import FILE_MODELS, FileModel, policy_file
from bot.adapters.policy_files.repair import empty_file, repaired
from bot.adapters.policy_files.strict_yaml import load
from bot.domain.policy_draft import KeyPath
from bot.domain.spelling import closest, did_you_mean

START = Mark(1, 1)
_EMPTY = Document(data={}, keys={}, values={})


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file as far as it was understood; `broken` are the paths that its faults tell about."""

    file: str
    model: FileModel
    document: Document
    faults: tuple[Fault, ...] = ()
    broken: frozenset[KeyPath] = frozenset()


def read_source(kind: str, file: str, text: bytes) -> Source:
    """Read a file that must be of this kind."""
    document, faults = load(text, file=file)
    if document is None:
        return unreadable(kind, file, *faults)
    wrong_kind = _wrong_kind(kind, document.data)
    if wrong_kind and not wrong_kind.also:
        return unreadable(kind, file, *faults, _fault(file, document, wrong_kind))
    return _validated(kind, file, document, faults, [wrong_kind] if wrong_kind else [])


def unreadable(kind: str, file: str, *faults: Fault) -> Source:
    """Stand in for a file of which nothing is known but its faults."""
    model = policy_file().validate_python(empty_file(kind))
    broken = frozenset[KeyPath]({()})
    return Source(file=file, model=model, document=_EMPTY, faults=faults, broken=broken)


def _wrong_kind(kind: str, data: dict[str, Any]) -> Mistake | None:
    """Judge `kind`; after a mistake with `also` the rest of the file is still worth reading."""
    if "kind" not in data:
        # A misspelt key is told as such by the model.
        strangers = [key for key in data if key not in fields_of(FILE_MODELS[kind])]
        if any(closest(key, ("kind",)) for key in strangers):
            return None
        return Mistake((), f"'kind' is required: write kind: {kind}", also=(("kind",),))
    found = data["kind"]
    if found == kind:
        return None
    if isinstance(found, str) and found in FILE_MODELS:
        return Mistake(("kind",), f"this file must be of kind '{kind}', not '{found}'")
    hint = did_you_mean(str(found)[:100], (kind,)) or f" (write kind: {kind})"
    return Mistake(("kind",), f"unknown kind {shown(found)}{hint}", also=(("kind",),))


def _validated(
    kind: str, file: str, document: Document, faults: list[Fault], mistakes: list[Mistake]
) -> Source:
    data = {**document.data, "kind": kind}
    blamed = {fault.mark for fault in faults}
    broken = set(_paths_at(document, blamed))
    try:
        model = policy_file().validate_python(data)
    except ValidationError as error:
        new = mistakes_of(kind, document.data, error.errors(include_url=False))
        wrong = {path for mistake in new for path in (mistake.path, *mistake.also)}
        model = policy_file().validate_python(repaired(kind, data, wrong))
        mistakes = [*mistakes, *new]
        broken |= wrong
    empty = [path for path in document.nulls if not _is_within(path, broken)]
    mistakes = [*mistakes, *map(empty_value, empty)]
    broken.update(empty)
    told = [_fault(file, document, mistake) for mistake in mistakes]
    return Source(
        file=file,
        model=model,
        document=document,
        # What YAML already refused is not refused again for its form.
        faults=(*faults, *(fault for fault in told if fault.mark not in blamed)),
        broken=frozenset(broken),
    )


def _paths_at(document: Document, marks: set[Mark]) -> Iterable[KeyPath]:
    # A block of keys starts where its first key does, so keys go first.
    of_keys = marks.intersection(document.keys.values())
    of_values = marks.intersection(document.values.values()) - of_keys
    yield from (path for path, mark in document.keys.items() if mark in of_keys)
    yield from (path for path, mark in document.values.items() if mark in of_values)
    # A duplicate key has no path; names that were meant to stand beside it are in doubt.
    if lost := marks - of_keys - of_values:
        yield from _blocks_of(document, lost)


def _blocks_of(document: Document, lost: set[Mark]) -> Iterable[KeyPath]:
    """Guess the block of keys of each place: that of the last key in its column or on its line."""
    in_column: dict[int, tuple[Mark, KeyPath]] = {}
    on_line: dict[int, tuple[Mark, KeyPath]] = {}
    known = [(mark, path) for path, mark in document.keys.items()]
    for mark, path in sorted([*known, *((mark, None) for mark in lost)], key=lambda one: one[0]):
        if path is not None:
            in_column[mark.column] = on_line[mark.line] = (mark, path)
            continue
        before = [found for found in (in_column.get(mark.column), on_line.get(mark.line)) if found]
        yield max(before)[1][:-1] if before else ()


def _fault(file: str, document: Document, mistake: Mistake) -> Fault:
    if mistake.at_key and mistake.path in document.keys:
        return Fault(file, document.keys[mistake.path], mistake.message)
    around = (mistake.path[:length] for length in range(len(mistake.path), -1, -1))
    marks = (document.values.get(path) or document.keys.get(path) for path in around)
    return Fault(file, next((mark for mark in marks if mark), START), mistake.message)


def _is_within(path: KeyPath, broken: set[KeyPath]) -> bool:
    return any(path[:length] in broken for length in range(len(path) + 1))
