"""The plan as people saw it when they were asked, and what a later one does beyond it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Parts,
    Plan,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.plan import Seat
from bot.domain.seats import Availability, Idle


class DeedKind(StrEnum):
    """What somebody may object to although they approved the level for the person."""

    CREATE = "create"
    ADOPT = "adopt"
    ACTIVATE = "activate"
    UNFREEZE = "unfreeze"
    PROFILE = "profile"
    ROLE = "role"
    FEATURE_OFF = "feature_off"
    REMOVE = "remove"
    FREEZE = "freeze"
    DEACTIVATE = "deactivate"


@dataclass(frozen=True)
class Deed:
    """One such thing, done to an account (the system's id of it; empty for a new one)."""

    kind: DeedKind
    account: str = ""
    was: str = ""
    what: str = ""


UNSEEN = (Deed(DeedKind.CREATE),)
"""What nobody need have seen: without a plan, people expect a new account."""


@dataclass(frozen=True, kw_only=True)
class ShownPlan:
    """What one look at the system said a request would change; `asked` is the request's digest.

    `problem` says why there is no plan, and `is_unread` that only the look failed, so that another
    one may help. `seats` are of the pool that binds, None when no seat is drawn. `earlier` is what
    people had been shown before, when this plan does more than that.
    """

    asked: str
    at: datetime
    lines: tuple[str, ...] = ()
    calls: int = 0
    digest: str = ""
    deeds: tuple[Deed, ...] = ()
    seats: Availability | None = None
    problem: str = ""
    is_unread: bool = False
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdleSeats:
    """Who holds a seat of a full pool without using it, as of one look; the first few only.

    How people log in is their own affair: names are for the system's owners, numbers for anybody.
    """

    pool: str
    days: int
    at: datetime
    idle: tuple[Idle, ...] = ()


def deeds_of(seat: Seat | None, plan: Plan) -> tuple[Deed, ...]:
    """Name what a plan does beyond giving, each thing once, as it starts from this seat."""
    found = (deed for change in plan.changes for deed in _deeds(change, seat))
    return tuple(dict.fromkeys(found))


def exceeds(shown: Iterable[Deed], fresh: Iterable[Deed]) -> tuple[Deed, ...]:
    """Name what a fresh plan does beyond the one that was shown; empty when it may go on.

    What a level gives is no surprise: its content, the person and the end are what was approved.
    """
    seen = frozenset(shown)
    return tuple(deed for deed in fresh if deed not in seen)


def shown_to(plan: ShownPlan | None, asked: str) -> ShownPlan | None:
    """Return the plan that people saw for this very asking, if there was one to see."""
    return plan if plan is not None and plan.asked == asked and not plan.problem else None


def _deeds(change: Change, seat: Seat | None) -> Iterator[Deed]:
    account = seat.user_id if seat else ""
    match change:
        case CreateUser():
            yield Deed(DeedKind.CREATE)
        case UpdateUser():
            yield from _updates(change, seat, account)
        case Freeze():
            yield Deed(DeedKind.FREEZE, account)
        case Unfreeze():
            yield Deed(DeedKind.UNFREEZE, account)
        case Deactivate():
            yield Deed(DeedKind.DEACTIVATE, account)
        case Remove(parts):
            yield from _removals(parts, account)
        case Assign() | Redate():
            pass
        case _:
            assert_never(change)


def _updates(change: UpdateUser, seat: Seat | None, account: str) -> Iterator[Deed]:
    if change.is_adopted:
        yield Deed(DeedKind.ADOPT, account)
    if change.is_activated:
        yield Deed(DeedKind.ACTIVATE, account)
    # What an inactive account was, nobody works with.
    if seat is not None and seat.is_active and change.profile:
        yield Deed(DeedKind.PROFILE, account, seat.profile, change.profile)
    if seat is not None and seat.is_active and seat.role and change.role is not None:
        yield Deed(DeedKind.ROLE, account, seat.role, change.role)
    yield from (Deed(DeedKind.FEATURE_OFF, account, what=name) for name in change.features_off)


def _removals(parts: Parts, account: str) -> Iterator[Deed]:
    for part, names in parts:
        yield from (Deed(DeedKind.REMOVE, account, what=f"{part} {name}") for name in names)
