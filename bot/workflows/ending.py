"""The run that takes access away: frozen, stripped, inactive, verified, the vault item gone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import stamina
import structlog

from bot.domain.audit import Tag
from bot.domain.blockers import look_again_after
from bot.domain.changes import Deactivate, Plan, together
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    RateLimited,
    StaleApproval,
    Unauthorized,
    Unavailable,
)
from bot.domain.grant import GRANT_TRANSITIONS, EndReason, Grant, GrantEvent, GrantState
from bot.domain.handover import Leaving
from bot.domain.people import Person
from bot.domain.plan import Holder, ReadBack, SeatState, SeatView, frees, is_account, plan_seat
from bot.domain.plan_text import brief, free_again_note, not_counted_note, plan_lines
from bot.domain.policy import System
from bot.domain.request import Task
from bot.domain.seats import PoolCount, not_counted_free
from bot.ports import Transaction
from bot.workflows.advance import REST
from bot.workflows.context import (
    MAX_ATTEMPTS,
    Context,
    SeatService,
    audit,
    backoff,
    get_to_know,
    is_worth_a_retry,
    item_key,
    touch,
)
from bot.workflows.delivering import with_leftover
from bot.workflows.handing_over import has_handed_over, is_shut, with_refusal
from bot.workflows.judging import under_one_policy
from bot.workflows.leftovers import left_untouched, stays_as_it_is
from bot.workflows.moves import lock_grant
from bot.workflows.seating import holder_of, service_of, until_of, waiting_for

STAYS_OUT = (
    "Somebody else has stopped the log-in to this account: it stays stopped, although other access "
    "to it goes on."
)

log = structlog.get_logger()


def end(ctx: Context, grant_id: str, run: int) -> str:
    """Take a grant away; a run whose number is no longer the row's does nothing."""
    return str(ctx.engine.step("end", _end_guarded, ctx, grant_id, run))


def _end_guarded(ctx: Context, grant_id: str, run: int) -> str:
    try:
        for attempt in stamina.retry_context(
            on=is_worth_a_retry, attempts=3, wait_initial=0.2, wait_max=1.0
        ):
            with attempt:
                return _end(ctx, grant_id, run)
    except ConnectorError as error:
        return _setback(ctx, grant_id, run, error)
    except StaleApproval:
        return REST
    except Exception as error:
        log.exception("ending.failed", grant_id=grant_id)
        return _setback(ctx, grant_id, run, Conflict(f"unexpected {type(error).__name__}"))
    return REST


def _current(ctx: Context, grant_id: str, run: int) -> Grant | None:
    with ctx.ledger.read() as tx:
        grant = tx.grants.get(grant_id)
    if grant is None or grant.run != run or grant.state is not GrantState.ENDING:
        return None
    return grant


def _end(ctx: Context, grant_id: str, run: int) -> str:
    grant = _current(ctx, grant_id, run)
    if grant is None:
        return REST
    get_to_know(ctx, grant.person_id)
    ctx = under_one_policy(ctx)
    system = ctx.policy().systems.get(grant.system)
    if system is None:
        raise Conflict(f"{grant.system} is no longer known.", service="policy")
    person = ctx.people.roster().get(grant.person_id)
    holder = holder_of(person, system) if person else _holder_as_granted(grant)
    service = service_of(ctx, system)
    if service is None:
        if not grant.tasks:
            return _ask_by_hand(ctx, grant, system, person)
        if not all(task.done_by for task in grant.tasks):
            return REST
    heir = _heir(ctx, grant)
    note: str | None = ""
    if service is not None and not _stays(ctx, grant, service, holder, heir, person):
        note = _strip(ctx, grant, service, holder, heir)
    if note is None:
        return REST
    if grant.end_reason is EndReason.ABANDONED:
        grant = with_leftover(ctx, grant, person)
    if grant.item_id and not _takes_item(grant, heir):
        ctx.vault.delete_item(grant.vault_id, grant.item_id)
    return _finish(ctx, grant, heir, note)


