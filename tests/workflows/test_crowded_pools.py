"""Many at once at pools that are nearly full: nobody gets too much, and nothing is left behind."""

from collections.abc import Callable

import pytest

from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from tests.workflows.crowd import TOTALS, Crowd, binding_pool
from tests.workflows.office import Office

ROUND = 20


def check(crowd: Crowd) -> None:
    """What must be so whenever everything rests and nothing is broken any more."""
    office = crowd.office
    assert office.reserved() == {}
    assert office.requests(RequestState.PROVISIONING) == []
    seated = {name for name, seat in office.seats.seats.items() if seat.is_active}
    granted = {grant.person_id for grant in office.grants(GrantState.ACTIVE)}
    stuck = {one.partition("-")[0] for one in crowd.stuck()}
    stuck_people = {r.person_id for r in office.requests() if r.id in stuck}
    assert granted <= seated | stuck_people
    waiting = office.requests(RequestState.AWAITING_SEAT)
    half_made = {request.person_id for request in waiting}
    assert seated <= granted | stuck_people | half_made
    for request in waiting:
        pool, free = binding_pool(office, request)
        assert free == 0, f"{request.id} waits although {free} seats of {pool} are free"
        assert f"All {TOTALS[pool]} seats of {pool} are taken or spoken for" in request.note


def play(crowd: Crowd, events: int) -> None:
    most = 0
    for _ in range(events // ROUND):
        crowd.round(ROUND)
        crowd.settle()
        check(crowd)
        most = max(most, len(crowd.office.requests(RequestState.AWAITING_SEAT)))
    assert most > 0, "nobody had to wait, so nothing was shown"

    crowd.end()

    assert crowd.office.reserved() == {}
    assert {pool: crowd.office.seats.used(pool) for pool in TOTALS} == dict.fromkeys(TOTALS, 0)


@pytest.mark.slow  # takes a minute
@pytest.mark.timeout(300)
def test_a_hundred_at_once_leave_no_seat_over_or_behind(office: Office) -> None:
    play(Crowd(office, seed=1), 100)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_at_once_leave_no_seat_over_or_behind(make_office: Callable[[], Office]) -> None:
    play(Crowd(make_office(), seed=2), 1000)
