"""Salesforce down, slow, refusing or full: nothing lost or doubled, and the right people told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import Request, RequestState
from bot.operating import retry
from bot.sandbox.faults import Fault, FaultKind
from tests.end_to_end.company import GUS, IVY, OTTO, Team
from tests.end_to_end.house import House

POOL = "Salesforce"
UPSERT = "PATCH /services/data/*/sobjects/User/Usher_Person_Id__c/*"
QUERY = "POST /services/data/*/composite"


def test_while_it_is_down_the_request_waits_and_then_goes_on_by_itself(house: House) -> None:
    team, salesforce = house.team(), house.world.salesforce
    port = int(salesforce.url.rpartition(":")[2])
    request = house.ask(team.engineer, "salesforce/view-only")

    salesforce.close()
    house.press(team.manager, request.id, CardAction.APPROVE)
    told = house.text(team.engineer, request.id)
    salesforce.serve_tls(port)

    assert "it goes on by itself" in told
    assert "Salesforce cannot be reached" in house.status(request.issue_number or 0)
    assert house.has_nothing(team.engineer)
    house.travel(timedelta(minutes=1))
    _is_delivered_once(house, team, request)


def test_a_write_that_is_too_slow_is_looked_up_and_not_repeated(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.world.salesforce.faults.add(Fault(route=UPSERT, kind=FaultKind.DELAY, seconds=1.0))

    with _impatient(house, 0.3):
        house.press(team.manager, request.id, CardAction.APPROVE)
        house.travel(timedelta(minutes=1))

    _is_delivered_once(house, team, request)


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.HTML])
def test_a_lost_answer_ends_in_one_user(house: House, kind: FaultKind) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.world.salesforce.faults.add(Fault(route=UPSERT, kind=kind))

    house.press(team.manager, request.id, CardAction.APPROVE)

    _is_delivered_once(house, team, request)


def test_refused_for_ever_calls_the_owners_and_a_retry_delivers(house: House) -> None:
    team, org = house.team(), house.world.salesforce.org
    request = house.ask(team.engineer, "salesforce/view-only")

    org.deny_tokens()
    house.press(team.manager, request.id, CardAction.APPROVE)
    org.deny_tokens(False)

    _is_stuck(house, team, request, "an admin must check the bot's user, its API right")
    house.travel(timedelta(seconds=61))  # so long nothing is sent to an org that shut the bot out
    retry(house.usher.context, request.id, actor="cli:test")
    house.settle()
    _is_delivered_once(house, team, request)
    assert house.text(GUS, request.id).startswith("Access is ready")


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("validation rule", "a validation rule of the org forbids it"),
        ("user name", "the user name is taken, in this or in another Salesforce org"),
    ],
)
def test_what_the_org_refuses_is_told_to_the_owners_with_its_reason(
    house: House, trouble: str, why: str
) -> None:
    team, org = house.team(), house.world.salesforce.org
    request = house.ask(team.engineer, "salesforce/view-only")
    username = f"{team.engineer.mail.partition('@')[0]}@acme.example.crm"

    if trouble == "user name":
        org.occupy_username(username)
    else:
        org.require_validation_rule("Every user needs a cost center")
    house.press(team.manager, request.id, CardAction.APPROVE)
    org.clear_validation_rule()

    _is_stuck(house, team, request, why)
    assert house.user(team.engineer) is None


def test_a_lost_row_lock_is_tried_again_at_once(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    house.world.salesforce.org.lock_rows(2)
    house.press(team.manager, request.id, CardAction.APPROVE)

    _is_delivered_once(house, team, request, upserts=3)


def test_rows_locked_for_long_make_the_request_wait(house: House) -> None:
    team, org = house.team(), house.world.salesforce.org
    request = house.ask(team.engineer, "salesforce/view-only")

    org.lock_rows(1000)
    house.press(team.manager, request.id, CardAction.APPROVE)
    told = house.text(team.engineer, request.id)
    org.lock_rows(0)

    assert "It is taking longer than usual. Please wait; it goes on by itself." in told
    assert "Salesforce is busy" in house.status(request.issue_number or 0)
    house.travel(timedelta(minutes=1))
    assert house.has_seat(team.engineer)


def test_without_a_free_seat_it_waits_in_line_and_goes_on_once_one_is_bought(house: House) -> None:
    team, request = _approved_with_seats_left(house, seats=1)

    waiting = house.request(request.id)
    told = house.text(team.engineer, request.id)
    house.world.salesforce.org.set_total(POOL, 200)

    assert waiting.state is RequestState.AWAITING_SEAT
    assert told.startswith("Approved, waiting for a free seat")
    assert "seats of Salesforce are taken" in told
    assert "Nothing to do: it goes on by itself as soon as a seat is free." in told
    assert house.has_nothing(team.engineer)
    house.travel(timedelta(minutes=11))
    _is_delivered_once(house, team, request)


def test_a_seat_that_was_counted_but_is_gone_is_waited_for(house: House) -> None:
    org = house.world.salesforce.org
    used = org.licence(POOL)[1]
    org.set_total(POOL, used + 2)
    org.lag_counters()
    first, second = house.team(), house.team()

    house.grant_view_only(first.engineer, first.manager)
    org.set_total(POOL, used + 1)
    request = house.grant_view_only(second.engineer, second.manager)
    org.lag_counters(is_lagging=False)
    org.set_total(POOL, 200)

    assert request.state is RequestState.AWAITING_SEAT
    assert house.has_nothing(second.engineer)
    house.travel(timedelta(minutes=11))
    assert house.has_seat(second.engineer)


def test_two_requests_do_not_get_the_same_last_seat(house: House) -> None:
    org = house.world.salesforce.org
    teams = [house.team(), house.team()]
    requests = [house.ask(team.engineer, "salesforce/view-only") for team in teams]
    org.set_total(POOL, org.licence(POOL)[1] + 2)

    for team, request in zip(teams, requests, strict=True):
        house.slack(team.manager).press(house.card(team.manager, request.id), "request:approve")
    house.settle()

    org.set_total(POOL, 200)
    states = sorted(house.request(request.id).state for request in requests)
    assert states == [RequestState.AWAITING_SEAT, RequestState.DELIVERED]
    house.travel(timedelta(minutes=11))
    assert all(house.has_seat(team.engineer) for team in teams)


# ---- checks -------------------------------------------------------------------------------------


def _approved_with_seats_left(house: House, *, seats: int) -> tuple[Team, Request]:
    """Approve a request while so few seats are left that policy keeps them free."""
    team, org = house.team(), house.world.salesforce.org
    request = house.ask(team.engineer, "salesforce/view-only")
    org.set_total(POOL, org.licence(POOL)[1] + seats)
    house.press(team.manager, request.id, CardAction.APPROVE)
    return team, request


def _is_stuck(house: House, team: Team, request: Request, why: str) -> None:
    """The requester is told to wait, and the owner and the backup why."""
    assert house.request(request.id).state is RequestState.NEEDS_IT
    told = house.text(team.engineer, request.id)
    assert told.startswith("Stuck, and IT has been called")
    assert "Please wait: " in told
    assert "know why it is stuck" in told
    assert why not in told
    for owner in (GUS, IVY, OTTO):
        assert why in house.text(owner, request.id)
        assert f"When it is mended, run: usher requests retry {request.id}" in (
            house.text(owner, request.id)
        )
    assert house.has_nothing(team.engineer)


def _is_delivered_once(house: House, team: Team, request: Request, *, upserts: int = 0) -> None:
    assert house.request(request.id).state is RequestState.DELIVERED
    assert house.has_seat(team.engineer)
    assert house.text(team.engineer, request.id).startswith("Access is ready")
    user = house.user(team.engineer)
    assert user is not None
    assert user.passwords_set == 1
    exchanges = house.world.salesforce.exchanges
    made = [e for e in exchanges if e.path.endswith(f"/{team.engineer.id}")]
    assert len([e for e in made if e.status == 201 or upserts]) in (upserts, 1)


@contextmanager
def _impatient(house: House, seconds: float) -> Iterator[None]:
    """Let the bot wait less long for Salesforce than it does in earnest."""
    wire = house.usher.services.salesforce.reader._gateway._wire  # type: ignore[attr-defined]  # inside
    before, wire._timeouts_s = wire._timeouts_s, (5.0, seconds)
    wire._idle.clear()
    try:
        yield
    finally:
        wire._timeouts_s = before
        wire._idle.clear()
