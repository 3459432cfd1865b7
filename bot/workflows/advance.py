"""The run that moves an approved request on: seat reserved, account made, log-in handed over."""

from dataclasses import replace
from datetime import datetime, timedelta

import stamina
import structlog

from bot.domain.audit import Tag
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    RateLimited,
    SeatsExhausted,
    StaleApproval,
    Unavailable,
)
from bot.domain.grant import (
    GRANT_TRANSITIONS,
    Basis,
    EndReason,
    Grant,
    GrantEvent,
    GrantState,
    grant_end,
    outlives,
)
from bot.domain.request import ESCALATED, Request, RequestEvent, RequestState, Task
from bot.ports import Transaction
from bot.workflows.applying import ensure_seat, same_row
from bot.workflows.commands import ask_again_if_changed
from bot.workflows.context import (
    MAX_ATTEMPTS,
    Context,
    audit,
    backoff,
    changed,
    get_to_know,
    is_worth_a_retry,
    touch,
)
from bot.workflows.delivering import hand_over
from bot.workflows.idling import look_for_idle
from bot.workflows.judging import (
    Judged,
    judge_again,
    keep_decision,
    keep_if_new,
    still_stands,
    under_one_policy,
)
from bot.workflows.moves import lock_grant, move
from bot.workflows.preflight import refuse_unfit
from bot.workflows.seating import holder_of, parts, refuse_unknown, reserve, service_of, until_of

AGAIN, REST = "again", "rest"
SEAT_LOOK_AGAIN = timedelta(minutes=10)

log = structlog.get_logger()


def advance(ctx: Context, request_id: str, run: int) -> str:
    """Move a request as far as it goes now; a run that is not the row's latest does nothing."""
    outcome = AGAIN
    while outcome == AGAIN:
        outcome = ctx.engine.step("move", _move_guarded, ctx, request_id, run)
    return outcome


def _move_guarded(ctx: Context, request_id: str, run: int) -> str:
    try:
        for attempt in stamina.retry_context(
            on=is_worth_a_retry, attempts=3, wait_initial=0.2, wait_max=1.0
        ):
            with attempt:
                return _move(ctx, request_id, run)
    except SeatsExhausted as full:
        return _requeue(ctx, request_id, run, full)
    except ConnectorError as error:
        return _setback(ctx, request_id, run, error)
    except StaleApproval:
        return REST  # somebody else has moved the row; their run goes on
    except Exception as error:
        log.exception("advance.failed", request_id=request_id)
        return _setback(ctx, request_id, run, Conflict(f"unexpected {type(error).__name__}"))
    return REST


def _current(ctx: Context, request_id: str, run: int) -> Request | None:
    with ctx.ledger.read() as tx:
        request = tx.requests.get(request_id)
    return request if request is not None and request.run == run else None


def _move(ctx: Context, request_id: str, run: int) -> str:
    request = _current(ctx, request_id, run)
    if request is None:
        return REST
    get_to_know(ctx, request.person_id, request.requester_id)
    ctx = under_one_policy(ctx)
    match request.state:
        case RequestState.APPROVED:
            return _to_the_queue(ctx, request)
        case RequestState.AWAITING_SEAT:
            return _take_seat(ctx, request)
        case RequestState.PROVISIONING:
            return _provision(ctx, request)
        case _:
            return REST


def _to_the_queue(ctx: Context, request: Request) -> str:
    """Check policy once more and join the queue, or wait for the first day."""
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        if fresh.starts_at is not None and fresh.starts_at > ctx.clock.now():
            tx.requests.save(replace(fresh, due_at=fresh.starts_at), was=fresh)
            return REST
        if ask_again_if_changed(ctx, tx, fresh):
            return REST
        keep_if_new(ctx, tx, fresh.id, judge_again(ctx, tx, fresh), actor="usher")
        move(ctx, tx, fresh, RequestEvent.QUEUE, actor="usher")
    return AGAIN


def _take_seat(ctx: Context, request: Request) -> str:
    """Reserve a seat if one is free, else wait; policy is asked once more before that."""
    level, system, person = parts(ctx, request)
    service = service_of(ctx, system)
    view = None
    if service is not None:
        view = service.reader.observe(holder_of(person, system), level.bundle)
        refuse_unknown(view, system)
    with ctx.ledger.begin() as tx:
        tx.seats.lock(system.id)
        fresh = same_row(tx, request)
        if ask_again_if_changed(ctx, tx, fresh):
            return REST
        full = reserve(ctx, tx, fresh, system, view) if view is not None else None
        if full is not None:
            _wait_for_seat(ctx, tx, fresh, full.note, is_to_buy=full.is_to_buy)
        else:
            keep_if_new(ctx, tx, fresh.id, judge_again(ctx, tx, fresh), actor="usher")
            move(ctx, tx, fresh, RequestEvent.RESERVE, actor="usher", reminders=0)
    if full is None:
        return AGAIN
    if service is not None and view is not None:
        look_for_idle(ctx, request, service, view, full.pool)
    return REST


