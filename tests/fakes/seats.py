"""A system with accounts, licences, sets and groups, in memory."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.errors import Conflict, ConnectorError, SeatsExhausted
from bot.domain.plan import Holder, ReadBack, Seat, SeatView, parts_of
from bot.domain.policy import Bundle
from bot.domain.policy_pools import is_system_counted, pools_of
from bot.domain.seats import Idle, PoolCount
from bot.domain.secret import Secret
from tests.fakes.troubles import Troubles


@dataclass
class FakeSeats:
    """Implements SeatReader and SeatWriter over accounts by person id.

    `profiles` names each profile's user licence; `sets` are the names of all else that is not a
    licence. Changes whose name is in `ignored` are answered and not made. `on_apply` is called
    before every change, so that a test can let something else happen in between.
    """

    totals: dict[str, int]
    profiles: dict[str, str]
    sets: set[str]
    seats: dict[str, Seat] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    unused: dict[str, tuple[Idle, ...]] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)
    on_apply: Callable[[Change], None] = lambda _change: None

    # ---- SeatReader -----------------------------------------------------------------------------

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        with self.troubles.around("observe"):
            seat = self.seats.get(holder.person_id)
            held = filter(is_system_counted, sorted(seat.pools if seat else ()))
            names = pools_of(bundle) if bundle else tuple(held)
            return SeatView(
                seat=seat,
                pools=tuple(self._pool(name) for name in names),
                unknown=tuple(self._unknown(bundle)),
                refusal=self.refusals.get(holder.person_id, ""),
            )

    def read_back(self, holder: Holder, bundle: Bundle | None, pools: Collection[str]) -> ReadBack:
        view = self.observe(holder, bundle)
        if not pools:
            return ReadBack(view=view)
        try:
            counted = tuple(pool for pool in self.pools() if pool.name in pools)
            return ReadBack(view=view, pools=counted)
        except ConnectorError as error:
            return ReadBack(view=view, unread=error.detail)

    def pools(self) -> tuple[PoolCount, ...]:
        with self.troubles.around("pools"):
            return tuple(self._pool(name) for name in sorted(self.totals))

    def idle(self, pool: PoolCount, days: int) -> tuple[Idle, ...]:
        with self.troubles.around("idle"):
            return self.unused.get(pool.name, ())

    def used(self, pool: str) -> int:
        """Count who holds a seat of a pool."""
        return sum(pool in seat.pools for seat in self.seats.values())

    def _pool(self, name: str) -> PoolCount:
        return PoolCount(name=name, total=self.totals.get(name, 0), used=self.used(name))

    def _unknown(self, bundle: Bundle | None) -> list[str]:
        if bundle is None:
            return []
        known = {*self.sets, *self.profiles, *self.totals}
        others = (part for part in parts_of(bundle) if part not in _LICENCES)
        names = [name for part in others for name in parts_of(bundle)[part]]
        return [n for n in (*pools_of(bundle), bundle.profile, *names) if n not in known]

    # ---- SeatWriter -----------------------------------------------------------------------------

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        if view.refusal:
            raise Conflict(view.refusal, service="crm")
        self.on_apply(change)
        with self.troubles.around(type(change).__name__):
            if type(change).__name__ not in self.ignored:
                self.seats[holder.person_id] = self._changed(change, holder)
        return replace(view, seat=self.seats.get(holder.person_id))

    def apply_together(self, changes: Sequence[Change], holder: Holder, view: SeatView) -> SeatView:
        for change in changes:
            view = self.apply(change, holder, view)
        return view

    def set_password(self, user_id: str, password: Secret) -> None:
        with self.troubles.around("set_password"):
            self.passwords[user_id] = password.reveal()

    def _changed(self, change: Change, holder: Holder) -> Seat:  # noqa: PLR0911  # one per kind
        seat = self.seats.get(holder.person_id) or _nobody(holder)
        match change:
            case CreateUser(profile=profile, role=role, features=features):
                made = self._updated(seat, holder, profile, role, seat.features | {*features})
                return self._drawn(replace(made, is_active=True), seat)
            case UpdateUser():
                features = (seat.features - {*change.features_off}) | {*change.features_on}
                profile = change.profile or seat.profile
                made = self._updated(seat, holder, profile, change.role, features)
                is_active = seat.is_active or change.is_activated
                return self._drawn(replace(made, is_active=is_active), seat)
            case Freeze() | Unfreeze():
                return replace(seat, is_frozen=isinstance(change, Freeze))
            case Deactivate():
                return replace(seat, is_active=False)
            case Assign(parts, until):
                return self._assigned(seat, dict(parts), Redate(parts, until))
            case Redate(parts, until):
                return _dated(seat, change)
            case Remove(parts):
                left = {part: seat.held(part) - {*dict(parts).get(part, ())} for part in Part}
                ends = {k: end for k, end in seat.ends.items() if k[1] in left[k[0]]}
                return replace(seat, parts=_without_empty(left), ends=ends)

    def _assigned(self, seat: Seat, new: Mapping[Part, tuple[str, ...]], dates: Redate) -> Seat:
        more = {part: seat.held(part) | {*new.get(part, ())} for part in Part}
        after = self._drawn(replace(seat, parts=_without_empty(more)), seat)
        return after if dates.until is None else _dated(after, dates)

    def _updated(
        self,
        seat: Seat,
        holder: Holder,
        profile: str,
        role: str | None,
        features: frozenset[str],
    ) -> Seat:
        return replace(
            seat,
            profile=profile,
            licence=self.profiles[profile],
            person_id=holder.person_id,
            role=seat.role if role is None else role,
            features=features,
        )

    def _drawn(self, after: Seat, before: Seat) -> Seat:
        for pool in sorted(after.pools - before.pools):
            if self.used(pool) >= self.totals.get(pool, 0):
                raise SeatsExhausted("no seat is free", service="crm", pool=pool)
        return after


_LICENCES = (Part.SET_LICENCE, Part.PACKAGE)


def _nobody(holder: Holder) -> Seat:
    return Seat(
        user_id=f"005-{holder.person_id}",
        username=holder.username,
        is_active=False,
        is_frozen=False,
        licence="",
        profile="",
        person_id=holder.person_id,
    )


def _dated(seat: Seat, dates: Redate) -> Seat:
    named = {
        (part, name)
        for part, names in dates.parts
        if part in (Part.SET, Part.SET_GROUP)
        for name in names
    }
    kept = {key: end for key, end in seat.ends.items() if key not in named}
    new = {} if dates.until is None else dict.fromkeys(named, dates.until)
    return replace(seat, ends={**kept, **new})


def _without_empty(parts: Mapping[Part, frozenset[str]]) -> dict[Part, frozenset[str]]:
    return {part: names for part, names in parts.items() if names}
