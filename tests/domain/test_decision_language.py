"""What the rarer rules do: separation, approval beforehand, breaking the glass."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import TypeAdapter

from bot.domain.decision import Answer, Ask, Check, Decision, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Engagement, Roster
from bot.domain.policy import (
    AutoApproval,
    BreakGlass,
    Level,
    Policy,
    Risk,
    Separation,
    SeparationException,
    Where,
)
from tests.factories import CRM_YML, NOW, ask, level, person, policy, roster

SEPARATION_YML = "policies/separation.yml"
ADMIN, BUILDER = level("admin"), level("builder", approve=("crm-owners",))
EXCEPTION = SeparationException(
    approve=("security",), longest=Duration(14), where=Where(SEPARATION_YML, 6)
)


def decided(question: Ask, rules: Policy, people: Roster | None = None) -> Decision:
    return decide(question, rules, people or roster(), NOW)


def texts(decision: Decision) -> list[str]:
    return [reason.text for reason in decision.reasons]


def asked(decision: Decision) -> list[tuple[str, tuple[str, ...]]]:
    return [(need.because, need.from_) for need in decision.needs]


def check_of(decision: Decision, rule: str) -> Check:
    (found,) = (check for check in decision.checks if check.rule == rule)
    return found


# ---- separation ---------------------------------------------------------------------------------


def apart(*levels: str, exception: SeparationException | None = None) -> Separation:
    return Separation(
        id="rules-and-robots",
        never_both=levels or ("crm/admin", "crm/builder"),
        why="One person could hide a change.",
        where=Where(SEPARATION_YML, 3),
        exception=exception,
    )


def separated(*rules: Separation, admin: Level = ADMIN) -> Policy:
    return replace(policy(admin, BUILDER, level("viewer")), separations=rules or (apart(),))


@pytest.mark.parametrize(("wanted", "other"), [("admin", "builder"), ("builder", "admin")])
@pytest.mark.parametrize("how", ["held", "pending"])
def test_who_has_or_has_asked_for_one_side_is_refused_the_other(
    wanted: str, other: str, how: str
) -> None:
    id_ = f"crm/{other}"
    has = {"held": {id_: None}} if how == "held" else {"pending": frozenset({id_})}

    answer = decided(ask(level_id=f"crm/{wanted}", **has), separated())

    assert texts(answer) == [
        f"crm/{wanted} and {id_} are never for one person: One person could hide a change."
    ]
    assert (answer.rule, answer.where) == ("separation.rules-and-robots", f"{SEPARATION_YML}:3")
    assert answer.reasons[0].next_step == (
        f"Give back {id_} first, or withdraw the request for it."
    )
    assert check_of(answer, "separation.rules-and-robots").fact == f"has or has asked for {id_}"


def test_a_separation_of_other_levels_does_not_matter() -> None:
    held = {"crm/admin": None}

    answer = decided(ask(level_id="crm/viewer", held=held), separated())
    alone = decided(ask(level_id="crm/builder"), separated())

    assert answer.answer is alone.answer is Answer.NEEDS_APPROVAL
    assert not [check for check in answer.checks if check.rule.startswith("separation")]
    assert check_of(alone, "separation.rules-and-robots").fact == "without crm/admin"


def test_of_three_levels_no_two_are_for_one_person() -> None:
    rules = separated(apart("crm/admin", "crm/builder", "crm/viewer"))

    answer = decided(ask(level_id="crm/viewer", held={"crm/admin": None}), rules)

    assert answer.rule == "separation.rules-and-robots"


def test_an_exception_adds_its_approvers_and_names_its_place() -> None:
    question = ask(level_id="crm/builder", held={"crm/admin": None})

    answer = decided(question, separated(apart(exception=EXCEPTION)))

    assert answer.answer is Answer.NEEDS_APPROVAL
    assert asked(answer) == [("crm-owners", ("gus", "gil")), ("security", ("sam", "sue"))]
    assert answer.needs[1].where == f"{SEPARATION_YML}:6"


def test_an_exception_adds_nobody_where_nothing_clashes_or_who_is_asked_already() -> None:
    rules = separated(apart(exception=EXCEPTION), admin=replace(ADMIN, risk=Risk.CRITICAL))

    free = decided(ask(level_id="crm/builder"), rules)
    critical = decided(ask(level_id="crm/admin", held={"crm/builder": None}), rules)

    assert [because for because, _ in asked(free)] == ["crm-owners"]
    assert [because for because, _ in asked(critical)] == ["manager", "security"]


def test_an_exception_is_no_longer_than_it_says() -> None:
    question = ask(level_id="crm/builder", held={"crm/admin": None}, duration=Duration(15))

    answer = decided(question, separated(apart(exception=EXCEPTION)))

    (reason,) = answer.reasons
    assert (reason.rule, reason.field) == ("separation.rules-and-robots", "how_long")
    assert reason.next_step == "Ask for at most 14 days, or give back crm/admin first."


# ---- approved beforehand ------------------------------------------------------------------------


def beforehand(**changes: object) -> AutoApproval:
    default = AutoApproval(
        id="again",
        levels=("standard",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#4821",
        where=Where(CRM_YML, 30),
        already_had=True,
    )
    return replace(default, **changes)  # type: ignore[arg-type]  # its own fields


def lenient(*criteria: AutoApproval, one: Level | None = None) -> Policy:
    rules = policy(one or level(), ADMIN)
    crm = replace(rules.systems["crm"], auto_approve=criteria or (beforehand(),))
    return replace(rules, systems={"crm": crm})


AGAIN = ask(had=frozenset({"crm/standard"}))


def test_what_was_approved_beforehand_is_allowed_and_told_to_those_who_would_be_asked() -> None:
    answer = decided(AGAIN, lenient())

    assert answer.answer is Answer.ALLOWED
    assert (answer.rule, answer.where) == ("crm auto_approve.again", f"{CRM_YML}:30")
    assert (answer.needs, answer.told) == ((), ("bea",))
    fact = check_of(answer, "crm auto_approve.again").fact
    assert fact == "approved beforehand? had it before: yes"


def test_the_first_criterion_that_holds_is_the_rule() -> None:
    strict = beforehand(id="never", engagement=Engagement.CONSULTANT)

    answer = decided(AGAIN, lenient(strict, beforehand(), beforehand(id="too")))

    assert answer.rule == "crm auto_approve.again"
    held = [check.held for check in answer.checks if "auto_approve" in check.rule]
    assert held == [False, True, True]


ALL = beforehand(longest=Duration(7), engagement=Engagement.CORE, roles=("csm", "engineer"))


@pytest.mark.parametrize(
    ("criterion", "question"),
    [
        (ALL, ask()),
        (replace(ALL, already_had=False), AGAIN),
        (ALL, replace(AGAIN, duration=Duration(8))),
        (ALL, replace(AGAIN, duration=Duration(169, Unit.HOURS))),
        (replace(ALL, engagement=Engagement.CONSULTANT), AGAIN),
        (replace(ALL, roles=("csm",)), AGAIN),
        (replace(ALL, levels=("admin",)), AGAIN),
    ],
)
def test_every_condition_of_a_criterion_must_hold(criterion: AutoApproval, question: Ask) -> None:
    assert decided(AGAIN, lenient(ALL)).answer is Answer.ALLOWED
    assert decided(question, lenient(criterion)).answer is Answer.NEEDS_APPROVAL


def test_critical_levels_are_never_approved_beforehand() -> None:
    rules = lenient(one=level(risk=Risk.CRITICAL))

    assert decided(AGAIN, rules).answer is Answer.NEEDS_APPROVAL


@pytest.mark.parametrize("exception", [None, EXCEPTION])
def test_nothing_that_touches_a_separation_is_approved_beforehand(
    exception: SeparationException | None,
) -> None:
    rule = apart("crm/standard", "crm/admin", exception=exception)
    rules = replace(lenient(), separations=(rule,))

    clashing = decided(replace(AGAIN, held={"crm/admin": None}), rules)

    assert decided(AGAIN, rules).answer is Answer.ALLOWED
    assert clashing.answer is (Answer.NEEDS_APPROVAL if exception else Answer.REFUSED)


def test_a_refusal_beats_an_approval_beforehand() -> None:
    assert decided(replace(AGAIN, held={"crm/standard": None}), lenient()).answer is Answer.REFUSED


# ---- breaking the glass -------------------------------------------------------------------------

GLASS = BreakGlass(
    by=("security", "crm-owners"), longest=Duration(4, Unit.HOURS), where=Where(CRM_YML, 20)
)
HOURS = Duration(4, Unit.HOURS)


def emergency(**changes: object) -> Ask:
    default = {"requester_id": "gus", "person_id": "gus", "duration": HOURS, "is_emergency": True}
    return ask(**default | changes)


def with_glass(**changes: object) -> Policy:
    return policy(replace(level(by=("csm",), break_glass=GLASS), **changes), ADMIN)  # type: ignore[arg-type]  # its own fields


def test_in_an_emergency_a_member_is_let_in_and_those_who_would_be_asked_are_told() -> None:
    answer = decided(emergency(), with_glass(risk=Risk.CRITICAL))

    assert answer.answer is Answer.ALLOWED
    assert (answer.rule, answer.where) == ("crm/standard break_glass", f"{CRM_YML}:20")
    assert answer.told == ("ivy", "ian", "sam", "sue")
    assert check_of(replace(answer, checks=answer.checks[:5]), "crm/standard break_glass").fact == (
        "is in crm-owners"
    )


def test_an_emergency_helps_although_nobody_is_left_to_ask() -> None:
    alone = roster(without=("bea", "ivy", "ian"))

    assert decided(emergency(), with_glass(), alone).answer is Answer.ALLOWED


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            {"requester_id": "ann", "person_id": "ann"},
            "In an emergency crm/standard is for members of security or crm-owners only.",
        ),
        ({"requester_id": "ivy"}, "In an emergency people can only help themselves."),
        ({"duration": Duration(5, Unit.HOURS)}, "5 hours is too long for crm/standard."),
        ({"held": {"crm/standard": None}}, "Gus Doe already holds crm/standard for good."),
        ({"level_id": "crm/admin"}, "crm/admin has no rule for emergencies."),
    ],
)
def test_an_emergency_is_refused_when(question: dict[str, object], text: str) -> None:
    answer = decided(emergency(**question), with_glass())

    assert texts(answer) == [text]
    assert answer.told == ()


def test_the_usual_limit_counts_in_an_emergency_too_and_so_does_not() -> None:
    rule = replace(level(not_=("engineer",), longest=Duration(2, Unit.HOURS)), break_glass=GLASS)

    answer = decided(emergency(), policy(rule))

    assert [reason.rule for reason in answer.reasons] == [
        "crm/standard request.not",
        "crm/standard request.longest",
    ]


def test_an_emergency_takes_no_exception_from_a_separation() -> None:
    rule = apart("crm/standard", "crm/admin", exception=EXCEPTION)
    rules = replace(with_glass(), separations=(rule,))

    answer = decided(emergency(held={"crm/admin": None}), rules)

    assert [reason.rule for reason in answer.reasons] == ["separation.rules-and-robots"]


def test_a_member_of_a_group_is_none_by_the_onboarding_apis_word() -> None:
    stranger = person("gus", is_on_file=False)

    assert decided(emergency(), with_glass(), roster(stranger)).answer is Answer.REFUSED


def test_without_an_emergency_the_glass_does_not_matter() -> None:
    answer = decided(emergency(is_emergency=False), with_glass())

    assert [reason.rule for reason in answer.reasons] == ["crm/standard request.by"]


def test_joining_gives_nothing_that_a_separation_forbids_even_with_an_exception() -> None:
    rule = apart("crm/standard", "crm/admin", exception=EXCEPTION)
    rules = replace(policy(level(), ADMIN), separations=(rule,))
    question = ask(is_joining=True, held={"crm/admin": None})

    answer = decided(question, rules, roster(person("ann", role="csm")))

    assert [reason.rule for reason in answer.reasons] == ["separation.rules-and-robots"]


def test_a_decision_with_everything_survives_the_store() -> None:
    kept = TypeAdapter(Decision)

    for answer in (decided(emergency(), with_glass()), decided(ask(duration=PERMANENT), policy())):
        assert kept.validate_json(kept.dump_json(answer)) == answer
