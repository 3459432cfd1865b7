"""Brings a database to the tables of this version, with Alembic and without an ini file."""

from pathlib import Path

import sqlalchemy as sa
import stamina
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.adapters.store.database import BUSY_TIMEOUT_S, outages_translated, sqlite_code
from bot.domain.errors import Conflict

MIGRATIONS = Path(__file__).parent / "migrations"
# Not Alembic's usual name: a customer's own tools may keep theirs in the same database.
VERSION_TABLE = "usher_version"
# Any number does, as long as nobody else locks it; this one is «usher» in ASCII.
_LOCK = 0x7573686572


def migrate(engine: sa.Engine) -> None:
    """Create or change the tables, all or nothing; a second call changes nothing.

    Processes that start at once wait for each other: on PostgreSQL for an advisory lock, on SQLite
    for the write lock that `make_engine` takes with BEGIN. Raises Conflict when the database was
    made by a newer Usher, and Unavailable when it does not answer.
    """
    # SQLite refuses to switch a new file to WAL while somebody else has it open, and does not wait.
    tries = stamina.retry_context(on=_is_busy, attempts=None, timeout=BUSY_TIMEOUT_S, wait_max=1.0)
    with outages_translated():
        for attempt in tries:
            with attempt, engine.begin() as connection:
                _upgrade(connection)


def is_current(engine: sa.Engine) -> bool:
    """Say whether the database has exactly this version's tables; raises Unavailable."""
    with outages_translated(), engine.execution_options(usher_reads=True).connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        return _heads(connection) == set(script.get_heads())


def alembic_config(connection: sa.Connection, folder: Path = MIGRATIONS) -> Config:
    """Return what an ini file would say; Alembic works inside the connection's transaction.

    To draft a migration: `command.revision(alembic_config(connection), "…", autogenerate=True)`
    on a database that `migrate` has just made.
    """
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    return config


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Bound to the transaction: gone with the process, and right behind PgBouncer too.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = alembic_config(connection)
    _refuse_newer(connection, config)
    command.upgrade(config, "head")


def _refuse_newer(connection: sa.Connection, config: Config) -> None:
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    if unknown := _heads(connection) - known:
        raise Conflict(
            f"The database was made by a newer Usher (migration {', '.join(sorted(unknown))}): "
            "start that version, or restore a backup from before it.",
            service="database",
            code="newer",
        )


def _heads(connection: sa.Connection) -> set[str]:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return set(context.get_current_heads())


def _is_busy(exc: Exception) -> bool:
    return sqlite_code(exc) in {"SQLITE_BUSY", "SQLITE_LOCKED"}