def _wait_for_seat(
    ctx: Context, tx: Transaction, request: Request, note: str, *, is_to_buy: bool = False
) -> str:
    due_at = ctx.clock.now() + SEAT_LOOK_AGAIN
    reminders = ESCALATED if is_to_buy else 0
    waiting = replace(request, note=note, due_at=due_at, attempts=0, reminders=reminders)
    if (note, reminders) != (request.note, request.reminders):
        changed(ctx, tx, waiting, was=request)
    else:
        tx.requests.save(waiting, was=request)
    return REST


def _provision(ctx: Context, request: Request) -> str:
    """Make the seat what the level says, hand over the credential, and finish."""
    checked = _checked_again(ctx, request)
    if checked is None:
        return REST
    request = checked
    level, system, person = parts(ctx, request)
    service = service_of(ctx, system)
    if service is not None and _seat_was_let_go(ctx, request):
        return AGAIN
    grant = Grant(
        id=request.id,
        person_id=person.id,
        level_id=level.id,
        basis=Basis.BIRTHRIGHT if request.is_birthright else Basis.REQUEST,
        state=GrantState.ACTIVE,
        since=ctx.clock.now(),
        until=grant_end(request.duration, person, ctx.clock.now(), ctx.policy().company.calendar),
    )
    if service is None:
        if not all(task.done_by for task in request.tasks):
            _rest_on_tasks(ctx, request)
            return REST
    else:
        refuse_unfit(service, level)
        until = until_of(system, grant)
        view = ensure_seat(ctx, request, service, holder_of(person, system), level, until=until)
        if view is None:
            return REST
        if view.seat is None:
            raise Conflict("The account is gone right after it was made.", service=system.id)
        grant = replace(grant, account=view.seat.user_id, username=view.seat.username)
        grant = hand_over(ctx, request, grant, service, system, person)
    return _finish(ctx, request, grant)


def _checked_again(ctx: Context, request: Request) -> Request | None:
    """Ask policy a last time (IT may have retried much later), and list the steps by hand.

    Returns None when policy now stops the request, which is IT's business then.
    """
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        judged = judge_again(ctx, tx, fresh)
        if judged.level is None or not still_stands(fresh, judged):
            _stop(ctx, tx, fresh, judged)
            return None
        keep_if_new(ctx, tx, fresh.id, judged, actor="usher")
        by_hand = judged.level.bundle.by_hand
        if by_hand and not fresh.tasks:
            steps = tuple(Task(position=i, text=text) for i, text in enumerate(by_hand))
            listed = replace(fresh, tasks=steps)
            changed(ctx, tx, listed, was=fresh)
            return replace(listed, revision=fresh.revision + 1)
        return fresh


def _stop(ctx: Context, tx: Transaction, request: Request, judged: Judged) -> None:
    """Call IT; not by an error, which would take the kept decision back with the transaction."""
    keep_decision(ctx, tx, request.id, judged, actor="usher")
    why = " ".join(reason.sentence() for reason in judged.decision.reasons)
    note = f"Policy changed since this was approved; cancel it and ask again. {why}".strip()
    move(ctx, tx, request, RequestEvent.FAIL, actor="usher", note=note[:500])


def _seat_was_let_go(ctx: Context, request: Request) -> bool:
    """Queue again for a seat when IT retries what had failed; its own was free for others since."""
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        if tx.seats.has(request.id):
            return False
        move(ctx, tx, fresh, RequestEvent.QUEUE, actor="usher")
        return True


def _rest_on_tasks(ctx: Context, request: Request) -> None:
    """Wait for the steps by hand; show them to the owners when that takes long, then call IT."""
    now, policy = ctx.clock.now(), ctx.policy()
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        began = _began(tx, fresh)
        clocks, calendar = policy.company.approvals, policy.company.calendar
        overdue_at = clocks.escalate_after.after(began, calendar)
        lapses_at = clocks.lapse_after.after(began, calendar)
        steps = "; ".join(task.text for task in fresh.tasks if not task.done_by)
        if lapses_at is not None and now >= lapses_at:
            note = f"Nobody ticked in time: {steps}"[:500]
            move(ctx, tx, fresh, RequestEvent.FAIL, actor="usher", note=note)
        elif overdue_at is not None and now >= overdue_at:
            note = f"Steps by hand are still to be done: {steps}"[:500]
            late = replace(fresh, due_at=lapses_at, attempts=0, reminders=ESCALATED, note=note)
            changed(ctx, tx, late, was=fresh)
        else:
            tx.requests.save(replace(fresh, due_at=overdue_at, attempts=0), was=fresh)


