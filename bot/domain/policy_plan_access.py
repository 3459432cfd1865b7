"""What a change of policy does to what is under way and held: requests, grants and seats."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.decision import Answer, Ask, Decision, decide
from bot.domain.grant import Basis, Grant, outlives
from bot.domain.people import Roster
from bot.domain.policy import Level, Policy
from bot.domain.policy_plan_levels import Levels, Standing
from bot.domain.policy_plan_values import Fate, GrantChange, PoolNeed, RequestChange, Shift, Way
from bot.domain.policy_pools import pools_of, with_bought
from bot.domain.policy_reach import Reach
from bot.domain.policy_separated import Held
from bot.domain.request import ESCALATED, Request, RequestState, Verdict, request_digest
from bot.domain.seats import UNLIMITED, PoolCount

Seats = Mapping[str, Sequence[PoolCount]]
Had = Mapping[str, frozenset[str]]

JUDGED_AGAIN = frozenset(
    {
        RequestState.SUBMITTED,
        RequestState.AWAITING_APPROVAL,
        RequestState.APPROVED,
        RequestState.AWAITING_SEAT,
    }
)
"""States in which a request still waits for policy's word; later it is set up, whatever comes."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What people hold, have asked for and once had; `requests` are those that are not over."""

    grants: Sequence[Grant]
    requests: Sequence[Request]
    held: Held
    had: Had


def access_of(
    grants: Iterable[Grant] | None, requests: Iterable[Request] | None, had: Had | None
) -> Access:
    """Sort out what is over; nothing at all stands for what nobody knows."""
    held: dict[str, dict[str, datetime | None]] = {}
    open_grants = tuple(grant for grant in grants or () if grant.is_held)
    for grant in open_grants:
        held.setdefault(grant.person_id, {})[grant.level_id] = grant.until
    open_requests = tuple(request for request in requests or () if not request.is_over)
    return Access(grants=open_grants, requests=open_requests, held=held, had=had or {})


# ---- requests in flight -------------------------------------------------------------------------


def request_changes(
    access: Access, base: Policy, head: Policy, roster: Roster, now: datetime
) -> Iterator[RequestChange]:
    """Judge every request in flight by both policies, with the facts of now."""
    grants: dict[str, list[Grant]] = {}
    pending: dict[str, list[Request]] = {}
    for grant in access.grants:
        grants.setdefault(grant.person_id, []).append(grant)
    for request in access.requests:
        pending.setdefault(request.person_id, []).append(request)
    for request in access.requests:
        if request.state not in JUDGED_AGAIN:
            continue
        ask = _question(
            request,
            grants.get(request.person_id, ()),
            pending[request.person_id],
            access.had.get(request.person_id, frozenset()),
        )
        before, after = decide(ask, base, roster, now), decide(ask, head, roster, now)
        fate = _fate(request, base, head, before, after)
        lost = _approvals_lost(request, before, after, is_void=fate is not None)
        if fate is not None or lost:
            yield _request_change(request, fate or Fate.VOID, lost, after)


def _question(
    request: Request, grants: Iterable[Grant], pending: Iterable[Request], had: frozenset[str]
) -> Ask:
    return Ask(
        requester_id=request.requester_id,
        person_id=request.person_id,
        level_id=request.level_id,
        duration=request.duration,
        held={g.level_id: g.until for g in grants if g.request_id != request.id},
        pending=frozenset(r.level_id for r in pending if r.id != request.id),
        had=had,
        answers=request.answers,
        is_joining=request.is_birthright,
        is_escalated=request.reminders >= ESCALATED,
        is_emergency=request.is_emergency,
    )


def _fate(
    request: Request, base: Policy, head: Policy, before: Decision, after: Decision
) -> Fate | None:
    """Say what becomes of a request; None when it goes on as it is."""
    was, is_now = before.answer, after.answer
    if is_now is Answer.REFUSED:
        return None if was is Answer.REFUSED else Fate.REFUSED
    if was is Answer.REFUSED:
        return Fate.UNBLOCKED
    if is_now is Answer.ALLOWED:
        return None if was is Answer.ALLOWED else Fate.ALLOWED
    is_same = _digest(request, base, before) == _digest(request, head, after)
    return None if is_same else Fate.VOID


def _digest(request: Request, policy: Policy, decision: Decision) -> str:
    level = policy.level(request.level_id)
    return request_digest(
        person_id=request.person_id,
        content_digest=level.content_digest() if level is not None else "",
        duration=request.duration,
        reason=request.reason,
        decision=decision,
        edition=request.edition,
        answers=request.answers,
    )


