"""A grant's life: it ends only once the access is gone."""

from datetime import date, datetime

import pytest

from bot.domain.durations import Calendar
from bot.domain.grant import GRANT_TRANSITIONS, GrantEvent, GrantState, grant_end
from bot.domain.inbound import parse_duration
from tests.factories import grant, person


def test_the_table_is_the_designs_but_for_replacing() -> None:
    """A level that another one replaces in the same account ends at once: nothing is taken away."""
    steps = {(start, end) for (start, _event), end in GRANT_TRANSITIONS.items()}

    active, ending, ended, needs_it = GrantState("active"), "ending", "ended", "needs_it"
    design = {(active, ending), (ending, ended), (ending, needs_it), (needs_it, ending)}
    assert steps == design | {(active, ended)}


def test_every_event_is_used_and_ended_has_no_way_out() -> None:
    assert {event for _state, event in GRANT_TRANSITIONS} == set(GrantEvent)
    assert {state for state, _event in GRANT_TRANSITIONS} == set(GrantState) - {GrantState.ENDED}


@pytest.mark.parametrize("grant_id", ["r1", "r1-3"])
def test_what_a_run_left_behind_belongs_to_its_request(grant_id: str) -> None:
    assert grant(id=grant_id).request_id == "r1"


@pytest.mark.parametrize("state", GrantState)
def test_access_is_held_until_it_has_ended(state: GrantState) -> None:
    assert grant(state=state).is_held is (state is not GrantState.ENDED)


def test_a_grant_knows_its_system() -> None:
    assert grant(level_id="crm/standard").system == "crm"


@pytest.mark.parametrize(
    ("duration", "last_day", "end"),
    [
        ("30d", None, "2026-12-21T12:00:00+00:00"),
        ("permanent", None, None),
        ("30d", "2026-12-01", "2026-12-02T00:00:00-05:00"),
        ("30d", "2027-12-01", "2026-12-21T12:00:00+00:00"),
        ("permanent", "2026-12-01", "2026-12-02T00:00:00-05:00"),
    ],
)
def test_access_ends_with_its_time_or_with_the_last_day(
    duration: str, last_day: str | None, end: str | None
) -> None:
    leaver = person(
        timezone="America/New_York", last_day=date.fromisoformat(last_day) if last_day else None
    )
    start = datetime.fromisoformat("2026-11-21T12:00:00+00:00")

    found = grant_end(parse_duration(duration), leaver, start, Calendar("America/Chicago"))

    assert found == (datetime.fromisoformat(end) if end else None)
