"""Rows are locked in one order, requests before their grants: no two runs block for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot import operating
from bot.domain.errors import Conflict
from bot.domain.grant import Grant
from bot.ports import Ledger, Transaction
from tests.workflows.office import Office


class Watched:
    """Passes everything on and notes which rows are locked or written."""

    def __init__(self, rows: Any, kind: str, seen: list[str]) -> None:
        self._rows, self._kind, self._seen = rows, kind, seen

    def get(self, row_id: str, *, lock: bool = False) -> Any:
        if lock:
            self._seen.append(f"{self._kind} {row_id}")
        return self._rows.get(row_id, lock=lock)

    def by_issue(self, number: int, *, lock: bool = False) -> Any:
        found = self._rows.by_issue(number, lock=lock)
        if lock and found is not None:
            self._seen.append(f"{self._kind} {found.id}")
        return found

    def save(self, row: Any, *, was: Any) -> bool:
        self._seen.append(f"{self._kind} {row.id}")
        return bool(self._rows.save(row, was=was))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


class WatchedLedger:
    """Implements the Ledger port; `transactions` lists per transaction what was locked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.transactions: list[list[str]] = []

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._ledger.begin() as tx:
            seen: list[str] = []
            self.transactions.append(seen)
            watched: Any = tx
            watched.requests = Watched(tx.requests, "request", seen)
            watched.grants = Watched(tx.grants, "grant", seen)
            yield watched

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._ledger.read() as tx:
            yield tx

    def too_late(self) -> list[list[str]]:
        """List the transactions that lock a request after its grant."""
        return [
            seen
            for seen in self.transactions
            for name in {row.split()[1] for row in seen}
            if {f"grant {name}", f"request {name}"} <= {*seen}
            and seen.index(f"grant {name}") < seen.index(f"request {name}")
        ]


@pytest.fixture
def watched(office: Office) -> WatchedLedger:
    ledger = WatchedLedger(office.ctx.ledger)
    office.ctx = replace(office.ctx, ledger=ledger)
    office.bind()
    return ledger


@pytest.fixture
def grant(office: Office, watched: WatchedLedger) -> Grant:
    return office.granted("crm/standard", how_long="7 days")


def test_the_watch_sees_what_is_locked(office: Office, watched: WatchedLedger) -> None:
    office.ask()

    assert any(seen for seen in watched.transactions)
    with watched.begin() as tx:
        tx.grants.get("x", lock=True)
        tx.requests.get("x", lock=True)
    assert watched.too_late() == [["grant x", "request x"]]


def test_requests_are_locked_before_their_grants_when_access_ends(
    office: Office, watched: WatchedLedger, grant: Grant
) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker"))
    office.travel(days=8)
    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert f"grant {grant.id}" in str(watched.transactions)
    assert watched.too_late() == []


def test_requests_are_locked_before_their_grants_when_it_is_taken_away(
    office: Office, watched: WatchedLedger, grant: Grant
) -> None:
    operating.revoke_grant(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert watched.too_late() == []


def test_requests_are_locked_before_their_grants_when_a_level_is_replaced(
    office: Office, watched: WatchedLedger, grant: Grant
) -> None:
    office.granted("crm/admin", how_long="30 days")
    phone = office.approve(office.ask("phone/desk"), "bea")
    office.tick("ivy", phone.issue_number, 0, 1)
    office.comment("ann", phone.issue_number, "/revoke")

    assert watched.too_late() == []
