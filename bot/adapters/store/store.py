"""The store: transactions over the tables, and the group commit of the inbox."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import sqlalchemy as sa

from bot.adapters.store.database import outages_translated
from bot.adapters.store.records import (
    AuditRows,
    CursorRows,
    InboxRows,
    OnboardingRows,
    PeopleRows,
    Posted,
    WorkerRows,
    WriteRows,
)
from bot.adapters.store.transaction import GrantRows, RequestRows, SeatRows

MAX_BATCH = 200


class Transaction:
    """Everything that one transaction can read and write; `connection` is the engine's handle."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.requests = RequestRows(connection)
        self.grants = GrantRows(connection)
        self.seats = SeatRows(connection)
        self.inbox = InboxRows(connection)
        self.writes = WriteRows(connection)
        self.audit = AuditRows(connection)
        self.people = PeopleRows(connection)
        self.onboardings = OnboardingRows(connection)
        self.workers = WorkerRows(connection)
        self.cursors = CursorRows(connection)


class Store:
    """Opens transactions; a database that is gone or locked is Unavailable."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction that commits when the block ends well."""
        with outages_translated(), self._engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads and does not wait for writers."""
        options = self._engine.execution_options(usher_reads=True)
        with outages_translated(), options.begin() as connection:
            yield Transaction(connection)

    def close(self) -> None:
        self._engine.dispose()


class InboxWriter:
    """Commits waiting messages together, so that many senders share one sync to disk.

    `start_runs` is called inside the transaction with the new delivery ids, so that rows and the
    start of their handling commit or roll back as one.
    """

    def __init__(self, store: Store, start_runs: Callable[[Transaction, list[str]], None]) -> None:
        self._store = store
        self._start_runs = start_runs
        self._queue: SimpleQueue[tuple[Posted, Future[bool]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="inbox-writer", daemon=True)
        self._thread.start()

    def post(self, posted: Posted) -> Future[bool]:
        """Return a future that is done once the message is durable; False when its id was known.

        One that is cancelled will not be kept later either, unless its commit was already under way
        (the sender's retry is recognised by its id).
        """
        future: Future[bool] = Future()
        self._queue.put((posted, future))
        return future

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            self._commit([first, *self._more()])

    def _more(self) -> Iterator[tuple[Posted, Future[bool]]]:
        for _ in range(MAX_BATCH - 1):
            try:
                item = self._queue.get_nowait()
            except Empty:
                return
            if item is None:
                self._queue.put(None)
                return
            yield item

    def _commit(self, batch: list[tuple[Posted, Future[bool]]]) -> None:
        wanted: list[tuple[Posted, Future[bool]]] | None = None
        try:
            with self._store.begin() as tx:
                # Only now, when the database has answered: whoever gave up before that has been
                # told that nothing was saved, and that must be true.
                wanted = _still_wanted(batch)
                if not wanted:
                    return
                new = tx.inbox.keep([posted for posted, _future in wanted])
                open_ids = [p.delivery_id for p, _f in wanted if p.needs_handling]
                if to_handle := [i for i in dict.fromkeys(open_ids) if i in new]:
                    self._start_runs(tx, to_handle)
        except Exception as exc:  # noqa: BLE001  # every waiting sender must get an answer, whatever broke
            for _posted, future in _still_wanted(batch) if wanted is None else wanted:
                future.set_exception(exc)
            return
        for posted, future in wanted:
            future.set_result(posted.delivery_id in new)
            new.discard(posted.delivery_id)  # twice in one batch: the second one was known


def _still_wanted(batch: list[tuple[Posted, Future[bool]]]) -> list[tuple[Posted, Future[bool]]]:
    """Claim the messages whose senders still wait; call it once for each batch."""
    return [item for item in batch if item[1].set_running_or_notify_cancel()]
