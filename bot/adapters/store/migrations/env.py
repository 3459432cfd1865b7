"""Alembic runs this file for every command; `migrating.py` hands it the open connection."""

from typing import Any, Literal

from alembic import context

from bot.adapters.store.database import Instant
from bot.adapters.store.tables import metadata


def _run() -> None:
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        version_table=attributes["version_table"],
        target_metadata=metadata,
        # SQLite cannot alter a column: batch mode makes a new table and copies the rows.
        render_as_batch=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    # A migration says what was put into the database then, and so knows none of our classes.
    return "sa.DateTime()" if kind == "type" and isinstance(item, Instant) else False


_run()
