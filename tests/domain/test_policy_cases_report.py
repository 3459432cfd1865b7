"""A case fails on a miss and on a surplus, and says what to write if the policy is right."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.decision import Answer
from bot.domain.durations import PERMANENT, Duration
from bot.domain.people import Roster
from bot.domain.policy import Policy, Where
from bot.domain.policy_case_report import as_expected, judge_case, told, written
from bot.domain.policy_cases import (
    Asked,
    Event,
    Expected,
    Joined,
    Left,
    PolicyCase,
    RoleChanged,
)
from tests.factories import NOW, level, person, policy, role, roster

COMPANY = policy(
    level(approve=("manager", "crm-owners")),
    level("mail", not_=("consultant",)),
    roles=(role("csm", "crm/standard", "crm/mail"), role("seller", "crm/standard")),
)
NEW = roster(person("new", role="csm"))


def case(event: Event, people: Roster = NEW, **changes: Any) -> PolicyCase:
    expected = {key: changes.pop(key) for key in list(changes) if key in Expected.__annotations__}
    default = PolicyCase(
        name="consultant is refused",
        where=Where("policies/tests/crm.yml", 14, 5),
        roster=people,
        event=event,
        at=NOW,
        expected=Expected(**expected),
    )
    return replace(default, **changes)


def asked(**changes: Any) -> Asked:
    default = Asked(
        person_id="ann", requester_id="ann", level_id="crm/standard", duration=Duration(7)
    )
    return replace(default, **changes)


def wrong(one: PolicyCase, company: Policy = COMPANY) -> list[str]:
    """List the keys that do not hold."""
    return [difference.key for difference in judge_case(one, company).differences]


TOO_LONG = asked(duration=PERMANENT)


@pytest.mark.parametrize(
    "right",
    [
        case(Joined("new"), grants=("crm/mail", "crm/standard")),
        case(Left("ann"), has=frozenset({"crm/mail"}), revokes=("crm/mail",)),
        case(RoleChanged("new", "seller"), grants=("crm/standard",)),
        case(asked(), decision=Answer.NEEDS_APPROVAL, from_=("bea", "gus", "gil")),
        case(asked(), from_=("manager", "crm-owners")),
        case(asked(), rule="crm/standard request.approve"),
        case(TOO_LONG, decision=Answer.REFUSED, rule="crm/standard request.longest"),
        case(TOO_LONG, says="too long"),
        case(TOO_LONG, from_=()),
        case(asked(), approved_by=("bea", "gus"), approved=True),
        case(asked(), approved_by=("bea",), approved=False),
        case(asked(), approved_by=("ann",), approved=False),
        case(asked(), approved_by=("ann", "bea", "gil"), approved=True, says="their own request"),
    ],
)
def test_a_case_passes_when_exactly_this_comes_out(right: PolicyCase) -> None:
    assert judge_case(right, COMPANY).is_passed
    assert wrong(right) == []


@pytest.mark.parametrize(
    ("one", "keys"),
    [
        (case(Joined("new"), grants=("crm/mail",)), ["grants"]),
        (case(Joined("new"), says="There is no level"), ["grants", "says"]),
        (case(Left("ann"), has=frozenset({"crm/mail"}), revokes=()), ["revokes"]),
        (case(RoleChanged("new", "seller"), revokes=()), ["grants"]),
        (case(asked(), decision=Answer.ALLOWED), ["decision"]),
        (case(asked(), from_=("bea",)), ["from"]),
        (case(asked(), from_=("bea", "gus", "gil", "sam")), ["from"]),
        (case(asked(), from_=("manager", "crm-owners", "no-such-group")), ["from"]),
        (case(asked(), rule="crm/standard request.not"), ["rule"]),
        (case(asked(), says="too long"), ["says"]),
        (case(asked(), approved_by=("bea",), approved=True), ["approved"]),
        (case(asked(), approved_by=("bea", "gus"), approved=False), ["approved"]),
        (case(asked(), approved_by=("ann", "bea", "gil"), approved=True), ["approved"]),
        (case(asked(person_id="nobody"), from_=("bea",)), ["from"]),
    ],
)
def test_a_case_fails_on_a_miss_and_on_a_surplus(one: PolicyCase, keys: list[str]) -> None:
    assert wrong(one) == keys


def test_somebody_whom_the_roster_lacks_cannot_be_expected_to_say_yes() -> None:
    """A group none of whose members is in the test stands for nobody: that is told, not passed."""
    alone = roster(without=("gus", "gil"))

    result = judge_case(case(asked(), people=alone, from_=("manager", "crm-owners")), COMPANY)

    assert result.differences[0].missing == ("crm-owners",)
    assert set(result.differences[0].surplus) == {"ivy", "ian"}


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (case(Joined("new")), "expect: { grants: [crm/standard, crm/mail] }"),
        (case(Left("new"), has=frozenset({"crm/mail"})), "expect: { revokes: [crm/mail] }"),
        (
            case(RoleChanged("new", "seller"), has=frozenset({"crm/mail"})),
            "expect: { grants: [crm/standard], revokes: [crm/mail] }",
        ),
        (case(asked()), "expect: { decision: needs_approval, from: [bea, gus, gil] }"),
        (
            case(TOO_LONG),
            'expect: { decision: refused, rule: "crm/standard request.longest" }',
        ),
        (
            case(asked(), approved_by=("bea",)),
            "expect: { decision: needs_approval, from: [bea, gus, gil], approved: false }",
        ),
        (
            case(asked(), approved_by=("ann",)),
            (
                "expect: { decision: needs_approval, from: [bea, gus, gil], "
                'says: "ann: Nobody approves their own request", approved: false }'
            ),
        ),
        (
            case(TOO_LONG, from_=("bea",), approved=True),
            (
                'expect: { decision: refused, from: [], rule: "crm/standard request.longest", '
                "approved: false }"
            ),
        ),
    ],
)
def test_what_came_out_is_written_as_a_case_has_it(one: PolicyCase, text: str) -> None:
    outcome = judge_case(one, COMPANY).outcome
    suggested = as_expected(one, outcome)

    assert written(suggested) == text
    assert wrong(replace(one, expected=suggested)) == []


def test_a_failing_case_is_told_with_its_place_the_difference_and_the_reasons() -> None:
    kim = roster(person("kim", role="consultant"))
    event = asked(person_id="kim", requester_id="kim", level_id="crm/mail")
    one = case(event, people=kim, decision=Answer.NEEDS_APPROVAL, from_=("bea",))

    lines = told(judge_case(one, COMPANY)).splitlines()

    assert lines[0] == "policies/tests/crm.yml:14:5: FAIL consultant is refused"
    assert lines[1:4] == [
        "    expected decision: needs_approval, from: [bea]",
        "    got      decision: refused, from: []",
        "    missing  from: [bea]",
    ]
    assert lines[4].startswith(
        "    because  crm/mail is not for consultant. (rule: crm/mail request.not, policies/systems"
    )
    assert lines[5].startswith("    if the policy is right, write expect: { decision: refused")


def test_what_is_too_much_is_told_by_name() -> None:
    text = told(judge_case(case(Joined("new"), grants=("crm/mail",)), COMPANY))

    assert "surplus  grants: [crm/standard]" in text
    assert "missing" not in text


def test_an_approval_that_does_not_count_is_told() -> None:
    one = case(asked(), approved_by=("ann", "bea", "gil"), approved=True)

    text = told(judge_case(one, COMPANY))

    assert "got      approved: true, but not by everybody named" in text
    assert "because  ann: Nobody approves their own request." in text


def test_a_rule_and_words_that_nobody_spoke_are_told() -> None:
    people = roster(person("new", role="pirate"))
    one = case(Joined("new"), people=people, rule="roles.csm birthright", says="Ahoy")

    text = told(judge_case(one, COMPANY))

    assert 'expected rule: "roles.csm birthright", says: "Ahoy"' in text
    assert "got      rule: no rule, says: no words" in text


def test_a_name_that_yaml_would_read_otherwise_is_written_in_quotes() -> None:
    people = roster(person("ann", manager_id="no"), person("no"), person("007"))

    outcome = judge_case(case(asked(), people=people), policy(level())).outcome

    assert written(as_expected(case(asked()), outcome)).endswith('from: ["no"] }')
    assert written(Expected(grants=("crm/mail", "007"))) == 'expect: { grants: [crm/mail, "007"] }'


def test_a_hostile_name_cannot_steer_a_terminal() -> None:
    name = "\x1b[31mred\n::error::x" + "y" * 500

    text = told(judge_case(case(asked(), from_=("\x1b[2J",), name=name), COMPANY))

    assert "\x1b" not in text
    assert len(text.splitlines()[0]) < 200
    assert not any(line.startswith("::") for line in text.splitlines())
