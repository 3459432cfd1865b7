"""What the doorways count on in Inbox and Desk, of the fakes and of the front desk alike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.adapters.store.records import Posted
from bot.adapters.store.store import InboxWriter
from bot.domain.desk import Mine, OnboardingCall
from bot.domain.errors import NotPermitted, StaleApproval, Unavailable
from bot.domain.inbound import Chatter, Envelope, Submission, Surface
from bot.ports import Desk, Inbox
from bot.workflows.desk import FrontDesk
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox
from tests.workflows.conftest import blank, make_office, office
from tests.workflows.office import WHY, Office, on_slack

__all__ = ["blank", "make_office", "office"]


@dataclass
class Bench:
    """An implementation of both ports, and a way to lose the database."""

    inbox: Inbox
    desk: Desk
    break_database: Callable[[], None]
    count: Callable[[], int]


@pytest.fixture(params=["fake", "front desk"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "fake":
        inbox, desk = FakeInbox(), FakeDesk()
        desk.holdings["UANN"] = Mine(timezone="America/Chicago", held=(), pending=())

        def down() -> None:
            inbox.is_down = True

        yield Bench(inbox, desk, down, lambda: len(inbox.messages))
        return
    there: Office = request.getfixturevalue("office")
    writer = InboxWriter(there.ledger, lambda _tx, _ids: None)  # type: ignore[arg-type]  # a flaky store
    posted = _poster(writer)
    front = FrontDesk(there.ctx, posted)

    def count() -> int:
        with there.store.read() as tx:
            return int(tx.connection.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one())

    yield Bench(front, front, there.break_database, count)
    writer.close()


def _poster(writer: InboxWriter) -> Any:
    def keep(
        delivery_id: str, source: str, message: str, at: datetime, *, needs_handling: bool
    ) -> Any:
        return writer.post(
            Posted(
                delivery_id=delivery_id,
                source=source,
                message=message,
                at=at,
                needs_handling=needs_handling,
            )
        )

    return keep


def envelope(delivery_id: str = "d-1", *, is_chatter: bool = False) -> Envelope:
    actor = on_slack("ann")
    message: Any = Submission(actor=actor, level="crm/view", how_long="7d", why=WHY)
    if is_chatter:
        message = Chatter(actor=actor, event_type="message", text_length=3)
    return Envelope(source=Surface.SLACK, delivery_id=delivery_id, message=message)


def call(**changes: Any) -> OnboardingCall:
    usual: dict[str, Any] = {
        "caller": "hr",
        "idempotency_key": "k",
        "fingerprint": "f1",
        "person_id": "new",
        "mail": "new@acme.example",
        "name": "New Doe",
        "role": "csm",
        "manager_id": "bea",
        "timezone": "America/Chicago",
        "first_day": date(2026, 11, 9),
    }
    return OnboardingCall(**usual | changes)


@pytest.mark.parametrize("is_chatter", [True, False])
def test_a_delivery_is_kept_once(bench: Bench, is_chatter: bool) -> None:  # noqa: FBT001  # pytest's
    answers = [bench.inbox.receive(envelope(is_chatter=is_chatter)) for _ in range(4)]

    assert answers == [True, False, False, False]
    assert bench.inbox.receive(envelope("d-2"))
    assert bench.count() == 2


def test_a_database_that_is_gone_is_said_and_nothing_is_kept(bench: Bench) -> None:
    bench.break_database()

    with pytest.raises(Unavailable):
        bench.inbox.receive(envelope())

    assert bench.count() == 0


def test_levels_are_found_by_their_words_and_no_more_than_asked_for(bench: Bench) -> None:
    everything = bench.desk.search_levels("", 100)

    assert len(everything) > 2
    assert len(bench.desk.search_levels("", 2)) == 2
    assert everything[0].id in [c.id for c in bench.desk.search_levels(everything[0].id, 9)]
    assert bench.desk.search_levels("kubernetes", 9) == ()


def test_mine_is_for_those_who_are_known(bench: Bench) -> None:
    assert bench.desk.mine(on_slack("ann")).timezone == "America/Chicago"

    with pytest.raises(NotPermitted) as refused:
        bench.desk.mine(on_slack("eve"))

    assert refused.value.next_step


def test_an_onboarding_is_taken_in_once_per_caller_and_key(bench: Bench) -> None:
    first, again = bench.desk.onboard(call()), bench.desk.onboard(call())

    assert (first.is_new, again.is_new) == (True, False)
    assert first.id == again.id
    assert (first.person_id, first.first_day) == ("new", date(2026, 11, 9))
    assert bench.desk.onboarding(first.id) is not None
    assert bench.desk.onboarding("nothing") is None
    with pytest.raises(StaleApproval):
        bench.desk.onboard(call(fingerprint="f2"))


def test_what_may_go_ahead_has_no_reasons_against_it(bench: Bench) -> None:
    fine = Submission(actor=on_slack("ann"), level="crm/view", how_long="7d", why=WHY)

    assert bench.desk.preview(fine) == ()
