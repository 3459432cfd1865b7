"""Connections to SQLite (WAL) or PostgreSQL, and the one time type of all tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.domain.errors import Unavailable

BUSY_TIMEOUT_S = 30


class Instant(sa.TypeDecorator[datetime]):
    """A moment in UTC; SQLite has no zones, so it is stored without and read with one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def database_url(text: str) -> URL:
    """Read DATABASE_URL, with Heroku's postgres:// spelled as SQLAlchemy wants it."""
    url = make_url(text.replace("postgres://", "postgresql://", 1))
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def make_engine(text: str, *, pool_size: int = 5) -> sa.Engine:
    """Make the engine; SQLite gets its folder, a WAL, and a sync for every commit."""
    url = database_url(text)
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url, pool_size=pool_size, max_overflow=5, pool_pre_ping=True, pool_timeout=10
        )
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}, pool_size=10
    )
    sa.event.listen(engine, "connect", _tune_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    cursor = connection.cursor()
    if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        cursor.execute("PRAGMA journal_mode=WAL")  # does not wait for others, so only if need be
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes the write lock at once: a read lock that is raised later fails with SQLITE_BUSY
    # although the busy timeout is set (sqlite.org/lang_transaction.html).
    is_reader = connection.get_execution_options().get("usher_reads", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


@contextmanager
def outages_translated() -> Iterator[None]:
    """Raise Unavailable for a database that is gone, locked or out of connections; nothing else."""
    try:
        yield
    except (OperationalError, PoolTimeoutError, sqlite3.OperationalError) as exc:
        # SQLite says «operational» also when a statement is wrong; that is no outage.
        if sqlite_code(exc) == "SQLITE_ERROR":
            raise
        raise Unavailable("The database does not answer.", service="database") from exc
    except DBAPIError as exc:
        if exc.connection_invalidated:
            raise Unavailable("The database connection broke.", service="database") from exc
        raise


def sqlite_code(exc: Exception) -> str:
    """Return SQLite's own name for an error, empty for another database's."""
    cause = exc if isinstance(exc, sqlite3.Error) else exc.__cause__
    return str(getattr(cause, "sqlite_errorname", ""))
