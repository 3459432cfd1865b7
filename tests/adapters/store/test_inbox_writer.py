"""Many senders share one commit: each hears whether its message is kept, whatever breaks."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from bot.adapters.store.records import Posted
from bot.adapters.store.store import InboxWriter, Store, Transaction
from bot.domain.errors import Unavailable

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
WAIT_S = 15


def posted(delivery_id: str, *, needs_handling: bool = True) -> Posted:
    return Posted(
        delivery_id=delivery_id,
        source="slack",
        message="{}",
        at=NOW,
        needs_handling=needs_handling,
    )


class Starts:
    """Notes which messages had their handling started in which commit, or breaks."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.error: Exception | None = None

    def __call__(self, _tx: Transaction, delivery_ids: list[str]) -> None:
        if self.error is not None:
            raise self.error
        self.batches.append(delivery_ids)


@pytest.fixture
def starts() -> Starts:
    return Starts()


@pytest.fixture
def writer(ledger: Store, starts: Starts) -> Iterator[InboxWriter]:
    writer = InboxWriter(ledger, starts)
    yield writer
    writer.close()


def hold_writers(ledger: Store) -> AbstractContextManager[Transaction]:
    """Keep everybody else from writing into the inbox."""
    return ledger.begin()


def stop_inbox(tx: Transaction) -> None:
    if tx.connection.dialect.name == "postgresql":  # SQLite's writer holds all of it already
        tx.connection.execute(sa.text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))


def kept(ledger: Store) -> set[str]:
    with ledger.read() as tx:
        return {k.delivery_id for k in tx.inbox.open(FAR, FAR, 10_000)}


def test_many_senders_at_once_are_all_durable_and_get_one_answer_each(
    ledger: Store, writer: InboxWriter, starts: Starts
) -> None:
    names = [f"d-{number}" for number in range(200)]

    def send(name: str) -> bool:
        return writer.post(posted(name)).result(WAIT_S)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, names))

    assert answers == [True] * 200
    assert kept(ledger) == set(names)
    assert sorted(name for batch in starts.batches for name in batch) == sorted(names)


def test_those_who_wait_share_a_commit(ledger: Store, writer: InboxWriter, starts: Starts) -> None:
    with hold_writers(ledger) as tx:
        stop_inbox(tx)
        first = writer.post(posted("d-0"))
        others = [writer.post(posted(f"d-{number}")) for number in range(1, 20)]

    assert first.result(WAIT_S)
    assert all(other.result(WAIT_S) for other in others)
    assert len(starts.batches) <= 2


def test_an_id_that_is_known_is_no_news_not_even_within_one_commit(
    ledger: Store, writer: InboxWriter, starts: Starts
) -> None:
    assert writer.post(posted("d-1")).result(WAIT_S)
    with hold_writers(ledger) as tx:
        stop_inbox(tx)
        answers = [writer.post(posted(name)) for name in ("d-0", "d-1", "d-2", "d-2")]

    assert [answer.result(WAIT_S) for answer in answers] == [True, False, True, False]
    assert [name for batch in starts.batches for name in batch] == ["d-1", "d-0", "d-2"]


def test_what_needs_no_handling_is_kept_in_the_same_words(
    ledger: Store, writer: InboxWriter
) -> None:
    moment = replace(posted("d-1", needs_handling=False), at=NOW + timedelta(milliseconds=5))
    assert writer.post(moment).result(WAIT_S)  # alone: SQLite keeps it through its own driver
    with ledger.begin() as tx:
        assert tx.inbox.keep([replace(moment, delivery_id="d-2")]) == {"d-2"}
        query = sa.text("SELECT * FROM inbox ORDER BY delivery_id")
        one, other = (dict(row) for row in tx.connection.execute(query).mappings())

    assert one | {"delivery_id": "d-2"} == other


def test_what_needs_no_handling_starts_none(
    ledger: Store, writer: InboxWriter, starts: Starts
) -> None:
    assert writer.post(posted("d-1", needs_handling=False)).result(WAIT_S)

    assert starts.batches == []
    assert kept(ledger) == set()
    assert not writer.post(posted("d-1")).result(WAIT_S)


