"""What policy answers to a request, with every reason. A security reviewer reads this file first.

Refusals come first and all of them are listed, then who must approve. The default is no.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.approvers import Electorate, Need, find_needs, unfillable
from bot.domain.durations import Duration
from bot.domain.people import Person, Roster
from bot.domain.policy import EVERYONE, IT_GROUP, Level, Policy, RequestRule, Risk
from bot.domain.quoting import quoted
from bot.domain.spelling import closest


class Answer(StrEnum):
    """The three answers."""

    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"
    ALLOWED = "allowed"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """The question: who asks for which level, for whom and for how long.

    `held` are the level ids that the person holds now, with their ends; `pending` those asked for
    by other requests, `had` those held at any time before. `answers` go to the level's own
    questions, by their ids. `is_joining` marks onboarding, which gives what comes with the role;
    `is_escalated` that the named approvers have kept it waiting too long; `is_emergency` that the
    requester breaks the glass.
    """

    requester_id: str
    person_id: str
    level_id: str
    duration: Duration
    held: Mapping[str, datetime | None]
    pending: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    is_joining: bool = False
    is_escalated: bool = False
    is_emergency: bool = False


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason for a no: what, by which rule at which file:line, and what the person can do next.

    `field` names the part of the request that is to blame.
    """

    text: str
    rule: str = ""
    where: str = ""
    next_step: str = ""
    field: str = "level"

    def sentence(self) -> str:
        rule = f" (rule: {self.rule}, {self.where})" if self.rule else ""
        return f"{self.text}{rule} {self.next_step}".strip()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer, the rule it rests on, and everything needed to explain it later."""

    answer: Answer
    rule: str
    where: str
    policy_commit: str
    needs: tuple[Need, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Case:
    """The question with everything in it looked up."""

    ask: Ask
    level: Level
    person: Person
    requester: Person
    policy: Policy
    now: datetime

    @property
    def is_on_behalf(self) -> bool:
        return self.requester.id != self.person.id


def decide(ask: Ask, policy: Policy, roster: Roster, now: datetime) -> Decision:
    """Answer a request under a policy; the same inputs always give the same answer."""
    level = policy.level(ask.level_id)
    person, requester = roster.get(ask.person_id), roster.get(ask.requester_id)
    if level is None or person is None or requester is None:
        return _refused(policy, level, tuple(_unknown(ask, policy, roster)))
    case = _Case(ask=ask, level=level, person=person, requester=requester, policy=policy, now=now)
    checks = _CHECKS_OF_JOINING if ask.is_joining else _CHECKS_OF_ASKING
    reasons = tuple(reason for check in checks for reason in check(case))
    if reasons:
        return _refused(policy, level, reasons)
    return _given(case) if ask.is_joining else _to_be_approved(case, roster)


def _refused(policy: Policy, level: Level | None, reasons: tuple[Reason, ...]) -> Decision:
    rule, where = (level.id, str(level.where)) if level else ("levels", "")
    blamed = next((reason for reason in reasons if reason.rule), None)
    return Decision(
        answer=Answer.REFUSED,
        rule=blamed.rule if blamed else rule,
        where=blamed.where if blamed else where,
        policy_commit=policy.commit,
        reasons=reasons,
    )


def _given(case: _Case) -> Decision:
    role = case.policy.roles[case.person.role]
    return Decision(
        answer=Answer.ALLOWED,
        rule=f"roles.{role.id} birthright",
        where=str(role.where),
        policy_commit=case.policy.commit,
    )


def _to_be_approved(case: _Case, roster: Roster) -> Decision:
    level, policy = case.level, case.policy
    electorate = Electorate(
        policy=policy,
        roster=roster,
        person=case.person,
        requester=case.requester,
        now=case.now,
    )
    needs = find_needs(level, electorate, is_escalated=case.ask.is_escalated)
    stuck = unfillable(needs)
    if stuck is not None:
        return _refused(policy, level, (_nobody_left(level, stuck),))
    return Decision(
        answer=Answer.NEEDS_APPROVAL,
        rule=f"{level.id} request.approve",
        where=str(level.mark("approve")),
        policy_commit=policy.commit,
        needs=needs,
    )


# ---- what cannot be judged at all ---------------------------------------------------------------


def _unknown(ask: Ask, policy: Policy, roster: Roster) -> Iterator[Reason]:
    if policy.level(ask.level_id) is None:
        yield _unknown_level(ask.level_id, policy)
    if roster.get(ask.requester_id) is None:
        yield _not_in_roster("you", "level")
    if roster.get(ask.person_id) is None and ask.person_id != ask.requester_id:
        yield _not_in_roster("the person it is for", "for_whom")


def _unknown_level(level_id: str, policy: Policy) -> Reason:
    known = sorted(level.id for level in policy.levels)
    # People often leave the system out, so that half of the name is enough to guess.
    near = closest(level_id, known, likeness=0.5)
    hint = f"Did you mean «{near}»?" if near else f"Known levels: {', '.join(known[:12])}."
    return Reason(text=f"There is no level {quoted(level_id)}.", next_step=hint)


def _not_in_roster(who: str, field: str) -> Reason:
    return Reason(
        text=f"I do not find {who} in the roster.",
        next_step="Ask IT to add or correct the entry, then ask again.",
        field=field,
    )


# ---- who it is for, and who asks ----------------------------------------------------------------


def _person_has_left(case: _Case) -> Iterator[Reason]:
    if case.person.has_left(case.now):
        yield Reason(
            text=f"{case.person.name} has left the company.",
            next_step="Ask IT if the roster is wrong.",
            field="for_whom",
        )


def _person_has_not_started(case: _Case) -> Iterator[Reason]:
    if not case.person.has_started(case.now):
        yield Reason(
            text=f"{case.person.name} starts on {case.person.first_day.isoformat()}.",
            next_step="Ask on or after that day; what the role gives comes by itself.",
            field="for_whom",
        )


def _requester_is_away(case: _Case) -> Iterator[Reason]:
    if case.is_on_behalf and not case.requester.is_active(case.now):
        yield Reason(text=f"{case.requester.name} is not active.", next_step="Ask IT.")


def _requester_may_not_ask(case: _Case) -> Iterator[Reason]:
    """Only the person, their manager and IT ask for access."""
    is_manager = case.requester.id == case.person.manager_id
    is_in_it = case.policy.is_member(case.requester, IT_GROUP)
    if case.is_on_behalf and not is_manager and not is_in_it:
        yield Reason(
            text=f"{case.requester.name} may not ask for access for {case.person.name}.",
            next_step=f"{case.person.name}, their manager, or somebody in IT can ask.",
            field="for_whom",
        )


def _role_is_unknown(case: _Case) -> Iterator[Reason]:
    if case.person.role not in case.policy.roles:
        yield Reason(
            text=f"No policy knows the role {quoted(case.person.role)} of {case.person.name}.",
            next_step="Ask IT to add the role to policies/roles.yml.",
            field="for_whom",
        )


# ---- what the level's rule says -----------------------------------------------------------------

_ANOTHER_LEVEL = "Ask for another level, or ask the system's owner to change the rule."


def _cannot_be_asked_for(case: _Case) -> Iterator[Reason]:
    level = case.level
    if level.request is None:
        yield Reason(
            text=f"{level.id} cannot be asked for; it only comes with a role.",
            rule=level.id,
            where=str(level.where),
            next_step="Ask the system's owner.",
        )
    else:
        yield from _may_not_have(case, level.request)
        yield from _too_long(case, level.request)


def _may_not_have(case: _Case, rule: RequestRule) -> Iterator[Reason]:
    """`not` names roles and engagements and beats `by`, which names roles or everyone."""
    level, person = case.level, case.person
    barred = [name for name in (person.role, person.engagement) if name in rule.not_]
    if barred:
        yield Reason(
            text=f"{level.id} is not for {barred[0]}.",
            rule=f"{level.id} request.not",
            where=str(level.mark("not")),
            next_step=_ANOTHER_LEVEL,
        )
    elif person.role not in rule.by and EVERYONE not in rule.by:
        by = " or ".join(rule.by) or "nobody"
        yield Reason(
            text=f"{level.id} may be asked for by {by}; {person.name} is {quoted(person.role)}.",
            rule=f"{level.id} request.by",
            where=str(level.mark("by")),
            next_step=_ANOTHER_LEVEL,
        )


def _too_long(case: _Case, rule: RequestRule) -> Iterator[Reason]:
    level, asked, calendar = case.level, case.ask.duration, case.policy.company.calendar
    end, latest = asked.after(case.now, calendar), rule.longest.after(case.now, calendar)
    if latest is not None and (end is None or end > latest):
        yield Reason(
            text=f"{asked.in_words().capitalize()} is too long for {level.id}.",
            rule=f"{level.id} request.longest",
            where=str(level.mark("longest")),
            next_step=f"Ask for at most {rule.longest.in_words()}.",
            field="how_long",
        )


def _ends_after_last_day(case: _Case) -> Iterator[Reason]:
    person, last = case.person, case.person.last_day
    if last is None or person.has_left(case.now):
        return
    end = case.ask.duration.after(case.now, case.policy.company.calendar)
    if end is None or end.astimezone(ZoneInfo(person.timezone)).date() > last:
        yield Reason(
            text=f"{person.name}'s last day is {last.isoformat()}.",
            next_step="Ask for a time that ends by then.",
            field="how_long",
        )


def _does_not_come_with_role(case: _Case) -> Iterator[Reason]:
    level, role = case.level, case.policy.roles.get(case.person.role)
    if role is not None and level.id not in role.birthright:
        yield Reason(
            text=f"The role {role.id} does not give {level.id} on day one.",
            rule=f"roles.{role.id} birthright",
            where=str(role.where),
            next_step="Ask for it after the first day.",
        )
    if level.risk is Risk.CRITICAL:
        yield Reason(
            text=f"{level.id} is critical and never given without an approval.",
            rule=f"{level.id} risk",
            where=str(level.where),
            next_step="Ask for it after the first day.",
        )


# ---- what there is already, and who is left -----------------------------------------------------


def _has_it_already(case: _Case) -> Iterator[Reason]:
    ask, level, person = case.ask, case.level, case.person
    if level.id in ask.held:
        until = ask.held[level.id]
        end = f"until {person.local_time(until)}" if until else "for good"
        yield Reason(
            text=f"{person.name} already holds {level.id} {end}.",
            next_step="Give it back first if it should end on another day.",
        )
    elif level.id in ask.pending:
        yield Reason(
            text=f"{person.name} has already asked for {level.id}.",
            next_step="See /access mine for how it stands.",
        )


def _nobody_left(level: Level, need: Need) -> Reason:
    return Reason(
        text=f"Nobody is left who could approve as {need.because}.",
        rule=f"{level.id} request.approve",
        where=need.where,
        next_step="Ask IT to name more approvers or a backup in policies/company.yml.",
    )


_Check = Callable[[_Case], Iterator[Reason]]

_CHECKS_OF_ASKING: tuple[_Check, ...] = (
    _person_has_left,
    _person_has_not_started,
    _requester_is_away,
    _requester_may_not_ask,
    _role_is_unknown,
    _cannot_be_asked_for,
    _ends_after_last_day,
    _has_it_already,
)
_CHECKS_OF_JOINING: tuple[_Check, ...] = (
    _person_has_left,
    _requester_is_away,
    _role_is_unknown,
    _does_not_come_with_role,
    _has_it_already,
)
