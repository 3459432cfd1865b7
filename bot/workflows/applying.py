"""Making a seat what its level says: nothing beyond what people were shown, and read back."""

from bot.domain.audit import Tag
from bot.domain.changes import Plan
from bot.domain.errors import Conflict, StaleApproval
from bot.domain.plan import Holder, SeatView, Until, plan_seat
from bot.domain.plan_text import brief, plan_lines
from bot.domain.policy import Level
from bot.domain.request import Request, RequestEvent
from bot.domain.shown_plan import shown_to
from bot.domain.shown_plan_text import more_note
from bot.ports import Transaction
from bot.workflows.context import Context, SeatService, audit, still_wanted
from bot.workflows.moves import move
from bot.workflows.planning import beyond_shown, shown_now
from bot.workflows.seating import refuse_unknown


def same_row(tx: Transaction, request: Request) -> Request:
    """Read and lock the row that a run works on; raises StaleApproval when it has gone on."""
    fresh = tx.requests.get(request.id, lock=True)
    if fresh is None or fresh.run != request.run or fresh.state is not request.state:
        raise StaleApproval("The request has gone on.")
    return fresh


def ensure_seat(
    ctx: Context,
    request: Request,
    service: SeatService,
    holder: Holder,
    level: Level,
    *,
    until: Until | None,
) -> SeatView | None:
    """Look, make only the difference, and look again until nothing is left to do.

    Returns None when that would be more than people were shown, which is IT's business then.
    """
    view = service.reader.observe(holder, level.bundle)
    refuse_unknown(view, ctx.policy().system_of(level))
    plan = plan_seat(view, holder, level.bundle, until=until)
    if plan.changes and not _may_begin(ctx, request, service, holder, view, plan):
        return None
    for change in plan.changes:
        still_wanted(ctx, request)
        view = service.writer.apply(change, holder, view)
    if plan.changes:
        view = service.reader.observe(holder, level.bundle)
        left = plan_seat(view, holder, level.bundle, until=until)
        if left.changes:
            detail = f"Read back, there is still to do: {'; '.join(plan_lines(left, holder))}."
            raise Conflict(detail, service=level.system)
    return view


def _may_begin(
    ctx: Context,
    request: Request,
    service: SeatService,
    holder: Holder,
    view: SeatView,
    plan: Plan,
) -> bool:
    """Write down what is about to change, or call IT when that is more than people were shown."""
    system = ctx.policy().systems[request.level_id.partition("/")[0]]
    more = beyond_shown(ctx, request, service, holder, view, plan)
    is_shown = shown_to(request.shown_plan, request.digest) is not None
    fresh_plan = shown_now(ctx, request, system, view, plan, holder)
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        if more:
            # In one transaction: what is shown now is what a retry accepts.
            note = more_note(more, system.title)
            move(ctx, tx, fresh, RequestEvent.FAIL, actor="usher", note=note, shown_plan=fresh_plan)
            return False
        if not is_shown:
            tx.requests.show_plan(request.id, fresh_plan)
        # Before, not after: a run that is killed in between must not leave changes without a line.
        facts = {"changes": brief(plan.changes), "level": request.level_id}
        audit(ctx, tx, Tag.SEAT_CHANGING, request.id, "usher", **facts, seat=view.state)
    return True
