"""The row of a grant that ends, while its records are handed over."""

from dataclasses import replace
from datetime import datetime

from bot.domain.audit import Tag
from bot.domain.errors import StaleApproval
from bot.domain.grant import Grant, GrantState
from bot.domain.handover import HandOver, Leaving
from bot.workflows.context import Context, audit, touch
from bot.workflows.moves import lock_grant


def leaving_of(ctx: Context, grant: Grant) -> Leaving:
    """Read what the grant leaves; raises StaleApproval when its row has gone on."""
    with ctx.ledger.read() as tx:
        return checked(tx.grants.get(grant.id), grant).leaving or Leaving()


def hand_over_of(ctx: Context, grant: Grant) -> HandOver:
    """Read its hand-over, which it has; raises StaleApproval as `leaving_of`."""
    hand = leaving_of(ctx, grant).hand_over
    if hand is None:
        raise StaleApproval("The hand-over has gone on.")
    return hand


def save_hand_over(
    ctx: Context,
    grant: Grant,
    hand: HandOver,
    tag: Tag | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    """Write a hand-over to the grant's row, as `keep_leaving` does."""
    leaving = replace(leaving_of(ctx, grant), hand_over=hand)
    keep_leaving(ctx, grant, leaving, tag, due_at=due_at)


def keep_leaving(
    ctx: Context,
    grant: Grant,
    leaving: Leaving | None,
    tag: Tag | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    """Write to the grant's row if it is still this run's; nothing to show when nothing changed."""
    with ctx.ledger.begin() as tx:
        fresh = checked(lock_grant(tx, grant.id), grant)
        kept = replace(fresh, due_at=due_at or fresh.due_at, attempts=0)
        if leaving is not None:
            kept = replace(kept, leaving=leaving)
        tx.grants.save(kept, was=fresh)
        hand = leaving.hand_over if leaving else None
        if tag is not None and hand is not None:
            audit(ctx, tx, tag, grant.id, hand.answered_by or "usher", **_facts(hand))
        if leaving is not None:
            touch(ctx, tx, grant.request_id)


def checked(fresh: Grant | None, grant: Grant) -> Grant:
    """Return the row as read anew; raises StaleApproval unless it is this run's still."""
    is_ours = fresh is not None and fresh.run == grant.run and fresh.state is GrantState.ENDING
    if fresh is None or not is_ours:
        raise StaleApproval("The grant has gone on.")
    return fresh


def _facts(hand: HandOver) -> dict[str, str]:
    moves = ", ".join(f"{m.count} {m.kind} to {m.to.person_id}" for m in hand.plan.moves)
    stayed = ", ".join(f"{count} {kind}" for kind, count in hand.stayed)
    facts = {"moves": moves[:300], "stayed": stayed[:300], "digest": hand.plan.digest}
    return facts | ({"why": hand.why} if hand.why else {})
