"""Mistakes in what levels hold: seats that nobody counts, ends that never come, one of a kind."""

from dataclasses import replace
from typing import Any

from bot.domain.policy import BreakGlass, Bundle, Pool, Provider
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import KeyPath
from tests.domain.checked_policies import HERE, SEAT, draft, level, messages, policy, role, rule

SYSTEM: KeyPath = ("systems", "crm")
MARKETING = level(bundle=replace(SEAT, features=("Marketing",)))
SETS = replace(SEAT, permission_sets=("A",))


def test_every_list_names_a_thing_once() -> None:
    twice = level(bundle=replace(SEAT, groups=("All", "Some", "ALL"), queues=("All",)))

    (finding,) = check_policy(draft(policy(twice)))

    assert finding.path == ("systems", "crm", "levels", "standard", "bundle", "groups", 2)
    assert finding.message == "'ALL' stands here twice: remove one"


def test_somebody_counts_the_seats_of_a_feature_licence_once_for_all_levels() -> None:
    other = level("other", bundle=replace(SEAT, features=("Marketing",)))

    (finding,) = check_policy(draft(policy(MARKETING, other)))

    assert finding.path[-4:] == ("standard", "bundle", "features", 0)
    assert finding.message == (
        "Salesforce does not count the seats of the feature licence 'Marketing': write how many"
        " were bought into pools, as feature Marketing: { seats: 25 }"
    )
    assert messages(policy(MARKETING, pools={"feature Marketing": Pool(seats=0)})) == []
    assert messages(policy(MARKETING), (*SYSTEM, "pool")) == []


def test_the_pool_of_a_feature_licence_says_how_many_seats_there_are() -> None:
    (finding,) = check_policy(draft(policy(MARKETING, pools={"feature Marketing": Pool()})))

    assert (finding.path, finding.at_key) == ((*SYSTEM, "pools", "feature Marketing"), True)
    assert finding.message.endswith("'Marketing': write how many were bought, as seats: 25")


def test_a_pool_under_a_wrong_name_is_one_mistake() -> None:
    for name in ("Marketing", "feature Marketng"):
        assert messages(policy(MARKETING, pools={name: Pool(seats=2)})) == [
            f"unknown pool '{name}' - did you mean 'feature Marketing'?"
        ]


def test_only_a_licence_may_come_along_with_a_set() -> None:
    for bundle in (SETS, replace(SEAT, permission_set_groups=("Team",))):
        pools = {"Brought": Pool(), "package SBQQ": Pool()}

        assert messages(policy(level(bundle=bundle), pools=pools)) == [
            "unknown pool 'package SBQQ' (known: Salesforce)"
        ]


def with_ends(*levels: Any, **more: Any) -> Any:
    return policy(*levels, native_expiry=True, **more)


def test_salesforce_can_end_only_sets_that_people_have_for_a_time() -> None:
    given = level("given", rule=None, bundle=SETS)
    birthright = {"roles": (role("csm", "crm/given"),)}
    glass = replace(given, break_glass=BreakGlass(by=("it",), longest=rule().longest, where=HERE))
    grouped = level(bundle=replace(SEAT, permission_set_groups=("Team",)))

    for nothing in (with_ends(level()), with_ends(level(), given, **birthright)):
        (finding,) = check_policy(draft(nothing))
        assert (finding.path, finding.at_key) == ((*SYSTEM, "native_expiry"), True)
        assert finding.message.endswith("so there is nothing for Salesforce to end: remove it")
    assert messages(with_ends(level(bundle=SETS))) == messages(with_ends(grouped)) == []
    assert not any("to end" in one for one in messages(with_ends(glass, **birthright)))
    assert messages(with_ends(level()), (*SYSTEM, "levels", "other")) == []


def test_a_task_is_given_nothing_that_only_an_api_does() -> None:
    steps = Bundle(by_hand=("Do it",), role="Sales", packages=("SBQQ",))
    made = with_ends(level(bundle=steps), provider=Provider.TASK)

    assert messages(made) == [
        "a task system has no API, so nobody would see to 'native_expiry': remove it",
        (
            "a task system has no API, so nobody would see to 'packages': remove it, or write a"
            " step into 'by_hand'"
        ),
        (
            "a task system has no API, so nobody would see to 'role': remove it, or write a step"
            " into 'by_hand'"
        ),
    ]
    assert messages(made, (*SYSTEM, "provider")) == []


def test_the_birthrights_of_a_role_have_one_role_in_an_org() -> None:
    levels = [level(name, bundle=replace(SEAT, role=name.upper())) for name in "ab"]
    made = policy(*levels, level("c"), roles=(role("csm", "crm/c", "crm/a", "crm/b"),))

    assert messages(made) == [
        (
            "crm/b has the role 'B' and crm/a has 'A': a Salesforce user has one, so write one"
            " level here that has all that csm needs"
        )
    ]
