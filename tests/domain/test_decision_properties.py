"""What holds for every decision, over policies and companies nobody would think of."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approvers import fill
from bot.domain.decision import Answer, Ask, decide
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import (
    PERMANENT,
    Approvals,
    Duration,
    Group,
    Level,
    Policy,
    Risk,
    Role,
    Unit,
)
from tests.factories import NOW, group, level, person, policy, role

IDS = ("ann", "bea", "gus", "ivy", "sam")
ROLES = ("engineer", "csm", "consultant")
GROUPS = ("it", "security", "crm-owners")
LOGINS = ("octo-ann", "OCTO-ANN", "octo-bea", "octo-gus", "octo-Ivy", "octo-sam", "octo-zoe")
LEVELS = ("standard", "admin")

days = st.integers(-2, 9).map(lambda n: NOW.date() + timedelta(days=n))
durations = st.just(PERMANENT) | st.builds(Duration, st.integers(1, 40), st.sampled_from(Unit))
approver_names = st.lists(
    st.sampled_from(("manager", *GROUPS, "no-such-group")), max_size=3, unique=True
).map(tuple)


@st.composite
def people(draw: st.DrawFn) -> Roster:
    def one(id_: str) -> Person:
        return person(
            id_,
            role=draw(st.sampled_from((*ROLES, "wizard"))),
            engagement=draw(st.sampled_from(Engagement)),
            manager_id=draw(st.sampled_from((None, "zoe", *IDS))),
            github=draw(st.sampled_from((None, f"octo-{id_}", f"Octo-{id_.upper()}", "octo-sam"))),
            first_day=draw(st.just(person().first_day) | days),
            last_day=draw(st.none() | days),
            timezone=draw(st.sampled_from(("America/Chicago", "Pacific/Auckland", "UTC"))),
        )

    return Roster(one(id_) for id_ in draw(st.sets(st.sampled_from(IDS), min_size=2)))


@st.composite
def levels(draw: st.DrawFn, name: str) -> Level:
    made = level(
        name,
        by=draw(st.lists(st.sampled_from((*ROLES, "everyone")), max_size=2).map(tuple)),
        not_=draw(st.lists(st.sampled_from(ROLES), max_size=1).map(tuple)),
        approve=draw(approver_names),
        longest=draw(durations),
        risk=draw(st.sampled_from(Risk)),
    )
    return made if draw(st.integers(0, 4)) else level(name, request=None)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    def team(id_: str) -> Group:
        members = draw(st.lists(st.sampled_from(LOGINS), max_size=3))
        return group(id_, *members, backup=draw(st.sampled_from((None, "no-such", *GROUPS))))

    def job(id_: str) -> Role:
        return role(id_, *draw(st.sets(st.sampled_from(("crm/standard", "crm/admin")))))

    approvals = Approvals(default=draw(approver_names), critical_adds=draw(approver_names))
    return policy(
        *(draw(levels(name)) for name in LEVELS),
        groups=tuple(team(id_) for id_ in GROUPS),
        roles=tuple(job(id_) for id_ in ROLES),
        approvals=approvals,
    )


level_ids = st.sampled_from(("crm/standard", "crm/admin", "crm/none", "gong/x", ""))
asks = st.builds(
    Ask,
    requester_id=st.sampled_from((*IDS, "zoe")),
    person_id=st.sampled_from((*IDS, "zoe")),
    level_id=level_ids,
    duration=durations,
    held=st.dictionaries(level_ids, st.none() | st.just(NOW), max_size=1),
    pending=st.frozensets(level_ids, max_size=1),
    is_joining=st.booleans(),
    is_escalated=st.booleans(),
)
own_asks = st.builds(
    Ask,
    requester_id=st.just("ann"),
    person_id=st.just("ann"),
    level_id=st.just("crm/standard"),
    duration=durations,
    held=st.just({}),
    is_escalated=st.booleans(),
)
questions = asks | own_asks


@given(questions, policies(), people())
def test_the_same_question_always_has_the_same_answer(
    question: Ask, rules: Policy, company: Roster
) -> None:
    assert decide(question, rules, company, NOW) == decide(question, rules, company, NOW)


@given(questions, policies(), people())
def test_an_answer_is_a_no_with_reasons_or_asks_somebody_or_is_a_birthright(
    question: Ask, rules: Policy, company: Roster
) -> None:
    answer = decide(question, rules, company, NOW)

    assert (answer.answer is Answer.REFUSED) is bool(answer.reasons)
    assert (answer.answer is Answer.NEEDS_APPROVAL) is bool(answer.needs)
    assert answer.answer is not Answer.ALLOWED or question.is_joining
    assert answer.rule
    assert answer.policy_commit == rules.commit


@given(questions, policies(), people())
def test_approvers_are_at_work_not_concerned_and_enough(
    question: Ask, rules: Policy, company: Roster
) -> None:
    needs = decide(question, rules, company, NOW).needs

    named = {id_ for need in needs for id_ in need.from_}
    assert not named & {question.person_id, question.requester_id}
    assert all((one := company.get(id_)) and one.is_active(NOW) for id_ in named)
    assert len(fill(needs, named)) == len(needs)


@given(questions, policies(), people())
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


@given(own_asks, policies(), people())
def test_escalation_lets_more_people_answer_and_changes_nothing_else(
    question: Ask, rules: Policy, company: Roster
) -> None:
    calm, late = (
        decide(Ask(**(vars(question) | {"is_escalated": is_late})), rules, company, NOW)
        for is_late in (False, True)
    )

    if calm.answer is Answer.NEEDS_APPROVAL:
        assert late.answer is Answer.NEEDS_APPROVAL
        assert [need.because for need in late.needs] == [need.because for need in calm.needs]
        assert all(
            set(before.from_) <= set(after.from_)
            for before, after in zip(calm.needs, late.needs, strict=True)
        )
