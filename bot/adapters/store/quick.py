"""Keeping many small messages, through SQLite's own driver.

What people say to the bot comes in crowds, and each answer waits for its commit. SQLAlchemy's work
around one such row takes longer than SQLite's, the sync to disk included: bench/ack shows it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa

from bot.adapters.store import tables
from bot.adapters.store.database import outages_translated
from bot.adapters.store.records import Posted, inbox_columns
from bot.adapters.store.transaction import insert_new_statement


class QuickInbox:
    """Opens SQLite transactions that can do one thing: keep messages; for one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.PoolProxiedConnection | None = None
        key, dialect = tables.inbox.c.delivery_id, engine.dialect
        compiled = insert_new_statement("sqlite", tables.inbox, key).compile(dialect=dialect)
        self._insert = str(compiled)
        types = {column.name: column.type for column in tables.inbox.c}
        self._to_driver = {
            name: types[name].dialect_impl(dialect).bind_processor(dialect)
            for name in compiled.positiontup or ()
        }

    @contextmanager
    def begin(self) -> Iterator["QuickTransaction"]:
        """Open a transaction that commits when the block ends well."""
        with outages_translated():
            if self._connection is None:
                self._connection = self._engine.raw_connection()
            cursor = self._connection.cursor()
            with ExitStack() as undo:
                undo.callback(self.close)
                cursor.execute("BEGIN IMMEDIATE")
                yield QuickTransaction(self, cursor)
                cursor.execute("COMMIT")
                undo.pop_all()

    def insert(self, cursor: Any, posted: Posted) -> bool:
        """Insert a message; False when its delivery id was known."""
        row = inbox_columns(posted)
        values = [
            row[name] if to_driver is None else to_driver(row[name])
            for name, to_driver in self._to_driver.items()
        ]
        return bool(cursor.execute(self._insert, values).fetchall())

    def close(self) -> None:
        """Give the connection back to the pool, which rolls back what is still open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class QuickTransaction:
    """A transaction over the inbox alone."""

    def __init__(self, inbox: QuickInbox, cursor: Any) -> None:
        self._inbox = inbox
        self._cursor = cursor

    def keep(self, posted: Sequence[Posted]) -> set[str]:
        """Keep messages and return the delivery ids that were not known."""
        return {p.delivery_id for p in posted if self._inbox.insert(self._cursor, p)}
