"""Two at once: rows are guarded, the last seat has one winner, and readers wait for nobody."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.adapters.store.records import Posted
from bot.adapters.store.store import Store
from bot.domain.request import Request, RequestState
from tests.factories import approval, request

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def both(act: Callable[[str], bool]) -> list[bool]:
    """Do it twice at the same moment, as «a» and as «b»."""
    start = threading.Barrier(2)

    def begin(name: str) -> bool:
        start.wait(timeout=10)
        return act(name)

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(begin, "ab"))


def test_two_who_want_the_last_seat_one_gets_it(ledger: Store) -> None:
    def take(name: str) -> bool:
        with ledger.begin() as tx:
            tx.seats.lock("crm")
            if tx.seats.reserved("crm", except_for=name):
                return False
            tx.seats.reserve(name, "crm", ["Crm"], NOW)
            return True

    assert both(take) == [False, True]


def test_two_who_save_the_same_row_one_is_too_late(ledger: Store) -> None:
    kept = request(id="r-1")
    with ledger.begin() as tx:
        tx.requests.add(kept)

    def save(name: str) -> bool:
        with ledger.begin() as tx:
            return tx.requests.save(replace(kept, run=1, note=name), was=kept)

    assert both(save) == [False, True]


def test_two_who_lock_a_row_come_one_after_the_other(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.requests.add(request(id="r-1"))

    def count(_name: str) -> bool:
        for _ in range(10):
            with ledger.begin() as tx:
                row = tx.requests.get("r-1", lock=True)
                assert row is not None
                assert tx.requests.save(replace(row, attempts=row.attempts + 1), was=row)
        return True

    both(count)

    with ledger.read() as tx:
        row = tx.requests.get("r-1")
    assert row is not None
    assert row.attempts == 20


@pytest.mark.parametrize("what", ["request", "approval", "inbox", "reservation"])
def test_what_is_inserted_twice_at_once_is_there_once(ledger: Store, what: str) -> None:
    message = Posted(delivery_id="d-1", source="slack", message="{}", at=NOW)

    def insert(_name: str) -> bool:
        with ledger.begin() as tx:
            match what:
                case "request":
                    return tx.requests.add(request(id="r-1", issue_number=None))
                case "approval":
                    return tx.requests.add_approval("r-1", approval())
                case "inbox":
                    return bool(tx.inbox.keep([message]))
                case _:
                    tx.seats.reserve("r-1", "crm", ["Crm"], NOW)
                    return tx.seats.reserved("crm", except_for="") == {"Crm": 1}

    expected = [True, True] if what == "reservation" else [False, True]
    assert both(insert) == expected


@pytest.mark.parametrize(
    "moved",
    [
        replace(request(id="r-1"), run=1),
        replace(request(id="r-1"), revision=1),
        replace(request(id="r-1"), state=RequestState.CANCELLED),
    ],
    ids=["run", "revision", "state"],
)
def test_a_save_over_a_row_that_has_gone_on_changes_nothing(ledger: Store, moved: Request) -> None:
    was = request(id="r-1")
    with ledger.begin() as tx:
        tx.requests.add(was)
        assert tx.requests.save(moved, was=was)
    with ledger.begin() as tx:
        assert not tx.requests.save(replace(was, note="late"), was=was)

    with ledger.read() as tx:
        assert tx.requests.get("r-1") == moved


def test_a_reader_does_not_wait_for_a_writer(ledger: Store) -> None:
    with ledger.begin() as writer:
        writer.requests.add(request(id="r-1"))
        with ledger.read() as reader:
            assert reader.requests.get("r-1") is None


def test_a_lock_on_one_system_does_not_hold_up_another_on_postgresql(ledger: Store) -> None:
    with ledger.read() as tx:
        if tx.connection.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer at a time")

    with ledger.begin() as one, ledger.begin() as other:
        one.seats.lock("crm")
        other.seats.lock("phone")