def _holder_as_granted(grant: Grant) -> Holder:
    """Describe somebody whom the roster has lost; the immutable key finds the account."""
    known_as = grant.username or grant.person_id  # never empty: that would find other accounts
    return Holder(
        person_id=grant.person_id,
        name=grant.person_id,
        mail=known_as,
        username=known_as,
        timezone="UTC",
    )


def _ask_by_hand(ctx: Context, grant: Grant, system: System, person: Person | None) -> str:
    who = f"{person.name} ({person.mail})" if person else grant.person_id
    text = f"Remove {who} from {system.title} ({grant.level_id})"
    with ctx.ledger.begin() as tx:
        fresh = lock_grant(tx, grant.id)
        if fresh is not None and fresh.run == grant.run:
            listed = replace(fresh, tasks=(Task(position=0, text=text),), due_at=None)
            tx.grants.save(listed, was=fresh)
            touch(ctx, tx, grant.request_id)
    return REST


def _stays(
    ctx: Context,
    grant: Grant,
    service: SeatService,
    holder: Holder,
    heir: Grant | None,
    person: Person | None,
) -> bool:
    """Whether the account stays as it is; what IT is called for keeps no log-in in the vault."""
    if heir is not None:
        return left_untouched(ctx, grant)
    try:
        return stays_as_it_is(ctx, grant, service, holder)
    except Conflict:
        left = with_leftover(ctx, grant, person)
        if left.item_id:
            ctx.vault.delete_item(left.vault_id, left.item_id)
        raise


def _strip(
    ctx: Context,
    grant: Grant,
    service: SeatService,
    holder: Holder,
    heir: Grant | None,
) -> str | None:
    """Take the account down to what the person's other grant of this system still gives, if any.

    Returns what is to be said about seats that came free; None when the user stays frozen and
    stripped until the records are handed over.
    """
    level = ctx.policy().level(heir.level_id) if heir else None
    rest = level.bundle if level else None
    until = until_of(ctx.policy().systems[grant.system], heir)
    view = before = service.reader.observe(holder, rest)
    if view.refusal:
        if grant.end_reason is EndReason.ABANDONED:
            return ""  # the request failed because this account is not ours to touch
        raise Conflict(view.refusal, service=grant.system)
    _refuse_another(grant, view)
    lets_in = _has_shut_out(ctx, grant)
    plan = plan_seat(view, holder, rest, until=until, lets_in=lets_in)
    if plan.changes:
        _note_plan(ctx, grant, before, plan)
    for changes in together(plan.changes):
        if _current(ctx, grant.id, grant.run) is None:
            raise StaleApproval("The grant has gone on.")
        user_id = view.seat.user_id if view.seat else ""
        if any(isinstance(change, Deactivate) for change in changes) and not has_handed_over(
            ctx, grant, service.records, user_id, lambda: is_shut(service, holder, before)
        ):
            return None
        view = service.writer.apply_together(changes, holder, view)
    seats = _seats_to_free(ctx, grant)
    stays_out = heir is not None and not lets_in and view.state is not SeatState.ACTIVE
    kept = (STAYS_OUT,) if stays_out else ()
    if not plan.changes and not seats:
        return " ".join(kept)
    back = service.reader.read_back(holder, rest, [*seats])
    _refuse_another(grant, back.view)
    left = plan_seat(back.view, holder, rest, until=until, lets_in=lets_in)
    if left.changes:
        detail = f"Read back, there is still to do: {'; '.join(plan_lines(left, holder))}."
        raise Conflict(detail, service=grant.system)
    return " ".join(filter(None, (*kept, _counted(seats, back))))


