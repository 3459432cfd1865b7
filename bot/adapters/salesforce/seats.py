"""Seats in Salesforce: a reader that cannot write, and a writer."""

from collections.abc import Iterable
from dataclasses import replace

from bot.adapters.salesforce.catalogue import (
    Handle,
    bundle_queries,
    handles_of,
    other_admins_query,
    person_queries,
    seat_view,
)
from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.fields import new_user
from bot.adapters.salesforce.gateway import PERSON_FIELD, Gateway, Record, WritingGateway
from bot.adapters.salesforce.identity import LAST_ADMIN, is_active_admin, match, protection
from bot.adapters.salesforce.inventory import read_pools
from bot.domain.errors import Conflict
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

_PROTECTED = "PROTECTED_USER"
_OWN_USER = "Usher does not change the user that it works as."


class SalesforceSeats:
    """Looks at users, their licences and sets, and at the pools (port SeatReader)."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        """Look once; an active administrator costs a second call, to know whether it is the last.

        Raises Unavailable, RateLimited or Unauthorized.
        """
        questions = person_queries(holder)
        if bundle is not None:
            questions |= bundle_queries(bundle)
        found = self._gateway.query(questions)
        matched = match(found["users"], holder)
        refusal = matched.refusal or self._protection(matched.row)
        return replace(seat_view(matched.row, found, bundle), refusal=refusal)

    def pools(self) -> tuple[PoolCount, ...]:
        """Count all user licences and permission set licences in one call; raises as `observe`."""
        return read_pools(self._gateway)

    def _protection(self, row: Record | None) -> str:
        if row is None:
            return ""
        own_id = self._gateway.run_as().user_id
        if refusal := protection(row, own_id):
            return refusal
        if not is_active_admin(row):
            return ""
        # The bot's own user does not count: nobody can log in as it and help the others.
        question = other_admins_query(row["Id"], own_id)
        return "" if self._gateway.query({"others": question})["others"] else LAST_ADMIN


class SalesforceSeatWriter:
    """Makes one change to one user, each with one call (port SeatWriter)."""

    def __init__(self, gateway: WritingGateway) -> None:
        self._gateway = gateway

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        """Make one change; the view that comes back knows an account just made.

        Raises SeatsExhausted, Conflict, OutcomeUnknown, Unavailable, RateLimited or Unauthorized.
        """
        if view.refusal:
            raise Conflict(view.refusal, service=SERVICE, code=_PROTECTED)
        if isinstance(change, CreateUser):
            return self._create(change, holder, view)
        user_id = self._user_id(view)
        match change:
            case UpdateUser():
                fields = {
                    "IsActive": True,
                    "ProfileId": _known(view, Handle.PROFILE, change.profile),
                    PERSON_FIELD: holder.person_id,
                }
                self._gateway.update("User", user_id, fields, pool=_user_pool(view))
            case Deactivate():
                self._gateway.update("User", user_id, {"IsActive": False})
            case Freeze() | Unfreeze():
                self._freeze(view, is_frozen=isinstance(change, Freeze))
            case AssignSets() | AssignLicences():
                self._assign(change, user_id, view)
            case RemoveSets():
                self._remove(view, Handle.ASSIGNED_SET, change.names)
            case RemoveLicences():
                self._remove(view, Handle.ASSIGNED_LICENCE, change.names)
        return view

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set the password; raises Conflict with code INVALID_NEW_PASSWORD when it is refused."""
        if user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        self._gateway.set_password(user_id, password)

    def _create(self, change: CreateUser, holder: Holder, view: SeatView) -> SeatView:
        fields = new_user(holder, _known(view, Handle.PROFILE, change.profile))
        pool = _user_pool(view)
        user_id = self._gateway.upsert_user(holder.person_id, fields, pool=pool)
        seat = Seat(
            user_id=user_id,
            username=holder.username.lower(),
            is_active=True,
            is_frozen=False,
            licence=pool,
            profile=change.profile,
            person_id=holder.person_id,
        )
        return replace(view, seat=seat)

    def _freeze(self, view: SeatView, *, is_frozen: bool) -> None:
        # A user without this row has never had a log-in to stop; deactivation follows and needs no
        # row.
        for login_id in handles_of(view, Handle.LOGIN):
            self._gateway.update("UserLogin", login_id, {"IsFrozen": is_frozen})

    def _assign(self, change: AssignSets | AssignLicences, user_id: str, view: SeatView) -> None:
        if isinstance(change, AssignSets):
            kind, field, handle = "PermissionSetAssignment", "PermissionSetId", Handle.SET
        else:
            kind, field = "PermissionSetLicenseAssign", "PermissionSetLicenseId"
            handle = Handle.LICENCE
        records = [
            (
                {"AssigneeId": user_id, field: _known(view, handle, name)},
                next(iter(handles_of(view, Handle.POOL_OF_SET, name)), "")
                if handle is Handle.SET
                else name,
            )
            for name in change.names
        ]
        self._gateway.create_all(kind, records)

    def _remove(self, view: SeatView, handle: Handle, names: Iterable[str]) -> None:
        # A name without an id is not assigned, which is what was wanted.
        self._gateway.delete_all(
            [each for name in names for each in handles_of(view, handle, name)]
        )

    def _user_id(self, view: SeatView) -> str:
        if view.seat is None:
            raise Conflict("There is no account to change.", service=SERVICE, code="NO_ACCOUNT")
        if view.seat.user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        return view.seat.user_id


def _known(view: SeatView, kind: Handle, name: str) -> str:
    ids = handles_of(view, kind, name)
    if not ids:
        detail = f"Salesforce has no {kind.value} named {name}."
        raise Conflict(detail, service=SERVICE, code="UNKNOWN_NAME")
    return ids[0]


def _user_pool(view: SeatView) -> str:
    """Return the pool of the user licence, which the reader puts first."""
    return view.pools[0].name if view.pools else ""
