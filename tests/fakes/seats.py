"""A system with accounts, licences and sets, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.domain.errors import Conflict, SeatsExhausted
from bot.domain.plan import (
    AssignLicences,
    AssignSets,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Holder,
    RemoveLicences,
    RemoveSets,
    Seat,
    SeatView,
    Unfreeze,
    UpdateUser,
)
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount
from bot.domain.secret import Secret
from tests.fakes.troubles import Troubles


@dataclass
class FakeSeats:
    """Implements SeatReader and SeatWriter over accounts by person id.

    `profiles` names each profile's user licence. Changes whose name is in `ignored` are answered
    and not made. `on_apply` is called before every change, so that a test can let something else
    happen in between.
    """

    totals: dict[str, int]
    profiles: dict[str, str]
    sets: set[str]
    seats: dict[str, Seat] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    troubles: Troubles = field(default_factory=Troubles)
    on_apply: Callable[[Change], None] = lambda _change: None

    # ---- SeatReader -----------------------------------------------------------------------------

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        with self.troubles.around("observe"):
            return SeatView(
                seat=self.seats.get(holder.person_id),
                pools=tuple(self._pool(name) for name in _pools(bundle)),
                unknown=tuple(self._unknown(bundle)),
                refusal=self.refusals.get(holder.person_id, ""),
            )

    def pools(self) -> tuple[PoolCount, ...]:
        with self.troubles.around("pools"):
            return tuple(self._pool(name) for name in sorted(self.totals))

    def used(self, pool: str) -> int:
        """Count who holds a seat of a pool."""
        held = (
            (seat.is_active and seat.licence == pool) or pool in seat.permission_set_licences
            for seat in self.seats.values()
        )
        return sum(held)

    def _pool(self, name: str) -> PoolCount:
        return PoolCount(name=name, total=self.totals.get(name, 0), used=self.used(name))

    def _unknown(self, bundle: Bundle | None) -> list[str]:
        if bundle is None:
            return []
        known = {*self.sets, *self.profiles, *self.totals}
        names = [*_pools(bundle), bundle.profile, *bundle.permission_sets]
        return [name for name in names if name not in known]

    # ---- SeatWriter -----------------------------------------------------------------------------

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        if view.refusal:
            raise Conflict(view.refusal, service="crm")
        self.on_apply(change)
        with self.troubles.around(type(change).__name__):
            if type(change).__name__ not in self.ignored:
                self.seats[holder.person_id] = self._changed(change, holder)
        return replace(view, seat=self.seats.get(holder.person_id))

    def set_password(self, user_id: str, password: Secret) -> None:
        with self.troubles.around("set_password"):
            self.passwords[user_id] = password.reveal()

    def _changed(self, change: Change, holder: Holder) -> Seat:  # noqa: PLR0911  # one per kind
        seat = self.seats.get(holder.person_id)
        if isinstance(change, CreateUser) or seat is None:
            profile = change.profile if isinstance(change, CreateUser | UpdateUser) else ""
            seat = seat or self._nobody(holder)
            return self._seated(seat, profile, holder)
        match change:
            case UpdateUser():
                return self._seated(seat, change.profile, holder)
            case Freeze() | Unfreeze():
                return replace(seat, is_frozen=isinstance(change, Freeze))
            case AssignSets():
                return replace(seat, permission_sets=seat.permission_sets | {*change.names})
            case RemoveSets():
                return replace(seat, permission_sets=seat.permission_sets - {*change.names})
            case AssignLicences():
                for name in set(change.names) - seat.permission_set_licences:
                    self._draw(name)
                held = seat.permission_set_licences | {*change.names}
                return replace(seat, permission_set_licences=held)
            case RemoveLicences():
                held = seat.permission_set_licences - {*change.names}
                return replace(seat, permission_set_licences=held)
            case Deactivate():
                return replace(seat, is_active=False)

    def _nobody(self, holder: Holder) -> Seat:
        return Seat(
            user_id=f"005-{holder.person_id}",
            username=holder.username,
            is_active=False,
            is_frozen=False,
            licence="",
            profile="",
            person_id=holder.person_id,
        )

    def _seated(self, seat: Seat, profile: str, holder: Holder) -> Seat:
        licence = self.profiles[profile]
        if not (seat.is_active and seat.licence == licence):
            self._draw(licence)
        return replace(
            seat, is_active=True, profile=profile, licence=licence, person_id=holder.person_id
        )

    def _draw(self, pool: str) -> None:
        if self.used(pool) >= self.totals.get(pool, 0):
            raise SeatsExhausted("no seat is free", service="crm", pool=pool)


def _pools(bundle: Bundle | None) -> list[str]:
    return [bundle.licence, *bundle.permission_set_licences] if bundle else []