def _refuse_another(grant: Grant, view: SeatView) -> None:
    """Raise Conflict unless the account is the one that was granted.

    Users are never deleted: one that is not found goes by other names now, and may be active.
    """
    if not grant.account or is_account(view.seat, grant.account):
        return
    found = f"lead to another one, {view.seat.user_id}" if view.seat else "do not find it any more"
    detail = (
        f"The account {grant.account} ({grant.username}) may still be active: the person id, user "
        f"name and mail of {grant.person_id} {found}. Write the person id into it again, and into "
        "no other, then retry."
    )
    raise Conflict(detail, service=grant.system)


def _has_shut_out(ctx: Context, grant: Grant) -> bool:
    """Whether this very ending has stopped the log-in: only then may it let the person in again."""
    with ctx.ledger.read() as tx:
        entries = tx.audit.of_subject(grant.id)
    made = (e.facts.get("changes", "") for e in entries if e.tag is Tag.SEAT_CHANGING)
    return any({"Freeze", "Deactivate"} & {*names.split(", ")} for names in made)


def _note_plan(ctx: Context, grant: Grant, before: SeatView, plan: Plan) -> None:
    """Write down what is about to change, for a run that is killed in between."""
    is_waiting = grant.leaving is not None and grant.leaving.is_asking
    if is_waiting and all(isinstance(change, Deactivate) for change in plan.changes):
        return  # one more look whether the records are handed over
    freed = frees(before.seat, plan) if before.seat else frozenset[str]()
    with ctx.ledger.begin() as tx:
        audit(ctx, tx, Tag.SEAT_CHANGING, grant.id, "usher", changes=brief(plan.changes))
        fresh = lock_grant(tx, grant.id)
        if freed and fresh is not None and fresh.run == grant.run:
            known = fresh.leaving or Leaving()
            used = {pool.name: pool.used for pool in before.pools if pool.name in freed}
            seats = tuple(sorted({**used, **dict(known.seats)}.items()))
            tx.grants.save(replace(fresh, leaving=replace(known, seats=seats)), was=fresh)


def _seats_to_free(ctx: Context, grant: Grant) -> dict[str, int]:
    """Recall the pools that get a seat back, each with how many were used before."""
    with ctx.ledger.read() as tx:
        fresh = tx.grants.get(grant.id)
    return dict(fresh.leaving.seats) if fresh is not None and fresh.leaving else {}


def _counted(seats: Mapping[str, int], back: ReadBack) -> str:
    """Say what the counters show; that is worth a note, and never a reason to fail."""
    if back.unread:
        return f"Whether the seats are counted free could not be read: {back.unread}"
    was = [PoolCount(name=name, total=0, used=used) for name, used in seats.items()]
    late = not_counted_free(seats, was, back.pools)
    notes = (free_again_note(seats, late, back.pools), not_counted_note(late))
    return " ".join(filter(None, notes))


def _heir(ctx: Context, grant: Grant) -> Grant | None:
    """Find the person's latest other grant in the same account, which keeps it and its log-in."""
    with ctx.ledger.read() as tx:
        others = tx.grants.of_person(grant.person_id)
    for other in reversed(others):
        is_other = other.id != grant.id and other.system == grant.system and other.account
        level = ctx.policy().level(other.level_id)
        if is_other and other.state is GrantState.ACTIVE and level is not None:
            return other
    return None


def _takes_item(grant: Grant, heir: Grant | None) -> bool:
    """Whether the vault item goes on with the heir; one that has a newer log-in needs no second."""
    return heir is not None and heir.item_id in ("", grant.item_id)


def _hand_down(tx: Transaction, grant: Grant, heir: Grant) -> None:
    """Let the vault item go on with the grant that keeps the account."""
    fresh = lock_grant(tx, heir.id)
    if fresh is None or fresh.state is not GrantState.ACTIVE or fresh.item_id != heir.item_id:
        raise Unavailable("The grant that stays has just changed.", service="usher")
    if not fresh.item_id:
        tx.grants.save(replace(fresh, vault_id=grant.vault_id, item_id=grant.item_id), was=fresh)


