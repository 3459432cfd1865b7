"""The judge answers as `decide` does but for the checks, whatever it is asked, in any order."""

import weakref
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.judge import MOST_KEPT, Judge
from bot.domain.people import Engagement, Roster
from bot.domain.policy import (
    AutoApproval,
    BreakGlass,
    Level,
    Policy,
    Question,
    RequestRule,
    Risk,
    Separation,
    SeparationException,
    Where,
)
from tests.factories import NOW, ask, group, level, person, policy, role, roster, system

WHERE = Where("policies/systems/crm.yml", 30)
LEVELS = ("view", "edit", "admin", "given", "asks", "apart", "renewed")
ROLES = ("engineer", "csm", "consultant", "wizard")
PEOPLE = ("ann", "bea", "ivy", "sam", "gus", "new", "gone", "soon", "api", "zoe")
LENGTHS = (
    PERMANENT,
    *(Duration(amount, unit) for amount in (1, 2, 7, 30, 90) for unit in Unit),
)


# ---- random policies, rosters and questions -----------------------------------------------------

names = st.lists(st.sampled_from((*ROLES[:3], "everyone")), max_size=2, unique=True).map(tuple)
barred = st.lists(st.sampled_from((*ROLES[:3], "core")), max_size=1).map(tuple)
approvers = st.lists(
    st.sampled_from(("manager", "it", "security", "crm-owners", "lonely")), max_size=3, unique=True
).map(tuple)
lengths = st.sampled_from(LENGTHS)


