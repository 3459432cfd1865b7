"""Cases that a policy must answer as its owners say: who gets, loses or may ask for what.

A case is judged by what judges real requests, so that the two cannot differ: `decide` and `review`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.durations import PERMANENT, Calendar, Duration
from bot.domain.errors import NotPermitted, RequestRejected
from bot.domain.inbound import Surface
from bot.domain.people import Roster
from bot.domain.policy import Policy, Where
from bot.domain.quoting import quoted
from bot.domain.request import (
    Request,
    RequestEvent,
    RequestState,
    Verdict,
    next_state,
    request_digest,
)
from bot.domain.review import review

_USUAL_DAY, _USUAL_TIME = date(2026, 11, 2), time(9)
_REASON = "A case of the policy's own tests"


@dataclass(frozen=True)
class Joined:
    """Somebody's onboarding."""

    person_id: str


@dataclass(frozen=True)
class Left:
    """Somebody leaves the company."""

    person_id: str


@dataclass(frozen=True)
class RoleChanged:
    """Somebody moves on to another role."""

    person_id: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Somebody asks for a level, for themselves or for somebody else."""

    person_id: str
    requester_id: str
    level_id: str
    duration: Duration
    answers: Mapping[str, str] = field(default_factory=dict)
    is_emergency: bool = False


Event = Joined | Left | RoleChanged | Asked


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must come out; None is not looked at, an empty list means that there is nothing.

    `from_` holds names of people, of groups, or `manager`; `rule` is the rule of the decision or of
    any reason, and `says` a piece of any reason or of a refusal to let somebody approve.
    """

    grants: tuple[str, ...] | None = None
    revokes: tuple[str, ...] | None = None
    decision: Answer | None = None
    from_: tuple[str, ...] | None = None
    rule: str | None = None
    says: str | None = None
    approved: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyCase:
    """One case: what happens to whom, with what held now and before, and what must come out."""

    name: str
    where: Where
    roster: Roster
    event: Event
    at: datetime
    expected: Expected
    has: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What comes out of a case; `objections` say why somebody may not approve."""

    grants: tuple[str, ...] = ()
    revokes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    is_approved: bool = False
    objections: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """All those who are asked for a yes."""
        found = (p for one in self.decisions for need in one.needs for p in need.from_)
        return tuple(dict.fromkeys(found))

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that was spoken of, the decision's own first."""
        own = (one.rule for one in self.decisions)
        reasons = (reason.rule for one in self.decisions for reason in one.reasons)
        return tuple(dict.fromkeys(rule for rule in (*own, *reasons) if rule))

    @property
    def words(self) -> tuple[str, ...]:
        """Every sentence that somebody would read."""
        reasons = (reason.sentence() for one in self.decisions for reason in one.reasons)
        return (*reasons, *self.objections)


def usual_time(calendar: Calendar) -> datetime:
    """Return the time of cases that name none: a fixed morning on which the company works."""
    day = _USUAL_DAY
    while not calendar.is_business_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, _USUAL_TIME, ZoneInfo(calendar.timezone))


def play(case: PolicyCase, policy: Policy) -> Outcome:
    """Let a case happen under a policy."""
    match case.event:
        case Joined(person_id):
            return _joined(case, policy, person_id)
        case Left():
            # Whoever leaves loses everything, whatever it was given for.
            return Outcome(revokes=tuple(sorted(case.has)))
        case RoleChanged(person_id, to):
            return _role_changed(case, policy, person_id, to)
        case Asked() as asked:
            return _asked(case, policy, asked)
        case _:
            assert_never(case.event)


def _joined(case: PolicyCase, policy: Policy, person_id: str) -> Outcome:
    person = case.roster.get(person_id)
    role = policy.roles.get(person.role) if person else None
    return _birthrights(role.birthright if role else (), case, policy, person_id)


