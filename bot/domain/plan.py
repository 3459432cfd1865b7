"""The ordered changes that make a person's seat in a system what it should be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whom a seat is for, as the system will know them; `person_id` is the immutable key.

    `fields` are further fields of a new account, as policy wants them filled.
    """

    person_id: str
    name: str
    mail: str
    username: str
    timezone: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One person's account as the system shows it now."""

    user_id: str
    username: str
    is_active: bool
    is_frozen: bool
    licence: str
    profile: str
    person_id: str | None
    permission_sets: frozenset[str] = frozenset()
    permission_set_licences: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SeatView:
    """What one look at the system found: the seat if there is one, and the pools.

    `unknown` lists names of the bundle (profile, sets, licences) that the system does not have.
    `refusal` says why the account found must not be touched (somebody else's, the bot's own).
    `implied_licences` are permission set licences that the bundle's sets bring along by themselves.
    `handles` are the system's own ids for what is named here; only the adapter reads them.
    """

    seat: Seat | None
    pools: tuple[PoolCount, ...] = ()
    unknown: tuple[str, ...] = ()
    refusal: str = ""
    implied_licences: frozenset[str] = field(default_factory=frozenset)
    handles: tuple[tuple[str, str], ...] = ()

    @property
    def pools_to_draw(self) -> tuple[PoolCount, ...]:
        """Return the pools that must have a free seat: those of which this one holds none yet."""
        if self.seat is None:
            return self.pools
        held = set(self.seat.permission_set_licences)
        if self.seat.is_active:
            held.add(self.seat.licence)
        return tuple(pool for pool in self.pools if pool.name not in held)


@dataclass(frozen=True)
class CreateUser:
    """Make the account, active, with licence and profile."""

    profile: str


@dataclass(frozen=True)
class UpdateUser:
    """Set the profile, and reactivate or adopt the account if it is not ours or not active yet."""

    profile: str


@dataclass(frozen=True)
class Freeze:
    """Stop log-in at once; the seat stays taken."""


@dataclass(frozen=True)
class Unfreeze:
    """Allow log-in again."""


@dataclass(frozen=True)
class AssignLicences:
    """Assign permission set licences."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class RemoveLicences:
    """Remove permission set licences."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class AssignSets:
    """Assign permission sets."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class RemoveSets:
    """Remove permission sets."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Deactivate:
    """Make the account inactive, which frees the user licence."""


Change: TypeAlias = (
    CreateUser
    | UpdateUser
    | Freeze
    | Unfreeze
    | AssignLicences
    | RemoveLicences
    | AssignSets
    | RemoveSets
    | Deactivate
)


def plan_seat(view: SeatView, holder: Holder, desired: Bundle | None) -> tuple[Change, ...]:
    """List what is to be done, in order, until the seat matches `desired`; None means no access.

    A seat that matches gives an empty plan: planning again after applying is the verification.
    """
    if desired is None:
        return tuple(_removal(view.seat))
    return tuple(_towards(view, holder, desired))


def _removal(seat: Seat | None) -> Iterator[Change]:
    if seat is None:
        return
    if seat.is_active and not seat.is_frozen:
        yield Freeze()
    if seat.permission_sets:
        yield RemoveSets(tuple(sorted(seat.permission_sets)))
    if seat.permission_set_licences:
        yield RemoveLicences(tuple(sorted(seat.permission_set_licences)))
    if seat.is_active:
        yield Deactivate()


def _towards(view: SeatView, holder: Holder, desired: Bundle) -> Iterator[Change]:
    seat = view.seat
    sets = frozenset(desired.permission_sets)
    licences = frozenset(desired.permission_set_licences)
    kept_licences = licences | view.implied_licences
    has_sets = seat.permission_sets if seat else frozenset[str]()
    has_licences = seat.permission_set_licences if seat else frozenset[str]()
    if has_sets - sets:
        yield RemoveSets(tuple(sorted(has_sets - sets)))
    if has_licences - kept_licences:
        yield RemoveLicences(tuple(sorted(has_licences - kept_licences)))
    if seat is None:
        yield CreateUser(desired.profile)
    elif (
        not seat.is_active or seat.profile != desired.profile or seat.person_id != holder.person_id
    ):
        yield UpdateUser(desired.profile)
    if seat is not None and seat.is_frozen:
        yield Unfreeze()
    if licences - has_licences:
        yield AssignLicences(tuple(sorted(licences - has_licences)))
    if sets - has_sets:
        yield AssignSets(tuple(sorted(sets - has_sets)))
