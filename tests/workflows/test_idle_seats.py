"""Who waits for a seat learns how many lie idle; only the system's owners learn whose they are."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.durations import PERMANENT
from bot.domain.errors import Unavailable
from bot.domain.policy import Pool, WhenFull
from bot.domain.request import Request, RequestState
from bot.domain.seats import Idle
from tests.factories import NOW
from tests.workflows.office import Office

HAL = Idle(username="hal@crm.example", last_login=NOW - timedelta(days=99))


def fill(office: Office) -> Request:
    """Let Ann wait for a seat of a pool that its owners are to buy for, in which Hal idles."""
    crm = replace(office.policies.now.systems["crm"], pools={"Crm": Pool(when_full=WhenFull.ASK)})
    systems = {**office.policies.now.systems, "crm": crm}
    office.policies.now = replace(office.policies.now, systems=systems)
    office.seats.totals["Crm"] = 0
    office.seats.unused = {"Crm": (HAL,)}
    return office.approve(office.ask(), "bea")


def asked(office: Office) -> int:
    return office.seats.troubles.calls.count("idle")


def test_names_are_for_owners_and_numbers_for_everybody(office: Office) -> None:
    request = fill(office)

    told = [
        office.card("ann", request),
        office.status(request).content,
        office.card("gus", request),
    ]
    assert all("1 seat of «Crm» has not been used for 30 days." in str(one) for one in told)
    assert ["hal" in str(one) for one in told] == [False, False, True]


def test_it_is_asked_once_a_day_and_told_once(office: Office) -> None:
    request = fill(office)
    revision = office.request(request.id).revision

    for _ in range(5):
        office.travel(minutes=11)
    assert (asked(office), office.request(request.id).revision) == (1, revision)

    office.travel(days=1)
    assert asked(office) == 2


def test_nobody_is_named_once_a_seat_was_found(office: Office) -> None:
    request = fill(office)

    office.seats.totals["Crm"] = 1
    office.travel(minutes=11)

    done = office.request(request.id)
    assert (done.state, done.idle_seats) == (RequestState.DELIVERED, None)


def test_waiting_goes_on_when_it_cannot_be_read(office: Office) -> None:
    office.seats.troubles.refuse("idle", Unavailable("down", service="crm"))

    request = fill(office)

    assert request.state is RequestState.AWAITING_SEAT
    assert "not been used" not in str(office.card("gus", request))


def test_it_is_not_asked_where_policy_never_calls_a_seat_unused(office: Office) -> None:
    company = replace(office.policies.now.company, unused_after=PERMANENT)
    office.policies.now = replace(office.policies.now, company=company)

    fill(office)

    assert asked(office) == 0