def _birthrights(
    levels: Iterable[str], case: PolicyCase, policy: Policy, person_id: str
) -> Outcome:
    """Give levels as onboarding does: one after the other, each beside those before it."""
    granted: list[str] = []
    decisions: list[Decision] = []
    for level_id in levels:
        ask = Ask(
            requester_id=person_id,
            person_id=person_id,
            level_id=level_id,
            duration=PERMANENT,
            held=dict.fromkeys(case.has),
            pending=frozenset(granted),
            had=case.had,
            is_joining=True,
        )
        decisions.append(decide(ask, policy, case.roster, case.at))
        if decisions[-1].answer is Answer.ALLOWED:
            granted.append(level_id)
    return Outcome(grants=tuple(granted), decisions=tuple(decisions))


def _role_changed(case: PolicyCase, policy: Policy, person_id: str, to: str) -> Outcome:
    """Compare the birthrights: the old role's that the new one lacks go, the new one's come.

    What only a request can have given stays: it was approved for the person, not for the role.
    """
    person = case.roster.get(person_id)
    if person is None:
        return Outcome()
    before, after = (
        role.birthright if role else () for role in map(policy.roles.get, (person.role, to))
    )
    lost = case.has & (set(before) - set(after))
    moved = replace(person, role=to)
    roster = Roster(moved if one.id == person_id else one for one in case.roster)
    later = replace(case, roster=roster, has=case.has - lost)
    news = (level_id for level_id in after if level_id not in later.has)
    return replace(_birthrights(news, later, policy, person_id), revokes=tuple(sorted(lost)))


def _asked(case: PolicyCase, policy: Policy, asked: Asked) -> Outcome:
    ask = Ask(
        requester_id=asked.requester_id,
        person_id=asked.person_id,
        level_id=asked.level_id,
        duration=asked.duration,
        held=dict.fromkeys(case.has),
        had=case.had,
        answers=asked.answers,
        is_emergency=asked.is_emergency,
    )
    decision = decide(ask, policy, case.roster, case.at)
    request = _submitted(case, policy, asked, decision)
    objections: list[str] = []
    for name in case.approved_by:
        try:
            request = _approved(request, name, case, policy, decision)
        except RequestRejected as refusal:
            objections.append(f"{name}: {refusal.sentence()}")
    return Outcome(
        decisions=(decision,),
        is_approved=request.state is RequestState.APPROVED,
        objections=tuple(objections),
    )


_FIRST = {
    Answer.REFUSED: RequestEvent.REFUSE,
    Answer.NEEDS_APPROVAL: RequestEvent.ASK,
    Answer.ALLOWED: RequestEvent.APPROVE,
}


def _submitted(case: PolicyCase, policy: Policy, asked: Asked, decision: Decision) -> Request:
    level = policy.level(asked.level_id)
    digest = request_digest(
        person_id=asked.person_id,
        content_digest=level.content_digest() if level else "",
        duration=asked.duration,
        reason=_REASON,
        decision=decision,
    )
    return _moved(
        Request(
            id="case",
            person_id=asked.person_id,
            requester_id=asked.requester_id,
            level_id=asked.level_id,
            duration=asked.duration,
            reason=_REASON,
            source=Surface.GITHUB,
            state=RequestState.SUBMITTED,
            created_at=case.at,
            changed_at=case.at,
            digest=digest,
            decision=decision,
        ),
        _FIRST[decision.answer],
    )


def _approved(
    request: Request, name: str, case: PolicyCase, policy: Policy, decision: Decision
) -> Request:
    """Take one yes, given on GitHub, where every level may be approved."""
    approver, level = case.roster.get(name), policy.level(request.level_id)
    if approver is None or level is None:
        raise NotPermitted(f"There is nobody called {quoted(name)} in this test.")
    reviewed = review(
        request,
        approver,
        Verdict.YES,
        surface=Surface.GITHUB,
        level=level,
        decision=decision,
        digest=request.digest,
        now=case.at,
    )
    answered = replace(request, approvals=(*request.approvals, reviewed.approval))
    return _moved(answered, reviewed.event) if reviewed.event else answered


def _moved(request: Request, event: RequestEvent) -> Request:
    state = next_state(request.state, event)
    assert state is not None  # noqa: S101  # these moves are in the table
    return replace(request, state=state)