def _began(tx: Transaction, request: Request) -> datetime:
    """Return when this try began: when the seat was reserved, or IT let it be tried again."""
    begins = (Tag.REQUEST_RESERVED, Tag.REQUEST_RETRIED)
    entries = [entry for entry in tx.audit.of_subject(request.id) if entry.tag in begins]
    return entries[-1].at if entries else request.changed_at


def _finish(ctx: Context, request: Request, grant: Grant) -> str:
    """Write grant and request in one guarded transaction; a level that it replaces ends here.

    A level of the same account that lasts longer stays: the person falls back to it.
    """
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        for old in tx.grants.of_person(grant.person_id):
            is_same = old.system == grant.system and old.id != grant.id and old.account
            if is_same and old.state is GrantState.ACTIVE and not outlives(old.until, grant.until):
                grant = _replace(ctx, tx, _locked(tx, old), grant)
        kept = replace(grant, due_at=grant.until)
        tx.grants.add(kept)
        until = grant.until.isoformat() if grant.until else "permanent"
        audit(ctx, tx, Tag.GRANT_STARTED, grant.id, "usher", level=grant.level_id, until=until)
        move(ctx, tx, fresh, RequestEvent.DELIVER, actor="usher")
    return REST


def _locked(tx: Transaction, old: Grant) -> Grant:
    fresh = lock_grant(tx, old.id)
    if fresh is None or fresh.state is not GrantState.ACTIVE:
        raise Unavailable("The level before this one has just changed.", service="usher")
    return fresh


def _replace(ctx: Context, tx: Transaction, old: Grant, grant: Grant) -> Grant:
    """End the level that this one replaces in the same account, and take its vault item over."""
    ended = replace(
        old,
        state=GRANT_TRANSITIONS[old.state, GrantEvent.REPLACE],
        end_reason=EndReason.REPLACED,
        ended_by="usher",
        ended_at=ctx.clock.now(),
        due_at=None,
        vault_id="",
        item_id="",
    )
    tx.grants.save(ended, was=old)
    audit(ctx, tx, Tag.GRANT_ENDED, old.id, "usher", reason=EndReason.REPLACED, by=grant.id)
    touch(ctx, tx, old.request_id)
    if grant.item_id:
        return grant
    return replace(grant, vault_id=old.vault_id, item_id=old.item_id)


def _requeue(ctx: Context, request_id: str, run: int, full: SeatsExhausted) -> str:
    """The system said no seat although we counted one: let the seat go and wait in line."""
    request = _current(ctx, request_id, run)
    if request is None:
        return REST
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        tx.seats.release(request.id)
        note = f"No seat was free in {full.pool or 'the system'} when it was needed."
        if fresh.state is RequestState.PROVISIONING:
            fresh = move(ctx, tx, fresh, RequestEvent.QUEUE, actor="usher", note=note)
            fresh = same_row(tx, fresh)
        return _wait_for_seat(ctx, tx, fresh, note)


def _setback(ctx: Context, request_id: str, run: int, error: ConnectorError) -> str:
    """Try again later, or after too many tries, or when trying cannot help, call IT."""
    request = _current(ctx, request_id, run)
    if request is None:
        return REST
    note = f"{error.service or 'Usher'}: {error.detail}"[:500]
    with ctx.ledger.begin() as tx:
        fresh = same_row(tx, request)
        attempts = fresh.attempts + 1
        can_fail = fresh.state in (RequestState.AWAITING_SEAT, RequestState.PROVISIONING)
        if can_fail and (attempts >= MAX_ATTEMPTS or not type(error).retryable):
            move(ctx, tx, fresh, RequestEvent.FAIL, actor="usher", note=note, attempts=attempts)
            return REST
        wait = backoff(attempts)
        if isinstance(error, RateLimited):
            wait = max(wait, timedelta(seconds=error.retry_after_s))
        later = replace(fresh, attempts=attempts, note=note, due_at=ctx.clock.now() + wait)
        changed(ctx, tx, later, was=fresh)
        audit(ctx, tx, Tag.REQUEST_POSTPONED, request_id, "usher", why=note)
    return REST
