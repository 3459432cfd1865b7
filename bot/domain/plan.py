"""The plan that makes a person's account in a system what it should be."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

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
    calls_of,
)
from bot.domain.errors import Conflict
from bot.domain.policy import Bundle, System
from bot.domain.policy_pools import feature_pool, package_pool
from bot.domain.seats import PoolCount

# A set that needs a licence or a package is refused until its holder has that.
_GIVEN_IN_ORDER = (
    Part.SET_LICENCE, Part.PACKAGE, Part.SET, Part.SET_GROUP, Part.GROUP, Part.QUEUE
)  # fmt: skip
_ALWAYS_GOVERNED = frozenset({Part.SET, Part.SET_GROUP, Part.SET_LICENCE})


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the levels of a system speak of.

    What none of them names, such as public groups or roles, is left to the system's admins as long
    as access lasts. When access ends, everything goes. With `has_ends` sets end by themselves too.
    """

    parts: frozenset[Part] = frozenset()
    features: frozenset[str] = frozenset()
    has_roles: bool = False
    has_ends: bool = False


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
    scope: Scope = Scope()


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One person's account as the system shows it now.

    `ends` are the moments at which the system itself takes a set or a set group away. `features`
    are those that somebody's policy speaks of; the account may have more.
    """

    user_id: str
    username: str
    is_active: bool
    is_frozen: bool
    licence: str
    profile: str
    person_id: str | None
    role: str = ""
    features: frozenset[str] = frozenset()
    parts: Mapping[Part, frozenset[str]] = field(default_factory=dict)
    ends: Mapping[tuple[Part, str], datetime] = field(default_factory=dict)

    def held(self, part: Part) -> frozenset[str]:
        return self.parts.get(part, frozenset())

    @property
    def pools(self) -> frozenset[str]:
        """Name the pools in which this account holds a seat; frozen ones hold theirs too."""
        of_user = (self.licence, *map(feature_pool, self.features)) if self.is_active else ()
        packages = map(package_pool, self.held(Part.PACKAGE))
        return frozenset({*of_user, *self.held(Part.SET_LICENCE), *packages})


class SeatState(StrEnum):
    """How a person stands in a system; residue is inactive and yet holds what costs seats."""

    ABSENT = "absent"
    ACTIVE = "active"
    FROZEN = "frozen"
    INACTIVE = "inactive"
    RESIDUE = "residue"
    CONFLICT = "conflict"


@dataclass(frozen=True, kw_only=True)
class SeatView:
    """What one look at the system found: the seat if there is one, and the pools.

    The pools are those of the bundle, the user licence first; without a bundle those of the seat.
    `unknown` lists names of the bundle (profile, sets, licences) that the system does not have.
    `refusal` says why the account found must not be touched (somebody else's, the bot's own).
    `implied_licences` are permission set licences that the bundle's sets bring along by themselves,
    `needed_licences` those that its groups of sets need and may not bring.
    `handles` are the system's own ids for what is named here; only the adapter reads them.
    """

    seat: Seat | None
    pools: tuple[PoolCount, ...] = ()
    unknown: tuple[str, ...] = ()
    refusal: str = ""
    implied_licences: frozenset[str] = frozenset()
    needed_licences: frozenset[str] = frozenset()
    handles: tuple[tuple[str, str], ...] = ()

    @property
    def state(self) -> SeatState:
        if self.refusal:
            return SeatState.CONFLICT
        if self.seat is None:
            return SeatState.ABSENT
        if self.seat.is_active:
            return SeatState.FROZEN if self.seat.is_frozen else SeatState.ACTIVE
        return SeatState.RESIDUE if any(self.seat.parts.values()) else SeatState.INACTIVE

    @property
    def pools_to_draw(self) -> tuple[PoolCount, ...]:
        """Return the pools that must have a free seat: those of which this one holds none yet."""
        held = self.seat.pools if self.seat else frozenset[str]()
        return tuple(pool for pool in self.pools if pool.name not in held)


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """What came of changes: the account, and the counters of pools; `unread` says why not these."""

    view: SeatView
    pools: tuple[PoolCount, ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class Until:
    """When sets end by themselves in the system; None is never."""

    at: datetime | None


def scope_of(system: System) -> Scope:
    """Collect what the levels of a system speak of."""
    bundles = [level.bundle for level in system.levels.values()]
    return Scope(
        parts=frozenset(part for bundle in bundles for part in parts_of(bundle)),
        features=frozenset(name for bundle in bundles for name in bundle.features),
        has_roles=any(bundle.role for bundle in bundles),
        has_ends=system.native_expiry,
    )


def governed(scope: Scope, bundle: Bundle | None) -> frozenset[Part]:
    """Say which parts of an account must be exactly as a bundle has them; all when there is none.

    Permission sets and their licences always must: an extra one is access that nobody approved.
    """
    if bundle is None:
        return frozenset(Part)
    return _ALWAYS_GOVERNED | scope.parts | frozenset(parts_of(bundle))


def parts_of(bundle: Bundle) -> dict[Part, tuple[str, ...]]:
    """Return what a bundle names of each part, without empty ones."""
    names = {
        Part.SET: bundle.permission_sets,
        Part.SET_GROUP: bundle.permission_set_groups,
        Part.SET_LICENCE: bundle.permission_set_licences,
        Part.PACKAGE: bundle.packages,
        Part.GROUP: bundle.groups,
        Part.QUEUE: bundle.queues,
    }
    return {part: some for part, some in names.items() if some}


def is_account(seat: Seat | None, account: str) -> bool:
    """Whether this seat is that account; Salesforce writes its ids with 15 or 18 characters."""
    return seat is not None and seat.user_id[:15] == account[:15]


def plan_seat(
    view: SeatView,
    holder: Holder,
    desired: Bundle | None,
    *,
    until: Until | None = None,
    lets_in: bool = True,
) -> Plan:
    """List what is to be done, in order, until the seat matches `desired`; None means no access.

    A seat that matches gives an empty plan: planning again after applying is the verification.
    Without `until` the ends of sets are left alone. Without `lets_in` an account whose log-in is
    stopped keeps it stopped, and an inactive one is given nothing. Raises Conflict for an account
    that must not be touched.
    """
    if view.refusal:
        raise Conflict(view.refusal, code="PROTECTED_USER")
    if desired is None:
        changes = tuple(_removal(view.seat))
    else:
        changes = tuple(_towards(view, holder, desired, until and _in_seconds(until)))
        if not lets_in:
            changes = tuple(_without_entry(changes, view.seat))
    return Plan(
        changes=changes,
        calls=calls_of(changes),
        digest=_digest(view.seat, changes),
    )


def frees(seat: Seat, plan: Plan) -> frozenset[str]:
    """Name the pools that get a seat back when this plan has been carried out."""
    freed: set[str] = set()
    for change in plan.changes:
        match change:
            case Deactivate():
                freed |= {seat.licence, *map(feature_pool, seat.features)}
            case UpdateUser(features_off=features):
                freed.update(map(feature_pool, features))
            case Remove(parts):
                freed.update(dict(parts).get(Part.SET_LICENCE, ()))
                freed.update(map(package_pool, dict(parts).get(Part.PACKAGE, ())))
            case _:
                pass
    return frozenset(freed)


def _removal(seat: Seat | None) -> Iterator[Change]:
    """Freeze, strip, deactivate.

    Log-in ends first, for the person may be hostile. Deactivation comes last, as it alone can be
    blocked by what depends on the user: blocked, it ends frozen and stripped. What the system adds
    back or keeps when the user goes inactive is residue, which the look afterwards finds.
    """
    if seat is None:
        return
    if seat.is_active and not seat.is_frozen:
        yield Freeze()
    if parts := _parts((part, seat.held(part)) for part in Part):
        yield Remove(parts)
    if seat.is_active:
        yield Deactivate()


def _towards(
    view: SeatView, holder: Holder, desired: Bundle, until: Until | None
) -> Iterator[Change]:
    """Remove what is not wanted before the profile changes, as it may not fit the new licence."""
    seat, wanted = view.seat, _wanted(view, desired)
    if surplus := _parts(_surplus(view, holder, desired)):
        yield Remove(surplus)
    yield from _user(seat, holder, desired)
    held = seat.held if seat else lambda _: frozenset[str]()
    missing = ((part, wanted.get(part, frozenset()) - held(part)) for part in _GIVEN_IN_ORDER)
    if parts := _parts(missing):
        yield Assign(parts, until.at if until else None)
    if seat is not None and until is not None and (parts := _parts(_misdated(seat, wanted, until))):
        yield Redate(parts, until.at)


def _without_entry(changes: Iterable[Change], seat: Seat | None) -> Iterator[Change]:
    """Leave out what would let somebody in whom somebody else has shut out."""
    is_inactive = seat is None or not seat.is_active
    for change in changes:
        match change:
            case Unfreeze() | CreateUser():
                pass
            case Assign() | Redate() if is_inactive:
                pass
            case UpdateUser() if is_inactive:
                taken = replace(change, is_activated=False, features_on=())
                if taken != UpdateUser():
                    yield taken
            case _:
                yield change


def _surplus(
    view: SeatView, holder: Holder, desired: Bundle
) -> Iterator[tuple[Part, frozenset[str]]]:
    if view.seat is None:
        return
    wanted, rules = _wanted(view, desired), governed(holder.scope, desired)
    for part in Part:
        kept = wanted.get(part, frozenset[str]())
        if part is Part.SET_LICENCE:
            kept |= view.implied_licences
        if part in rules:
            yield part, view.seat.held(part) - kept


def _user(seat: Seat | None, holder: Holder, desired: Bundle) -> Iterator[Change]:
    features = frozenset(desired.features)
    if seat is None:
        yield CreateUser(desired.profile, desired.licence, desired.role, tuple(sorted(features)))
        return
    surplus = (seat.features & holder.scope.features) - features
    is_ours = bool(desired.role) or holder.scope.has_roles
    update = UpdateUser(
        profile=desired.profile if seat.profile != desired.profile else "",
        role=desired.role if is_ours and seat.role != desired.role else None,
        features_on=tuple(sorted(features - seat.features)),
        features_off=tuple(sorted(surplus)),
        is_activated=not seat.is_active,
        is_adopted=seat.person_id != holder.person_id,
    )
    if update != UpdateUser():
        yield update
    if seat.is_frozen:
        yield Unfreeze()


def _misdated(
    seat: Seat, wanted: Mapping[Part, frozenset[str]], until: Until
) -> Iterator[tuple[Part, Iterable[str]]]:
    for part in (Part.SET, Part.SET_GROUP):
        kept = wanted.get(part, frozenset()) & seat.held(part)
        yield part, [name for name in kept if seat.ends.get((part, name)) != until.at]


def _wanted(view: SeatView, bundle: Bundle) -> dict[Part, frozenset[str]]:
    named = {part: frozenset(names) for part, names in parts_of(bundle).items()}
    licences = named.get(Part.SET_LICENCE, frozenset()) | view.needed_licences
    return {**named, Part.SET_LICENCE: licences}


def _in_seconds(until: Until) -> Until:
    """Cut what Salesforce would not keep, so that what is read back is what was wanted."""
    return Until(until.at and until.at.astimezone(UTC).replace(microsecond=0))


def _parts(names: Iterable[tuple[Part, Iterable[str]]]) -> Parts:
    ordered = ((part, tuple(sorted(some))) for part, some in names)
    return tuple((part, some) for part, some in ordered if some)


def _digest(seat: Seat | None, changes: tuple[Change, ...]) -> str:
    start = None
    if seat is not None:
        start = [
            *(seat.user_id, seat.username, seat.is_active, seat.is_frozen, seat.licence),
            *(seat.profile, seat.person_id, seat.role, sorted(seat.features)),
            [[part, sorted(names)] for part, names in sorted(seat.parts.items()) if names],
            sorted(f"{part}:{name}:{end.isoformat()}" for (part, name), end in seat.ends.items()),
        ]
    # A change has only names, in order, and moments: what it looks like is what it is.
    content = json.dumps([start, [repr(change) for change in changes]])
    return hashlib.sha256(content.encode()).hexdigest()
