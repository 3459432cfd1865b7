"""A leaver's records: counted, asked about, moved in batches, and read back.

Log-in is stopped and rights are taken before any of this, so that nobody keeps access while
somebody thinks. Only the deactivation waits, because an inactive owner's tasks and contacts are
hard to edit, and at most until the deadline: then the seat is freed and nothing is moved. That is
the safe way round, for a user can be activated again, but records that were moved without a yes
cannot be told from the new owner's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.audit import Tag
from bot.domain.blockers import merged
from bot.domain.errors import Blocked, ConnectorError, StaleApproval
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.handover import (
    KINDS,
    MOST_FAILURES,
    Failure,
    HandOver,
    HandOverPlan,
    HandOverState,
    Leaving,
    Move,
    Recipient,
    batches,
    candidates,
    covers,
    plan_hand_over,
    recipient,
)
from bot.domain.policy import System
from bot.ports import RecordReader
from bot.workflows.context import LEASE, Context, RecordService, audit, touch
from bot.workflows.moves import lock_grant
from bot.workflows.seating import holder_of

LOOK_AGAIN = timedelta(hours=1)
DEADLINE = timedelta(days=1)
"""Where policy promises nothing for leavers."""

log = structlog.get_logger()


def has_handed_over(
    ctx: Context, grant: Grant, records: RecordService | None, user_id: str
) -> bool:
    """Do what can be done for a leaver's records now; True when the user may be deactivated.

    False leaves the grant's row with the date at which to look again. Idempotent: each call counts
    what is still the leaver's and acts on that.
    """
    if records is None or grant.end_reason is EndReason.ABANDONED:
        return True
    _note_blockers(ctx, grant, records.reader, user_id)
    hand = _leaving(ctx, grant).hand_over
    system = ctx.policy().systems[grant.system]
    if (hand is not None and hand.is_over) or (hand is None and not system.hand_over):
        return True
    plan = _plan(ctx, grant, records.reader, system, user_id)
    if hand is None:
        return plan.is_empty or _ask(ctx, grant, plan)
    if hand.state is HandOverState.ASKED:
        return _is_too_late(ctx, grant, hand, plan)
    if not covers(hand.plan, plan):
        return _is_too_late(ctx, grant, hand, plan)  # there is more than was agreed to
    _carry_out(ctx, grant, records, user_id, plan)
    return True


# ---- looking ------------------------------------------------------------------------------------


def _note_blockers(ctx: Context, grant: Grant, reader: RecordReader, user_id: str) -> None:
    """Keep what depends on the user; not to know it is no reason to leave the user active."""
    try:
        found = reader.blockers(user_id)
    except ConnectorError as error:
        log.warning("blockers.not_read", grant_id=grant.id, why=error.detail)
        return
    leaving = _leaving(ctx, grant)
    if leaving.blockers != found:
        _keep(ctx, grant, replace(leaving, blockers=found))


def _plan(
    ctx: Context, grant: Grant, reader: RecordReader, system: System, user_id: str
) -> HandOverPlan:
    owned = reader.count(user_id, system.hand_over)
    if not any(owned.values()):
        return HandOverPlan()  # one call less for all who leave nothing
    owned |= _others(reader, system, user_id)
    roster, now = ctx.people.roster(), ctx.clock.now()
    leaver = roster.get(grant.person_id)
    names = {name for kind, name in system.hand_over.items() if owned.get(kind)}
    people = {name: candidates(name, leaver, ctx.policy(), roster, now) for name in sorted(names)}
    asked = {one.id: holder_of(one, system) for some in people.values() for one in some}
    users = reader.users(list(asked.values()))
    to: Mapping[str, Recipient | str] = {
        name: recipient(name, some, users) for name, some in people.items()
    }
    return plan_hand_over(owned, system.hand_over, to)


def _others(reader: RecordReader, system: System, user_id: str) -> dict[str, int]:
    """Count what policy does not mention; it stays, so not to know it does no harm."""
    try:
        return reader.count(user_id, [kind for kind in KINDS if kind not in system.hand_over])
    except ConnectorError as error:
        log.warning("records.not_counted", system=system.id, why=error.detail)
        return {}


# ---- asking -------------------------------------------------------------------------------------


def _ask(ctx: Context, grant: Grant, plan: HandOverPlan) -> bool:
    now, company = ctx.clock.now(), ctx.policy().company
    if _is_asked_elsewhere(ctx, grant):
        _keep(ctx, grant, None, due_at=now + LOOK_AGAIN)
        return False
    promised = company.revoke_within.after(now, company.calendar) if company.revoke_within else None
    hand = HandOver(
        state=HandOverState.ASKED,
        plan=plan,
        asked_at=now,
        deadline=promised or now + DEADLINE,
        left=plan.total,
    )
    _save(ctx, grant, hand, Tag.HANDOVER_ASKED, due_at=_next_look(now, hand))
    return False


def _is_asked_elsewhere(ctx: Context, grant: Grant) -> bool:
    """Whether the same records are asked about on the issue of another grant that ends too."""
    with ctx.ledger.read() as tx:
        others = tx.grants.of_person(grant.person_id)
    return any(o.is_asking for o in others if o.id != grant.id and o.system == grant.system)


def _is_too_late(ctx: Context, grant: Grant, hand: HandOver, plan: HandOverPlan) -> bool:
    """Go on without an answer once the deadline is over; until then show what is asked now."""
    now = ctx.clock.now()
    if plan.is_empty:
        _save(ctx, grant, replace(hand, state=HandOverState.DONE, left=0), Tag.HANDOVER_DONE)
        return True
    if now >= hand.deadline:
        # A yes to less than there is now is a yes to nothing: somebody has to look at it.
        over = replace(hand, state=HandOverState.OVERDUE, plan=plan)
        _save(ctx, grant, over, Tag.HANDOVER_OVERDUE)
        return True
    is_new = not covers(hand.plan, plan)
    asked = replace(
        hand,
        state=HandOverState.ASKED,
        plan=plan,
        asked_at=now if is_new else hand.asked_at,
        answered_by="",
        left=plan.total,
    )
    if asked == hand:
        _keep(ctx, grant, None, due_at=_next_look(now, hand))
    else:
        _save(ctx, grant, asked, Tag.HANDOVER_ASKED, due_at=_next_look(now, hand))
    return False


def _next_look(now: datetime, hand: HandOver) -> datetime:
    return max(now, min(now + LOOK_AGAIN, hand.deadline))


# ---- moving -------------------------------------------------------------------------------------


def _carry_out(
    ctx: Context, grant: Grant, records: RecordService, user_id: str, plan: HandOverPlan
) -> None:
    """Move what is still the leaver's, batch by batch, and read back what came of it."""
    failures: list[Failure] = []
    hand = _hand_over(ctx, grant)
    if hand.left != plan.total:  # an earlier try was cut off
        _save(ctx, grant, replace(hand, left=plan.total), due_at=ctx.clock.now() + LEASE)
    for move in plan.moves:
        failures += _move(ctx, grant, records, user_id, move)
    kinds = [move.kind for move in plan.moves]
    stayed = records.reader.count(user_id, kinds) if kinds else {}
    hand = _hand_over(ctx, grant)
    done = replace(
        hand,
        state=HandOverState.DONE,
        left=sum(stayed.values()),
        stayed=tuple((kind, stayed[kind]) for kind in kinds if stayed.get(kind)),
        failures=tuple(failures[:MOST_FAILURES]),
    )
    _save(ctx, grant, done, Tag.HANDOVER_DONE)


