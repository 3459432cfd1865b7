"""What may be mended in one run, and that a run never takes away too much."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import (
    Assign,
    Deactivate,
    Freeze,
    Part,
    Plan,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.drift_healing import Healing, deeds_of, healings, judge, most_removals
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.policy import Removals
from tests.domain.drift_world import LATER, OWN, POLICY, World, holding, leave
from tests.factories import NOW

GIVES = Plan(changes=(UpdateUser(features_on=("Marketing",)),), calls=1, digest="")
TAKES = tuple(
    Plan(changes=(change,), calls=1, digest="")
    for change in (
        Remove(((Part.SET, ("Old",)),)),
        Freeze(),
        Deactivate(),
        UpdateUser(profile="Read Only"),
        UpdateUser(role=""),
        UpdateUser(features_off=("Marketing",)),
    )
)
NEITHER = Plan(changes=(UpdateUser(is_adopted=True), Unfreeze()), calls=2, digest="")


def healing(number: int, plan: Plan) -> Healing:
    return Healing(
        person_id=f"p{number}",
        user_id=f"005{number}",
        username=f"u{number}",
        grant_id="",
        kinds=("surplus_set",),
        plan=plan,
    )


def test_taking_away_is_told_from_giving() -> None:
    assert all(healing(1, plan).takes_away for plan in TAKES)
    assert not healing(1, GIVES).takes_away
    assert not healing(1, NEITHER).takes_away


@given(
    takes=st.integers(0, 30),
    gives=st.integers(0, 30),
    limit=st.none() | st.builds(Removals, st.integers(0, 20), st.integers(0, 100)),
    governed=st.integers(0, 200),
    is_complete=st.booleans(),
)
def test_no_run_takes_away_more_than_the_policy_allows(
    *, takes: int, gives: int, limit: Removals | None, governed: int, is_complete: bool
) -> None:
    taking = [healing(number, TAKES[number % len(TAKES)]) for number in range(takes)]
    giving = [healing(100 + number, GIVES) for number in range(gives)]

    verdict = judge([*giving, *taking], limit, governed, is_complete=is_complete)

    taken = sum(one.takes_away for one in verdict.allowed)
    assert taken in (0, takes)
    assert taken <= most_removals(limit, governed) or taken == 0
    assert limit is not None or taken == 0
    assert is_complete or not verdict.allowed
    assert {*verdict.allowed} | {*verdict.held_back} == {*giving, *taking}
    assert bool(verdict.why) is bool(verdict.held_back)


def test_the_breaker_holds_removals_back_and_says_why() -> None:
    both = [healing(1, GIVES), healing(2, TAKES[0])]

    one = judge(both, Removals(count=10, percent=5), 19, is_complete=True)
    none = judge(both, None, 1000, is_complete=True)

    assert [each.person_id for each in one.allowed] == ["p1"]
    assert "1 accounts would lose something, and limits.removals allows 0" in one.why
    assert "the policy sets no limits.removals" in none.why
    assert judge(both, Removals(count=1, percent=5), 20, is_complete=True).held_back == ()


def test_each_account_is_mended_once_and_only_what_has_a_plan() -> None:
    world = World()
    ann, bea = world.add("ann"), world.add("bea")
    world.put(ann, role="Boss", parts=holding(ann, Part.QUEUE, ["Cases"]))
    world.put(bea, is_frozen=True)

    (one,) = healings(world.findings())

    assert one.user_id == ann.id
    assert one.kinds == ("missing_membership", "surplus_membership", "wrong_role")
    assert one.takes_away


def test_a_finding_without_a_plan_is_left_to_people() -> None:
    about = Finding(kind=Kind.SURPLUS_SET, user_id="005A", username="ann")

    assert healings([about]) == ()
    assert replace(about, plan=GIVES).is_healable


def test_what_is_left_of_a_plan_is_among_what_it_would_do() -> None:
    both = Remove(((Part.SET, ("Old", "Older")), (Part.GROUP, ("Old",))))
    update = UpdateUser(
        profile="Read Only", role="", features_on=("A",), features_off=("B",), is_adopted=True
    )
    found = deeds_of([both, update, Assign(((Part.SET, ("New",)),), LATER), Freeze()])

    assert len(found) == 10
    assert deeds_of([]) < deeds_of([Remove(((Part.SET, ("Older",)),)), Freeze()]) < found
    assert deeds_of([UpdateUser(role="", features_off=("B",))]) < found
    for other in (
        Remove(((Part.QUEUE, ("Old",)),)),
        Assign(((Part.SET, ("Old",)),), LATER),
        Assign(((Part.SET, ("New",)),), NOW),
        Redate(((Part.SET, ("New",)),), LATER),
        UpdateUser(role="Boss"),
        UpdateUser(features_on=("B",)),
        UpdateUser(is_activated=True),
        Deactivate(),
    ):
        assert not deeds_of([other]) <= found


def test_a_leaver_whom_nobody_granted_anything_is_not_deactivated_past_the_hand_over() -> None:
    world = World()
    world.add("bea")
    ann = world.add("ann")
    leave(world, ann)
    world.grants = [one for one in world.grants if one.person_id != "ann"]
    crm = replace(POLICY.systems["crm"], hand_over={"Lead": "manager"})
    made = replace(POLICY, systems={"crm": crm})

    (first,) = world.findings(made)
    world.put(ann, is_frozen=True, parts={}, ends={})
    (then,) = world.findings(made)

    assert first.plan is not None
    assert [type(change) for change in first.plan.changes] == [Freeze, Remove]
    assert (then.kind, then.plan) == (Kind.LEAVER_ACTIVE, None)
    (without,) = world.findings()
    assert without.plan is not None
    assert [type(change) for change in without.plan.changes] == [Deactivate]


def test_the_last_administrator_who_is_not_frozen_is_left_to_people() -> None:
    world = World()
    ann, bea = world.add("ann"), world.add("bea")
    world.put(ann, role="Boss")
    world.more["admins"] = frozenset({OWN, ann.id, bea.id})

    assert [one.kind for one in world.findings()] == [Kind.WRONG_ROLE]
    world.put(bea, is_frozen=True)
    assert Kind.PROTECTED_DIFFERS in [one.kind for one in world.findings()]