def _finish(ctx: Context, grant: Grant, heir: Grant | None, note: str) -> str:
    with ctx.ledger.begin() as tx:
        fresh = lock_grant(tx, grant.id)
        if fresh is None or fresh.run != grant.run or fresh.state is not GrantState.ENDING:
            return REST
        ended = replace(
            fresh,
            state=GRANT_TRANSITIONS[fresh.state, GrantEvent.FINISH],
            ended_at=ctx.clock.now(),
            due_at=None,
            note=note,
            leaving=fresh.leaving.once_inactive() if fresh.leaving else None,
        )
        tx.grants.save(ended, was=fresh)
        if grant.item_id and heir is not None and _takes_item(grant, heir):
            _hand_down(tx, grant, heir)
        elif grant.item_id:
            audit(ctx, tx, Tag.ITEM_REMOVED, grant.id, "usher", item=grant.item_id)
            if fresh.end_reason is EndReason.ABANDONED:  # its request may need another log-in
                tx.writes.undo(item_key(grant.request_id))
        audit(ctx, tx, Tag.GRANT_ENDED, grant.id, "usher", reason=str(fresh.end_reason))
        touch(ctx, tx, grant.request_id)
    _wake_those_in_line(ctx, grant.system)
    return REST


def _wake_those_in_line(ctx: Context, system_id: str) -> None:
    """Let the next sweep look at who waits for a seat: one may have come free.

    In a transaction of its own, as it locks other requests than the one that holds this grant.
    """
    with ctx.ledger.begin() as tx:
        for waiting in waiting_for(tx, system_id):
            tx.requests.save(replace(waiting, due_at=ctx.clock.now()), was=waiting)


def _next_look(
    ctx: Context, tx: Transaction, grant_id: str, leaving: Leaving | None, error: ConnectorError
) -> datetime | None:
    """Say when to look by itself whether what kept access from ending is over; None is never."""
    may_pass = type(error).retryable or isinstance(error, Unauthorized)
    if not may_pass and (leaving is None or not leaving.looks):
        return None
    failed = [e for e in tx.audit.of_subject(grant_id) if e.tag is Tag.GRANT_FAILED]
    wait = look_again_after(len(failed) + 1)
    if isinstance(error, RateLimited):
        wait = max(wait, timedelta(seconds=error.retry_after_s))
    return ctx.clock.now() + wait


def _setback(ctx: Context, grant_id: str, run: int, error: ConnectorError) -> str:
    """Try again later; access that cannot be taken away is IT's business at once."""
    with ctx.ledger.begin() as tx:
        fresh = lock_grant(tx, grant_id)
        if fresh is None or fresh.run != run or fresh.state is not GrantState.ENDING:
            return REST
        attempts = fresh.attempts + 1
        note = f"{error.service or 'Usher'}: {error.detail}"[:500]
        leaving = with_refusal(fresh.leaving, error)
        if attempts >= MAX_ATTEMPTS or not type(error).retryable:
            failed = replace(
                fresh,
                state=GRANT_TRANSITIONS[fresh.state, GrantEvent.FAIL],
                attempts=attempts,
                note=note,
                leaving=leaving,
                # What was blocked is looked at again, whatever else goes wrong meanwhile.
                due_at=_next_look(ctx, tx, grant_id, leaving, error),
            )
            tx.grants.save(failed, was=fresh)
            audit(ctx, tx, Tag.GRANT_FAILED, grant_id, "usher", why=note)
        else:
            wait = backoff(attempts)
            if isinstance(error, RateLimited):
                wait = max(wait, timedelta(seconds=error.retry_after_s))
            later = replace(fresh, attempts=attempts, note=note, due_at=ctx.clock.now() + wait)
            tx.grants.save(later, was=fresh)
        touch(ctx, tx, fresh.request_id)
    return REST
