"""The migrations make exactly the tables that the code uses, on SQLite and on PostgreSQL."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import (
    MIGRATIONS,
    VERSION_TABLE,
    alembic_config,
    is_current,
    migrate,
)
from bot.adapters.store.tables import metadata
from bot.domain.errors import Conflict, Unavailable

SERVER = "postgresql://postgres@127.0.0.1:5432"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'usher.db'}"
        return
    server = make_engine(f"{SERVER}/postgres?connect_timeout=3")
    name = f"usher_test_{uuid4().hex}"
    try:
        run_on_server(server, f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")
    try:
        yield f"{SERVER}/{name}"
    finally:
        run_on_server(server, f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def run_on_server(server: sa.Engine, statement: str) -> None:
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


def differences(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def test_an_empty_database_gets_exactly_the_tables_of_the_code(engine: sa.Engine) -> None:
    migrate(engine)

    assert differences(engine) == []


def test_keys_have_the_names_that_later_migrations_will_use(engine: sa.Engine) -> None:
    migrate(engine)

    inspector = sa.inspect(engine)
    made = {inspector.get_pk_constraint(name)["name"] for name in metadata.tables}
    assert made == {f"pk_{name}" for name in metadata.tables}


def test_migrating_twice_keeps_what_is_there(engine: sa.Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(metadata.tables["workers"].insert().values(id="w-1", beat_at=1.5))

    migrate(engine)

    with engine.connect() as connection:
        rows = connection.execute(sa.select(metadata.tables["workers"])).all()
    assert [tuple(row) for row in rows] == [("w-1", 1.5)]


def test_numbers_of_the_audit_log_are_given_by_the_database(engine: sa.Engine) -> None:
    migrate(engine)
    audit = metadata.tables["audit"]
    facts = dict.fromkeys(("tag", "subject", "actor", "facts", "policy_commit"), "x")
    now = sa.func.now()

    with engine.begin() as connection:
        for _ in range(2):
            connection.execute(audit.insert().values(at=now, **facts))
        numbers = connection.execute(sa.select(audit.c.sequence)).scalars().all()

    assert sorted(numbers) == [1, 2]


def test_processes_that_start_at_once_do_not_get_in_each_others_way(url: str) -> None:
    engines = [make_engine(url) for _ in range(4)]
    start = threading.Barrier(len(engines))

    def begin(engine: sa.Engine) -> bool:
        start.wait(timeout=10)
        migrate(engine)
        return is_current(engine)

    try:
        with ThreadPoolExecutor(len(engines)) as pool:
            assert all(pool.map(begin, engines))
        assert differences(engines[0]) == []
    finally:
        for engine in engines:
            engine.dispose()


def test_a_database_is_current_only_after_migrating(engine: sa.Engine) -> None:
    assert not is_current(engine)

    migrate(engine)

    assert is_current(engine)


def test_a_migration_that_breaks_leaves_nothing_behind(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        metadata.tables["cursors"].create(connection)  # the last one that is made

    with pytest.raises(sa.exc.DBAPIError):
        migrate(engine)

    assert sa.inspect(engine).get_table_names() == ["cursors"]


def test_a_database_of_a_newer_usher_is_left_alone(engine: sa.Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        version = sa.table(VERSION_TABLE, sa.column("version_num"))
        connection.execute(version.update().values(version_num="9999"))

    with pytest.raises(Conflict, match="made by a newer Usher \\(migration 9999\\)"):
        migrate(engine)

    assert not is_current(engine)


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "usher.db").mkdir()
    engine = make_engine(f"sqlite:///{tmp_path / 'usher.db'}")

    with pytest.raises(Unavailable, match="does not answer"):
        migrate(engine)
    with pytest.raises(Unavailable, match="does not answer"):
        is_current(engine)


def test_a_drafted_migration_is_empty_when_the_tables_did_not_change(
    engine: sa.Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "100% migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    migrate(engine)

    with engine.begin() as connection:
        config = alembic_config(connection, folder)
        command.revision(config, "Say more", autogenerate=True, rev_id="0002")

    text = (folder / "versions" / "0002_say_more.py").read_text("utf-8")
    body = text.partition("def upgrade() -> None:\n")[2]
    lines = [line.strip() for line in body.splitlines()]
    assert [line for line in lines if line and not line.startswith("#")] == ["pass"]
    assert text.startswith('"""Say more."""\n')
    assert "down_revision = '0001'" in text
