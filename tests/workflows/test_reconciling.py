"""Drift mended by runs of their own, within limits, and only as it was found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.domain.audit import Tag
from bot.domain.changes import Change, Part, Remove
from bot.domain.drift_kinds import Kind
from bot.domain.drift_snapshot import OrgSnapshot, OrgUser, Table
from bot.domain.errors import InvalidRequest, Unavailable
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.plan import Scope
from bot.domain.policy import Removals
from bot.domain.request import RequestState
from bot.workflows.reconciling import HEAL, LEFT, MENDED, Drift, find_drift, heal, start_healing
from tests.workflows.office import Office

ME = "cli:root"


class Org:
    """The office's CRM as a whole read would show it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.more: dict[str, Any] = {}
        self.meanwhile: Callable[[], object] = lambda: None

    def read(self, _scope: Scope) -> OrgSnapshot:
        seats = self.office.seats.seats
        users = {
            seat.user_id: OrgUser(
                id=seat.user_id,
                username=seat.username,
                name=person_id,
                mail=f"{person_id}@acme.example",
                person_id=seat.person_id,
                sso="",
                is_active=seat.is_active,
                is_frozen=seat.is_frozen,
                profile=seat.profile,
                licence=seat.licence,
                role=seat.role,
                user_type="Standard",
                created=None,
                last_login=None,
                features=seat.features,
                parts=seat.parts,
                ends=seat.ends,
            )
            for person_id, seat in seats.items()
        }
        self.meanwhile()
        usual = {"taken_at": self.office.clock.now(), "own_user_id": "005-usher"}
        return OrgSnapshot(users=users, **{**usual, **self.more})

    def drift(self) -> Drift:
        office = self.office
        roster, policy = office.people.roster(), office.policies.policy()
        return find_drift(office.ledger, policy, roster, "crm", self.read)

    def mend(self, *, work: bool = True) -> list[str]:
        start_healing(self.office.ctx, self.drift(), actor=ME)
        return self.office.work() if work else []

    def change(self, person_id: str, **changes: Any) -> None:
        seats = self.office.seats.seats
        seats[person_id] = replace(seats[person_id], **changes)

    def add_set(self, person_id: str, name: str) -> None:
        held = self.office.seats.seats[person_id].held(Part.SET)
        self.change(person_id, parts={Part.SET: held | {name}})

    def kinds(self) -> list[Kind]:
        return [one.kind for one in self.drift().findings]

    def tags(self, subject: str) -> list[Tag]:
        drift = (Tag.DRIFT_HEALING, Tag.DRIFT_HEALED, Tag.DRIFT_LEFT)
        return [tag for tag in self.office.tags(subject) if tag in drift]


@pytest.fixture
def org(office: Office) -> Org:
    office._bodies[HEAL] = partial(heal, office.ctx)
    now = office.policies.now
    company = replace(now.company, removals=Removals(count=10, percent=100))
    office.policies.now = replace(now, company=company)
    return Org(office)


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
    grant = _grant(org)
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
    request = org.office.request(_grant(org).request_id)
    org.office.save(request, state=RequestState.PROVISIONING)


def _grant(org: Org) -> Any:
    with org.office.store.read() as tx:
        (found,) = tx.grants.of_person("ann")
    return found


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
            _set_state(org, _grant(org), state)

    org.office.seats.on_apply = end

    assert org.office.run_next(HEAL) == LEFT

    assert org.office.seats.seats["ann"].parts == {}


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
