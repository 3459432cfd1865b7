"""Whose an account is, what of it is mended, and what a gap in the read leaves unsaid."""

from dataclasses import replace
from datetime import date

from bot.domain.changes import Part
from bot.domain.drift import governed
from bot.domain.drift_kinds import Kind
from bot.domain.drift_snapshot import Table
from bot.domain.seats import PoolCount
from tests.domain.drift_world import (
    LONG_AGO,
    OWN,
    POLICY,
    World,
    forget,
    leave,
    user,
    with_,
)
from tests.factories import NOW, grant, person

# ---- whose account ------------------------------------------------------------------------------


def test_an_account_without_person_id_is_adopted_by_single_sign_on_or_name_and_mail() -> None:
    world = World()
    world.put(world.add("ann"), person_id=None, sso="ann@acme.example", username="x@acme.example")

    assert [kind for kind, _ in world.kinds()] == [Kind.PERSON_ID_MISSING, Kind.WRONG_USERNAME]


def test_a_second_account_of_somebody_is_a_strangers() -> None:
    world = World()
    ann = world.add("ann")
    world.put(user(300, sso=ann.mail))

    assert world.kinds() == [(Kind.UNKNOWN_ACTIVE, "")]


def test_two_accounts_to_adopt_leave_the_person_in_doubt() -> None:
    world = World()
    world.put(world.add("ann"), person_id=None)
    world.put(user(300, sso="ann@acme.example"))

    assert world.kinds() == [(Kind.PERSON_ID_MISSING, "")] * 2


def test_somebody_whose_mail_but_not_whose_name_an_account_has_is_not_its_owner() -> None:
    world = World()
    ann = world.add("ann")
    world.put(user(300, mail=ann.mail))

    assert world.kinds() == [(Kind.UNKNOWN_ACTIVE, "")]


def test_a_person_whom_the_roster_lost_is_a_leaver_with_a_grant_and_else_a_stranger() -> None:
    world = World()
    world.add("ann")
    del world.people["ann"]
    world.put(user(300, person_id="nobody"))
    world.put(user(301, person_id="gone", is_active=False, parts={Part.QUEUE: frozenset({"Q"})}))

    found = world.findings()

    assert [one.kind for one in found] == [
        Kind.UNKNOWN_ACTIVE, Kind.LEAVER_ACTIVE, Kind.RESIDUE
    ]  # fmt: skip
    assert [one.is_healable for one in found] == [False, True, True]


def test_a_leaver_without_a_grant_is_ended_too() -> None:
    world = World()
    ann = world.add("ann")
    leave(world, ann)
    forget(world, ann)

    (found,) = world.findings()

    assert (found.kind, found.grant_id, found.is_healable) == (Kind.LEAVER_ACTIVE, "", True)


def test_somebody_new_without_a_birthright_here_needs_a_grant() -> None:
    world = World()
    for role in ("engineer", "unheard-of"):
        new = person(role, role=role, first_day=date(2026, 11, 3))
        world.people[role] = new
        world.put(user(600 + len(world.users), person_id=role, username=new.mail))

    assert world.kinds() == [(Kind.UNGRANTED_ACTIVE, "")] * 2


def test_the_residue_of_a_stranger_is_left_to_people() -> None:
    world = World()
    world.put(user(300, is_active=False, parts={Part.PACKAGE: frozenset({"SBQQ"})}))

    (found,) = world.findings()

    assert (found.kind, found.what) == (Kind.RESIDUE, "package licence SBQQ")
    assert not found.is_healable


# ---- protected accounts, plans ------------------------------------------------------------------


def test_a_protected_account_that_differs_is_one_finding_without_a_plan() -> None:
    world = World()
    ann, bea = world.add("ann"), world.add("bea")
    world.put(ann, user_type="CsnOnly", role="Boss", is_frozen=True)
    world.put(bea, profile="Admin")
    world.more["admins"] = frozenset({OWN, bea.id})

    found = world.findings()

    assert [(one.kind, one.what) for one in found] == [
        (Kind.PROTECTED_DIFFERS, "wrong_role, frozen"),
        (Kind.PROTECTED_DIFFERS, "wrong_profile"),
    ]
    assert not any(one.is_healable for one in found)


