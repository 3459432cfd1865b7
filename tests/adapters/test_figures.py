"""Figures for Prometheus come from the rows of this moment."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest

from bot.adapters.figures import LedgerFigures
from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from bot.adapters.store.records import Posted
from bot.adapters.store.store import Store
from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from tests.factories import NOW, grant, request


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'usher.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def figures(engine: sa.Engine) -> dict[str, float]:
    """Read what Prometheus would be told."""
    registry = CollectorRegistry()
    registry.register(LedgerFigures(engine))
    lines = generate_latest(registry).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def test_an_empty_house_has_nothing_to_count_and_nothing_waiting(engine: sa.Engine) -> None:
    assert figures(engine) == {
        "usher_inbox_waiting": 0,
        "usher_requests_untold": 0,
        "usher_workers": 0,
    }


def test_requests_and_grants_are_counted_by_state(engine: sa.Engine) -> None:
    with Store(engine).begin() as tx:
        for number, state in enumerate((RequestState.NEEDS_IT, *[RequestState.DELIVERED] * 2)):
            tx.requests.add(request(id=f"r-{number}", state=state, issue_number=None))
        tx.requests.mark_told("r-0", 0)
        tx.grants.add(grant(id="r-1"))
        tx.grants.add(replace(grant(id="r-2"), state=GrantState.NEEDS_IT))

    assert figures(engine) == {
        'usher_requests{state="needs_it"}': 1,
        'usher_requests{state="delivered"}': 2,
        'usher_grants{state="active"}': 1,
        'usher_grants{state="needs_it"}': 1,
        "usher_inbox_waiting": 0,
        "usher_requests_untold": 2,
        "usher_workers": 0,
    }


def test_a_message_waits_until_it_is_answered(engine: sa.Engine) -> None:
    store = Store(engine)
    with store.begin() as tx:
        tx.inbox.keep(
            [
                Posted(delivery_id=name, source="github", message="{}", at=NOW)
                for name in ("d-1", "d-2")
            ]
        )
        tx.inbox.handled("d-1", None, NOW)
        tx.inbox.handled("d-2", "a reply that is not sent yet", NOW)

    assert figures(engine)["usher_inbox_waiting"] == 1


def test_only_workers_that_were_heard_of_lately_are_counted(engine: sa.Engine) -> None:
    with Store(engine).begin() as tx:
        tx.workers.beat("w-alive", time.time() - 5)
        tx.workers.beat("w-gone", time.time() - 60)

    assert figures(engine)["usher_workers"] == 1
