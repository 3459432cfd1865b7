"""A plan in words, for the issue on which it is approved, and what a full pool means to whom."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import assert_never

from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Parts,
    Plan,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.plan import Holder
from bot.domain.quoting import quoted
from bot.domain.seats import Availability, Idle, PoolCount

_MOST_NAMED = 10
_DATED = (Part.SET, Part.SET_GROUP)


def plan_lines(plan: Plan, holder: Holder) -> tuple[str, ...]:
    """Say what a plan will do, one line for each thing that somebody might object to.

    The lines are safe wherever they are shown: names in them cannot mention, link or format.
    """
    return tuple(line for change in plan.changes for line in _lines(change, holder))


def brief(changes: Iterable[Change]) -> str:
    """Name changes by their kinds, in order, for the log and the audit trail."""
    return ", ".join(type(change).__name__ for change in changes)


def full_note(free: Availability) -> str:
    """Say which pool keeps a person waiting, in numbers only: they may be told to anybody."""
    if not free.is_active:
        return f"The licence {free.pool} has run out or is switched off in the system."
    return f"All {free.total} seats of {free.pool} are taken or spoken for ({free.used} used)."


def idle_lines(pool: str, idle: Iterable[Idle]) -> tuple[str, ...]:
    """Name who holds a seat of a full pool without using it; for owners only, never requesters."""
    return tuple(
        f"{quoted(one.username)} holds a seat of {quoted(pool)} and "
        + (f"last logged in on {one.last_login:%Y-%m-%d}" if one.last_login else "never logged in")
        for one in idle
    )


def not_counted_note(pools: Iterable[PoolCount]) -> str:
    """Say which seats the system still counts as used after they were freed; empty if none."""
    named = [f"{quoted(pool.name)} ({pool.used} of {pool.total} used)" for pool in pools]
    return f"Salesforce has not counted it free yet: {', '.join(named)}." if named else ""


def free_again_note(
    freed: Iterable[str], late: Iterable[PoolCount], now: Iterable[PoolCount]
) -> str:
    """Say which seats are free again by the system's own count; empty if none is."""
    counted = frozenset(freed) - {pool.name for pool in late}
    named = [
        f"{quoted(pool.name)} ({pool.used} of {pool.total} used)"
        for pool in now
        if pool.name in counted
    ]
    return f"Free again, as Salesforce counts it: {', '.join(named)}." if named else ""


def _lines(change: Change, holder: Holder) -> Iterator[str]:
    match change:
        case CreateUser():
            yield _creation(change, holder)
        case UpdateUser():
            yield from _updates(change, holder)
        case Freeze():
            yield "freeze: nobody can log in with the account any more"
        case Unfreeze():
            yield "unfreeze: log-in is allowed again"
        case Deactivate():
            yield "deactivate the user, which frees the user licence"
        case Assign(parts, until):
            yield from (f"assign {_named(part, names, until)}" for part, names in parts)
        case Redate(parts, until):
            yield from (_redating(parts, until))
        case Remove(parts):
            yield from (f"remove {_named(part, names)}" for part, names in parts)
        case _:
            assert_never(change)


def _creation(change: CreateUser, holder: Holder) -> str:
    licence = f" and licence {quoted(change.licence)}" if change.licence else ""
    role = f", role {quoted(change.role)}" if change.role else ""
    features = f", features {_list(change.features)}" if change.features else ""
    user = f"create the user {quoted(holder.username, 80)} with profile {quoted(change.profile)}"
    return f"{user}{licence}{role}{features}"


def _updates(change: UpdateUser, holder: Holder) -> Iterator[str]:
    if change.is_activated:
        yield "activate the user again, which takes a user licence"
    if change.is_adopted:
        yield f"write the person id {quoted(holder.person_id)} into the user"
    if change.profile:
        yield f"change the profile to {quoted(change.profile)}"
    if change.role is not None:
        yield f"change the role to {quoted(change.role)}" if change.role else "take the role away"
    if change.features_on:
        yield f"switch on the features {_list(change.features_on)}"
    if change.features_off:
        yield f"switch off the features {_list(change.features_off)}"


def _redating(parts: Parts, until: datetime | None) -> Iterator[str]:
    for part, names in parts:
        when = f"until {_day(until)}" if until else "without an end of its own"
        yield f"keep {_named(part, names)} {when}"


def _named(part: Part, names: tuple[str, ...], until: datetime | None = None) -> str:
    end = f" until {_day(until)}" if until and part in _DATED else ""
    return f"{part}{'s' if len(names) > 1 else ''} {_list(names)}{end}"


def _list(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(quoted, names[:_MOST_NAMED])) + rest


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
