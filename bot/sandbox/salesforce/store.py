"""All tables of one org, what was deleted, and transactions that undo."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.sandbox.salesforce.schema import Schema, SObject
from bot.sandbox.salesforce.table import Row, Table

BIN_FLAG = "IsDeleted"
"""Objects with this field keep their deleted rows in the recycle bin, where queryAll sees them."""


class Store:
    """Tables of immutable rows: a write replaces the row, so that the undo journal can keep the old
    one.
    """

    def __init__(self, schema: Schema) -> None:
        self._tables = {one.name: Table(one) for one in schema.objects}
        self._deleted: dict[str, Row] = {}
        self._undo: list[Callable[[], None]] = []
        self._depth = 0

    def table(self, entity: SObject) -> Table:
        return self._tables[entity.name]

    def get(self, entity: SObject, record_id: str) -> Row | None:
        return self._tables[entity.name].rows.get(record_id)

    def rows(self, entity: SObject) -> list[Row]:
        return list(self._tables[entity.name].rows.values())

    def find(self, entity: SObject, field_name: str, value: Any) -> list[Row]:
        """Return the rows with this value in a field, oldest first."""
        field = entity.field(field_name)
        assert field is not None, field_name  # noqa: S101  # callers name fields of the schema
        table = self._tables[entity.name]
        return [table.rows[record_id] for record_id in table.ids_with(field, value)]

    def tally(self, entity: SObject, *names: str) -> Counter[tuple[Any, ...]]:
        """Return how many rows have which values in these fields, without looking at each."""
        return self._tables[entity.name].tally(names)

    def was_deleted(self, record_id: str) -> bool:
        return record_id in self._deleted

    def binned(self, entity: SObject) -> list[Row]:
        """Return the deleted rows that the recycle bin still has."""
        if entity.field(BIN_FLAG) is None:
            return []
        return [row for one, row in self._deleted.items() if one.startswith(entity.prefix)]

    def binned_row(self, record_id: str) -> Row | None:
        row = self._deleted.get(record_id)
        return row if row is not None and BIN_FLAG in row else None

    def put(self, entity: SObject, row: dict[str, Any]) -> None:
        """Insert the row, or replace the one with its Id."""
        table, record_id = self._tables[entity.name], row["Id"]
        old = table.rows.get(record_id)
        table.swap(record_id, table.pack(row))
        self.on_rollback(lambda: table.swap(record_id, old))

    def remove(self, entity: SObject, record_id: str) -> None:
        table = self._tables[entity.name]
        old = table.rows[record_id]
        table.swap(record_id, None)
        gone = table.pack({**old, BIN_FLAG: True}) if BIN_FLAG in old else old
        self._deleted[record_id] = gone

        def undo() -> None:
            del self._deleted[record_id]
            table.swap(record_id, old)

        self.on_rollback(undo)

    def load(
        self, entity: SObject, cells: Iterable[tuple[Any, ...]], more: tuple[str, ...] = ()
    ) -> None:
        """Add many rows at once, outside any transaction; cells are in the schema's order, then
        those of `more`.
        """
        self._tables[entity.name].load(cells, more)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Run `undo` if the running transaction fails."""
        if self._depth:
            self._undo.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all writes of the block or none; blocks nest as savepoints."""
        mark, self._depth = len(self._undo), self._depth + 1
        try:
            yield
        except BaseException:
            while len(self._undo) > mark:
                self._undo.pop()()
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()
