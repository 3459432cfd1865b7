"""One process per SQLite file: a lock that the kernel drops when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.adapters.store.database import database_url
from bot.domain.errors import Conflict


@contextmanager
def only_worker(url_text: str) -> Iterator[None]:
    """Hold the right to work on this database; PostgreSQL is shared by many and needs none.

    Raises Conflict when another process has it.
    """
    url = database_url(url_text)
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    path = Path(f"{url.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Conflict(
                f"Another Usher works on {url.database} already. Stop it first, "
                "or use PostgreSQL to run several.",
                service="database",
            ) from exc
        yield
