"""Mending that is cut off half-way, or would get ahead of an end that is under way."""

from dataclasses import replace

import pytest

from bot.domain.changes import Change, Part, Remove
from bot.domain.drift_kinds import Kind
from bot.domain.errors import Unavailable
from bot.domain.grant import Grant, GrantState
from bot.workflows.reconciling import HEAL, LEFT, MENDED
from tests.workflows.drifting_office import Org, made
from tests.workflows.office import Office


@pytest.fixture
def org(office: Office) -> Org:
    return made(office)


def _leave(org: Org) -> None:
    today = org.office.clock.now().date()
    org.office.replace_person("ann", last_day=today.replace(year=today.year - 1))


def _let_records_be_handed_over(org: Org) -> None:
    now = org.office.policies.now
    crm = replace(now.systems["crm"], hand_over={"Opportunity": "manager"})
    org.office.policies.now = replace(now, systems={**now.systems, "crm": crm})


def test_a_leaver_without_a_grant_waits_for_people_where_records_are_handed_over(
    org: Org,
) -> None:
    org.office.granted("crm/view", by="gus")  # the limit is a share of those who are governed
    _set_state(org, org.office.granted("crm/standard"), GrantState.ENDED)
    _leave(org)
    _let_records_be_handed_over(org)

    assert org.mend() == [MENDED]

    seat = org.office.seats.seats["ann"]
    assert (seat.is_active, seat.is_frozen, seat.parts) == (True, True, {})
    (told,) = org.drift().findings
    assert (told.kind, told.is_healable) == (Kind.LEAVER_ACTIVE, False)
    assert "by hand" in told.what
    assert org.mend() == []


def test_an_end_that_is_stuck_is_nothing_to_mend(org: Org) -> None:
    """Its records may not be handed over yet."""
    _set_state(org, org.office.granted("crm/standard"), GrantState.NEEDS_IT)
    org.change("ann", is_frozen=True)
    _leave(org)

    assert org.kinds() == []
    assert org.mend() == []
    assert org.office.seats.seats["ann"].is_active


def _set_state(org: Org, grant: Grant, state: GrantState) -> None:
    with org.office.store.begin() as tx:
        tx.grants.save(replace(grant, state=state), was=grant)


def _differ_both_ways(org: Org) -> None:
    org.office.granted("crm/standard")
    org.change("ann", parts={Part.SET: frozenset({"InboxUser"})})


@pytest.mark.parametrize("is_lost", [False, True])
def test_after_a_hiccup_what_is_left_is_done(org: Org, is_lost: bool) -> None:  # noqa: FBT001  # pytest gives it
    _differ_both_ways(org)
    org.mend(work=False)
    troubles = org.office.seats.troubles
    if is_lost:
        troubles.lose("Remove")
    else:
        troubles.refuse("Assign", Unavailable("gone"), times=2)

    assert org.office.run_next(HEAL) == MENDED

    assert org.office.seats.seats["ann"].parts == {Part.SET: {"CrmUser"}}


def test_a_run_that_was_killed_in_the_middle_is_finished_when_it_is_played_again(org: Org) -> None:
    _differ_both_ways(org)
    org.mend(work=False)
    run = org.office.engine.take(HEAL)
    assert run is not None
    org.change("ann", parts={})  # as it was after the first of two changes

    assert org.office.play(run) == MENDED
    assert org.office.play(run) == MENDED
    assert org.office.seats.seats["ann"].parts == {Part.SET: {"CrmUser"}}


@pytest.mark.parametrize("state", [GrantState.ENDING, GrantState.NEEDS_IT, GrantState.ENDED])
def test_nothing_more_is_given_once_the_grant_has_begun_to_end(org: Org, state: GrantState) -> None:
    _differ_both_ways(org)
    org.mend(work=False)

    def end(change: Change) -> None:
        if isinstance(change, Remove):
            _set_state(org, org.grant_of("ann"), state)

    org.office.seats.on_apply = end

    assert org.office.run_next(HEAL) == LEFT

    assert org.office.seats.seats["ann"].parts == {}
