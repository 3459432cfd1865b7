"""A grant's life: it ends only once the access is gone."""

import pytest

from bot.domain.grant import GRANT_TRANSITIONS, GrantEvent, GrantState
from tests.factories import grant


def test_the_table_is_the_designs() -> None:
    steps = {(start, end) for (start, _event), end in GRANT_TRANSITIONS.items()}

    active, ending, ended, needs_it = GrantState("active"), "ending", "ended", "needs_it"
    assert steps == {(active, ending), (ending, ended), (ending, needs_it), (needs_it, ending)}


def test_every_event_is_used_and_ended_has_no_way_out() -> None:
    assert {event for _state, event in GRANT_TRANSITIONS} == set(GrantEvent)
    assert {state for state, _event in GRANT_TRANSITIONS} == set(GrantState) - {GrantState.ENDED}


@pytest.mark.parametrize("state", GrantState)
def test_access_is_held_until_it_has_ended(state: GrantState) -> None:
    assert grant(state=state).is_held is (state is not GrantState.ENDED)


def test_a_grant_knows_its_system() -> None:
    assert grant(level_id="crm/standard").system == "crm"
