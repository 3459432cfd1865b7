"""One object's rows in memory, compact, with indexes that are built when they are first asked for.

An org of 100,000 users has half a million rows: a row is a tuple of cells under columns that all
rows of its shape share, and what no query ever filters by is never indexed.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.sandbox.salesforce.schema import Field, Kind, SObject

_ORDERED = {Kind.ID, Kind.DATETIME}


def index_key(field: Field, value: Any) -> Any:
    """Fold a value the way the field compares: text without regard to case unless it is
    case-sensitive.
    """
    is_text = isinstance(value, str) and not field.refers_to and not field.case_sensitive
    return value.lower() if is_text else value


class Row(Mapping[str, Any]):
    """One immutable row; `cells` start with the object's fields in the schema's order."""

    __slots__ = ("_columns", "cells")

    def __init__(self, columns: Mapping[str, int], cells: tuple[Any, ...]) -> None:
        self._columns = columns
        self.cells = cells

    def __getitem__(self, name: str) -> Any:
        return self.cells[self._columns[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def get(self, name: str, default: Any = None) -> Any:
        place = self._columns.get(name)
        return default if place is None else self.cells[place]


class Table:
    """The rows of one object by id, and what finds them by value, by range and by count."""

    def __init__(self, entity: SObject) -> None:
        self._entity = entity
        self.columns = {field.name: place for place, field in enumerate(entity.fields)}
        self._shapes: dict[tuple[str, ...], dict[str, int]] = {(): self.columns}
        self.rows: dict[str, Row] = {}
        self._last_id = ""
        self.is_in_id_order = True
        self._buckets: dict[str, dict[Any, dict[str, None]]] = {}
        self._ranges: dict[str, list[Any]] = {}
        self._tallies: dict[tuple[str, ...], Counter[tuple[Any, ...]]] = {}

    # ---- writing

    def pack(self, values: Mapping[str, Any]) -> Row:
        """Return the values as a row; names beyond the schema's come after its fields."""
        shape = self._shape(tuple(name for name in values if name not in self.columns))
        return Row(shape, tuple([values.get(name) for name in shape]))

    def _shape(self, more: tuple[str, ...]) -> dict[str, int]:
        if more not in self._shapes:
            names = [*self.columns, *more]
            self._shapes[more] = {name: place for place, name in enumerate(names)}
        return self._shapes[more]

    def swap(self, record_id: str, new: Row | None) -> None:
        """Put `new` in the place of the row with this id, or take that away."""
        old = self.rows.get(record_id)
        self._reindex(record_id, old, new)
        if new is None:
            self.rows.pop(record_id, None)
            return
        if old is None:
            self.is_in_id_order = self.is_in_id_order and record_id > self._last_id
            self._last_id = max(self._last_id, record_id)
        self.rows[record_id] = new

    def load(self, cells: Iterable[tuple[Any, ...]], more: tuple[str, ...] = ()) -> None:
        """Add many rows with rising ids, whose last cells are for the names `more`; what was
        indexed is indexed anew later.
        """
        columns, place = self._shape(more), self.columns["Id"]
        before = len(self.rows)
        self.rows.update((one[place], Row(columns, one)) for one in cells)
        newest = next(reversed(self.rows), "") if len(self.rows) > before else self._last_id
        self.is_in_id_order = self.is_in_id_order and newest >= self._last_id
        self._last_id = max(self._last_id, newest)
        for built in (self._buckets, self._ranges, self._tallies):
            built.clear()

    # ---- finding

    def in_id_order(self) -> Iterable[Row]:
        """Return all rows, oldest id first."""
        if self.is_in_id_order:
            return self.rows.values()
        return (self.rows[record_id] for record_id in self._range("Id"))

    def ids_with(self, field: Field, value: Any) -> Sequence[str]:
        """Return the ids of the rows with this value in a field, lowest first."""
        return sorted(self._bucket(field.name).get(index_key(field, value), ()))

    def count_with(self, field: Field, value: Any) -> int:
        return len(self._bucket(field.name).get(index_key(field, value), ()))

    def ids_between(self, field: Field, low: Any, high: Any) -> tuple[int, Iterator[str]]:
        """Return how many rows lie from `low` to `high`, ends included, None being open, and their
        ids in the field's order.
        """
        pairs = self._range(field.name)
        if field.kind is Kind.ID:
            start = 0 if low is None else bisect_left(pairs, low)
            end = len(pairs) if high is None else bisect_right(pairs, high)
            return max(0, end - start), iter(pairs[start:end])
        start = 0 if low is None else bisect_left(pairs, low, key=_first)
        end = len(pairs) if high is None else bisect_right(pairs, high, key=_first)
        return max(0, end - start), (record_id for _, record_id in pairs[start:end])

    def tally(self, names: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
        """Return how many rows have which values in these fields; kept up to date from then on."""
        if names not in self._tallies:
            places = [self.columns[name] for name in names]
            self._tallies[names] = Counter(
                tuple([row.cells[place] for place in places]) for row in self.rows.values()
            )
        return self._tallies[names]

    # ---- inside

    def _bucket(self, name: str) -> dict[Any, dict[str, None]]:
        if name not in self._buckets:
            built: dict[Any, dict[str, None]] = {}
            field, place = self._field(name), self.columns[name]
            for record_id, row in self.rows.items():
                value = row.cells[place]
                if value is not None:
                    built.setdefault(index_key(field, value), {})[record_id] = None
            self._buckets[name] = built
        return self._buckets[name]

    def _range(self, name: str) -> list[Any]:
        if name not in self._ranges:
            field, place = self._field(name), self.columns[name]
            assert field.kind in _ORDERED, name  # noqa: S101  # the planner asks for no other
            if field.kind is Kind.ID:
                self._ranges[name] = sorted(self.rows)
            else:
                pairs = ((row.cells[place], one) for one, row in self.rows.items())
                self._ranges[name] = sorted(pair for pair in pairs if pair[0] is not None)
        return self._ranges[name]

    def _reindex(self, record_id: str, old: Row | None, new: Row | None) -> None:
        for name, buckets in self._buckets.items():
            self._move(buckets, self._field(name), record_id, (old, new))
        for name, pairs in self._ranges.items():
            is_id = name == "Id"
            before, after = _cell(old, name), _cell(new, name)
            if before != after and before is not None:
                place = bisect_left(pairs, before if is_id else (before, record_id))
                del pairs[place]
            if before != after and after is not None:
                insort(pairs, after if is_id else (after, record_id))
        for names, counts in self._tallies.items():
            if old is not None:
                counts[tuple([old[name] for name in names])] -= 1
            if new is not None:
                counts[tuple([new[name] for name in names])] += 1

    @staticmethod
    def _move(
        buckets: dict[Any, dict[str, None]],
        field: Field,
        record_id: str,
        change: tuple[Row | None, Row | None],
    ) -> None:
        before, after = (index_key(field, _cell(row, field.name)) for row in change)
        if before == after:
            return
        if before is not None:
            held = buckets[before]
            del held[record_id]
            if not held:
                del buckets[before]
        if after is not None:
            buckets.setdefault(after, {})[record_id] = None

    def _field(self, name: str) -> Field:
        return self._entity.fields[self.columns[name]]


def _cell(row: Row | None, name: str) -> Any:
    return None if row is None else row[name]


def _first(pair: tuple[Any, str]) -> Any:
    return pair[0]