def _approvals_lost(request: Request, before: Decision, after: Decision, *, is_void: bool) -> int:
    """Count the yeses that no longer help: all of a void request, else of who is asked no more."""
    yeses = {
        approval.person_id
        for approval in request.approvals
        if approval.verdict is Verdict.YES and approval.digest == request.digest
    }
    counted = yeses & _asked(before)
    return len(counted if is_void else counted - _asked(after))


def _asked(decision: Decision) -> set[str]:
    return {person for need in decision.needs for person in need.from_}


def _request_change(
    request: Request, fate: Fate, approvals_lost: int, after: Decision
) -> RequestChange:
    return RequestChange(
        request_id=request.id,
        person_id=request.person_id,
        requester_id=request.requester_id,
        level_id=request.level_id,
        fate=fate,
        approvals_lost=approvals_lost,
        asked=tuple(sorted(_asked(after))),
        rule=after.rule,
        where=after.where,
    )


# ---- grants -------------------------------------------------------------------------------------


def grant_changes(
    access: Access, base: Policy, head: Policy, levels: Levels
) -> Iterator[GrantChange]:
    """List the access that BASE would give and HEAD would not."""
    for grant in access.grants:
        if not levels.knows(grant.person_id) or levels.is_untouched(grant.level_id):
            continue
        pair, held = levels.pair(grant.level_id), access.held[grant.person_id]
        before, after = levels.standing(grant.level_id, grant.person_id)
        if _problem(grant, base, pair.before, before, held) is not None:
            continue
        problem = _problem(grant, head, pair.after, after, held)
        if problem is not None:
            yield GrantChange(
                grant_id=grant.id,
                person_id=grant.person_id,
                level_id=grant.level_id,
                basis=grant.basis,
                until=grant.until,
                why=problem,
            )


def _problem(
    grant: Grant, policy: Policy, level: Level | None, standing: Standing, held: Iterable[str]
) -> str | None:
    """Say why a policy would not give this access now; None when it would."""
    if level is None:
        return "there is no such level"
    if standing.is_birthright:
        return None
    if grant.basis is Basis.BIRTHRIGHT:
        return "it does not come with the role"
    if standing.reach is Reach.NONE or level.request is None:
        return "it may not be asked for"
    exceptions = (
        rule.exception.longest
        for rule in policy.separations
        if rule.exception is not None
        and level.id in rule.never_both
        and not (set(held) - {level.id}).isdisjoint(rule.never_both)
    )
    for longest in (level.request.longest, *exceptions):
        if outlives(grant.until, longest.after(grant.since, policy.company.calendar)):
            return f"it lasts longer than {longest}"
    return None


# ---- seats --------------------------------------------------------------------------------------


def pool_needs(
    shifts: Iterable[Shift], access: Access, base: Policy, head: Policy, seats: Seats | None
) -> tuple[PoolNeed, ...]:
    """Count the seats that new birthrights take, without those who have one in the pool already."""
    seated = _seated(access.grants, base)
    people: dict[tuple[str, str], set[str]] = {}
    for shift in shifts:
        level = head.level(shift.level_id)
        if shift.way is Way.BIRTHRIGHT and shift.is_gain and level is not None:
            for pool in pools_of(level.bundle):
                key = (level.system, pool)
                people.setdefault(key, set()).update(shift.people)
    needs = ((key, len(ids - seated.get(key, set()))) for key, ids in people.items())
    return tuple(
        PoolNeed(system=key[0], pool=key[1], needed=needed, free=_free(seats, head, *key))
        for key, needed in sorted(needs)
        if needed
    )


def _seated(grants: Iterable[Grant], base: Policy) -> Mapping[tuple[str, str], set[str]]:
    pools = {level.id: pools_of(level.bundle) for level in base.levels}
    found: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        for pool in pools.get(grant.level_id, ()):
            found.setdefault((grant.system, pool), set()).add(grant.person_id)
    return found


def _free(seats: Seats | None, head: Policy, system: str, pool: str) -> int | None:
    """Count what is free, with the seats that are kept free: they are there for birthrights."""
    counts = with_bought((seats or {}).get(system, ()), head.systems[system].pools)
    count = next((count for count in counts if count.name == pool), None)
    if count is None or (count.is_active and count.total == UNLIMITED):
        return None
    return max(0, count.total - count.used) if count.is_active else 0
