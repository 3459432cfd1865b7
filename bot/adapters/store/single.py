"""One server per SQLite file: a lock that the kernel drops when its holders are dead."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bot.adapters.store.database import database_url
from bot.domain.errors import Conflict

PATIENCE_S = 3.0
"""A server that was killed takes its worker with it within this time."""


@contextmanager
def only_worker(url_text: str) -> Iterator[None]:
    """Hold the right to work on this database; PostgreSQL is shared by many and needs none.

    A process forked inside the block holds it too. Raises Conflict when another server has it.
    """
    url = database_url(url_text)
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    path = Path(f"{url.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        until = time.monotonic() + PATIENCE_S
        while not _is_locked_by_us(file):
            if time.monotonic() > until:
                raise Conflict(
                    f"Another Usher works on {url.database} already. Stop it first, "
                    "or use PostgreSQL to run several.",
                    service="database",
                )
            time.sleep(0.05)
        yield


def _is_locked_by_us(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
