"""Rows in memory with indexes on references and unique fields, and transactions that undo."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from bot.sandbox.salesforce.schema import Field, Record, Schema, SObject


def index_key(field: Field, value: Any) -> Any:
    """Fold a value the way the field compares: text without regard to case unless it is
    case-sensitive.
    """
    is_text = isinstance(value, str) and not field.refers_to and not field.case_sensitive
    return value.lower() if is_text else value


class Store:
    """Tables of immutable rows: a write replaces the row, so that the undo journal can keep the old
    one.
    """

    def __init__(self, schema: Schema) -> None:
        self._tables: dict[str, dict[str, Record]] = {one.name: {} for one in schema.objects}
        self._deleted: set[str] = set()
        self._index: dict[tuple[str, str, Any], set[str]] = defaultdict(set)
        self._undo: list[Callable[[], None]] = []
        self._depth = 0

    def get(self, entity: SObject, record_id: str) -> Record | None:
        return self._tables[entity.name].get(record_id)

    def rows(self, entity: SObject) -> list[Record]:
        return list(self._tables[entity.name].values())

    def find(self, entity: SObject, field_name: str, value: Any) -> list[Record]:
        """Return the rows with this value in an indexed field, oldest first."""
        field = entity.field(field_name)
        assert field is not None  # noqa: S101  # callers name fields of the schema
        assert field.is_indexed, field_name  # noqa: S101  # the same
        ids = self._index.get((entity.name, field.name, index_key(field, value)), set())
        return [self._tables[entity.name][record_id] for record_id in sorted(ids)]

    def was_deleted(self, record_id: str) -> bool:
        return record_id in self._deleted

    def put(self, entity: SObject, row: dict[str, Any]) -> None:
        """Insert the row, or replace the one with its Id."""
        record_id, new = row["Id"], MappingProxyType(row)
        old = self._tables[entity.name].get(record_id)
        self._swap(entity, record_id, old, new)
        self.on_rollback(lambda: self._swap(entity, record_id, new, old))

    def remove(self, entity: SObject, record_id: str) -> None:
        old = self._tables[entity.name][record_id]
        self._swap(entity, record_id, old, None)
        self._deleted.add(record_id)

        def undo() -> None:
            self._deleted.discard(record_id)
            self._swap(entity, record_id, None, old)

        self.on_rollback(undo)

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

    def _swap(
        self, entity: SObject, record_id: str, old: Record | None, new: Record | None
    ) -> None:
        for field in entity.fields:
            if not field.is_indexed:
                continue
            for row, is_new in ((old, False), (new, True)):
                value = row.get(field.name) if row is not None else None
                if value is None:
                    continue
                ids = self._index[entity.name, field.name, index_key(field, value)]
                (ids.add if is_new else ids.discard)(record_id)
        if new is None:
            self._tables[entity.name].pop(record_id, None)
        else:
            self._tables[entity.name][record_id] = new
