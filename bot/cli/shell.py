"""What the commands share: exit codes, where they print, and how they look into the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

OK, NO, WRONG_USE, BROKEN = 0, 1, 2, 3

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def print_json(value: object) -> None:
    """Print one JSON document; times are written as text."""
    print(json.dumps(value, default=str))  # noqa: T201  # a script reads it, unstyled


def has_database() -> bool:
    """Say whether there is a database to look into; looking would make a file of SQLite."""
    from bot.adapters.store.database import database_url
    from bot.settings import load_local_settings

    url = database_url(load_local_settings().database_url.reveal())
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


@contextmanager
def reading() -> Iterator[Any]:
    """Look into the database; nobody needs a service's secrets for that."""
    from bot.adapters.store.database import make_engine
    from bot.adapters.store.store import Store
    from bot.settings import load_local_settings
    from bot.tables import require_tables

    url = load_local_settings().database_url.reveal()
    require_tables(url)
    store = Store(make_engine(url))
    try:
        with store.read() as tx:
            yield tx
    finally:
        store.close()


def print_rows(rows: list[dict[str, Any]], *, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(nothing)
        return
    table = Table(*rows[0], box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    out.print(table, markup=False)
