"""What policy refuses, and that it says everything that is in the way."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Policy, Risk
from tests.factories import NOW, ask, level, person, policy, role, roster


def decided(question: Ask, rules: Policy | None = None, people: Roster | None = None) -> Decision:
    return decide(question, rules or policy(), people or roster(), NOW)


def texts(decision: Decision) -> list[str]:
    return [reason.text for reason in decision.reasons]


def fields(decision: Decision) -> list[str]:
    return [reason.field for reason in decision.reasons]


def test_a_request_within_the_rules_needs_the_approval_that_they_name() -> None:
    answer = decided(ask())

    assert answer.answer is Answer.NEEDS_APPROVAL
    assert (answer.rule, answer.where) == (
        "crm/standard request.approve",
        "policies/systems/crm.yml:14",
    )
    assert answer.policy_commit == policy().commit
    assert [(need.because, need.from_) for need in answer.needs] == [("manager", ("bea",))]
    assert answer.reasons == ()


def test_all_refusals_are_listed_together_and_the_first_rule_is_the_one_to_blame() -> None:
    rules = policy(level(by=("csm",), longest=Duration(2)))
    leaver = person("ann", last_day=date(2026, 11, 4))

    answer = decided(ask(requester_id="gus", held={"crm/standard": None}), rules, roster(leaver))

    assert answer.answer is Answer.REFUSED
    assert texts(answer) == [
        "Gus Doe may not ask for access for Ann Doe.",
        "crm/standard may be asked for by csm; the role «engineer» is not named.",
        "7 days is too long for crm/standard.",
        "Ann Doe's last day is 2026-11-04.",
        "Ann Doe already holds crm/standard for good.",
    ]
    assert (answer.rule, answer.where) == (
        "crm/standard request.by",
        "policies/systems/crm.yml:12",
    )
    assert answer.needs == ()


def test_a_reason_is_one_text_with_its_rule_and_the_next_step() -> None:
    answer = decided(ask(duration=Duration(31)))

    (reason,) = answer.reasons
    assert reason.sentence() == (
        "31 days is too long for crm/standard. (rule: crm/standard request.longest, "
        "policies/systems/crm.yml:15) Ask for at most 30 days."
    )


# ---- level --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("crm/standrad", "crm/standard"),
        ("CRM/Standard", "crm/standard"),
        ("view-only", "crm/view-only"),
        ("crm standard", "crm/standard"),
    ],
)
def test_a_misspelt_level_is_refused_with_a_guess(typed: str, meant: str) -> None:
    answer = decided(ask(level_id=typed), policy(level(), level("view-only")))

    assert answer.answer is Answer.REFUSED
    assert answer.rule == "levels"
    assert answer.reasons[0].next_step == f"Did you mean «{meant}»?"


def test_a_level_that_looks_like_none_is_refused_with_those_there_are() -> None:
    answer = decided(ask(level_id="payroll"), policy(level(), level("admin")))

    assert texts(answer) == ["There is no level «payroll»."]
    assert answer.reasons[0].next_step == "Known levels: crm/admin, crm/standard."


def test_strangers_words_in_a_reason_can_do_nothing() -> None:
    answer = decided(ask(level_id="<!channel>\n/approve @octo-bea `x`" + "z" * 10_000))

    (reason,) = answer.reasons
    assert len(reason.text) < 100
    assert not set(reason.text) & set("<>@`\n")


def test_a_level_without_a_request_rule_cannot_be_asked_for() -> None:
    answer = decided(ask(), policy(level(request=None)))

    assert texts(answer) == ["crm/standard cannot be asked for; it only comes with a role."]
    assert answer.where == "policies/systems/crm.yml:10"


# ---- people -------------------------------------------------------------------------------------


def test_whoever_is_not_in_the_roster_is_refused() -> None:
    nobody = decided(ask(requester_id="zoe", person_id="zoe"))
    for_nobody = decided(ask(person_id="zoe"))

    assert texts(nobody) == ["I do not find you in the roster."]
    assert texts(for_nobody) == ["I do not find the person it is for in the roster."]
    assert fields(for_nobody) == ["for_whom"]
    assert for_nobody.rule == "crm/standard"


def test_unknown_level_and_unknown_people_are_told_at_once() -> None:
    answer = decided(ask(level_id="x", requester_id="zoe", person_id="max"))

    assert fields(answer) == ["level", "level", "for_whom"]


def test_a_leaver_is_refused_from_the_day_after_the_last_day_where_they_work() -> None:
    # It is the 3rd in Auckland and still the 2nd in Chicago.
    late = datetime(2026, 11, 2, 23, 0, tzinfo=UTC)
    last_day = date(2026, 11, 2)
    here, there = (
        decide(
            ask(duration=Duration(1, Unit.HOURS)),
            policy(),
            roster(person("ann", last_day=last_day, timezone=zone)),
            late,
        )
        for zone in ("America/Chicago", "Pacific/Auckland")
    )

    assert here.answer is Answer.NEEDS_APPROVAL
    assert texts(there) == ["Ann Doe has left the company."]


def test_whoever_starts_tomorrow_cannot_have_access_today() -> None:
    answer = decided(ask(), people=roster(person("ann", first_day=date(2026, 11, 3))))

    assert texts(answer) == ["Ann Doe starts on 2026-11-03."]


@pytest.mark.parametrize("requester", ["bea", "ivy"])
def test_the_manager_and_it_may_ask_for_somebody(requester: str) -> None:
    assert decided(ask(requester_id=requester)).answer is Answer.NEEDS_APPROVAL


@pytest.mark.parametrize("requester", ["gus", "sam"])
def test_others_may_not_ask_for_somebody(requester: str) -> None:
    answer = decided(ask(requester_id=requester))

    assert answer.answer is Answer.REFUSED
    assert fields(answer) == ["for_whom"]


def test_it_is_recognised_in_any_spelling_and_nobody_without_a_login_is_it() -> None:
    shouting, no_login = person("ivy", github="OCTO-IVY"), person("ivy", github=None)

    assert decided(ask(requester_id="ivy"), people=roster(shouting)).reasons == ()
    assert decided(ask(requester_id="ivy"), people=roster(no_login)).reasons != ()


def test_a_policy_without_it_lets_only_the_manager_ask_for_somebody() -> None:
    rules = policy()
    del rules.company.groups["it"]  # type: ignore[attr-defined]  # a dict here

    assert decided(ask(requester_id="ivy"), rules).reasons != ()
    assert not [t for t in texts(decided(ask(requester_id="bea"), rules)) if "may not ask" in t]


def test_a_manager_who_has_left_cannot_ask_any_more() -> None:
    gone = person("bea", last_day=date(2026, 10, 30))

    assert texts(decided(ask(requester_id="bea"), people=roster(gone))) == [
        "Bea Doe is not active."
    ]


def test_a_role_that_no_policy_knows_is_refused_even_where_everyone_may_ask() -> None:
    answer = decided(ask(), people=roster(person("ann", role="<wizard>")))

    assert texts(answer) == ["No policy knows the role «‹wizard›» of Ann Doe."]


# ---- by and not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "not_", "rule"),
    [
        ((), (), "crm/standard request.by"),
        (("csm",), (), "crm/standard request.by"),
        (("engineer",), ("engineer",), "crm/standard request.not"),
        (("everyone",), ("engineer",), "crm/standard request.not"),
        (("everyone",), ("consultant",), "crm/standard request.not"),
    ],
)
def test_the_default_is_no_and_not_beats_by(
    by: tuple[str, ...], not_: tuple[str, ...], rule: str
) -> None:
    people = roster(person("ann", engagement=Engagement.CONSULTANT))

    answer = decided(ask(), policy(level(by=by, not_=not_)), people)

    assert answer.answer is Answer.REFUSED
    assert [reason.rule for reason in answer.reasons] == [rule]


def test_not_names_whom_it_bars() -> None:
    people = roster(person("ann", engagement=Engagement.CONSULTANT))

    answer = decided(ask(), policy(level(not_=("consultant",))), people)

    assert texts(answer) == ["crm/standard is not for consultant."]
    assert answer.where == "policies/systems/crm.yml:13"


@pytest.mark.parametrize("by", [("engineer",), ("csm", "engineer"), ("everyone",)])
def test_a_role_in_by_may_ask(by: tuple[str, ...]) -> None:
    assert decided(ask(), policy(level(by=by))).answer is Answer.NEEDS_APPROVAL


# ---- length -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "longest", "is_too_long"),
    [
        (Duration(30), Duration(30), False),
        (Duration(31), Duration(30), True),
        (Duration(25, Unit.HOURS), Duration(1), True),
        (Duration(8, Unit.HOURS), Duration(1), False),
        (Duration(5, Unit.BUSINESS_DAYS), Duration(7), False),
        (Duration(6, Unit.BUSINESS_DAYS), Duration(7), True),
        (PERMANENT, Duration(9999), True),
        (PERMANENT, PERMANENT, False),
        (Duration(9999), PERMANENT, False),
    ],
)
def test_longer_than_the_longest_is_refused_and_not_cut(
    asked: Duration,
    longest: Duration,
    is_too_long: bool,  # noqa: FBT001  # a table
) -> None:
    answer = decided(ask(duration=asked), policy(level(longest=longest)))

    blamed = [(reason.rule, reason.field) for reason in answer.reasons]
    assert blamed == ([("crm/standard request.longest", "how_long")] if is_too_long else [])


@pytest.mark.parametrize(
    ("asked", "is_too_long"),
    [(Duration(2), False), (Duration(3), True), (PERMANENT, True)],
)
def test_access_ends_by_the_last_day_of_the_person(
    asked: Duration,
    is_too_long: bool,  # noqa: FBT001  # a table
) -> None:
    leaver = person("ann", last_day=date(2026, 11, 4))

    answer = decided(ask(duration=asked), policy(level(longest=PERMANENT)), roster(leaver))

    assert texts(answer) == (["Ann Doe's last day is 2026-11-04."] if is_too_long else [])


# ---- held and pending ---------------------------------------------------------------------------


def test_what_is_held_cannot_be_asked_for_again_and_its_end_is_in_the_persons_zone() -> None:
    answer = decided(ask(held={"crm/standard": datetime(2026, 11, 9, 15, 0, tzinfo=UTC)}))

    assert texts(answer) == [
        "Ann Doe already holds crm/standard until 2026-11-09 09:00 (America/Chicago)."
    ]


def test_what_is_pending_cannot_be_asked_for_twice() -> None:
    answer = decided(ask(pending=frozenset({"crm/standard"})))

    assert texts(answer) == ["Ann Doe has already asked for crm/standard."]


def test_other_levels_that_are_held_or_pending_do_not_matter() -> None:
    answer = decided(ask(held={"crm/admin": None}, pending=frozenset({"crm/view"})))

    assert answer.answer is Answer.NEEDS_APPROVAL


# ---- joining ------------------------------------------------------------------------------------


def joiner(**changes: object) -> Person:
    return person("ann", **({"role": "csm", "first_day": date(2026, 11, 9)} | changes))


def test_whoever_joins_gets_what_comes_with_the_role_without_an_approval() -> None:
    question = ask(duration=PERMANENT, is_joining=True)

    answer = decided(question, people=roster(joiner()))

    assert (answer.answer, answer.needs) == (Answer.ALLOWED, ())
    assert (answer.rule, answer.where) == ("roles.csm birthright", "policies/roles.yml:4")


def test_the_same_level_asked_for_later_needs_an_approval() -> None:
    people = roster(joiner(first_day=date(2025, 1, 6)))

    assert decided(ask(), people=people).answer is Answer.NEEDS_APPROVAL


def test_joining_gives_nothing_that_the_role_does_not() -> None:
    answer = decided(
        ask(level_id="crm/admin", is_joining=True),
        policy(level(), level("admin")),
        roster(joiner()),
    )

    assert texts(answer) == ["The role csm does not give crm/admin on day one."]


def test_joining_with_an_unknown_role_gives_nothing() -> None:
    answer = decided(ask(is_joining=True), people=roster(joiner(role="wizard")))

    assert texts(answer) == ["No policy knows the role «wizard» of Ann Doe."]


def test_a_critical_level_is_never_automatic() -> None:
    rules = policy(level(risk=Risk.CRITICAL), roles=(role("csm", "crm/standard"),))

    answer = decided(ask(is_joining=True), rules, roster(joiner()))

    assert texts(answer) == ["crm/standard is critical and never given without an approval."]


def test_a_leaver_joins_nothing() -> None:
    leaver = joiner(first_day=date(2025, 1, 6), last_day=date(2026, 10, 30))

    answer = decided(ask(is_joining=True), people=roster(leaver))

    assert texts(answer) == ["Ann Doe has left the company."]


def test_joining_twice_gives_nothing_twice() -> None:
    question = ask(is_joining=True, held={"crm/standard": None})

    assert decided(question, people=roster(joiner())).answer is Answer.REFUSED
