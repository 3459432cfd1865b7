"""Each kind of drift, found by itself; and what looks like drift and is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Part
from bot.domain.drift import counted
from bot.domain.drift_kinds import Kind
from bot.domain.drift_snapshot import OrgUser, whole_id
from bot.domain.grant import GrantState
from bot.domain.policy import Pool
from bot.domain.policy_integration import IntegrationRights, ObjectRights, Operation, Right
from bot.domain.seats import PoolCount, PoolKind
from tests.domain.drift_world import (
    LATER,
    LONG_AGO,
    POLICY,
    SALES,
    VIEW,
    World,
    as_,
    forget,
    leave,
    lose,
    user,
    with_,
    without,
)
from tests.factories import NOW, grant, level, person, system

Mutation = tuple[Callable[[World, OrgUser], Any], Kind, str]


def _expire(world: World, one: OrgUser) -> None:
    world.put(one, ends={**one.ends, (Part.SET, "CrmUser"): NOW - timedelta(days=1)})


def _shorten(world: World, one: OrgUser) -> None:
    world.put(one, ends={**one.ends, (Part.SET_GROUP, "Desk"): NOW + timedelta(days=3)})


def _retire(world: World, one: OrgUser) -> None:
    forget(world, one)
    world.put(one, is_active=False, parts={Part.SET_LICENCE: frozenset({"CpqPsl"})}, ends={})


def _copy_id(world: World, one: OrgUser) -> None:
    copied = user(900, person_id=one.person_id)
    world.put(copied)
    # the second account brings doubt about both
    assert [each.kind for each in world.findings()] == [Kind.PERSON_ID_TWICE] * 2
    del world.users[copied.id]
    world.put(user(901))


def _give_to_another(world: World, one: OrgUser) -> None:
    other = world.people["other"] = person("other")
    world.put(one, mail=f"{other.mail}.invalid", username="other@acme.example")


MUTATIONS: list[Mutation] = [
    (lose, Kind.MISSING_ACCOUNT, ""),
    (without(Part.SET, "CrmUser"), Kind.MISSING_SET, "CrmUser"),
    (without(Part.SET_GROUP, "Desk"), Kind.MISSING_SET_GROUP, "Desk"),
    (without(Part.SET_LICENCE, "CpqPsl"), Kind.MISSING_SET_LICENCE, "CpqPsl"),
    (without(Part.PACKAGE, "SBQQ"), Kind.MISSING_PACKAGE, "SBQQ"),
    (without(Part.GROUP, "AllSales"), Kind.MISSING_MEMBERSHIP, "AllSales"),
    (without(Part.QUEUE, "Leads"), Kind.MISSING_MEMBERSHIP, "Leads"),
    (as_(features=frozenset()), Kind.MISSING_FEATURE, "Marketing"),
    (with_(Part.SET, "Old"), Kind.SURPLUS_SET, "Old"),
    (with_(Part.SET_GROUP, "Owners"), Kind.SURPLUS_SET_GROUP, "Owners"),
    (with_(Part.SET_LICENCE, "OldPsl"), Kind.SURPLUS_SET_LICENCE, "OldPsl"),
    (with_(Part.PACKAGE, "dlrs"), Kind.SURPLUS_PACKAGE, "dlrs"),
    (with_(Part.QUEUE, "Cases"), Kind.SURPLUS_MEMBERSHIP, "Cases"),
    (as_(profile="Admin"), Kind.WRONG_PROFILE, "Admin"),
    (as_(profile="Portal", licence="Portal"), Kind.WRONG_LICENCE, "Portal"),
    (as_(role="Boss"), Kind.WRONG_ROLE, "Boss"),
    (_shorten, Kind.WRONG_END, "Desk"),
    (_expire, Kind.EXPIRED_ASSIGNMENT, "CrmUser"),
    (as_(is_frozen=True), Kind.FROZEN, ""),
    (as_(is_active=False), Kind.INACTIVE, ""),
    (forget, Kind.UNGRANTED_ACTIVE, ""),
    (leave, Kind.LEAVER_ACTIVE, ""),
    (_retire, Kind.RESIDUE, "permission set licence CpqPsl"),
    (as_(person_id=None), Kind.PERSON_ID_MISSING, ""),
    (_copy_id, Kind.UNKNOWN_ACTIVE, ""),
    (_give_to_another, Kind.PERSON_ID_ASTRAY, ""),
    (as_(username="somebody@acme.example"), Kind.WRONG_USERNAME, "ann@acme.example"),
    (as_(last_login=LONG_AGO), Kind.IDLE_LICENCE, "Crm, last used: 2026-07-25"),
    (as_(last_login=None), Kind.IDLE_LICENCE, "Crm, last used: never"),
]
NAMES = [f"{number}-{kind}" for number, (_, kind, _what) in enumerate(MUTATIONS)]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=NAMES)
def test_each_kind_is_found_by_itself(mutation: Mutation) -> None:
    change, kind, what = mutation
    world = World()
    world.add("bea", "crm/view")
    change(world, world.add("ann"))

    assert world.kinds() == [(kind, what)]


@given(
    levels=st.lists(st.sampled_from(["crm/sales", "crm/view"]), max_size=8),
    has_end=st.booleans(),
)
def test_an_org_made_of_its_grants_has_no_drift(levels: list[str], has_end: bool) -> None:  # noqa: FBT001  # hypothesis gives it
    world = World()
    for number, level_id in enumerate(levels):
        world.add(f"p{number}", level_id, until=LATER if has_end else None)

    assert world.findings() == ()


@given(data=st.data(), people=st.integers(1, 6))
def test_one_change_is_found_as_one_thing_whoever_else_is_there(
    data: st.DataObject, people: int
) -> None:
    change, kind, what = data.draw(st.sampled_from(MUTATIONS[1:21]))
    world = World()
    for number in range(people):
        world.add(f"p{number}", data.draw(st.sampled_from(["crm/sales", "crm/view"])))
    target = world.add("ann")
    change(world, target)

    (found,) = world.findings()

    assert (found.kind, found.what, found.user_id) == (kind, what, target.id)


# ---- decoys -------------------------------------------------------------------------------------


def _pending_mail(world: World, one: OrgUser) -> None:
    world.put(one, mail="ann.old@acme.example")
    world.say("Changed email from a to b for user Ann Doe", action="changedemail")


def _mail_on_its_way_to_another(world: World, one: OrgUser) -> None:
    world.put(one, mail=world.add("zoe").mail)


def _session_based(world: World, one: OrgUser) -> None:
    world.more["session_based"] = frozenset({(Part.SET, "HighAssurance")})
    with_(Part.SET, "HighAssurance")(world, one)


def _program(world: World, one: OrgUser) -> None:
    world.put(user(500, licence="Salesforce Integration"))
    world.put(user(501, user_type="AutomatedProcess"))
    world.put(user(502, user_type="CsnOnly", person_id="chatter"))


def _starts_tomorrow(world: World, one: OrgUser) -> None:
    new = person("new", role="csm", first_day=date(2026, 11, 3))
    world.people["new"] = new
    world.put(user(600, person_id="new", username=new.mail))


def _is_being_made(world: World, one: OrgUser) -> None:
    world.in_flux.add("ann")
    world.put(one, parts={}, profile="Read Only")


def _is_ending(world: World, one: OrgUser) -> None:
    world.grants = [
        replace(each, state=GrantState.ENDING) if each.person_id == "ann" else each
        for each in world.grants
    ]
    world.put(one, is_frozen=True)


def _is_stuck(world: World, one: OrgUser) -> None:
    _is_ending(world, one)
    world.grants = [replace(each, state=GrantState.NEEDS_IT) for each in world.grants]
    world.put(one, is_active=False, parts={})


def _get_stuck(world: World, one: OrgUser) -> None:
    """Frozen and stripped, and active until the records are handed over."""
    world.grants = [replace(each, state=GrantState.NEEDS_IT) for each in world.grants]
    world.put(one, is_frozen=True, parts={})


def _other_name(world: World, one: OrgUser) -> None:
    world.grants = [replace(each, username="ann2@acme.example") for each in world.grants]
    world.put(one, username="Ann2@Acme.example")


def _elsewhere(world: World, one: OrgUser) -> None:
    world.grants.append(grant(id="r9", person_id="gil", level_id="erp/standard"))


def _no_such_level(world: World, one: OrgUser) -> None:
    world.grants.append(grant(id="r9", person_id="ann", level_id="crm/gone", since=NOW))


DECOYS = {
    "pending mail change": _pending_mail,
    "mail of somebody else": _mail_on_its_way_to_another,
    "user name in capitals": as_(username="ANN@ACME.EXAMPLE"),
    "session-based set": _session_based,
    "programs and members": _program,
    "a public group that no level names": lambda w, one: w.put(one),
    "starts tomorrow": _starts_tomorrow,
    "being set up": _is_being_made,
    "being ended": _is_ending,
    "ending that IT has been called for": _is_stuck,
    "leaver whose end is stuck": lambda w, one: (leave(w, one), _get_stuck(w, one)),
    "user name that was given": _other_name,
    "grant of another system": _elsewhere,
    "level that policy lost": _no_such_level,
    "inactive stranger": lambda w, _: w.put(user(700, is_active=False)),
    "leaver who is gone": lambda w, one: (leave(w, one), w.put(one, is_active=False)),
    "leaver without account": lambda w, one: (leave(w, one), lose(w, one)),
    "sandbox mail": as_(mail="ann@acme.example.invalid"),
}


@pytest.mark.parametrize("decoy", sorted(DECOYS))
def test_what_looks_like_drift_is_none(decoy: str) -> None:
    world = World()
    DECOYS[decoy](world, world.add("ann"))

    assert world.kinds() == []


def test_ids_of_fifteen_and_eighteen_characters_are_the_same() -> None:
    assert whole_id("005D0000001KyEI") == "005D0000001KyEIIA0"
    assert whole_id("005D0000001KyEIIA0") == "005D0000001KyEIIA0"


def test_pools_are_oversubscribed_or_closed() -> None:
    world = World()
    world.more["pools"] = (
        PoolCount(name="Crm", total=5, used=5, is_active=False),
        PoolCount(name="CpqPsl", total=5, used=4, counted=6, kind=PoolKind.SET_LICENCE),
        PoolCount(name="Unused", total=5, used=1, is_active=False),
        PoolCount(name="package SBQQ", total=-1, used=9, kind=PoolKind.PACKAGE),
        PoolCount(name="feature Marketing", total=-1, used=3, kind=PoolKind.FEATURE),
    )
    pools = {"feature Marketing": Pool(seats=2)}
    crm = replace(POLICY.systems["crm"], pools=pools)

    assert world.kinds(replace(POLICY, systems={"crm": crm})) == [
        (Kind.POOL_OVERSUBSCRIBED, "CpqPsl: 6 of 5 used"),
        (Kind.POOL_OVERSUBSCRIBED, "feature Marketing: 3 of 2 used"),
        (Kind.POOL_CLOSED, "Crm: 5 of 5 used"),
    ]


def test_an_integration_can_do_exactly_what_its_level_says() -> None:
    world = World()
    ann = world.add("ann", "crm/view")
    rights = IntegrationRights(objects={"Account": ObjectRights(read=("Name",))})
    robot = level("view", bundle=VIEW, integration=rights)
    made = replace(POLICY, systems={"crm": system(robot, native_expiry=True)})
    world.more["rights"] = {
        ann.id: frozenset({Right("Account", Operation.READ), Right("Account", Operation.DELETE)})
    }

    assert world.kinds(made) == [
        (Kind.RIGHTS_MISSING, "Account: read Name"),
        (Kind.RIGHTS_SURPLUS, "Account: delete"),
    ]
    world.more["rights"] = {}
    assert world.kinds(made) == []


def test_findings_are_counted_by_kind() -> None:
    world = World()
    world.put(world.add("ann"), is_frozen=True)
    world.put(user(300))
    world.put(user(301))

    assert counted(world.findings()) == {Kind.FROZEN: 1, Kind.UNKNOWN_ACTIVE: 2}


def test_every_kind_has_a_sentence_and_there_are_many() -> None:
    assert len(Kind) >= 20
    assert len({kind.says for kind in Kind}) == len(Kind)
    assert not Kind.UNKNOWN_ACTIVE.is_healed


def test_the_bundle_of_the_tests_uses_every_part() -> None:
    world = World()

    assert {*world.add("ann").parts} == {*Part}
    assert SALES.features


def test_access_that_has_ended_counts_for_nothing() -> None:
    world = World()
    world.add("ann", "crm/sales", until=None)
    before = world.findings()
    old = replace(world.grants[0], id="r-old", state=GrantState.ENDED)
    world.grants = [old, *world.grants]

    assert world.findings() == before == ()
