"""What policy answers to a request, with every reason. A security reviewer reads this file first.

Read `decide` from top to bottom: the question is looked up; every check of its kind is made and
every refusal kept; only when there is none does anybody get anything. The default is no.

    asking       nothing refuses → approved beforehand, or asked of all who must say yes
    joining      nothing refuses → allowed: the role's birthright
    emergency    nothing refuses → allowed, and those who would have been asked are told

The checks stand in `decision_checks`, `rule_checks` and `question_checks`, one function each, and
see only the facts in their arguments. That makes the seam for whoever decides in bulk and keeps
what was found:

    `check_people`   rests on the person, the requester, their groups, and the moment
    `check_rule`     rests on its arguments alone: level, role, engagement, length, kind of ask (the
                     moment matters only where `exceeds` compares business days with other time)
    `check_moment`   rests on what is held, asked for and answered, and on the person's last day
    `conclude`       turns what those three found, in this order, into the answer
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.domain.approvers import Electorate, Need, find_needs, unfilled
from bot.domain.decision_checks import (
    ends_in_time,
    has_not_left,
    has_started,
    is_kept_apart,
    is_not_there_yet,
    may_ask_for_person,
    other_sides,
    requester_is_at_work,
    role_is_known,
    separations_of,
    what_is_unknown,
)
from bot.domain.decision_values import Answer, Ask, Check, Decision, Finding, Kind, Reason
from bot.domain.durations import Duration
from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Level, Policy, Risk, SeparationException
from bot.domain.question_checks import answers_are_given
from bot.domain.rule_checks import (
    cannot_be_asked_for,
    comes_with_role,
    exceeds,
    is_approved_beforehand,
    is_not_barred,
    is_short_emergency,
    is_short_enough,
    may_be_asked_by,
    may_be_automatic,
    may_break_glass,
    place_of_glass,
    somebody_is_left,
)

__all__ = [
    "Answer",
    "Ask",
    "Case",
    "Check",
    "Decision",
    "Finding",
    "Kind",
    "Reason",
    "check_moment",
    "check_people",
    "check_rule",
    "conclude",
    "decide",
]


@dataclass(frozen=True, kw_only=True)
class Case:
    """The question with everything in it looked up."""

    ask: Ask
    level: Level
    person: Person
    requester: Person
    policy: Policy
    roster: Roster
    now: datetime


def decide(ask: Ask, policy: Policy, roster: Roster, now: datetime) -> Decision:
    """Answer a request under a policy; the same inputs always give the same answer."""
    level = policy.level(ask.level_id)
    person, requester = roster.get(ask.person_id), roster.get(ask.requester_id)
    if level is None or person is None or requester is None:
        unknown = what_is_unknown(ask, policy, roster)
        return _answered(Answer.REFUSED, *_blamed(level, unknown), policy, unknown)
    case = Case(
        ask=ask,
        level=level,
        person=person,
        requester=requester,
        policy=policy,
        roster=roster,
        now=now,
    )
    by_rule = check_rule(
        level,
        policy,
        role=person.role,
        engagement=person.engagement,
        duration=ask.duration,
        kind=ask.kind,
        now=now,
    )
    return conclude(case, (*check_people(case), *by_rule, *check_moment(case)))


# ---- what could refuse --------------------------------------------------------------------------


def check_people(case: Case) -> Iterator[Finding]:
    """Check who it is for and who asks: both work here, and the one may ask for the other."""
    person, requester, kind = case.person, case.requester, case.ask.kind
    today = person.today(case.now)
    yield has_not_left(person, today)
    if kind is not Kind.JOINING:
        yield has_started(person, today)
    if requester.id != person.id:
        yield requester_is_at_work(requester, case.now)
    if kind is not Kind.JOINING:
        yield may_ask_for_person(requester, person, case.policy)
    yield role_is_known(person, case.policy.roles.get(person.role))
    if kind is Kind.EMERGENCY:
        yield may_break_glass(case.level, requester, person, case.policy)


def check_rule(
    level: Level,
    policy: Policy,
    *,
    role: str,
    engagement: Engagement,
    duration: Duration,
    kind: Kind,
    now: datetime,
) -> Iterator[Finding]:
    """Check what the level's own rule says: `not`, `by` and `longest`, or the birthright.

    In an emergency `break_glass` stands in for `by`, and what it calls the longest counts too.
    """
    if kind is Kind.JOINING:
        if role in policy.roles:
            yield comes_with_role(level, policy.roles[role])
        yield may_be_automatic(level)
        return
    rule, calendar = level.request, policy.company.calendar
    if rule is None:
        yield cannot_be_asked_for(level)
        return
    is_barred = not {role, engagement}.isdisjoint(rule.not_)
    if rule.not_:
        yield is_not_barred(level, rule, role, engagement)
    if kind is Kind.ASKING and not is_barred:  # `not` beats `by`
        yield may_be_asked_by(level, rule, role)
    too_long = exceeds(duration, rule.longest, now, calendar)
    yield is_short_enough(level, rule, duration, too_long=too_long)
    if kind is Kind.EMERGENCY and level.break_glass is not None:
        too_long = exceeds(duration, level.break_glass.longest, now, calendar)
        yield is_short_emergency(level, level.break_glass, duration, too_long=too_long)


def check_moment(case: Case) -> Iterator[Finding]:
    """Check what the person has, has asked for and has answered, and when they leave."""
    ask, level, person, calendar = case.ask, case.level, case.person, case.policy.company.calendar
    if ask.kind is not Kind.JOINING:
        if person.last_day is not None and not person.has_left(case.now):
            end = ask.duration.after(case.now, calendar)
            yield ends_in_time(person, person.last_day, end)
        yield from answers_are_given(level, ask.answers)
    yield is_not_there_yet(level.id, person, ask.held, ask.pending)
    for rule in separations_of(level.id, case.policy):
        others = other_sides(rule, level.id, ask.held, ask.pending)
        # An exception takes more approvers, so it is none where nobody is asked.
        exception = rule.exception if ask.kind is Kind.ASKING else None
        too_long = None
        if exception is not None:
            too_long = exceeds(ask.duration, exception.longest, case.now, calendar)
        yield is_kept_apart(rule, level.id, others, exceeds_exception=too_long)


# ---- what comes of it ---------------------------------------------------------------------------


def conclude(case: Case, findings: Iterable[Finding]) -> Decision:
    """Answer with what the checks found: one reason is enough for a no."""
    found = tuple(findings)
    level, policy = case.level, case.policy
    if any(finding.reason for finding in found):
        return _answered(Answer.REFUSED, *_blamed(level, found), policy, found)
    match case.ask.kind:
        case Kind.JOINING:
            role = policy.roles[case.person.role]
            rule, where = f"roles.{role.id} birthright", str(role.where)
            return _answered(Answer.ALLOWED, rule, where, policy, found)
        case Kind.EMERGENCY:
            rule, where = f"{level.id} break_glass", str(place_of_glass(level))
            told = _everybody(_needs(case, ()))
            return _answered(Answer.ALLOWED, rule, where, policy, found, told=told)
        case Kind.ASKING:
            return _asked(case, found)
        case _:
            assert_never(case.ask.kind)


def _asked(case: Case, found: tuple[Finding, ...]) -> Decision:
    """Nothing refuses: somebody has said yes beforehand, or must say it now."""
    level, policy = case.level, case.policy
    exceptions = tuple(_exceptions(case))
    needs = _needs(case, exceptions)
    # Approved beforehand is never what is critical, nor what takes an exception.
    if level.risk is not Risk.CRITICAL and not exceptions:
        criteria = tuple(_approved_beforehand(case))
        found = (*found, *(Finding(check) for check in criteria))
        given = next((check for check in criteria if check.held), None)
        if given is not None:
            told = _everybody(needs)
            return _answered(Answer.ALLOWED, given.rule, given.where, policy, found, told=told)
    found = (*found, *somebody_is_left(level, needs, unfilled(needs)))
    if any(finding.reason for finding in found):
        return _answered(Answer.REFUSED, *_blamed(level, found), policy, found)
    rule, where = f"{level.id} request.approve", str(level.mark("approve"))
    return _answered(Answer.NEEDS_APPROVAL, rule, where, policy, found, needs=needs)


def _exceptions(case: Case) -> Iterator[SeparationException]:
    """Yield the exceptions that this request makes use of."""
    ask = case.ask
    for rule in separations_of(case.level.id, case.policy):
        others = other_sides(rule, case.level.id, ask.held, ask.pending)
        if rule.exception is not None and others:
            yield rule.exception


def _approved_beforehand(case: Case) -> Iterator[Check]:
    """Yield how each criterion for this level turns out."""
    calendar = case.policy.company.calendar
    for rule in case.policy.system_of(case.level).auto_approve:
        if case.level.name in rule.levels:
            longest, asked = rule.longest, case.ask.duration
            yield is_approved_beforehand(
                rule,
                case.level,
                had_it=case.level.id in case.ask.had,
                role=case.person.role,
                engagement=case.person.engagement,
                too_long=longest is not None and exceeds(asked, longest, case.now, calendar),
            )


def _needs(case: Case, exceptions: Iterable[SeparationException]) -> tuple[Need, ...]:
    electorate = Electorate(
        policy=case.policy,
        roster=case.roster,
        person=case.person,
        requester=case.requester,
        now=case.now,
    )
    is_escalated = case.ask.is_escalated
    return find_needs(case.level, electorate, is_escalated=is_escalated, exceptions=exceptions)


def _everybody(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for need in needs for person in need.from_))


def _blamed(level: Level | None, found: Iterable[Finding]) -> tuple[str, str]:
    """Return the rule that a no rests on: the first that a reason names, or the level itself."""
    named = (reason for _, reason in found if reason and reason.rule)
    first = next(named, None)
    if first is not None:
        return first.rule, first.where
    return (level.id, str(level.where)) if level else ("levels", "")


def _answered(
    answer: Answer,
    rule: str,
    where: str,
    policy: Policy,
    found: Iterable[Finding],
    *,
    needs: tuple[Need, ...] = (),
    told: tuple[str, ...] = (),
) -> Decision:
    found = tuple(found)
    return Decision(
        answer=answer,
        rule=rule,
        where=where,
        policy_commit=policy.commit,
        needs=needs,
        reasons=tuple(reason for _, reason in found if reason),
        checks=tuple(check for check, _ in found),
        told=told,
    )
