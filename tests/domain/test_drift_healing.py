"""What may be mended in one run, and that a run never takes away too much."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Deactivate, Freeze, Part, Plan, Remove, Unfreeze, UpdateUser
from bot.domain.drift_healing import Healing, healings, judge, most_removals
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.policy import Removals
from tests.domain.drift_world import World, holding

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