def _move(
    ctx: Context, grant: Grant, records: RecordService, user_id: str, move: Move
) -> list[Failure]:
    failures: list[Failure] = []
    # No more than was agreed to, should some have come in since they were counted.
    for some in batches(records.reader.ids(user_id, move.kind)[: move.count]):
        _still_ours(ctx, grant)
        refused = records.writer.give(move.kind, some, move.to.user_id)
        failures += refused
        _note_progress(ctx, grant, len(some) - len(refused))
    return failures


def _still_ours(ctx: Context, grant: Grant) -> None:
    """Read the row again before an outside write; raises StaleApproval when it has gone on."""
    with ctx.ledger.read() as tx:
        _checked(tx.grants.get(grant.id), grant)


def _note_progress(ctx: Context, grant: Grant, moved: int) -> None:
    hand = _hand_over(ctx, grant)
    _save(ctx, grant, replace(hand, left=max(0, hand.left - moved)), due_at=ctx.clock.now() + LEASE)


# ---- the row ------------------------------------------------------------------------------------


def _leaving(ctx: Context, grant: Grant) -> Leaving:
    with ctx.ledger.read() as tx:
        return _checked(tx.grants.get(grant.id), grant).leaving or Leaving()


def _hand_over(ctx: Context, grant: Grant) -> HandOver:
    hand = _leaving(ctx, grant).hand_over
    if hand is None:
        raise StaleApproval("The hand-over has gone on.")
    return hand


def _save(
    ctx: Context,
    grant: Grant,
    hand: HandOver,
    tag: Tag | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    leaving = replace(_leaving(ctx, grant), hand_over=hand)
    _keep(ctx, grant, leaving, tag, due_at=due_at)


def _keep(
    ctx: Context,
    grant: Grant,
    leaving: Leaving | None,
    tag: Tag | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    """Write to the grant's row if it is still this run's; nothing to show when nothing changed."""
    with ctx.ledger.begin() as tx:
        fresh = _checked(lock_grant(tx, grant.id), grant)
        kept = replace(fresh, due_at=due_at or fresh.due_at, attempts=0)
        if leaving is not None:
            kept = replace(kept, leaving=leaving)
        tx.grants.save(kept, was=fresh)
        hand = leaving.hand_over if leaving else None
        if tag is not None and hand is not None:
            audit(ctx, tx, tag, grant.id, hand.answered_by or "usher", **_facts(hand))
        if leaving is not None:
            touch(ctx, tx, grant.request_id)


def _checked(fresh: Grant | None, grant: Grant) -> Grant:
    is_ours = fresh is not None and fresh.run == grant.run and fresh.state is GrantState.ENDING
    if fresh is None or not is_ours:
        raise StaleApproval("The grant has gone on.")
    return fresh


def _facts(hand: HandOver) -> dict[str, str]:
    moves = ", ".join(f"{m.count} {m.kind} to {m.to.person_id}" for m in hand.plan.moves)
    stayed = ", ".join(f"{count} {kind}" for kind, count in hand.stayed)
    return {"moves": moves[:300], "stayed": stayed[:300], "digest": hand.plan.digest}


def with_refusal(leaving: Leaving | None, error: ConnectorError) -> Leaving | None:
    """Add what a refused deactivation has told, and count one more look at it."""
    known = leaving or Leaving()
    if not isinstance(error, Blocked):
        return replace(known, looks=known.looks + 1) if known.looks else leaving
    refused = error.blockers
    # What was hard at an earlier look and is not refused any more is gone.
    soft = tuple(blocker for blocker in known.blockers if not blocker.is_hard)
    asked = tuple(b for b in known.blockers if b.is_hard and b.kind in {r.kind for r in refused})
    blockers = merged((*soft, *asked), refused)
    return replace(known, blockers=blockers, looks=known.looks + 1)
