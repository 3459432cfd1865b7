"""What holds for every decision, over policies and companies nobody would think of."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approvers import fill
from bot.domain.decision import Answer, Ask, decide
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Approvals, Group, Level, Policy, Risk, Role
from tests.factories import NOW, group, level, person, policy, role

IDS = ("ann", "bea", "gus", "ivy", "sam")
ROLES = ("engineer", "csm", "consultant")
GROUPS = ("it", "security", "crm-owners")
LOGINS = ("octo-ann", "OCTO-ANN", "octo-bea", "octo-gus", "octo-Ivy", "octo-sam", "octo-zoe")
LEVELS = ("standard", "admin")

T = TypeVar("T")


def mostly(usual: st.SearchStrategy[T], odd: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Keep most of each company in order, or every question would end in a refusal."""
    return st.integers(0, 9).flatmap(lambda n: odd if n == 9 else usual)


days = st.integers(-2, 9).map(lambda n: NOW.date() + timedelta(days=n))
durations = st.just(PERMANENT) | st.builds(Duration, st.integers(1, 40), st.sampled_from(Unit))
approver_names = st.lists(
    st.sampled_from(("manager", *GROUPS, "no-such-group")), max_size=3, unique=True
).map(tuple)


@st.composite
def people(draw: st.DrawFn) -> Roster:
    def one(id_: str) -> Person:
        own = st.sampled_from((f"octo-{id_}", f"Octo-{id_.upper()}"))
        return person(
            id_,
            role=draw(mostly(st.just("engineer"), st.sampled_from((*ROLES, "wizard")))),
            engagement=draw(mostly(st.just(Engagement.CORE), st.sampled_from(Engagement))),
            manager_id=draw(mostly(st.sampled_from(IDS), st.sampled_from((None, "zoe")))),
            github=draw(mostly(own, st.sampled_from((None, "octo-sam")))),
            first_day=draw(mostly(st.just(person().first_day), days)),
            last_day=draw(mostly(st.none(), days)),
            timezone=draw(st.sampled_from(("America/Chicago", "Pacific/Auckland", "UTC"))),
        )

    ids = draw(mostly(st.just(set(IDS)), st.sets(st.sampled_from(IDS))))
    return Roster(one(id_) for id_ in sorted(ids))


@st.composite
def levels(draw: st.DrawFn, name: str) -> Level:
    names = st.lists(st.sampled_from((*ROLES, "everyone")), max_size=2).map(tuple)
    made = level(
        name,
        by=draw(mostly(st.just(("everyone",)), names)),
        not_=draw(mostly(st.just(()), names)),
        approve=draw(approver_names),
        longest=draw(mostly(st.just(Duration(40)), durations)),
        risk=draw(st.sampled_from(Risk)),
    )
    return draw(mostly(st.just(made), st.just(level(name, request=None))))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    def team(id_: str) -> Group:
        members = draw(st.lists(st.sampled_from(LOGINS), max_size=3))
        return group(id_, *members, backup=draw(st.sampled_from((None, "no-such", *GROUPS))))

    def job(id_: str) -> Role:
        return role(id_, *sorted(draw(st.sets(st.sampled_from(("crm/standard", "crm/admin"))))))

    approvals = Approvals(default=draw(approver_names), critical_adds=draw(approver_names))
    return policy(
        *(draw(levels(name)) for name in LEVELS),
        groups=tuple(team(id_) for id_ in GROUPS),
        roles=tuple(job(id_) for id_ in ROLES),
        approvals=approvals,
    )


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    person_id = draw(mostly(st.just("ann"), st.sampled_from((*IDS, "zoe"))))
    level_ids = st.sampled_from(("crm/standard", "crm/admin", "crm/none", "gong/x", ""))
    return Ask(
        requester_id=draw(mostly(st.just(person_id), st.sampled_from((*IDS, "zoe")))),
        person_id=person_id,
        level_id=draw(mostly(st.just("crm/standard"), level_ids)),
        duration=draw(mostly(st.just(Duration(7)), durations)),
        held=draw(mostly(st.just({}), st.dictionaries(level_ids, st.none() | st.just(NOW)))),
        pending=draw(mostly(st.just(frozenset()), st.frozensets(level_ids))),
        is_joining=draw(st.sampled_from((False, False, True))),
        is_escalated=draw(st.booleans()),
    )


@given(asks(), policies(), people())
def test_the_same_question_always_has_the_same_answer(
    question: Ask, rules: Policy, company: Roster
) -> None:
    assert decide(question, rules, company, NOW) == decide(question, rules, company, NOW)


@given(asks(), policies(), people())
def test_an_answer_is_a_no_with_reasons_or_asks_somebody_or_is_a_birthright(
    question: Ask, rules: Policy, company: Roster
) -> None:
    answer = decide(question, rules, company, NOW)

    assert (answer.answer is Answer.REFUSED) is bool(answer.reasons)
    assert (answer.answer is Answer.NEEDS_APPROVAL) is bool(answer.needs)
    assert answer.answer is not Answer.ALLOWED or question.is_joining
    assert answer.rule
    assert answer.policy_commit == rules.commit


@given(asks(), policies(), people())
def test_approvers_are_at_work_not_concerned_and_enough(
    question: Ask, rules: Policy, company: Roster
) -> None:
    needs = decide(question, rules, company, NOW).needs

    named = {id_ for need in needs for id_ in need.from_}
    assert not named & {question.person_id, question.requester_id}
    assert all((one := company.get(id_)) and one.is_active(NOW) for id_ in named)
    assert len(fill(needs, named)) == len(needs)


@given(asks(), policies(), people())
def test_whoever_is_let_through_meets_every_rule(
    question: Ask, rules: Policy, company: Roster
) -> None:
    """Say the rules once more, in other words than the code does."""
    if decide(question, rules, company, NOW).answer is Answer.REFUSED:
        return

    one, wanted = company.get(question.person_id), rules.level(question.level_id)
    assert one
    assert wanted
    assert not one.has_left(NOW)
    assert wanted.id not in {*question.held, *question.pending}
    if question.is_joining:
        assert wanted.id in rules.roles[one.role].birthright
        assert wanted.risk is not Risk.CRITICAL
        return
    assert one.has_started(NOW)
    assert wanted.request
    assert {one.role, "everyone"} & set(wanted.request.by)
    assert not {one.role, one.engagement} & set(wanted.request.not_)
    calendar = rules.company.calendar
    end = question.duration.after(NOW, calendar)
    latest = wanted.request.longest.after(NOW, calendar)
    assert latest is None or (end is not None and end <= latest)
    assert one.last_day is None or end is not None


@given(asks(), policies(), people())
def test_escalation_lets_more_people_answer_and_changes_nothing_else(
    question: Ask, rules: Policy, company: Roster
) -> None:
    calm, late = (
        decide(replace(question, is_escalated=is_late), rules, company, NOW)
        for is_late in (False, True)
    )

    if calm.answer is Answer.NEEDS_APPROVAL:
        assert late.answer is Answer.NEEDS_APPROVAL
        assert [need.because for need in late.needs] == [need.because for need in calm.needs]
        assert all(
            set(before.from_) <= set(after.from_)
            for before, after in zip(calm.needs, late.needs, strict=True)
        )
