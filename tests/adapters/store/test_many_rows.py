"""More rows than one query may name are read all the same."""

import pytest

from bot.adapters.store import transaction
from bot.adapters.store.store import Store
from bot.domain.request import RequestState
from tests.factories import approval, request


def test_every_request_comes_with_its_own_approvals(
    ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_MOST_KEYS", 2)
    with ledger.begin() as tx:
        for number in range(5):
            tx.requests.add(request(id=f"many-{number}", issue_number=number + 1))
            tx.requests.add_approval(f"many-{number}", approval(person_id=f"p{number}"))

    with ledger.read() as tx:
        found = tx.requests.select(list(RequestState), 100)

    people = {one.id: [given.person_id for given in one.approvals] for one in found}
    assert people == {f"many-{n}": [f"p{n}"] for n in range(5)}
