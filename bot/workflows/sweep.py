"""The sweep: whatever is due, lost or left behind is found here and started again."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from bot.domain.audit import Tag
from bot.domain.errors import StaleApproval
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.journal import Kept
from bot.domain.request import ESCALATED, Request, RequestEvent, RequestState
from bot.ports import Transaction
from bot.workflows.commands import ask_again_if_changed
from bot.workflows.context import (
    LEASE,
    Context,
    audit,
    changed,
    start_advance,
    start_end,
    start_handling,
    start_tell,
)
from bot.workflows.judging import judge_again, keep_if_new, under_one_policy
from bot.workflows.moves import end_grant, lock_grant, move, next_reminder, retry_grant

BATCH = 200
ALIVE_S = 30.0
"""A worker whose last beat is older than this is taken to be gone."""
UNHANDLED_AFTER = timedelta(seconds=30)
KEEP_RUNS_S = 7 * 24 * 3600.0
KEEP_INBOX = timedelta(days=30)

REMINDER = "Reminder: this is still waiting for an answer."
ESCALATION = (
    "This has waited longer than promised. The system's owners have been told, "
    "and the backups that policy names may answer too."
)
LAPSED = "Nobody answered within the company's time limit."

log = structlog.get_logger()


def sweep(ctx: Context) -> None:
    """Start a run for every row that should move and has none; safe at any time."""
    now = ctx.clock.now()
    with ctx.ledger.read() as tx:
        requests, grants = tx.requests.due(now, BATCH), tx.grants.due(now, BATCH)
        untold = tx.requests.untold(now, BATCH)
        unhandled = tx.inbox.open(now - UNHANDLED_AFTER, now, BATCH)
    for request in requests:
        in_own_transaction(ctx, request.id, partial(_due_request, ctx, request))
    for grant in grants:
        in_own_transaction(ctx, grant.id, partial(_due_grant, ctx, grant))
    for request in untold:
        in_own_transaction(ctx, request.id, partial(_retell, ctx, request))
    for kept in unhandled:
        in_own_transaction(ctx, kept.delivery_id, partial(_handle_again, ctx, kept))


def in_own_transaction(ctx: Context, row: str, act: Callable[[Transaction], None]) -> None:
    """Do one row; one that fails does not keep the others from being done."""
    try:
        with ctx.ledger.begin() as tx:
            act(tx)
    except StaleApproval:
        return  # the row has gone on by itself
    except Exception:
        log.exception("sweep.row_failed", row=row)


def _due_request(ctx: Context, seen: Request, tx: Transaction) -> None:
    request = tx.requests.get(seen.id, lock=True)
    if request is None or request.revision != seen.revision or request.run != seen.run:
        return
    ctx = under_one_policy(ctx)
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            _remind(ctx, tx, request)
        case RequestState.APPROVED | RequestState.AWAITING_SEAT | RequestState.PROVISIONING:
            again = replace(request, run=request.run + 1, due_at=ctx.clock.now() + LEASE)
            if tx.requests.save(again, was=request):
                start_advance(ctx, tx, again)
        case _:
            tx.requests.save(replace(request, due_at=None), was=request)


def _remind(ctx: Context, tx: Transaction, request: Request) -> None:
    """Ask policy again, then remind, then call the backups in, then let it lapse."""
    if ask_again_if_changed(ctx, tx, request):
        return
    if request.reminders >= ESCALATED:
        move(ctx, tx, request, RequestEvent.LAPSE, actor="usher", note=LAPSED)
        return
    reminded = replace(request, reminders=request.reminders + 1)
    is_escalated = reminded.reminders >= ESCALATED
    judged = judge_again(ctx, tx, reminded)
    keep_if_new(ctx, tx, request.id, judged, actor="usher")
    reminded = replace(
        reminded,
        note=ESCALATION if is_escalated else REMINDER,
        due_at=next_reminder(ctx.policy(), reminded),
        decision=judged.decision,
    )
    changed(ctx, tx, reminded, was=request)
    audit(ctx, tx, Tag.REQUEST_REMINDED, request.id, "usher", times=str(reminded.reminders))


def _due_grant(ctx: Context, seen: Grant, tx: Transaction) -> None:
    grant = lock_grant(tx, seen.id)
    if grant is None or grant.run != seen.run or grant.state is not seen.state:
        return
    if grant.state is GrantState.ACTIVE:
        end_grant(ctx, tx, grant, reason=EndReason.EXPIRED, actor="usher")
    elif grant.state is GrantState.ENDING:
        again = replace(grant, run=grant.run + 1, due_at=ctx.clock.now() + LEASE)
        if tx.grants.save(again, was=grant):
            start_end(ctx, tx, again)
    elif grant.state is GrantState.NEEDS_IT:
        # Perhaps what blocked it is gone; if not, IT is not kept waiting through all tries again.
        retry_grant(ctx, tx, grant, actor="usher", attempts=grant.attempts)
    else:
        tx.grants.save(replace(grant, due_at=None), was=grant)


def _handle_again(ctx: Context, kept: Kept, tx: Transaction) -> None:
    """Handle a message whose run was lost, at most once per minute while one is on its way."""
    now = ctx.clock.now()
    # Starting again is no failure: a run that only waits long in the queue uses up no attempts.
    until = now + timedelta(minutes=1)
    tx.inbox.postpone(kept.delivery_id, until, "handled again", attempts=kept.attempts)
    start_handling(ctx, tx, [kept.delivery_id], attempt=int(now.timestamp()))


def _retell(ctx: Context, request: Request, tx: Transaction) -> None:
    """Start telling again, at most once per minute while a telling is on its way."""
    attempt = int(ctx.clock.now().timestamp())
    tx.requests.tell_later(
        request.id, ctx.clock.now() + timedelta(minutes=1), tx.requests.tell_attempts(request.id)
    )
    start_tell(ctx, tx, request, attempt=attempt)


def beat(ctx: Context) -> None:
    """Say that this worker is alive."""
    with ctx.ledger.begin() as tx:
        tx.workers.beat(ctx.engine.executor_id, time.time())


def take_over(ctx: Context, *, alive_s: float = ALIVE_S) -> int:
    """Resume what workers left behind that no longer beat."""
    with ctx.ledger.read() as tx:
        alive = tx.workers.alive(time.time() - alive_s)
    taken = ctx.engine.take_over(alive)
    if taken:
        log.warning("worker.taken_over", runs=taken)
    return taken


def forget(ctx: Context) -> None:
    """Delete finished runs and handled messages past their keeping time; the audit log stays."""
    ctx.engine.forget(KEEP_RUNS_S)
    with ctx.ledger.begin() as tx:
        tx.inbox.forget(ctx.clock.now() - KEEP_INBOX)
        tx.writes.forget(ctx.clock.now() - KEEP_INBOX)
        tx.workers.forget(before=time.time() - KEEP_RUNS_S)
