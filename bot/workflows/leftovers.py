"""What an unfinished request leaves in a system: whose it is, and who takes it away."""

from bot.domain.audit import Entry, Tag
from bot.domain.errors import Conflict
from bot.domain.grant import EndReason, Grant
from bot.domain.plan import Holder, SeatState, plan_seat
from bot.domain.policy import Provider
from bot.domain.request import Request
from bot.ports import Transaction
from bot.workflows.context import Context, SeatService, item_key

UNTOUCHED = "untouched"
_WAS_IN_USE = frozenset({SeatState.ACTIVE, SeatState.FROZEN})
_WAS_THERE = "was there before this request, so Usher takes nothing away from it"


def left_by(ctx: Context, tx: Transaction, request: Request) -> str | None:
    """Say how the account stood before an unfinished request changed it.

    None when there is nothing to take away; `UNTOUCHED` when only a log-in was stored; empty for
    what people did by hand.
    """
    making = _since_approved(tx.audit.of_subject(request.id))
    if not any(entry.tag is Tag.REQUEST_RESERVED for entry in making):
        return None  # nothing is made before a seat is reserved
    changing = [entry for entry in making if entry.tag is Tag.SEAT_CHANGING]
    if changing:
        return changing[0].facts.get("seat", SeatState.ACTIVE)
    system = ctx.policy().systems.get(request.level_id.partition("/")[0])
    if system is None or system.provider is Provider.TASK:
        return ""
    return UNTOUCHED if tx.writes.get(item_key(request.id)) is not None else None


def _since_approved(entries: list[Entry]) -> list[Entry]:
    """Leave out earlier tries: what they left was taken away when people were asked again."""
    starts = [i for i, entry in enumerate(entries) if entry.tag is Tag.REQUEST_APPROVED]
    return entries[starts[-1] :] if starts else entries


def left_untouched(ctx: Context, grant: Grant) -> bool:
    """Whether an abandoned request has left a log-in in the vault at most."""
    return _seat_before(ctx, grant) == UNTOUCHED


def stays_as_it_is(ctx: Context, grant: Grant, service: SeatService, holder: Holder) -> bool:
    """Whether the account that an abandoned request leaves, and no other grant, is not touched.

    Raises Conflict, once, for an account that somebody used before: only people know what of it is
    theirs. When they let the grant go on, they have put it right.
    """
    seat = _seat_before(ctx, grant)
    if seat not in _WAS_IN_USE:
        return seat == UNTOUCHED
    if _is_put_right(_entries(ctx, grant)):
        return True
    view = service.reader.observe(holder, None)
    if view.refusal or view.seat is None or not plan_seat(view, holder, None).changes:
        return False
    detail = (
        f"The account {view.seat.user_id} {_WAS_THERE}. Put right by hand what the request has "
        "changed, then retry: the account stays as it is then."
    )
    raise Conflict(detail, service=grant.system)


def _seat_before(ctx: Context, grant: Grant) -> str:
    if grant.end_reason is not EndReason.ABANDONED:
        return ""
    begun = (e for e in _entries(ctx, grant) if e.tag is Tag.GRANT_ENDING)
    return next((entry.facts.get("seat", "") for entry in begun), "")


def _entries(ctx: Context, grant: Grant) -> list[Entry]:
    with ctx.ledger.read() as tx:
        return tx.audit.of_subject(grant.id)


def _is_put_right(entries: list[Entry]) -> bool:
    """Whether somebody has let it go on after they were told that the account was there before."""
    told = [
        i
        for i, entry in enumerate(entries)
        if entry.tag is Tag.GRANT_FAILED and _WAS_THERE in entry.facts.get("why", "")
    ]
    later = entries[told[-1] :] if told else []
    return any(e.tag is Tag.GRANT_ENDING and e.actor != "usher" for e in later)
