"""Databases by the dozen: one is made and migrated, every play gets a copy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from dbos import DBOSClient

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from bot.workflows.engine import APPLICATION, QUEUE, migrate_engine
from tests.crash.bot_process import PACE

SERVER = "postgresql://postgres@127.0.0.1:5432"


class Backend(StrEnum):
    """Where the bot keeps its rows."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class SqliteCopies:
    """Copies of one file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        _make(f"sqlite:///{self._template}")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """Lend the URL of a database of its own."""
        path = folder / "usher.db"
        shutil.copy(self._template, path)
        yield f"sqlite:///{path}"


class PostgresCopies:
    """Copies of one database of a server; raises OperationalError when none answers."""

    def __init__(self) -> None:
        self._server = make_engine(f"{SERVER}/postgres?connect_timeout=3")
        self._template = f"usher_crash_{uuid4().hex}"
        self._run(f"CREATE DATABASE {self._template}")
        _make(f"{SERVER}/{self._template}")

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """Lend the URL of a database of its own."""
        name = f"{self._template}_{uuid4().hex[:8]}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            yield f"{SERVER}/{name}"
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._run(f"DROP DATABASE {self._template} WITH (FORCE)")
        self._server.dispose()

    def _run(self, statement: str) -> None:
        with self._server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)


def _make(url: str) -> None:
    """Make a database as one on which the bot has run before: with tables and queue."""
    migrate_engine(url)
    client = DBOSClient(system_database_url=url, application_name=APPLICATION)
    client.register_queue(QUEUE, partition_concurrency=1, polling_interval_sec=PACE.poll_s)
    client.destroy()
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
