"""The ledger on SQLite and, where a server answers on 127.0.0.1:5432, on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from bot.adapters.store.store import Store
from bot.adapters.store.tables import metadata

SERVER = "postgresql://postgres@127.0.0.1:5432"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        with _open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'usher.db'}") as engine:
            yield engine
        return
    server = make_engine(f"{SERVER}/postgres?connect_timeout=3")
    name = f"usher_contract_{uuid4().hex}"
    try:
        _run(server, f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")
    try:
        with _open(f"{SERVER}/{name}") as engine:
            yield engine
    finally:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@pytest.fixture
def ledger(database: sa.Engine) -> Iterator[Store]:
    """Lend the ledger, and leave it empty for the next test."""
    yield Store(database)
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


@contextmanager
def _open(url: str) -> Iterator[sa.Engine]:
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


def _run(server: sa.Engine, statement: str) -> None:
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
