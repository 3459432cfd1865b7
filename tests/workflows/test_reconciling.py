"""Drift mended by runs of their own, within limits, and only as it was found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import Tag
from bot.domain.changes import Part
from bot.domain.drift_kinds import Kind
from bot.domain.drift_snapshot import Table
from bot.domain.errors import InvalidRequest, Unavailable
from bot.domain.grant import EndReason, GrantState
from bot.domain.policy import Removals
from bot.domain.request import RequestState
from bot.workflows.reconciling import HEAL, LEFT, MENDED, find_drift, start_healing
from tests.workflows.drifting_office import ME, Org, made
from tests.workflows.office import Office


@pytest.fixture
def org(office: Office) -> Org:
    return made(office)


def test_after_a_grant_there_is_no_drift(org: Org) -> None:
    org.office.granted("crm/standard")

    assert org.kinds() == []
    assert org.mend() == []


def test_a_set_that_nobody_granted_is_taken_away_and_noted(org: Org) -> None:
    grant = org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    assert org.kinds() == [Kind.SURPLUS_SET]

    assert org.mend() == [MENDED]

    assert org.kinds() == []
    assert org.tags(grant.id) == [Tag.DRIFT_HEALING]
    assert org.tags("ann") == [Tag.DRIFT_HEALED]


def test_a_set_that_is_missing_is_given_again(org: Org) -> None:
    org.office.granted("crm/standard")
    org.change("ann", parts={})

    assert org.mend() == [MENDED]

    assert org.office.seats.seats["ann"].held(Part.SET) == {"CrmUser"}


def test_nothing_is_mended_twice_at_once(org: Org) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    drift = org.drift()

    for _ in range(2):
        start_healing(org.office.ctx, drift, actor=ME)

    assert org.office.work() == [MENDED]


def test_who_froze_somebody_is_not_overruled(org: Org) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    org.change("ann", is_frozen=True)

    assert org.mend() == []

    assert {*org.kinds()} == {Kind.FROZEN, Kind.SURPLUS_SET}


def test_after_a_gap_in_the_read_nothing_is_mended(org: Org) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    org.more["missing"] = {Table.PACKAGES: "503"}

    assert org.mend() == []


@pytest.mark.parametrize("limit", [None, Removals(count=0, percent=100)])
def test_the_breaker_holds_removals_back_and_lets_the_rest_go_on(
    org: Org, limit: Removals | None
) -> None:
    office = org.office
    grants = [office.granted("crm/standard", by=name) for name in ("ann", "gus")]
    org.add_set("ann", "InboxUser")
    org.change("gus", parts={})
    now = office.policies.now
    office.policies.now = replace(now, company=replace(now.company, removals=limit))

    assert org.mend() == [MENDED]

    assert org.kinds() == [Kind.SURPLUS_SET]
    assert org.tags(grants[0].id) == [Tag.DRIFT_LEFT]


def test_a_leaver_is_ended_by_the_grant(org: Org) -> None:
    grant = org.office.granted("crm/standard")
    today = org.office.clock.now().date()
    org.office.replace_person("ann", last_day=today.replace(year=today.year - 1))
    assert org.kinds() == [Kind.LEAVER_ACTIVE]

    org.mend()

    ended = org.office.grant(grant.id)
    assert ended is not None
    assert (ended.state, ended.end_reason) == (GrantState.ENDED, EndReason.REVOKED)
    assert (ended.ended_by, org.office.seats.seats["ann"].is_active) == (ME, False)


def test_a_leaver_whose_grant_has_begun_to_end_is_left_to_that(org: Org) -> None:
    grant = org.office.granted("crm/standard")
    today = org.office.clock.now().date()
    org.office.replace_person("ann", last_day=today.replace(year=today.year - 1))
    drift = org.drift()
    with org.office.store.begin() as tx:
        tx.grants.save(replace(grant, state=GrantState.ENDING), was=grant)

    start_healing(org.office.ctx, drift, actor=ME)

    assert org.office.work() == []


def test_a_leaver_without_a_grant_is_ended_by_the_plan(org: Org) -> None:
    org.office.granted("crm/view", by="gus")  # the limit is a share of those who are governed
    grant = org.office.granted("crm/standard")
    with org.office.store.begin() as tx:
        tx.grants.save(replace(grant, state=GrantState.ENDED), was=grant)
    today = org.office.clock.now().date()
    org.office.replace_person("ann", last_day=today.replace(year=today.year - 1))

    assert org.mend() == [MENDED]

    seat = org.office.seats.seats["ann"]
    assert (seat.is_active, seat.is_frozen, seat.parts) == (False, True, {})


def test_a_residue_of_somebody_whom_the_roster_lost_is_swept(org: Org) -> None:
    org.office.granted("crm/view", by="gus")  # the limit is a share of those who are governed
    grant = org.office.granted("crm/standard")
    with org.office.store.begin() as tx:
        tx.grants.save(replace(grant, state=GrantState.ENDED), was=grant)
    parts = {Part.SET_LICENCE: frozenset({"Inbox"})}
    org.change("ann", is_active=False, parts=parts)
    org.office.people.file = type(org.office.people.file)(
        one for one in org.office.people.file if one.id != "ann"
    )
    assert org.kinds() == [Kind.RESIDUE]

    assert org.mend() == [MENDED]

    assert org.office.seats.seats["ann"].parts == {}


def test_a_set_for_sessions_is_overlooked_on_both_sides(org: Org) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    org.change("ann", role="Boss", profile="Read Only")
    org.more["session_based"] = frozenset({(Part.SET, "InboxUser")})

    assert org.mend() == [MENDED]

    seat = org.office.seats.seats["ann"]
    assert (seat.held(Part.SET), seat.profile) == ({"CrmUser", "InboxUser"}, "Standard User")


# ---- the world goes on --------------------------------------------------------------------------


def _change_again(org: Org) -> None:
    org.add_set("ann", "Another")


def _end(org: Org) -> None:
    grant = org.grant_of("ann")
    with org.office.store.begin() as tx:
        tx.grants.save(replace(grant, state=GrantState.ENDING), was=grant)


def _lose_level(org: Org) -> None:
    now = org.office.policies.now
    crm = now.systems["crm"]
    org.office.policies.now = replace(now, systems={"crm": replace(crm, levels={})})


def _lose_system(org: Org) -> None:
    org.office.policies.now = replace(org.office.policies.now, systems={})


def _lose_account(org: Org) -> None:
    del org.office.seats.seats["ann"]


def _ignore(org: Org) -> None:
    org.office.seats.ignored.add("Remove")


def _ask_for_more(org: Org) -> None:
    request = org.office.request(org.grant_of("ann").request_id)
    org.office.save(request, state=RequestState.PROVISIONING)


@pytest.mark.parametrize(
    "happens",
    [_change_again, _end, _lose_level, _lose_system, _lose_account, _ignore, _ask_for_more],
)
def test_what_is_no_longer_as_it_was_found_is_left_and_noted(
    org: Org, happens: Callable[[Org], None]
) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    org.mend(work=False)
    happens(org)

    assert org.office.run_next(HEAL) == LEFT

    assert org.tags("ann") == [Tag.DRIFT_LEFT]


def test_a_service_that_stays_away_leaves_the_drift_for_the_next_time(org: Org) -> None:
    org.office.granted("crm/standard")
    org.add_set("ann", "InboxUser")
    org.mend(work=False)
    org.office.seats.troubles.refuse("observe", Unavailable("gone"), times=3)

    assert org.office.run_next(HEAL) == LEFT
    org.office.clock.travel(timedelta(days=1))
    assert org.mend() == [MENDED]


def test_somebody_else_has_mended_it_already(org: Org) -> None:
    org.office.granted("crm/standard")
    before = org.office.seats.seats["ann"]
    org.add_set("ann", "InboxUser")
    org.mend(work=False)
    org.office.seats.seats["ann"] = before

    assert org.office.run_next(HEAL) == MENDED


# ---- reading ------------------------------------------------------------------------------------


def test_who_is_being_set_up_or_changes_while_the_org_is_read_is_no_drift(org: Org) -> None:
    request = org.office.ask("crm/standard")
    org.meanwhile = lambda: org.office.approve(request, "bea", "gus")

    assert org.kinds() == []
    org.meanwhile = lambda: None
    assert org.kinds() == []


@pytest.mark.parametrize("system", ["phone", "nothing"])
def test_only_a_system_with_an_api_can_be_read(org: Org, system: str) -> None:
    office = org.office
    with pytest.raises(InvalidRequest, match="no system that Usher can read"):
        find_drift(
            office.ledger, office.policies.policy(), office.people.roster(), system, org.read
        )
