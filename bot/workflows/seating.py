"""Who a person is to a system, who changes it, and whether a seat is free."""

from collections import Counter
from dataclasses import dataclass

from bot.domain.errors import Conflict, Unauthorized
from bot.domain.grant import Grant
from bot.domain.people import Person
from bot.domain.plan import Holder, SeatView, Until, scope_of
from bot.domain.plan_text import full_note
from bot.domain.policy import Level, Pool, Provider, System, WhenFull
from bot.domain.policy_pools import pools_of, with_bought
from bot.domain.request import Request, RequestState
from bot.domain.seats import Availability, availability
from bot.ports import Transaction
from bot.workflows.context import Context, SeatService

NO_POOL = ""
_LINE = 1000
"""How many who wait are looked at; a line this long needs people, not software."""
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def parts(ctx: Context, request: Request) -> tuple[Level, System, Person]:
    """Find level, system and person; raises Conflict when policy or roster lost them."""
    policy = ctx.policy()
    level = policy.level(request.level_id)
    person = ctx.people.roster().get(request.person_id)
    if level is None or person is None:
        what = request.level_id if level is None else request.person_id
        raise Conflict(f"{what} is no longer known.", service="policy")
    return level, policy.system_of(level), person


def holder_of(person: Person, system: System) -> Holder:
    """Describe a person as a system will know them."""
    names = {"mail": person.mail, "mail_name": person.mail_name, "id": person.id}
    facts = {**names, "name": person.name, "role": person.role, "department": person.department}
    return Holder(
        person_id=person.id,
        name=person.name,
        mail=person.mail,
        username=system.username.format(**names).lower(),
        timezone=person.timezone,
        fields={name: form.format(**facts) for name, form in system.user_fields.items()},
        scope=scope_of(system),
    )


def until_of(system: System, grant: Grant | None) -> Until | None:
    """Say when sets end by themselves in the system; None where policy does not want that."""
    return Until(grant.until) if grant is not None and system.native_expiry else None


def service_of(ctx: Context, system: System) -> SeatService | None:
    """Return who changes this system; None when people do it by hand."""
    if system.provider is Provider.TASK:
        return None
    service = ctx.services.get(system.provider)
    if service is None:
        raise Unauthorized(f"{system.title} is not connected.", service=system.id)
    return service


def refuse_unknown(view: SeatView, system: System) -> None:
    if view.unknown:
        names = ", ".join(view.unknown)
        raise Conflict(f"{system.title} does not know: {names}.", service=system.id)
    if view.refusal:
        raise Conflict(view.refusal, service=system.id)


@dataclass(frozen=True, kw_only=True)
class Full:
    """Why no seat was reserved; `is_to_buy` when policy wants the owners to get more seats."""

    note: str
    pool: str
    is_to_buy: bool = False


def reserve(
    ctx: Context, tx: Transaction, request: Request, system: System, view: SeatView
) -> Full | None:
    """Reserve what the seat draws from its pools; returns why not when one of them is full.

    Call it under the system's seat lock. Those who wait longer for the same pool come first.
    """
    ahead = _ahead(ctx, tx, request, system)
    free = _binding(tx, request, system, view, ahead)
    if not free.is_free:
        pool = system.pools.get(free.pool, Pool())
        note = f"{full_note(free)} You are {_ordinal(ahead[free.pool] + 1)} in line."
        return Full(note=note, pool=free.pool, is_to_buy=pool.when_full is WhenFull.ASK)
    # A request that draws on no pool is noted too: it has been through here.
    names = [pool.name for pool in view.pools_to_draw] or [NO_POOL]
    tx.seats.reserve(request.id, system.id, names, ctx.clock.now())
    return None


def free_seats(
    ctx: Context, tx: Transaction, request: Request, system: System, view: SeatView
) -> Availability:
    """Count what is free for a request in the pool that binds, if it came to that now."""
    return _binding(tx, request, system, view, _ahead(ctx, tx, request, system))


def _binding(
    tx: Transaction, request: Request, system: System, view: SeatView, ahead: Counter[str]
) -> Availability:
    keep = {name: pool.keep_free for name, pool in system.pools.items()}
    return availability(
        with_bought(view.pools_to_draw, system.pools),
        reserved=Counter(tx.seats.reserved(system.id, except_for=request.id)) + ahead,
        keep_free={} if request.is_birthright else keep,
    )


def waiting_for(tx: Transaction, system_id: str) -> list[Request]:
    """List who waits for a seat of a system, in the order in which they asked."""
    waiting = tx.requests.select([RequestState.AWAITING_SEAT], _LINE)
    here = [r for r in waiting if r.level_id.partition("/")[0] == system_id]
    return sorted(here, key=lambda r: (r.created_at, r.id))


def _ahead(ctx: Context, tx: Transaction, request: Request, system: System) -> Counter[str]:
    """Count per pool who asked before; those who join have kept seats that others may not take."""
    ahead: Counter[str] = Counter()
    for other in waiting_for(tx, system.id):
        is_before = (other.created_at, other.id) < (request.created_at, request.id)
        if is_before and (other.is_birthright or not request.is_birthright):
            ahead.update(_pools_wanted(ctx, tx, other))
    return ahead


def _pools_wanted(ctx: Context, tx: Transaction, request: Request) -> set[str]:
    """Name the pools that a request draws on, but for those in which the person has a seat."""
    system = request.level_id.partition("/")[0]
    held = [g.level_id for g in tx.grants.of_person(request.person_id) if g.system == system]
    has = {pool for level_id in held for pool in _pools_of(ctx, level_id)}
    return _pools_of(ctx, request.level_id) - has


def _pools_of(ctx: Context, level_id: str) -> set[str]:
    level = ctx.policy().level(level_id)
    return set(pools_of(level.bundle)) if level else set()


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"
