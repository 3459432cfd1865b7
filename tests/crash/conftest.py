"""One stage per pytest worker: databases to copy from, and each story's recording."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests.crash.databases import Backend, PostgresCopies, SqliteCopies
from tests.crash.plays import Copy, Recording, record
from tests.crash.stories import STORIES


class Stage:
    """Everything that plays of this worker share."""

    def __init__(self, folder: Path) -> None:
        self._sqlite = SqliteCopies(folder)
        self._postgres: PostgresCopies | None = None
        self.recording = cache(self._record)

    def copies(self, backend: Backend) -> Copy:
        """Return what lends a database; skips the test when no PostgreSQL answers."""
        if backend is Backend.SQLITE:
            return self._sqlite.copy
        if self._postgres is None:
            try:
                self._postgres = PostgresCopies()
            except OperationalError:
                pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")
        return self._postgres.copy

    def close(self) -> None:
        if self._postgres is not None:
            self._postgres.close()

    def _record(self, name: str, backend: Backend) -> Recording:
        return record(STORIES[name], self.copies(backend))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("crash"))
    yield stage
    stage.close()
