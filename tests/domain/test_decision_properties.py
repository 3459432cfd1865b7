"""What holds for every decision, over policies and companies nobody would think of."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.approvers import fill
from bot.domain.decision import Answer, Ask, Decision, Kind, decide
from bot.domain.durations import PERMANENT
from bot.domain.policy import Level, Policy, Risk
from bot.domain.remedies import Situation
from tests.any_company import LEVELS, Dice
from tests.factories import NOW

situations = st.integers(0, 2**32).map(lambda seed: Dice(seed).situation())


def decided(at: Situation, **question: object) -> Decision:
    ask = replace(at.ask, **question)  # type: ignore[arg-type]  # its own fields
    return decide(ask, at.policy, at.roster, at.now)


def with_level(policy: Policy, level: Level) -> Policy:
    crm = policy.systems["crm"]
    crm = replace(crm, levels={**crm.levels, level.name: level})
    return replace(policy, systems={"crm": crm})


@given(situations)
def test_the_same_question_always_has_the_same_answer(at: Situation) -> None:
    assert decided(at) == decided(at)


@given(situations)
def test_an_answer_is_a_no_with_reasons_or_asks_somebody_or_rests_on_a_rule(at: Situation) -> None:
    answer = decided(at)

    assert (answer.answer is Answer.REFUSED) is bool(answer.reasons)
    assert (answer.answer is Answer.NEEDS_APPROVAL) is bool(answer.needs)
    if answer.answer is Answer.ALLOWED:
        words = {Kind.JOINING: " birthright", Kind.EMERGENCY: " break_glass"}
        assert words.get(at.ask.kind, "crm auto_approve.again") in answer.rule
    assert answer.rule
    assert answer.policy_commit == at.policy.commit


@given(situations)
def test_every_reason_has_its_check_and_what_refuses_did_not_hold(at: Situation) -> None:
    answer = decided(at)

    failed = [check for check in answer.checks if not check.held]
    refusing = [check for check in failed if "auto_approve" not in check.rule]
    assert len(refusing) == len(answer.reasons)
    named = {(reason.rule, reason.where) for reason in answer.reasons if reason.rule}
    assert named <= {(check.rule, check.where) for check in refusing}
    assert all(reason.next_step for reason in answer.reasons)


@given(situations)
def test_nobody_is_asked_or_told_who_is_concerned_or_away(at: Situation) -> None:
    answer = decided(at)

    asked = {id_ for need in answer.needs for id_ in need.from_}
    for id_ in asked | {*answer.told}:
        one = at.roster.get(id_)
        assert one
        assert one.is_active(at.now)
        assert one.is_on_file
        assert id_ not in {at.ask.person_id, at.ask.requester_id}
    assert len(fill(answer.needs, asked)) == len(answer.needs)
    assert not (answer.told and answer.answer is not Answer.ALLOWED)


@given(situations)
def test_whoever_is_let_through_meets_every_rule(at: Situation) -> None:
    """Say the rules once more, in other words than the code does."""
    answer, ask = decided(at), at.ask
    if answer.answer is Answer.REFUSED:
        return

    one, wanted = at.roster.get(ask.person_id), at.policy.level(ask.level_id)
    assert one
    assert wanted
    assert not one.has_left(at.now)
    assert wanted.id not in {*ask.held, *ask.pending}
    other = {*ask.held, *ask.pending}
    touched = [r for r in at.policy.separations if wanted.id in r.never_both]
    touched = [r for r in touched if other & set(r.never_both)]
    assert all(r.exception for r in touched)
    assert not touched or answer.answer is Answer.NEEDS_APPROVAL
    if ask.is_joining:
        assert wanted.id in at.policy.roles[one.role].birthright
        assert wanted.risk is not Risk.CRITICAL
        return
    assert one.has_started(at.now)
    assert wanted.request
    assert not {one.role, one.engagement} & set(wanted.request.not_)
    calendar = at.policy.company.calendar
    end = ask.duration.after(at.now, calendar)
    limits = [wanted.request.longest, *(r.exception.longest for r in touched if r.exception)]
    if ask.is_emergency:
        assert wanted.break_glass
        assert any(at.policy.is_member(one, name) for name in wanted.break_glass.by)
        limits.append(wanted.break_glass.longest)
    else:
        assert {one.role, "everyone"} & set(wanted.request.by)
    latest = [limit.after(at.now, calendar) for limit in limits]
    assert all(limit is None or (end is not None and end <= limit) for limit in latest)
    assert one.last_day is None or end is not None


@given(situations)
def test_escalation_lets_more_people_answer_and_changes_nothing_else(at: Situation) -> None:
    calm, late = (decided(at, is_escalated=is_late) for is_late in (False, True))

    assert late.answer is calm.answer
    assert [need.because for need in late.needs] == [need.because for need in calm.needs]
    for before, after in zip(calm.needs, late.needs, strict=True):
        assert set(before.from_) <= set(after.from_)


@given(situations)
def test_the_default_is_no(at: Situation) -> None:
    """A level whose rule names nobody is for nobody, whatever else policy says."""
    wanted = at.policy.level(at.ask.level_id)
    assume(wanted is not None and wanted.request is not None)
    assert wanted
    assert wanted.request
    closed = replace(wanted, request=replace(wanted.request, by=()), break_glass=None)
    roles = {id_: replace(role, birthright=()) for id_, role in at.policy.roles.items()}
    rules = replace(with_level(at.policy, closed), roles=roles)

    assert decided(replace(at, policy=rules)).answer is Answer.REFUSED


@given(situations, st.sampled_from(("role", "engagement")))
def test_not_beats_by(at: Situation, key: str) -> None:
    wanted, one = at.policy.level(at.ask.level_id), at.roster.get(at.ask.person_id)
    assume(one is not None and at.roster.get(at.ask.requester_id) is not None)
    assume(wanted is not None and wanted.request is not None)
    assert wanted
    assert wanted.request
    name = getattr(one, key)
    barring = replace(wanted.request, not_=(name,), by=(name, "everyone"))
    rules = with_level(at.policy, replace(wanted, request=barring))

    answer = decided(replace(at, policy=rules), is_joining=False)

    assert answer.answer is Answer.REFUSED
    assert f"{wanted.id} request.not" in {reason.rule for reason in answer.reasons}


@given(situations, st.integers(0, 6))
def test_one_more_fact_against_it_never_turns_a_no_into_a_yes(at: Situation, which: int) -> None:
    ask, people = at.ask, at.roster
    held = {**ask.held, LEVELS[which % 3]: None}
    worse: dict[int, Ask] = {
        0: replace(ask, held=held),
        1: replace(ask, held=held),
        2: replace(ask, held=held),
        3: replace(ask, pending=ask.pending | {LEVELS[0]}),
        4: replace(ask, duration=PERMANENT),
        5: replace(ask, answers={**ask.answers, "nobody-asked": "7"}),
        6: replace(ask, had=frozenset()),
    }
    leavers = [replace(one, last_day=min(one.last_day or NOW.date(), NOW.date())) for one in people]
    before = decided(at).answer

    if before is Answer.REFUSED and which != 6:
        assert decided(replace(at, ask=worse[which])).answer is Answer.REFUSED
        left = decide(ask, at.policy, type(people)(leavers), at.now)
        assert left.answer is Answer.REFUSED
    elif before is not Answer.ALLOWED and ask.had:
        assume(all(rule.already_had is not False for rule in at.policy.systems["crm"].auto_approve))
        assert decided(replace(at, ask=worse[6])).answer is not Answer.ALLOWED


@given(situations)
def test_separation_is_symmetric(at: Situation) -> None:
    """Who holds one side may not have the other, whichever came first."""
    for rule in at.policy.separations:
        for first, second in ((rule.never_both[0], rule.never_both[1]), rule.never_both[1::-1]):
            answer = decided(at, level_id=first, held={second: None}, person_id="ann")
            checks = [check for check in answer.checks if check.rule == f"separation.{rule.id}"]
            if at.roster.get("ann") and at.roster.get(at.ask.requester_id):
                assert [second in check.fact for check in checks] == [True]
                assert rule.exception or answer.answer is Answer.REFUSED


@given(situations)
def test_nothing_critical_is_given_without_a_person_who_says_so(at: Situation) -> None:
    wanted = at.policy.level(at.ask.level_id)
    assume(wanted is not None)
    assert wanted
    rules = with_level(at.policy, replace(wanted, risk=Risk.CRITICAL))

    answer = decided(replace(at, policy=rules), is_emergency=False)

    assert answer.answer is not Answer.ALLOWED


def test_dice_make_every_answer_in_every_way_of_asking() -> None:
    """Otherwise the properties above would hold for want of cases."""
    seen = {
        (at.ask.kind, decided(at).answer) for seed in range(600) if (at := Dice(seed).situation())
    }

    assert seen == {
        (Kind.ASKING, Answer.REFUSED),
        (Kind.ASKING, Answer.NEEDS_APPROVAL),
        (Kind.ASKING, Answer.ALLOWED),
        (Kind.JOINING, Answer.REFUSED),
        (Kind.JOINING, Answer.ALLOWED),
        (Kind.EMERGENCY, Answer.REFUSED),
        (Kind.EMERGENCY, Answer.ALLOWED),
    }
