"""The tables a process needs, the engine's and our own: made, or asked for."""

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import is_current, migrate
from bot.domain.errors import SettingsError
from bot.workflows.engine import migrate_engine


def migrate_database(url: str) -> None:
    """Bring the database up to date; a second call changes nothing."""
    migrate_engine(url)
    engine = make_engine(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def is_migrated(url: str) -> bool:
    """Say whether the database is up to date; raises Unavailable."""
    engine = make_engine(url)
    try:
        return is_current(engine)
    finally:
        engine.dispose()


def require_tables(url: str) -> None:
    """Raise SettingsError unless the database is up to date."""
    if not is_migrated(url):
        raise SettingsError(
            "The database is not up to date.", problems=("Run `usher migrate` first.",)
        )