@pytest.mark.parametrize("needs_handling", [True, False])
def test_whoever_gives_up_while_the_database_is_locked_is_not_kept_later(
    ledger: Store, writer: InboxWriter, *, needs_handling: bool
) -> None:
    with hold_writers(ledger) as tx:
        if tx.connection.dialect.name == "postgresql":
            pytest.skip("only SQLite makes a writer wait before it has begun")
        waiting = [
            writer.post(posted(f"d-{number}", needs_handling=needs_handling)) for number in range(3)
        ]
        assert all(answer.cancel() for answer in waiting)

    assert writer.post(posted("d-9")).result(WAIT_S)
    assert writer.post(posted("d-0")).result(WAIT_S)  # news: it was not kept
    assert kept(ledger) == {"d-9", "d-0"}


def test_whoever_gives_up_during_the_commit_may_find_the_message_kept(
    ledger: Store, starts: Starts
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def start(tx: Transaction, names: list[str]) -> None:
        begun.set()
        go_on.wait(WAIT_S)
        starts(tx, names)

    writer = InboxWriter(ledger, start)
    answer = writer.post(posted("d-1"))
    assert begun.wait(WAIT_S)

    assert not answer.cancel()
    go_on.set()

    assert answer.result(WAIT_S)
    assert not writer.post(posted("d-1")).result(WAIT_S)  # the sender's retry is recognised
    writer.close()


def test_when_handling_cannot_be_started_nothing_is_kept_and_everybody_hears_it(
    ledger: Store, writer: InboxWriter, starts: Starts
) -> None:
    starts.error = Unavailable("the engine's tables are gone", service="database")
    with hold_writers(ledger) as tx:
        stop_inbox(tx)
        answers = [writer.post(posted(f"d-{number}")) for number in range(5)]

    assert [type(answer.exception(WAIT_S)) for answer in answers] == [Unavailable] * 5
    assert kept(ledger) == set()
    starts.error = None
    assert writer.post(posted("d-0")).result(WAIT_S)


@pytest.mark.parametrize("needs_handling", [True, False])
def test_a_message_the_database_refuses_is_answered_and_the_next_one_kept(
    ledger: Store, writer: InboxWriter, *, needs_handling: bool
) -> None:
    broken = replace(posted("d-1", needs_handling=needs_handling), message=None)  # type: ignore[arg-type]  # on purpose

    assert isinstance(
        writer.post(broken).exception(WAIT_S), (sa.exc.DBAPIError, sqlite3.IntegrityError)
    )

    assert writer.post(posted("d-1", needs_handling=needs_handling)).result(WAIT_S)
    assert writer.post(posted("d-2")).result(WAIT_S)
    assert kept(ledger) >= {"d-2"}


def test_closing_keeps_what_was_posted_before(ledger: Store, starts: Starts) -> None:
    writer = InboxWriter(ledger, starts)
    answers: list[Future[bool]] = [writer.post(posted(f"d-{n}")) for n in range(500)]

    writer.close()

    assert all(answer.done() and answer.result() for answer in answers)
    assert len(kept(ledger)) == 500


@pytest.mark.parametrize("needs_handling", [True, False])
def test_a_database_that_is_gone_is_said_and_comes_back(
    tmp_path: Path, starts: Starts, *, needs_handling: bool
) -> None:
    path = tmp_path / "usher.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    store = Store(engine)
    writer = InboxWriter(store, starts)
    path.rename(tmp_path / "away.db")
    path.mkdir()

    assert isinstance(
        writer.post(posted("d-1", needs_handling=needs_handling)).exception(WAIT_S), Unavailable
    )

    path.rmdir()
    (tmp_path / "away.db").rename(path)
    assert writer.post(posted("d-1", needs_handling=needs_handling)).result(WAIT_S)
    writer.close()
    store.close()
