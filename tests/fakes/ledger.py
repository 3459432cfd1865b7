"""A database that can be gone for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.domain.errors import Unavailable
from bot.ports import Ledger, Transaction


class FlakyLedger:
    """Implements the Ledger port over a real store; while `is_down` nothing gets through."""

    def __init__(self, store: Ledger) -> None:
        self._store = store
        self.is_down = False

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self._check()
        with self._store.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        self._check()
        with self._store.read() as tx:
            yield tx

    def keep(self, claim: Any) -> Any:
        """What a Store can besides, for the writer of its inbox."""
        self._check()
        return self._store.keep(claim)  # type: ignore[attr-defined]  # a Store then, see above

    def _check(self) -> None:
        if self.is_down:
            raise Unavailable("the database is gone", service="database")
