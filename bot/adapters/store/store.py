"""The store: transactions over the tables, and the group commit of the inbox."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import sqlalchemy as sa

from bot.adapters.store.database import outages_translated
from bot.adapters.store.quick import QuickInbox
from bot.adapters.store.records import (
    AuditRows,
    CursorRows,
    InboxRows,
    OnboardingRows,
    PeopleRows,
    PolicyRows,
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
        self.policies = PolicyRows(connection)
        self.people = PeopleRows(connection)
        self.onboardings = OnboardingRows(connection)
        self.workers = WorkerRows(connection)
        self.cursors = CursorRows(connection)


class Store:
    """Opens transactions; a database that is gone or locked is Unavailable."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._quick = QuickInbox(engine) if engine.dialect.name == "sqlite" else None

    def keep(self, claim: Callable[[], Sequence[Posted]]) -> set[str]:
        """Keep messages that need no handling and return the delivery ids that were not known.

        `claim` names them, once the database has answered.
        """
        if self._quick is not None:
            with self._quick.begin() as quick:
                return quick.keep(claim())
        with self.begin() as tx:
            return tx.inbox.keep(claim())

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
        if self._quick is not None:
            self._quick.close()
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
        waiting = _Waiting(batch)
        try:
            new = self._keep(waiting)
        except Exception as exc:  # noqa: BLE001  # every waiting sender must get an answer, whatever broke
            waiting.fail(exc)
        else:
            waiting.answer(new)

    def _keep(self, waiting: "_Waiting") -> set[str]:
        if not waiting.need_handling:
            return self._store.keep(waiting.claim)
        with self._store.begin() as tx:
            posted = waiting.claim()
            new = tx.inbox.keep(posted)
            to_handle = [p.delivery_id for p in posted if p.needs_handling and p.delivery_id in new]
            if to_handle:
                self._start_runs(tx, list(dict.fromkeys(to_handle)))
            return new


class _Waiting:
    """Messages that are committed together, and who waits for each."""

    def __init__(self, items: list[tuple[Posted, Future[bool]]]) -> None:
        self._items = items
        self._claimed = False

    @property
    def need_handling(self) -> bool:
        return any(posted.needs_handling for posted, _future in self._items)

    def claim(self) -> list[Posted]:
        """Name the messages whose senders still wait; from now on they cannot give up.

        Only when the database has answered: whoever gave up before that has been told that nothing
        was saved, and that must be true.
        """
        if not self._claimed:
            self._claimed = True
            self._items = [item for item in self._items if item[1].set_running_or_notify_cancel()]
        return [posted for posted, _future in self._items]

    def answer(self, new: set[str]) -> None:
        for posted, future in self._items:
            future.set_result(posted.delivery_id in new)
            new.discard(posted.delivery_id)  # twice in one batch: the second one was known

    def fail(self, exc: Exception) -> None:
        self.claim()
        for _posted, future in self._items:
            future.set_exception(exc)
