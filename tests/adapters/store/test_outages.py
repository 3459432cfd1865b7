"""A database that is gone or locked is an outage; a mistake of ours is none."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.adapters.store.database import database_url, make_engine, outages_translated
from bot.adapters.store.migrating import migrate
from bot.adapters.store.store import Store, Transaction
from bot.domain.errors import Unavailable
from tests.contracts.conftest import SERVER
from tests.factories import request


def test_a_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.store.database.BUSY_TIMEOUT_S", 0.05)
    engine = make_engine(f"sqlite:///{tmp_path / 'usher.db'}")
    migrate(engine)
    store = Store(engine)
    other = sqlite3.connect(tmp_path / "usher.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="does not answer"), store.begin():
        pytest.fail("it has begun")
    with store.read() as tx:
        assert tx.requests.get("r-1") is None  # readers do not wait

    other.execute("ROLLBACK")
    other.close()
    with store.begin() as tx:
        assert tx.requests.add(request(id="r-1"))
    store.close()


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "usher.db").mkdir()
    store = Store(make_engine(f"sqlite:///{tmp_path / 'usher.db'}"))

    with pytest.raises(Unavailable), store.read():
        pytest.fail("it was opened")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = Store(make_engine("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"))

    with pytest.raises(Unavailable), store.begin():
        pytest.fail("it was reached")


def test_a_table_that_is_missing_is_no_outage(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'usher.db'}")
    store = Store(engine)

    with pytest.raises(OperationalError, match="no such table"), store.read() as tx:
        tx.requests.get("r-1")

    store.close()


def test_a_row_that_breaks_a_rule_is_no_outage(ledger: Store) -> None:
    with pytest.raises(DBAPIError), ledger.begin() as tx:
        tx.connection.execute(sa.text("INSERT INTO cursors (name) VALUES ('github')"))


def test_a_connection_that_the_server_ends_is_unavailable_and_the_next_one_works(
    ledger: Store,
) -> None:
    with ledger.read() as tx:
        if tx.connection.dialect.name == "sqlite":
            pytest.skip("only a server can hang up")

    with pytest.raises(Unavailable), ledger.begin() as tx:
        _look_after_a_hang_up(ledger, tx)

    with ledger.read() as tx:
        assert tx.requests.get("r-1") is None


def _look_after_a_hang_up(ledger: Store, tx: Transaction) -> None:
    pid = tx.connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    with ledger.begin() as other:
        other.connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    tx.requests.get("r-1")


def test_no_connection_left_is_unavailable(database: sa.Engine) -> None:
    url = database.url
    engine = sa.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    try:
        with engine.connect(), pytest.raises(Unavailable), outages_translated(), engine.connect():
            pytest.fail("there was another one")
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg"),
        ("sqlite:///var/usher.db", "sqlite"),
    ],
)
def test_every_usual_spelling_of_an_address_is_understood(text: str, driver: str) -> None:
    assert database_url(text).drivername == driver
    assert SERVER.startswith("postgresql://")


def test_a_new_file_is_made_with_its_folder_and_safe_settings(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/deep/down/usher.db")

    with engine.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        sync = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    engine.dispose()

    assert (journal, sync) == ("wal", 2)
