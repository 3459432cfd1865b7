"""What no case reaches is told at its line; what the policy itself rules out is not asked for."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.durations import PERMANENT, Duration
from bot.domain.people import Engagement
from bot.domain.policy import (
    AutoApproval,
    BreakGlass,
    Level,
    Policy,
    Separation,
    SeparationException,
    Where,
)
from bot.domain.policy_case_report import CaseResult, judge_case
from bot.domain.policy_cases import Asked, Event, Expected, Joined, Left, PolicyCase, RoleChanged
from bot.domain.policy_coverage import points, told, unreached
from tests.factories import NOW, level, person, policy, role, roster

CRM = "policies/systems/crm.yml"
PEOPLE = roster(
    person("csm", role="csm"),
    person("kim", role="consultant"),
    person("nick", role="pirate"),
    person("dan", role="csm", engagement=Engagement.CONSULTANT),
)


def missed(company: Policy, *events: Event, has: frozenset[str] = frozenset()) -> set[str]:
    """Name what these events leave out."""
    return {point.name for point in unreached(company, [played(company, e, has) for e in events])}


def played(company: Policy, event: Event, has: frozenset[str] = frozenset()) -> CaseResult:
    return judge_case(
        PolicyCase(
            name="a case",
            where=Where("policies/tests/crm.yml", 3, 5),
            roster=PEOPLE,
            event=event,
            at=NOW,
            expected=Expected(),
            has=has,
        ),
        company,
    )


def ask(
    who: str = "ann", level_id: str = "crm/standard", days: int = 7, *, is_emergency: bool = False
) -> Asked:
    return Asked(
        person_id=who,
        requester_id=who,
        level_id=level_id,
        duration=Duration(days),
        is_emergency=is_emergency,
    )


def only(one: Level) -> Policy:
    return policy(one, roles=(role("csm"),))


BY = only(level(by=("engineer",), not_=("consultant",), longest=Duration(30)))
ALL_OF_BY = {
    "crm/standard",
    "crm/standard request.by (yes)",
    "crm/standard request.by (no)",
    "crm/standard request.not",
    "crm/standard request.longest",
}


def test_without_cases_everything_is_missed() -> None:
    assert missed(BY) == ALL_OF_BY


def test_each_request_reaches_what_answered_it() -> None:
    yes, no, barred, long = ask(), ask("csm"), ask("kim"), ask(days=31)

    assert ALL_OF_BY - missed(BY, yes) == {"crm/standard", "crm/standard request.by (yes)"}
    assert ALL_OF_BY - missed(BY, no) == {"crm/standard", "crm/standard request.by (no)"}
    assert ALL_OF_BY - missed(BY, barred) == {"crm/standard", "crm/standard request.not"}
    assert ALL_OF_BY - missed(BY, long) == {"crm/standard", "crm/standard request.longest"}
    assert missed(BY, yes, no, barred, long) == set()


def test_a_request_for_no_level_reaches_nothing() -> None:
    assert missed(BY, ask(level_id="crm/none")) == ALL_OF_BY


def test_nobody_need_be_refused_where_everybody_may_ask_for_good() -> None:
    company = only(level(by=("everyone",), longest=PERMANENT))

    assert missed(company) == {"crm/standard", "crm/standard request.by (yes)"}


def test_what_not_rules_out_for_everybody_else_need_not_be_refused_by_by() -> None:
    others = only(level(by=("engineer",), not_=("csm", "consultant"), longest=PERMANENT))
    nobody = only(level(by=("everyone",), not_=("core", "consultant"), longest=PERMANENT))

    assert missed(others, ask(), ask("kim")) == set()
    assert missed(nobody, ask()) == set()


def test_a_birthright_is_reached_by_joining_and_by_moving() -> None:
    company = policy(level(longest=PERMANENT, request=None), roles=(role("csm", "crm/standard"),))
    everything = {"crm/standard", "roles.csm birthright crm/standard"}

    assert missed(company) == everything
    assert missed(company, Left("csm"), has=frozenset({"crm/standard"})) == everything
    assert missed(company, Joined("nobody"), Joined("ann")) == everything
    assert missed(company, Joined("csm")) == set()
    assert missed(company, RoleChanged("ann", "csm")) == set()


GLASS = "crm/standard break_glass"


def with_everything() -> Policy:
    """Make a policy with a rule of each kind that few companies have."""
    glass = BreakGlass(by=("it",), longest=Duration(1), where=Where(CRM, 30, 7))
    made = policy(level(break_glass=glass), level("mail", request=None))
    auto = AutoApproval(
        id="renew",
        levels=("standard",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#1",
        where=Where(CRM, 40, 5),
        roles=("csm",),
    )
    rule = Separation(
        id="both", never_both=("crm/standard", "crm/mail"), why="x", where=Where("s.yml", 3, 5)
    )
    crm = replace(made.systems["crm"], auto_approve=(auto,))
    return replace(made, systems={"crm": crm}, separations=(rule,))


def test_every_kind_of_rule_has_its_place() -> None:
    found = {point.name: str(point.where) for point in points(with_everything())}

    assert found[GLASS] == f"{CRM}:30"
    assert found["crm auto_approve.renew"] == f"{CRM}:40"
    assert found["separation.both"] == "s.yml:3"
    assert "crm/mail request.by (yes)" not in found


def test_an_emergency_counts_when_it_gives_and_not_when_it_refuses() -> None:
    company = with_everything()

    assert GLASS in missed(company, ask(days=1, is_emergency=True))
    assert GLASS in missed(company, ask("ivy", days=1))
    reached = missed(company) - missed(company, ask("ivy", days=1, is_emergency=True))
    assert reached == {"crm/standard", GLASS}


def test_what_is_approved_beforehand_counts_when_its_conditions_hold() -> None:
    company = with_everything()

    assert "crm auto_approve.renew" in missed(company, ask())
    assert "crm auto_approve.renew" not in missed(company, ask("csm"))


@pytest.mark.parametrize("is_excepted", [False, True])
def test_a_separation_counts_when_both_sides_meet(*, is_excepted: bool) -> None:
    """With an exception nothing need be refused, and the rule is reached all the same."""
    company = with_everything()
    (rule,) = company.separations
    exception = SeparationException(approve=("security",), longest=Duration(9), where=rule.where)
    rule = replace(rule, exception=exception if is_excepted else None)
    company = replace(company, separations=(rule,))

    assert "separation.both" in missed(company, ask())
    assert "separation.both" in missed(company, ask(), has=frozenset({"crm/standard"}))
    assert "separation.both" not in missed(company, ask(), has=frozenset({"crm/mail"}))
    assert "separation.both" in missed(company, ask(level_id="crm/x"), has=frozenset({"crm/mail"}))


def test_what_is_missed_is_told_at_its_line_in_order_with_the_case_to_write() -> None:
    lines = [told(point) for point in unreached(BY, [])]

    assert lines[0] == (
        f"{CRM}:10:3: no case reaches level crm/standard: let somebody get it or ask for it"
    )
    assert lines[-1] == (
        f"{CRM}:15:9: no case reaches rule crm/standard request.longest: "
        "let somebody ask for longer than 30d"
    )
