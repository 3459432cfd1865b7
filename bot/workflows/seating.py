"""Who a person is to a system, who changes it, and whether a seat is free."""

from bot.domain.errors import Conflict, Unauthorized
from bot.domain.people import Person
from bot.domain.plan import Holder, SeatView
from bot.domain.policy import Level, Provider, System
from bot.domain.request import Request
from bot.domain.seats import availability
from bot.ports import Transaction
from bot.workflows.context import Context, SeatService

NO_POOL = ""


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
    return Holder(
        person_id=person.id,
        name=person.name,
        mail=person.mail,
        username=system.username.format(**names).lower(),
        timezone=person.timezone,
    )


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


def reserve(ctx: Context, tx: Transaction, request: Request, system: System, view: SeatView) -> str:
    """Reserve what the seat draws from its pools; returns why not when one of them is full."""
    keep = {name: pool.keep_free for name, pool in system.pools.items()}
    free = availability(
        view.pools_to_draw,
        reserved=tx.seats.reserved(system.id, except_for=request.id),
        keep_free={} if request.is_birthright else keep,
    )
    if not free.is_free:
        return f"All {free.total} seats of {free.pool} are taken or spoken for ({free.used} used)."
    # A request that draws on no pool is noted too: it has been through here.
    names = [pool.name for pool in view.pools_to_draw] or [NO_POOL]
    tx.seats.reserve(request.id, system.id, names, ctx.clock.now())
    return ""
