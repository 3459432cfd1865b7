"""What putting one policy in the place of another would do, to whom: the plan of a pull request."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.grant import Grant
from bot.domain.people import Roster
from bot.domain.policy import Policy
from bot.domain.policy_crowds import Population
from bot.domain.policy_diff import compare_policies
from bot.domain.policy_plan_access import (
    Had,
    Seats,
    access_of,
    grant_changes,
    pool_needs,
    request_changes,
)
from bot.domain.policy_plan_levels import Levels
from bot.domain.policy_plan_values import (
    Fate,
    GrantChange,
    Messages,
    PolicyPlan,
    RequestChange,
    Shift,
    Way,
)
from bot.domain.policy_separated import Held
from bot.domain.request import Request


def plan(
    base: Policy,
    head: Policy,
    roster: Roster,
    grants: Iterable[Grant] | None,
    requests: Iterable[Request] | None,
    seats: Seats | None,
    now: datetime,
    *,
    had: Had | None = None,
) -> PolicyPlan:
    """Compare two policies over everybody, everything held, and every request in flight.

    No grants and requests (None) means that nobody knows them. `seats` are the counted pools by
    system id, `had` the levels that people once held, by person id. The time that this takes grows
    with people, levels and result, each on its own.
    """
    access = access_of(grants, requests, had)
    population = Population((base, head), roster, now)
    levels = Levels(base, head, population=population, held=access.held, now=now)
    pairs = tuple(levels.pairs())
    shifts = tuple(shift for pair in pairs for shift in levels.shifts(pair))
    gone = tuple(grant_changes(access, base, head, levels))
    touched = tuple(request_changes(access, base, head, roster, now))
    return PolicyPlan(
        base=base.commit,
        head=head.commit,
        people=len(population.crowd_of),
        knows_access=grants is not None and requests is not None,
        changes=compare_policies(base, head),
        shifts=shifts,
        lengths=tuple(filter(None, map(levels.length, pairs))),
        approvers=tuple(filter(None, map(levels.approvers, pairs))),
        requests=touched,
        grants=gone,
        pools=pool_needs(shifts, access, base, head, seats),
        messages=_messages(shifts, gone, touched, access.held),
    )


def _messages(
    shifts: Iterable[Shift],
    grants: Iterable[GrantChange],
    requests: Iterable[RequestChange],
    held: Held,
) -> Messages:
    requests = tuple(requests)
    new = {
        person_id
        for shift in shifts
        if shift.way is Way.BIRTHRIGHT and shift.is_gain
        for person_id in shift.people
        if shift.level_id not in held.get(person_id, {})
    }
    asked = {
        person_id
        for change in requests
        if change.fate in (Fate.VOID, Fate.UNBLOCKED)
        for person_id in change.asked
    }
    about = {id_ for change in requests for id_ in (change.person_id, change.requester_id)}
    return Messages(
        birthrights=tuple(sorted(new)),
        grants=tuple(sorted({change.person_id for change in grants})),
        requests=tuple(sorted(about)),
        approvers=tuple(sorted(asked)),
    )
