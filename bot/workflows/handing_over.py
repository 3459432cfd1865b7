"""A leaver's records: counted, asked about, moved in batches, and read back.

Log-in is stopped and rights are taken before any of this, so that nobody keeps access while
somebody thinks. Only the deactivation waits, because an inactive owner's tasks and contacts are
hard to edit, and at most until the deadline: then the seat is freed and nothing is moved. That is
the safe way round, for a user can be activated again, but records that were moved without a yes
cannot be told from the new owner's own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.audit import Tag
from bot.domain.blockers import merged
from bot.domain.errors import Blocked, ConnectorError
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.handover import (
    KINDS,
    MOST_FAILURES,
    Dependence,
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
    pages,
    plan_hand_over,
    recipient,
)
from bot.domain.people import Person
from bot.domain.plan import Holder, SeatView
from bot.domain.policy import System
from bot.ports import RecordReader
from bot.workflows.context import LEASE, Context, RecordService, SeatService
from bot.workflows.hand_over_rows import (
    checked,
    hand_over_of,
    keep_leaving,
    leaving_of,
    save_hand_over,
)
from bot.workflows.seating import holder_of

LOOK_AGAIN = timedelta(hours=1)
_LEAVING = (GrantState.ENDING, GrantState.NEEDS_IT)
DEADLINE = timedelta(days=1)
"""Where policy promises nothing for leavers; and how long a yes may wait for calls to spare."""
_LONGEST_WHY = 300
_OPEN = "log-in could not be stopped otherwise than by deactivating the user at once"
_NO_CALLS = "the system has no calls to spare today"

log = structlog.get_logger()


def has_handed_over(
    ctx: Context,
    grant: Grant,
    records: RecordService | None,
    user_id: str,
    is_shut: Callable[[], bool],
) -> bool:
    """Do what can be done for a leaver's records now; True when the user may be deactivated.

    False leaves the grant's row with the date at which to look again; never while log-in is open,
    which `is_shut` tells. Idempotent: each call counts what is still the leaver's and acts on that.
    Trouble with records alone, which would come again, does not keep the user active either.
    """
    if records is None or grant.end_reason is EndReason.ABANDONED:
        return True
    hand = leaving_of(ctx, grant).hand_over
    system = ctx.policy().systems[grant.system]
    if hand.is_over if hand is not None else not system.hand_over:
        _look(ctx, grant, records.reader, user_id, ())
        return True
    try:
        return _goes_on(ctx, grant, records, system, user_id, is_shut)
    except ConnectorError as error:
        is_late = hand is not None and ctx.clock.now() >= _last_moment(hand)
        if type(error).retryable and not is_late and is_shut():
            raise
        is_unanswered = is_late and hand is not None and hand.state is HandOverState.ASKED
        why = "" if is_unanswered else f"the records could not be read or moved ({error.detail})"
        _leave(ctx, grant, HandOverPlan(), why)
        _look(ctx, grant, records.reader, user_id, ())
        return True


def _goes_on(
    ctx: Context,
    grant: Grant,
    records: RecordService,
    system: System,
    user_id: str,
    is_shut: Callable[[], bool],
) -> bool:
    hand = leaving_of(ctx, grant).hand_over
    owned = _look(ctx, grant, records.reader, user_id, tuple(system.hand_over))
    if hand is not None and hand.state is HandOverState.AGREED:
        plan = _plan(ctx, grant, records.reader, system, owned)
        if covers(hand.plan, plan):
            is_done = _carry_out(ctx, grant, records, user_id, plan)
            return is_done or _is_not_to_wait(ctx, grant, is_shut)
    if any(owned.values()):  # some calls less for all who leave nothing, and after a yes
        owned |= _others(records.reader, system, user_id)
    plan = _plan(ctx, grant, records.reader, system, owned)
    if plan.is_empty:
        return _is_empty_handed(ctx, grant, hand)
    if not is_shut():
        _leave(ctx, grant, plan, _OPEN)
        return True
    return _ask(ctx, grant, plan) if hand is None else _is_too_late(ctx, grant, hand, plan)


def _is_empty_handed(ctx: Context, grant: Grant, hand: HandOver | None) -> bool:
    """Note that there is nothing left of what was asked about."""
    if hand is not None:
        save_hand_over(
            ctx, grant, replace(hand, state=HandOverState.DONE, left=0), Tag.HANDOVER_DONE
        )
    return True


def _leave(ctx: Context, grant: Grant, plan: HandOverPlan, why: str) -> None:
    """Let records stay where they are for a reason that is no answer."""
    now, hand = ctx.clock.now(), leaving_of(ctx, grant).hand_over
    state = HandOverState.OVERDUE
    if hand is None:
        hand = HandOver(state=state, plan=plan, asked_at=now, deadline=now, left=plan.total)
    over = replace(hand, state=state, why=why[:_LONGEST_WHY])
    save_hand_over(ctx, grant, over, Tag.HANDOVER_OVERDUE)


def _last_moment(hand: HandOver) -> datetime:
    """Say until when it may go on: a yes was given in time, and gets some time of its own."""
    is_agreed = hand.state is HandOverState.AGREED
    return hand.deadline + DEADLINE if is_agreed else hand.deadline


def is_shut(service: SeatService, holder: Holder, before: SeatView) -> bool:
    """Whether nobody can log in: a freeze that changed nothing shows only in another look.

    `before` is the look that the freeze was planned from.
    """
    if _is_shut(before):
        return True
    return _is_shut(service.reader.observe(holder, None))


def _is_shut(view: SeatView) -> bool:
    return view.seat is None or not view.seat.is_active or view.seat.is_frozen


# ---- looking ------------------------------------------------------------------------------------


def _look(
    ctx: Context, grant: Grant, reader: RecordReader, user_id: str, kinds: Collection[str]
) -> dict[str, int]:
    """Count, and keep what depends on the user.

    Not to know what depends is no reason to leave the user active.
    """
    try:
        found = reader.look(user_id, kinds)
    except ConnectorError as error:
        if kinds:
            raise
        found = Dependence(owned={}, blockers=None, unread=error.detail)
    if found.blockers is None:
        log.warning("blockers.not_read", grant_id=grant.id, why=found.unread)
        return dict(found.owned)
    leaving = leaving_of(ctx, grant)
    if leaving.blockers != found.blockers:
        keep_leaving(ctx, grant, replace(leaving, blockers=found.blockers))
    return dict(found.owned)


def _plan(
    ctx: Context,
    grant: Grant,
    reader: RecordReader,
    system: System,
    owned: Mapping[str, int],
) -> HandOverPlan:
    if not any(owned.values()):
        return HandOverPlan()
    roster, now = ctx.people.roster(), ctx.clock.now()
    leaver = roster.get(grant.person_id)
    names = {name for kind, name in system.hand_over.items() if owned.get(kind)}
    people = {name: candidates(name, leaver, ctx.policy(), roster, now) for name in sorted(names)}
    leave_too = _who_leave_too(ctx, grant, people.values())
    asked = {
        one.id: holder_of(one, system)
        for some in people.values()
        for one in some
        if one.id not in leave_too
    }
    users = reader.users(list(asked.values()))
    to: Mapping[str, Recipient | str] = {
        name: recipient(name, some, users) for name, some in people.items()
    }
    return plan_hand_over(owned, system.hand_over, to)


def _who_leave_too(
    ctx: Context, grant: Grant, people: Iterable[Collection[Person]]
) -> frozenset[str]:
    """Name those whose own access to the system is being taken away."""
    found: set[str] = set()
    with ctx.ledger.read() as tx:
        for person_id in {one.id for some in people for one in some}:
            for other in tx.grants.of_person(person_id):
                if other.system == grant.system and other.state in _LEAVING:
                    found.add(person_id)
    return frozenset(found)


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
        keep_leaving(ctx, grant, None, due_at=now + LOOK_AGAIN)
        return False
    promised = company.revoke_within.after(now, company.calendar) if company.revoke_within else None
    hand = HandOver(
        state=HandOverState.ASKED,
        plan=plan,
        asked_at=now,
        deadline=promised or now + DEADLINE,
        left=plan.total,
    )
    save_hand_over(ctx, grant, hand, Tag.HANDOVER_ASKED, due_at=_next_look(now, hand))
    return False


def _is_asked_elsewhere(ctx: Context, grant: Grant) -> bool:
    """Whether the same records are asked about on the issue of another grant that ends too."""
    with ctx.ledger.read() as tx:
        others = tx.grants.of_person(grant.person_id)
    return any(o.is_asking for o in others if o.id != grant.id and o.system == grant.system)


def _is_too_late(ctx: Context, grant: Grant, hand: HandOver, plan: HandOverPlan) -> bool:
    """Go on without an answer once the deadline is over; until then show what is asked now."""
    now = ctx.clock.now()
    if now >= hand.deadline:
        # A yes to less than there is now is a yes to nothing: somebody has to look at it.
        over = replace(hand, state=HandOverState.OVERDUE, plan=plan, why="", left=plan.total)
        save_hand_over(ctx, grant, over, Tag.HANDOVER_OVERDUE)
        return True
    is_new = not covers(hand.plan, plan)
    asked = replace(
        hand,
        state=HandOverState.ASKED,
        plan=plan,
        asked_at=now if is_new else hand.asked_at,
        shown_at=None if is_new else hand.shown_at,
        answered_by="",
        left=plan.total,
        why="",
    )
    if asked == hand:
        keep_leaving(ctx, grant, None, due_at=_next_look(now, hand))
    else:
        save_hand_over(ctx, grant, asked, Tag.HANDOVER_ASKED, due_at=_next_look(now, hand))
    return False


def _next_look(now: datetime, hand: HandOver) -> datetime:
    return max(now, min(now + LOOK_AGAIN, hand.deadline))


# ---- moving -------------------------------------------------------------------------------------


def _carry_out(
    ctx: Context, grant: Grant, records: RecordService, user_id: str, plan: HandOverPlan
) -> bool:
    """Move what is still the leaver's, batch by batch, and read back what came of it.

    False when others need the calls that are left for today; access is gone, and this can wait.
    """
    failures: list[Failure] = []
    hand = hand_over_of(ctx, grant)
    if hand.left != plan.total:  # an earlier try was cut off
        save_hand_over(ctx, grant, replace(hand, left=plan.total), due_at=ctx.clock.now() + LEASE)
    for move in plan.moves:
        if not _move(ctx, grant, records, user_id, move, failures):
            return False
    kinds = [move.kind for move in plan.moves]
    stayed = records.reader.count(user_id, kinds) if kinds else {}
    hand = hand_over_of(ctx, grant)
    done = replace(
        hand,
        state=HandOverState.DONE,
        left=sum(stayed.values()),
        stayed=tuple((kind, stayed[kind]) for kind in kinds if stayed.get(kind)),
        failures=tuple(failures[:MOST_FAILURES]),
        why="",
    )
    save_hand_over(ctx, grant, done, Tag.HANDOVER_DONE)
    return True


def _is_not_to_wait(ctx: Context, grant: Grant, is_shut: Callable[[], bool]) -> bool:
    """Wait for calls to spare, unless that takes too long or log-in is open."""
    now, hand = ctx.clock.now(), hand_over_of(ctx, grant)
    if now >= _last_moment(hand) or not is_shut():
        _leave(ctx, grant, hand.plan, _NO_CALLS)
        return True
    if hand.why == _NO_CALLS:
        keep_leaving(ctx, grant, None, due_at=now + LOOK_AGAIN)
    else:
        save_hand_over(ctx, grant, replace(hand, why=_NO_CALLS), due_at=now + LOOK_AGAIN)
    return False


def _move(
    ctx: Context,
    grant: Grant,
    records: RecordService,
    user_id: str,
    move: Move,
    failures: list[Failure],
) -> bool:
    if not records.reader.may_spend(pages(move.count)):
        return False
    # No more than was agreed to, should some have come in since they were counted.
    for some in batches(records.reader.ids(user_id, move.kind)[: move.count]):
        if not records.reader.may_spend(1):
            return False
        _still_ours(ctx, grant)
        refused = records.writer.give(move.kind, some, move.to.user_id)
        failures += refused
        _note_progress(ctx, grant, len(some) - len(refused))
    return True


def _still_ours(ctx: Context, grant: Grant) -> None:
    """Read the row again before an outside write; raises StaleApproval when it has gone on."""
    with ctx.ledger.read() as tx:
        checked(tx.grants.get(grant.id), grant)


def _note_progress(ctx: Context, grant: Grant, moved: int) -> None:
    hand = hand_over_of(ctx, grant)
    save_hand_over(
        ctx, grant, replace(hand, left=max(0, hand.left - moved)), due_at=ctx.clock.now() + LEASE
    )


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
