"""Looking for seats of a full pool that nobody uses, at most once a day for each who waits."""

from dataclasses import replace
from datetime import timedelta

import structlog

from bot.domain.durations import Duration
from bot.domain.errors import ConnectorError
from bot.domain.plan import SeatView
from bot.domain.request import Request, RequestState
from bot.domain.shown_plan import IdleSeats
from bot.ports import Transaction
from bot.workflows.context import Context, SeatService, changed

LOOK_AGAIN = timedelta(days=1)
_UNUSED_AFTER = Duration(30)
"""When policy does not say after how long a seat counts as unused."""

log = structlog.get_logger()


def look_for_idle(
    ctx: Context, request: Request, service: SeatService, view: SeatView, pool: str
) -> None:
    """Keep with a request that waits for a seat of a pool who holds one there without using it.

    It never fails: waiting goes on without the names.
    """
    now, days = ctx.clock.now(), _days(ctx)
    known, count = request.idle_seats, {one.name: one for one in view.pools}.get(pool)
    if known is not None and now - known.at < LOOK_AGAIN:
        return
    if count is None or not count.is_active or days is None:
        return
    found = IdleSeats(pool=pool, days=days, at=now)
    try:
        found = replace(found, idle=service.reader.idle(count, days))
    except ConnectorError as error:
        log.warning("idle_seats.not_read", request_id=request.id, why=error.detail)
    with ctx.ledger.begin() as tx:
        _keep(ctx, tx, request, found)


def _keep(ctx: Context, tx: Transaction, request: Request, found: IdleSeats) -> None:
    """Keep what was found, and tell it if it is not what was told before."""
    fresh = tx.requests.get(request.id, lock=True)
    if fresh is None or fresh.run != request.run or fresh.state is not RequestState.AWAITING_SEAT:
        return
    told = fresh.idle_seats.idle if fresh.idle_seats else ()
    known = replace(fresh, idle_seats=found)
    if found.idle == told:
        tx.requests.save(known, was=fresh)
    else:
        changed(ctx, tx, known, was=fresh)


def _days(ctx: Context) -> int | None:
    """Return after how many days policy calls a seat unused; None when it never does."""
    company, now = ctx.policy().company, ctx.clock.now()
    unused = (company.unused_after or _UNUSED_AFTER).after(now, company.calendar)
    return max(1, (unused - now).days) if unused is not None else None