def test_usher_itself_is_no_finding_whoever_it_is_said_to_be() -> None:
    world = World()
    world.people["ann"] = person("ann")
    world.put(user(1, id=OWN, person_id="ann"))

    assert world.kinds() == []


def test_a_frozen_account_keeps_everything_else_of_it_from_being_mended() -> None:
    world = World()
    ann = world.add("ann")
    with_(Part.SET, "Old")(world, world.put(ann, is_frozen=True))

    assert [(one.kind, one.is_healable) for one in world.findings()] == [
        (Kind.SURPLUS_SET, False),
        (Kind.FROZEN, False),
    ]


def test_an_expired_set_that_nobody_granted_is_both_over_and_to_be_removed() -> None:
    world = World()
    ann = world.add("ann")
    with_(Part.SET, "Old")(world, world.put(ann, ends={**ann.ends, (Part.SET, "Old"): LONG_AGO}))

    (found,) = world.findings()

    assert (found.kind, found.what, found.is_healable) == (Kind.EXPIRED_ASSIGNMENT, "Old", True)


def test_features_that_levels_name_are_switched_off_again() -> None:
    world = World()
    world.put(world.add("ann", "crm/view"), features=frozenset({"Marketing", "Knowledge"}))

    assert world.kinds() == [(Kind.SURPLUS_FEATURE, "Marketing")]


def test_without_native_ends_no_end_is_compared() -> None:
    world = World()
    world.put(world.add("ann"), ends={})
    crm = replace(POLICY.systems["crm"], native_expiry=False)

    assert world.kinds(replace(POLICY, systems={"crm": crm})) == []


def test_without_a_limit_nobody_is_idle() -> None:
    world = World()
    world.put(world.add("ann"), last_login=None, created=None)
    patient = replace(POLICY, company=replace(POLICY.company, unused_after=None))

    assert world.kinds(patient) == []
    assert world.kinds() == [(Kind.IDLE_LICENCE, "Crm, last used: never")]


def test_the_newest_grant_says_what_an_account_should_be() -> None:
    world = World()
    world.add("ann", "crm/view")
    world.grants.append(grant(id="r9", person_id="ann", level_id="crm/sales", since=LONG_AGO))
    world.grants.append(grant(id="r8", person_id="ann", level_id="crm/view", since=NOW))

    assert world.kinds() == []
    assert governed(world.grants, "crm") == 1


# ---- what could not be read ---------------------------------------------------------------------


def test_what_could_not_be_read_speaks_for_nobody_and_then_nothing_is_mended() -> None:
    world = World()
    ann = world.add("ann")
    with_(Part.QUEUE, "Cases")(world, ann)
    world.put(world.users[ann.id], profile="", licence="", role="", features=frozenset())
    world.miss(Table.SETS, Table.PROFILES, Table.ROLES, Table.FEATURES)

    (found,) = world.findings()

    assert (found.kind, found.is_healable) == (Kind.SURPLUS_MEMBERSHIP, False)


def test_a_residue_that_could_not_be_read_is_no_residue() -> None:
    world = World()
    world.put(user(300, is_active=False, parts={Part.PACKAGE: frozenset({"SBQQ"})}))
    world.miss(Table.PACKAGES)

    assert world.kinds() == []


def test_without_users_only_the_pools_are_told_of() -> None:
    world = World()
    world.add("ann")
    world.users.clear()
    world.more["pools"] = (PoolCount(name="Crm", total=1, used=2),)
    world.miss(Table.USERS)

    assert world.kinds() == [(Kind.POOL_OVERSUBSCRIBED, "Crm: 2 of 1 used")]
