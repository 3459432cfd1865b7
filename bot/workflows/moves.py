"""Moving requests and grants: state, run, due date, audit and telling in one transaction."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import Tag
from bot.domain.errors import StaleApproval
from bot.domain.explain import WayOut, in_short, ways_out
from bot.domain.grant import (
    GRANT_TRANSITIONS,
    Basis,
    EndReason,
    Grant,
    GrantEvent,
    GrantState,
    request_of,
)
from bot.domain.policy import Approvals, Policy
from bot.domain.remedies import Situation
from bot.domain.request import Request, RequestEvent, RequestState, next_state
from bot.ports import Transaction
from bot.workflows.context import (
    LEASE,
    Context,
    audit,
    changed,
    start_advance,
    start_end,
    touch,
)
from bot.workflows.judging import Judged
from bot.workflows.leftovers import left_by

_TAGS = {
    RequestEvent.REFUSE: Tag.REQUEST_REFUSED,
    RequestEvent.ASK: Tag.REQUEST_ASKED,
    RequestEvent.APPROVE: Tag.REQUEST_APPROVED,
    RequestEvent.DENY: Tag.REQUEST_DENIED,
    RequestEvent.LAPSE: Tag.REQUEST_LAPSED,
    RequestEvent.CANCEL: Tag.REQUEST_CANCELLED,
    RequestEvent.QUEUE: Tag.REQUEST_QUEUED,
    RequestEvent.RESERVE: Tag.REQUEST_RESERVED,
    RequestEvent.DELIVER: Tag.REQUEST_DELIVERED,
    RequestEvent.FAIL: Tag.REQUEST_FAILED,
    RequestEvent.RETRY: Tag.REQUEST_RETRIED,
}
_RUNNING = frozenset({RequestState.APPROVED, RequestState.AWAITING_SEAT, RequestState.PROVISIONING})
_STARTS_A_RUN = frozenset({RequestEvent.APPROVE, RequestEvent.RETRY})
_MAKING = frozenset({RequestState.AWAITING_SEAT, RequestState.PROVISIONING, RequestState.NEEDS_IT})


def move(
    ctx: Context,
    tx: Transaction,
    request: Request,
    event: RequestEvent,
    *,
    actor: str,
    note: str = "",
    **changes: object,
) -> Request:
    """Move a request by one event and write everything that goes with it.

    Raises StaleApproval when the event cannot happen in this state or the row has gone on.
    """
    state = next_state(request.state, event)
    if state is None:
        raise StaleApproval(
            f"This request is {request.state.words}; that is not possible now.",
            next_step="See the status on the issue.",
        )
    moved = replace(request, state=state, note=note, **changes)  # type: ignore[arg-type]  # fields by name
    if event is RequestEvent.ASK and "asked_at" not in changes:
        moved = replace(moved, asked_at=ctx.clock.now())
    if state is not RequestState.AWAITING_SEAT:
        moved = replace(moved, idle_seats=None)  # colleagues are named while it helps, no longer
    moved = replace(moved, due_at=_due(ctx, moved))
    if event in _STARTS_A_RUN:
        moved = replace(moved, run=request.run + 1, attempts=0, reminders=0)
    if not changed(ctx, tx, moved, was=request):
        raise StaleApproval("The request has just changed.", next_step="Look again.")
    audit(ctx, tx, _TAGS[event], request.id, actor, state=state, note=note[:300])
    if event in _STARTS_A_RUN:
        start_advance(ctx, tx, moved)
    if state not in (RequestState.AWAITING_SEAT, RequestState.PROVISIONING):
        tx.seats.release(request.id)
    if request.state in _MAKING and state not in {*_MAKING, RequestState.DELIVERED}:
        _take_away_leftovers(ctx, tx, moved, actor=actor)
    return replace(moved, revision=request.revision + 1)


def refuse(ctx: Context, tx: Transaction, request: Request, judged: Judged, *, actor: str) -> None:
    """Refuse a request, and keep with it why, and what would have to be true instead."""
    move(
        ctx,
        tx,
        request,
        RequestEvent.REFUSE,
        actor=actor,
        note=" ".join(reason.sentence() for reason in judged.decision.reasons),
        decision=judged.decision,
        ways_out=in_short(ways_out_of(judged)),
    )


def ways_out_of(judged: Judged) -> tuple[WayOut, ...]:
    """List what would have to be true for another answer than this refusal, the easiest first."""
    at = Situation(ask=judged.ask, policy=judged.policy, roster=judged.roster, now=judged.at)
    return ways_out(at)


def _take_away_leftovers(ctx: Context, tx: Transaction, request: Request, *, actor: str) -> None:
    """End, like access, what an unfinished run has left in the system and the vault."""
    seat = left_by(ctx, tx, request)
    if seat is None:
        return
    leftover = Grant(
        # a request that may yet be granted needs its own id for that
        id=request.id if request.is_over else f"{request.id}-{request.run}",
        person_id=request.person_id,
        level_id=request.level_id,
        basis=Basis.BIRTHRIGHT if request.is_birthright else Basis.REQUEST,
        state=GrantState.ACTIVE,
        since=ctx.clock.now(),
    )
    if tx.grants.add(leftover):
        end_grant(ctx, tx, leftover, reason=EndReason.ABANDONED, actor=actor, seat=seat)


def _due(ctx: Context, request: Request) -> datetime | None:
    now = ctx.clock.now()
    if request.state is RequestState.AWAITING_APPROVAL:
        return next_reminder(ctx.policy(), request)
    if request.state in _RUNNING:
        return now + LEASE
    return None


def next_reminder(policy: Policy, request: Request) -> datetime | None:
    """Return when approvers are reminded, then when it escalates, at last when it lapses."""
    clocks: Approvals = policy.company.approvals
    steps = (clocks.remind_after, clocks.escalate_after, clocks.lapse_after)
    step = steps[min(request.reminders, 2)]
    return step.after(request.asked_at or request.created_at, policy.company.calendar)


def lock_grant(tx: Transaction, grant_id: str) -> Grant | None:
    """Read a grant to change it, with its request locked first, as everybody does."""
    tx.requests.get(request_of(grant_id), lock=True)
    return tx.grants.get(grant_id, lock=True)


_NO_END = {
    GrantState.ENDING: ("This access is being taken away already.", "Nothing more to do."),
    GrantState.ENDED: ("This access has ended already.", "Nothing more to do."),
    GrantState.NEEDS_IT: (
        "This access could not be taken away yet: it may still work, and IT has been called.",
        "When what is in the way is mended, IT or the system's owners run: usher requests retry ",
    ),
}


def end_grant(
    ctx: Context, tx: Transaction, grant: Grant, *, reason: EndReason, actor: str, **facts: str
) -> Grant:
    """Start taking access away; raises StaleApproval when it is ending or gone already.

    `facts` are what the audit log keeps of it beside the reason.
    """
    state = GRANT_TRANSITIONS.get((grant.state, GrantEvent.END))
    if state is None:
        detail, next_step = _NO_END[grant.state]
        is_stuck = grant.state is GrantState.NEEDS_IT
        raise StaleApproval(detail, next_step=next_step + (grant.id if is_stuck else ""))
    ending = replace(
        grant,
        state=state,
        end_reason=reason,
        ended_by=actor,
        run=grant.run + 1,
        attempts=0,
        due_at=ctx.clock.now() + LEASE,
    )
    _save_grant(tx, ending, was=grant)
    audit(ctx, tx, Tag.GRANT_ENDING, grant.id, actor, reason=reason, **facts)
    start_end(ctx, tx, ending)
    touch(ctx, tx, grant.request_id)
    return ending


def retry_grant(
    ctx: Context, tx: Transaction, grant: Grant, *, actor: str, attempts: int = 0
) -> Grant:
    """Try once more to take away what IT has looked at; after `attempts` as often as is left."""
    state = GRANT_TRANSITIONS.get((grant.state, GrantEvent.RETRY))
    if state is None:
        raise StaleApproval("Nothing is stuck here.", next_step="See: usher grants list")
    again = replace(
        grant,
        state=state,
        run=grant.run + 1,
        attempts=attempts,
        note="",
        due_at=ctx.clock.now() + LEASE,
    )
    _save_grant(tx, again, was=grant)
    audit(ctx, tx, Tag.GRANT_ENDING, grant.id, actor, reason="retried")
    start_end(ctx, tx, again)
    touch(ctx, tx, grant.request_id)
    return again


def _save_grant(tx: Transaction, grant: Grant, *, was: Grant) -> None:
    if not tx.grants.save(grant, was=was):
        raise StaleApproval("The access has just changed.", next_step="Look again.")
