"""Mistakes in levels: what they consist of, who can have them, what they ask, and emergencies."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.policy import (
    Approvals,
    BreakGlass,
    Bundle,
    Level,
    Policy,
    Pool,
    Provider,
    Question,
    Risk,
)
from bot.domain.policy_checks import check_policy
from bot.domain.policy_draft import KeyPath
from tests.domain.checked_policies import (
    HERE,
    SEAT,
    draft,
    level,
    messages,
    policy,
    role,
    rule,
)

IT_ADDS = Approvals(critical_adds=("it",))
LATER: KeyPath = ("systems", "crm", "levels", "given")


def test_a_critical_level_is_nobodys_birthright() -> None:
    made = policy(
        level(risk=Risk.CRITICAL), roles=(role("csm", "crm/standard"),), approvals=IT_ADDS
    )

    (message,) = messages(made)

    assert message.startswith("crm/standard is critical: it is never given automatically")


def test_critical_access_ends() -> None:
    admin = level("admin", risk=Risk.CRITICAL, rule=rule(longest=PERMANENT))
    made = policy(admin, approvals=IT_ADDS)

    assert messages(made) == [
        "crm/admin is critical: 'longest' may not be permanent (write 8h or 2d)"
    ]


def test_a_level_without_request_needs_a_role_that_has_it() -> None:
    lonely = policy(level(rule=None))
    given = policy(level(rule=None), roles=(role("csm", "crm/standard"),))
    misspelt = policy(level(rule=None), roles=(role("csm", "crm/standrad"),))

    assert messages(lonely)[0].startswith("nobody may have crm/standard: write 'request'")
    assert messages(given) == []
    assert messages(misspelt) == ["unknown level 'crm/standrad' - did you mean 'crm/standard'?"]


def test_a_birthright_stands_there_once() -> None:
    made = policy(level(), roles=(role("csm", "crm/standard", "crm/standard"),))

    assert messages(made) == ["'crm/standard' stands here twice: remove one"]


def test_a_system_without_levels_is_one_mistake() -> None:
    (message,) = messages(policy(roles=(role("csm", "crm/standard"),)))

    assert message.startswith("levels is empty, so nobody can have anything")


def test_a_birthright_needs_a_pool_with_seats() -> None:
    bundle = replace(SEAT, permission_set_licences=("Einstein",))

    def made(seats: int | None) -> Policy:
        pools = {"Einstein": Pool(seats=seats)}
        return policy(level(bundle=bundle), roles=(role("csm", "crm/standard"),), pools=pools)

    (message,) = messages(made(0))

    assert message.startswith("crm/standard needs a seat of 'Einstein', and there are none")
    assert messages(made(1)) == messages(made(None)) == []


def question(id_: str) -> Question:
    return Question(id=id_, asks="What?", where=HERE)


def test_a_level_asks_few_questions_each_with_its_own_id() -> None:
    many = rule(questions=tuple(question(f"q{number}") for number in range(6)))
    twice = rule(questions=(question("team"), question("team")))

    assert messages(policy(level(rule=many))) == [
        "crm/standard asks over 5 questions: keep those that matter"
    ]
    assert messages(policy(level(rule=twice))) == [
        "duplicate question 'team' (first at line 1): write another id"
    ]
    broken: KeyPath = ("systems", "crm", "levels", "standard", "request", "questions", 0, "id")
    assert messages(policy(level(rule=twice)), broken) == []


@pytest.mark.parametrize("field", ["level", "for_whom", "how_long", "why"])
def test_a_question_is_none_that_the_form_asks_anyway(field: str) -> None:
    (finding,) = check_policy(draft(policy(level(rule=rule(questions=(question(field),))))))

    assert finding.path[-3:] == ("questions", 0, "id")
    assert finding.message == (
        f"'{field}' is a field of the form itself: write another id, such as {field}-more"
    )


def test_somebody_else_must_say_yes_to_critical_levels() -> None:
    made = policy(
        level("open"),
        level("admin", risk=Risk.CRITICAL),
        level("root", risk=Risk.CRITICAL),
        level("given", risk=Risk.CRITICAL, rule=None),
    )
    adds: KeyPath = ("company", "approvals", "critical_adds")
    misspelt: KeyPath = ("company", "aprovals")

    (finding,) = check_policy(draft(made, LATER))

    assert finding.path == ("systems", "crm", "levels", "admin", "risk")
    assert finding.message == (
        "crm/admin is critical: write approvals.critical_adds in company.yml: who else must say"
        " yes to critical levels"
    )
    assert messages(made, LATER, adds) == messages(made, LATER, misspelt) == []
    assert messages(policy(level("given", risk=Risk.CRITICAL, rule=None)), LATER) == []


def with_profile(name: str, profile: str) -> Level:
    return level(name, bundle=Bundle(licence="Salesforce", profile=profile))


def test_the_birthrights_of_a_role_have_one_profile_in_an_org() -> None:
    levels = (with_profile("a", "User"), with_profile("b", "Admin"), with_profile("c", "User"))
    made = policy(*levels, roles=(role("csm", "crm/a", "crm/b"), role("cook", "crm/a", "crm/c")))
    bundle: KeyPath = ("systems", "crm", "levels", "b", "bundle")

    (finding,) = check_policy(draft(made))

    assert finding.path == ("roles", "roles", "csm", "birthright", 1)
    assert finding.message == (
        "crm/b has the profile 'Admin' and crm/a has 'User': a Salesforce user has one, so write"
        " one level here that has all that csm needs"
    )
    assert messages(made, bundle) == messages(made, ("systems", "crm", "provider")) == []


def test_what_people_do_by_hand_has_no_profile() -> None:
    bundles = (Bundle(by_hand=("Do",), profile="x"), Bundle(by_hand=("Do",), profile="y"))
    levels = [level(name, bundle=one) for name, one in zip("ab", bundles, strict=True)]
    made = policy(*levels, roles=(role("csm", "crm/a", "crm/b"),), provider=Provider.TASK)

    assert messages(made) == []


def emergency(longest: Duration, *by: str, **changes: Any) -> Level:
    glass = BreakGlass(by=by, longest=longest, where=HERE)
    return replace(level(**changes), break_glass=glass)


HOURS_8, BUSINESS_DAY = Duration(8, Unit.HOURS), Duration(1, Unit.BUSINESS_DAYS)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (emergency(HOURS_8), "crm/standard: 'by' is empty, so nobody could break the glass"),
        (emergency(HOURS_8, "manager"), "'manager' is not a group"),
        (emergency(Duration(25, Unit.HOURS), "it"), "at most 24h, not 25h (write 4h)"),
        (emergency(Duration(2), "it"), "at most 24h, not 2d"),
        (emergency(BUSINESS_DAY, "it"), "at most 24h, not 1bd"),
        (emergency(PERMANENT, "it"), "at most 24h, not permanent"),
        (
            emergency(PERMANENT, "it", rule=rule(longest=Duration(2, Unit.HOURS))),
            "at most 24h, not permanent (write 2h)",
        ),
        (
            emergency(HOURS_8, "it", rule=rule(longest=Duration(4, Unit.HOURS))),
            "may not last longer than 'request' allows (write 4h or less)",
        ),
    ],
)
def test_an_emergency_is_for_groups_and_ends_within_a_day(made: Level, message: str) -> None:
    (found,) = messages(policy(made))

    assert message in found


@pytest.mark.parametrize("longest", [PERMANENT, BUSINESS_DAY, Duration(1), HOURS_8])
def test_an_emergency_may_last_as_long_as_a_request(longest: Duration) -> None:
    made = emergency(HOURS_8, "it", rule=rule(longest=longest))

    assert messages(policy(made)) == []


def test_an_emergency_is_not_compared_with_a_request_in_doubt() -> None:
    made = policy(emergency(HOURS_8, "it", rule=rule(longest=Duration(1, Unit.HOURS))))
    usual: KeyPath = ("systems", "crm", "levels", "standard", "request", "longest")

    assert messages(made, usual) == []


def test_breaking_the_glass_is_for_levels_that_can_be_asked_for() -> None:
    made = policy(emergency(HOURS_8, "it", rule=None), roles=(role("csm", "crm/standard"),))
    doubtful: KeyPath = ("systems", "crm", "levels", "standard", "reqest")

    (message,) = messages(made)

    assert message.startswith("crm/standard has 'break_glass' and no 'request'")
    assert messages(made, doubtful) == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{mailname}@x", "unknown placeholder '{mailname}' - did you mean '{mail_name}'?"),
        ("{}@x", "unknown placeholder '{}' (write {mail}, {mail_name}, {id})"),
        ("{id!r}@x", "unknown placeholder '{id}'"),
        ("{mail", "'{mail' has a brace without its partner (write {mail}"),
        ("sales@x", "'sales@x' gives everybody the same user name (use {mail}"),
    ],
)
def test_a_user_name_pattern_gives_each_person_a_name(pattern: str, message: str) -> None:
    (found,) = messages(policy(level(), username=pattern))

    assert found.startswith(message)


def test_a_salesforce_level_needs_licence_and_profile() -> None:
    assert messages(policy(level(bundle=Bundle()))) == [
        "crm/standard: a Salesforce user needs 'licence' and 'profile' in 'bundle'"
    ]


def test_a_task_level_needs_steps_by_hand() -> None:
    steps = level(bundle=Bundle(by_hand=("Do it",)))

    assert messages(policy(level(), provider=Provider.TASK))[0].startswith("crm/standard has no")
    assert messages(policy(steps, provider=Provider.TASK)) == []
