"""The plan that people are shown before they approve, and the one that is carried out."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.changes import Plan
from bot.domain.decision import Answer
from bot.domain.errors import Conflict, ConnectorError
from bot.domain.grant import EndReason, Grant, GrantState, grant_end
from bot.domain.people import Person
from bot.domain.plan import Holder, Seat, SeatView, Until, plan_seat
from bot.domain.policy import Level, System
from bot.domain.request import Request, RequestState
from bot.domain.shown_plan import (
    UNSEEN,
    Deed,
    DeedKind,
    ShownPlan,
    deeds_of,
    exceeds,
    shown_to,
)
from bot.domain.shown_plan_text import shown, unread
from bot.workflows.context import Context, SeatService
from bot.workflows.judging import under_one_policy
from bot.workflows.seating import free_seats, holder_of, parts

_EVER = datetime.fromtimestamp(0, UTC)
_UNDOES_AN_END = frozenset({DeedKind.ACTIVATE, DeedKind.UNFREEZE})


def look_ahead(ctx: Context, request_id: str) -> None:
    """Read once per asking what a request would change, for those who are asked to approve it.

    What could not be read is noted and raised, so that it is tried again; the request goes on.
    """
    with ctx.ledger.read() as tx:
        request = tx.requests.get(request_id)
    if request is None or not _wants_a_look(request):
        return
    ctx = under_one_policy(ctx)
    try:
        level, system, person = parts(ctx, request)
    except Conflict:
        return  # policy or roster lost it, which the sweep finds out
    service = ctx.services.get(system.provider)
    if service is None:
        return
    try:
        plan = _look(ctx, request, service, level, system, person)
    except ConnectorError as error:
        _keep(ctx, request, unread(request, error.detail, ctx.clock.now()))
        raise
    _keep(ctx, request, plan)


def _wants_a_look(request: Request) -> bool:
    plan = request.shown_plan
    is_known = plan is not None and plan.asked == request.digest and not plan.is_unread
    return request.state is RequestState.AWAITING_APPROVAL and not is_known


def _look(
    ctx: Context,
    request: Request,
    service: SeatService,
    level: Level,
    system: System,
    person: Person,
) -> ShownPlan:
    now, holder = ctx.clock.now(), holder_of(person, system)
    view = service.reader.observe(holder, level.bundle)
    no_plan = view.refusal
    if view.unknown:
        no_plan = f"{system.title} does not know: {', '.join(view.unknown)}"
    if no_plan:
        return ShownPlan(asked=request.digest, at=now, problem=no_plan[:300].rstrip("."))
    end = grant_end(request.duration, person, now, ctx.policy().company.calendar)
    until = Until(end) if system.native_expiry else None
    plan = plan_seat(view, holder, level.bundle, until=until)
    return _shown(ctx, request, system, view, plan, holder)


def _shown(
    ctx: Context, request: Request, system: System, view: SeatView, plan: Plan, holder: Holder
) -> ShownPlan:
    with ctx.ledger.read() as tx:
        seats = free_seats(ctx, tx, request, system, view)
    return shown(request, view, plan, holder, seats, ctx.clock.now())


def _keep(ctx: Context, request: Request, plan: ShownPlan) -> None:
    with ctx.ledger.begin() as tx:
        tx.requests.show_plan(request.id, plan)


def beyond_shown(
    ctx: Context,
    request: Request,
    service: SeatService,
    holder: Holder,
    view: SeatView,
    plan: Plan,
) -> tuple[Deed, ...]:
    """Name what a plan would do beyond the one that people saw when they approved.

    Where nobody had to approve, only letting in whom somebody has shut out is, until something was
    shown; what Usher itself has done to the account since then counts as seen.
    """
    seen = shown_to(request.shown_plan, request.digest)
    if seen is None:
        more = exceeds(UNSEEN, deeds_of(view.seat, plan))
        if _was_approved(request):
            return more
        entry = tuple(deed for deed in more if deed.kind in _UNDOES_AN_END)
        return () if _undoes_an_end(ctx, request, view, entry, _EVER) else entry
    if seen.digest == plan.digest:
        return ()
    more = exceeds(seen.deeds, deeds_of(view.seat, plan))
    is_explained = more and (
        _undoes_an_end(ctx, request, view, more, seen.at)
        or _is_as_granted(ctx, request, service, holder, view)
    )
    return () if is_explained else more


def _was_approved(request: Request) -> bool:
    decision = request.decision
    is_asked = decision is not None and decision.answer is Answer.NEEDS_APPROVAL
    return is_asked and not request.is_emergency and not request.is_birthright


def _undoes_an_end(
    ctx: Context, request: Request, view: SeatView, more: tuple[Deed, ...], since: datetime
) -> bool:
    """Whether it only lets in again whom Usher has shut out since then, as other access ended."""
    if view.seat is None or any(deed.kind not in _UNDOES_AN_END for deed in more):
        return False
    with ctx.ledger.read() as tx:
        held = tx.grants.of_person(request.person_id)
        ended = tx.grants.ended_since(request.person_id, since)
    held = [grant for grant in held if _is_of(grant, request, view.seat)]
    if any(grant.state is GrantState.ACTIVE for grant in held):
        return False  # as long as some access lasts, Usher shuts nobody out
    if any(grant.state is not GrantState.ENDED for grant in held):
        return True
    # What has ended is inactive; whoever froze an active account was not Usher.
    gone = [grant for grant in ended if grant.end_reason is not EndReason.REPLACED]
    return not view.seat.is_active and any(_is_of(g, request, view.seat) for g in gone)


def _is_as_granted(
    ctx: Context, request: Request, service: SeatService, holder: Holder, view: SeatView
) -> bool:
    """Whether the account is exactly what another grant of the person gives: nothing to wonder at.

    It looks again for each, as the pools and names of another level may be others.
    """
    if view.seat is None:
        return False
    with ctx.ledger.read() as tx:
        held = tx.grants.of_person(request.person_id)
    active = [g for g in held if g.state is GrantState.ACTIVE and _is_of(g, request, view.seat)]
    levels = [level for grant in active if (level := ctx.policy().level(grant.level_id))]
    return any(_fits(service, holder, level) for level in levels)


def _is_of(grant: Grant, request: Request, seat: Seat) -> bool:
    """Whether a grant is of this account; what an unfinished run left behind knows none."""
    is_here = grant.system == request.level_id.partition("/")[0]
    return is_here and grant.account in ("", seat.user_id)


def _fits(service: SeatService, holder: Holder, level: Level) -> bool:
    view = service.reader.observe(holder, level.bundle)
    return not view.refusal and not plan_seat(view, holder, level.bundle).changes


def shown_now(
    ctx: Context, request: Request, system: System, view: SeatView, plan: Plan, holder: Holder
) -> ShownPlan:
    """Make what is shown of a plan from now on, beside what was shown before."""
    before = shown_to(request.shown_plan, request.digest)
    fresh = _shown(ctx, request, system, view, plan, holder)
    return replace(fresh, earlier=before.lines if before else ())
