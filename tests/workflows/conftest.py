"""An office per test, on a copy of one migrated database."""

import shutil
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import stamina
import structlog

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from tests.workflows.office import Office


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one database, for all tests to copy."""
    path = tmp_path_factory.mktemp("blank") / "usher.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def make_office(blank: Path, tmp_path: Path) -> Iterator[Callable[[], Office]]:
    opened: list[sa.Engine] = []

    def make() -> Office:
        path = shutil.copy(blank, tmp_path / f"usher-{len(opened)}.db")
        engine = make_engine(f"sqlite:///{path}")
        sa.event.listen(engine, "connect", _do_not_sync)
        opened.append(engine)
        return Office(engine)

    yield make
    for engine in opened:
        engine.dispose()


@pytest.fixture
def office(make_office: Callable[[], Office]) -> Office:
    return make_office()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Keep the log lines of a test instead of printing them (printing tracebacks is slow)."""
    with structlog.testing.capture_logs() as lines:
        yield lines


def _do_not_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # these tests kill nobody