@st.composite
def levels(draw: st.DrawFn, name: str) -> Level:
    questions = (Question(id="why", asks="Why?", where=WHERE),) if name == "asks" else ()
    rule = RequestRule(
        by=draw(names),
        not_=draw(barred),
        approve=draw(approvers),
        longest=draw(lengths),
        questions=questions,
    )
    glass = BreakGlass(by=("it",), longest=Duration(4, Unit.HOURS), where=WHERE)
    return level(
        name,
        risk=draw(st.sampled_from(Risk)),
        request=None if name == "given" else rule,
        break_glass=glass if name == "admin" else None,
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    renewed = AutoApproval(
        id="renew",
        levels=("renewed",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#1",
        where=WHERE,
        already_had=draw(st.sampled_from((None, True))),
        longest=draw(st.sampled_from((None, Duration(30)))),
    )
    exception = SeparationException(approve=("security",), longest=Duration(14), where=WHERE)
    made = policy(
        roles=(role("engineer", "crm/given", "crm/view"), role("csm")),
        groups=(
            group("lonely", "octo-sam", backup=draw(st.sampled_from((None, "security")))),
            group("it", *draw(st.sampled_from((("octo-ivy", "octo-ian"), ("octo-ivy",), ())))),
        ),
    )
    crm = system(*(draw(levels(name)) for name in LEVELS), auto_approve=(renewed,))
    apart = Separation(
        id="two-sides",
        never_both=("crm/apart", "crm/view"),
        why="One person could do both.",
        where=WHERE,
        exception=draw(st.sampled_from((None, exception))),
    )
    separations = (apart,) if draw(st.booleans()) else ()
    return replace(made, systems={"crm": crm}, separations=separations)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    days = {
        "gone": {"last_day": date(2026, 10, 30)},
        "soon": {"last_day": date(2026, 11, 20)},
        "new": {"first_day": date(2026, 11, 9)},
        "api": {"is_on_file": False},
    }
    people = [
        person(
            id_,
            role=draw(st.sampled_from(ROLES)),
            engagement=draw(st.sampled_from(Engagement)),
            manager_id=draw(st.sampled_from((None, *PEOPLE))),
            first_day=date(2025, draw(st.integers(1, 12)), 6),
        )
        for id_ in PEOPLE[:-1]
    ]
    return roster(*(replace(one, **days.get(one.id, {})) for one in people))


held = st.dictionaries(
    st.sampled_from(("crm/view", "crm/apart", "crm/edit")),
    st.sampled_from((None, NOW + timedelta(days=3))),
    max_size=2,
)
ids = st.frozensets(st.sampled_from(("crm/view", "crm/apart", "crm/renewed")), max_size=2)
seldom = st.sampled_from((False,) * 7 + (True,))
questions = st.builds(
    Ask,
    requester_id=st.sampled_from(PEOPLE),
    person_id=st.sampled_from(PEOPLE),
    level_id=st.sampled_from((*(f"crm/{name}" for name in LEVELS), "crm/vieww")),
    duration=lengths,
    held=st.one_of(st.just({}), held),
    pending=st.one_of(st.just(frozenset()), ids),
    had=ids,
    answers=st.sampled_from(({}, {}, {"why": "To close the quarter"})),
    is_joining=seldom,
    is_escalated=seldom,
    is_emergency=seldom,
)
for_oneself = questions.map(lambda one: replace(one, requester_id=one.person_id))
moments = st.sampled_from((NOW, datetime(2026, 11, 6, 23, 30, tzinfo=UTC)))


@settings(deadline=None, max_examples=60)
@given(
    rules=policies(),
    people=rosters(),
    asked=st.lists(st.one_of(questions, for_oneself), min_size=15, max_size=30),
    now=moments,
    most_kept=st.sampled_from((3, 40, MOST_KEPT)),
)
def test_the_judge_answers_what_decide_answers_but_for_the_checks(
    rules: Policy, people: Roster, asked: list[Ask], now: datetime, most_kept: int
) -> None:
    judge = Judge(rules, people, now, most_kept=most_kept)

    # twice: what is remembered must be as right as what is found
    for one in (*asked, *asked):
        assert judge.decide(one) == without_checks(one, rules, people, now)


def without_checks(question: Ask, rules: Policy, people: Roster, now: datetime = NOW) -> Decision:
    return replace(decide(question, rules, people, now), checks=())


# ---- what it remembers --------------------------------------------------------------------------


MANY_LENGTHS = 80


def all_questions() -> list[Ask]:
    return [
        ask(requester_id=id_, person_id=id_, level_id=f"crm/{name}", duration=Duration(days))
        for id_ in ("ann", "bea", "ivy", "sam", "gus")
        for name in ("standard", "admin")
        for days in range(1, MANY_LENGTHS, 4 if id_ != "ann" else 1)
    ]


def rules() -> Policy:
    return policy(
        level(by=("csm",)), level("admin", risk=Risk.CRITICAL, not_=("csm",), longest=Duration(2))
    )


@pytest.mark.parametrize("most_kept", [2, 50, MOST_KEPT])
def test_it_answers_the_same_however_little_it_may_remember(most_kept: int) -> None:
    same, people = rules(), roster(person("gus", role="csm"))
    judge = Judge(same, people, NOW, most_kept=most_kept)

    for one in all_questions() * 2:
        assert judge.decide(one) == without_checks(one, same, people)


def test_it_keeps_no_more_decisions_than_it_may() -> None:
    judge = Judge(rules(), roster(), NOW, most_kept=30)

    given = [weakref.ref(judge.decide(one)) for one in all_questions()]

    assert len({id(one) for one in given}) > 60
    assert 0 < len({id(one()) for one in given if one()}) <= 30


def test_people_with_the_same_facts_share_one_decision() -> None:
    judge = Judge(rules(), roster(person("gil", role="csm")), NOW)
    refused = [
        judge.decide(ask(requester_id=id_, person_id=id_, duration=Duration(days)))
        for id_, days in (("ann", 7), ("bea", 30), ("ann", 60), ("bea", 60), ("gil", 60))
    ]

    assert refused[0] is refused[1]
    assert refused[2] is refused[3]
    assert [[reason.rule for reason in one.reasons] for one in (refused[0], *refused[3:])] == [
        ["crm/standard request.by"],
        ["crm/standard request.by", "crm/standard request.longest"],
        ["crm/standard request.longest"],
    ]


def test_who_may_say_yes_is_never_the_person_and_always_their_own_manager() -> None:
    owned = policy(level(approve=("manager", "crm-owners")))
    people = roster(*(person(id_, manager_id="bea") for id_ in ("ann", "gus", "sue")))
    judge = Judge(owned, people, NOW)

    decisions = {id_: judge.decide(ask(requester_id=id_, person_id=id_)) for id_ in ("ann", "gus")}

    assert [[need.from_ for need in one.needs] for one in decisions.values()] == [
        [("bea",), ("gus", "gil")],
        [("bea",), ("gil",)],
    ]


def test_it_leaves_out_what_was_checked_and_nothing_else() -> None:
    people, too_long = roster(), ask(duration=Duration(31))
    expected = decide(too_long, policy(), people, NOW)

    refused = Judge(policy(), people, NOW).decide(too_long)

    assert refused.answer is Answer.REFUSED
    assert expected.checks
    assert vars(refused) == vars(expected) | {"checks": ()}


def test_a_level_that_nobody_may_ask_for_is_judged_too() -> None:
    nothing, people = policy(level(request=None)), roster()

    assert Judge(nothing, people, NOW).decide(ask()) == without_checks(ask(), nothing, people)


def test_what_is_approved_beforehand_depends_on_who_had_it() -> None:
    renewed = AutoApproval(
        id="renew",
        levels=("standard",),
        approved_by="security",
        approved_on=date(2026, 11, 2),
        record="acme/access#1",
        where=WHERE,
        already_had=True,
    )
    rules = replace(policy(), systems={"crm": system(auto_approve=(renewed,))})
    judge = Judge(rules, roster(), NOW)

    answers = [judge.decide(ask(had=frozenset(had))).answer for had in ((), ("crm/standard",), ())]

    assert answers == [Answer.NEEDS_APPROVAL, Answer.ALLOWED, Answer.NEEDS_APPROVAL]


def test_whoever_is_not_plainly_at_work_is_answered_as_by_decide() -> None:
    leaving, starting = date(2026, 11, 20), date(2026, 11, 9)
    people = roster(person("sam", last_day=leaving), person("sue", first_day=starting))
    same = rules()
    judge = Judge(same, people, NOW)
    asked = [ask(requester_id=id_, person_id=id_) for id_ in ("sam", "sue", "nobody")]
    asked += [ask(held={"crm/admin": None}), ask(held={"crm/standard": None})]
    asked += [ask(pending=frozenset({"crm/standard"})), ask(level_id="crm/none")]

    for one in asked * 2:
        assert judge.decide(one) == without_checks(one, same, people)


def test_the_other_side_of_a_separation_refuses_and_anything_else_does_not() -> None:
    apart = Separation(
        id="two-sides", never_both=("crm/standard", "crm/admin"), why="Both.", where=WHERE
    )
    same, people = replace(policy(level(), level("admin")), separations=(apart,)), roster()
    judge = Judge(same, people, NOW)

    both = judge.decide(ask(held={"crm/admin": None}))
    other = judge.decide(ask(held={"crm/view": None}))

    assert [reason.rule for reason in both.reasons] == ["separation.two-sides"]
    assert both == without_checks(ask(held={"crm/admin": None}), same, people)
    assert other.answer is Answer.NEEDS_APPROVAL
