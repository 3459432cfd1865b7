"""Seats in Salesforce: a reader that cannot write, and a writer."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from bot.adapters.salesforce.accounts import (
    Account,
    Fields,
    account_questions,
    further_questions,
    other_admins_question,
    sets_of,
)
from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.batches import Batch, changing, creating, deleting
from bot.adapters.salesforce.blockers import located
from bot.adapters.salesforce.catalogue import Offer, bundle_questions
from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.features import Features
from bot.adapters.salesforce.fields import new_user
from bot.adapters.salesforce.gateway import MAX_QUERIES, Gateway, WritingGateway
from bot.adapters.salesforce.handles import ROWS, Handle, handles_of, known_id
from bot.adapters.salesforce.identity import (
    LAST_ADMIN,
    is_active_admin,
    is_for_programs,
    match,
    person_id_of,
    protection,
    trespass,
)
from bot.adapters.salesforce.pools import ALL_POOLS, Counting, idle_of, idle_question
from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Parts,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.errors import Blocked, Conflict
from bot.domain.plan import Holder, Seat, SeatView, governed
from bot.domain.policy import Bundle
from bot.domain.policy_pools import feature_pool, package_pool
from bot.domain.seats import Idle, PoolCount, PoolKind
from bot.domain.secret import Secret

_PROTECTED = "PROTECTED_USER"
_OWN_USER = "Usher does not change the user that it works as."
_MEMBERSHIPS = frozenset({Part.GROUP, Part.QUEUE})


def _now() -> datetime:
    return datetime.now(UTC)


class SalesforceSeats:
    """Looks at users, what hangs on them, and the pools (port SeatReader)."""

    def __init__(self, gateway: Gateway, now: Callable[[], datetime] = _now) -> None:
        self._gateway = gateway
        self._features = Features(gateway)
        self._counting = Counting(now)

    def observe(self, holder: Holder, bundle: Bundle | None) -> SeatView:
        """Look once, with a second call for bundles that use much beside permission sets.

        An active administrator costs one more, to know whether it is the last. Raises Unavailable,
        RateLimited or Unauthorized.
        """
        flags = self._flags(holder, bundle)
        fields = Fields(
            person=self._gateway.person_field,
            flags=flags,
            has_role=holder.scope.has_roles or bool(bundle and bundle.role),
            has_ends=holder.scope.has_ends,
        )
        asked = account_questions(holder, fields)
        asked |= bundle_questions(bundle, flags) if bundle else {}
        further = further_questions(holder, fields, governed(holder.scope, bundle))
        found = self._ask(asked, further)
        matched = match(found["users"], holder, self._gateway.person_field)
        offer = Offer(found, bundle, self._counting) if bundle else None
        refusal = matched.refusal or self._protection(matched.row, holder, offer)
        return replace(self._view(matched.row, found, fields, offer), refusal=refusal)

    def pools(self) -> tuple[PoolCount, ...]:
        """Count all user, permission set and package licences in one call; raises as `observe`."""
        return self._counting.everything(self._gateway.query(ALL_POOLS))

    def idle(self, pool: PoolCount, days: int) -> tuple[Idle, ...]:
        """Name a few who hold a seat of a pool without having logged in for so many days."""
        flag = ""
        if pool.kind is PoolKind.FEATURE:
            name = pool.name.partition(" ")[2]
            flag = self._features.flags([name]).get(name, "")
            if not flag:
                return ()
        return idle_of(self._gateway.query({"idle": idle_question(pool, days, flag)})["idle"])

    def _flags(self, holder: Holder, bundle: Bundle | None) -> dict[str, str]:
        names = holder.scope.features | frozenset(bundle.features if bundle else ())
        return self._features.flags(names)

    def _ask(self, asked: Mapping[str, str], further: Mapping[str, str]) -> dict[str, list[Record]]:
        """Ask as much as one call holds; what hangs on a user only if there may be one."""
        questions = iter({**asked, **further}.items())
        found = self._gateway.query(dict(islice(questions, MAX_QUERIES)))
        rest = {k: q for k, q in questions if found["users"] or k not in further}
        while rest:
            some = dict(islice(rest.items(), MAX_QUERIES))
            found |= self._gateway.query(some)
            rest = {k: q for k, q in rest.items() if k not in some}
        return found

    def _view(
        self,
        row: Record | None,
        found: Mapping[str, list[Record]],
        fields: Fields,
        offer: Offer | None,
    ) -> SeatView:
        account = Account(row, found, fields, self._counting) if row else None
        seat = account.seat() if account else None
        held = tuple(account.handles()) if account else ()
        if offer is None:
            return SeatView(
                seat=seat, pools=tuple(account.pools()) if account else (), handles=held
            )
        return SeatView(
            seat=seat,
            pools=tuple(offer.pools()),
            unknown=tuple(offer.unknown()),
            implied_licences=offer.licences_of(Part.SET),
            needed_licences=offer.licences_of(Part.SET_GROUP),
            handles=(*held, *offer.handles()),
        )

    def _protection(self, row: Record | None, holder: Holder, offer: Offer | None) -> str:
        if row is None:
            return ""
        own_id = self._gateway.run_as().user_id
        if refusal := protection(row, own_id):
            return refusal
        sets = sets_of(row)
        is_own = person_id_of(row, self._gateway.person_field) == holder.person_id
        # What ends without a level is the level that made the user.
        wanted = offer.is_for_programs if offer else is_for_programs(row, sets)
        if refusal := trespass(row, sets, is_own=is_own, for_programs=wanted):
            return refusal
        if not is_active_admin(row, sets):
            return ""
        # The bot's own user does not count: nobody can log in as it and help the others.
        question = other_admins_question(row["Id"], own_id)
        return "" if self._gateway.query({"others": question})["others"] else LAST_ADMIN


class SalesforceSeatWriter:
    """Makes changes to one user; all rows of one change go in one call (port SeatWriter)."""

    def __init__(self, gateway: WritingGateway) -> None:
        self._gateway = gateway
        # Salesforce takes one lock for all group memberships and roles of an org: two of ours at
        # once would only make each other wait.
        self._groups = threading.Lock()

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
                self._update(change, user_id, holder, view)
            case Deactivate():
                self._deactivate(user_id)
            case Freeze() | Unfreeze():
                self._freeze(view, is_frozen=isinstance(change, Freeze))
            case Assign():
                self._change(_assignments(change, user_id, view), change.parts)
            case Redate():
                self._change(_new_ends(change, view), change.parts)
            case Remove():
                self._change(_removals(change, view), change.parts)
        return view

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set the password; raises Conflict with code INVALID_NEW_PASSWORD when it is refused."""
        if user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        self._gateway.set_password(user_id, password)

    def _create(self, change: CreateUser, holder: Holder, view: SeatView) -> SeatView:
        fields = new_user(holder, known_id(view, Handle.PROFILE, change.profile))
        fields |= {_flag(name): True for name in change.features}
        if change.role:
            fields["UserRoleId"] = known_id(view, Handle.ROLE, change.role)
        pool = _scarce_pool(view, change.features, takes_licence=True)
        with self._one_at_a_time(is_needed=bool(change.role)):
            user_id = self._gateway.upsert_user(holder.person_id, fields, pool=pool)
        seat = Seat(
            user_id=user_id,
            username=holder.username.lower(),
            is_active=True,
            is_frozen=False,
            licence=_user_pool(view),
            profile=change.profile,
            person_id=holder.person_id,
            role=change.role,
            features=frozenset(change.features),
        )
        return replace(view, seat=seat)

    def _update(self, change: UpdateUser, user_id: str, holder: Holder, view: SeatView) -> None:
        fields: dict[str, object] = {_flag(name): False for name in change.features_off}
        fields |= {_flag(name): True for name in change.features_on}
        if change.is_activated:
            fields["IsActive"] = True
        if change.is_adopted:
            fields[self._gateway.person_field] = holder.person_id
        if change.profile:
            fields["ProfileId"] = known_id(view, Handle.PROFILE, change.profile)
        if change.role is not None:
            role = change.role and known_id(view, Handle.ROLE, change.role)
            fields["UserRoleId"] = role or None
        takes_licence = change.is_activated or bool(change.profile)
        pool = _scarce_pool(view, change.features_on, takes_licence=takes_licence)
        with self._one_at_a_time(is_needed=change.role is not None):
            self._gateway.update("User", user_id, fields, pool=pool)

    def _deactivate(self, user_id: str) -> None:
        try:
            self._gateway.deactivate(user_id)
        except Blocked as error:
            blockers = located(error.blockers, self._gateway.host())
            blocked = Blocked(error.detail, service=SERVICE, code=error.code, blockers=blockers)
            raise blocked from None

    def _freeze(self, view: SeatView, *, is_frozen: bool) -> None:
        # A user without this row has never had a log-in to stop; deactivation follows and needs no
        # row.
        for login_id in handles_of(view, Handle.LOGIN):
            self._gateway.update("UserLogin", login_id, {"IsFrozen": is_frozen})

    def _change(self, batches: Iterable[Batch], parts: Parts) -> None:
        with self._one_at_a_time(is_needed=any(part in _MEMBERSHIPS for part, _ in parts)):
            self._gateway.change([*batches])

    def _one_at_a_time(self, *, is_needed: bool) -> AbstractContextManager[object]:
        return self._groups if is_needed else nullcontext()

    def _user_id(self, view: SeatView) -> str:
        if view.seat is None:
            raise Conflict("There is no account to change.", service=SERVICE, code="NO_ACCOUNT")
        if view.seat.user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        return view.seat.user_id


def _assignments(change: Assign, user_id: str, view: SeatView) -> Iterator[Batch]:
    rows: dict[str, list[tuple[Record, str]]] = {}
    for part, names in change.parts:
        of = ROWS[part]
        end = {"ExpirationDate": _text(change.until)} if change.until and _ends(part) else {}
        for name in names:
            fields = {of.user: user_id, of.thing: known_id(view, Handle.THING, name, part), **end}
            rows.setdefault(of.kind, []).append((fields, _pool(view, part, name)))
    for kind, some in rows.items():
        yield from creating(kind, some)


def _new_ends(change: Redate, view: SeatView) -> Iterator[Batch]:
    end = _text(change.until) if change.until else None
    row_ids = (
        row_id
        for part, names in change.parts
        for name in names
        for row_id in handles_of(view, Handle.ROW, name, part)
    )
    return changing(
        ROWS[Part.SET].kind, [{"Id": row_id, "ExpirationDate": end} for row_id in row_ids]
    )


def _removals(change: Remove, view: SeatView) -> Iterator[Batch]:
    """Delete the rows by their ids; a name without an id is not assigned, which was wanted."""
    row_ids: dict[str, list[str]] = {}
    for part, names in change.parts:
        for name in names:
            some = row_ids.setdefault(ROWS[part].kind, [])
            some.extend(handles_of(view, Handle.ROW, name, part))
    for several in row_ids.values():
        yield from deleting(several)


def _pool(view: SeatView, part: Part, name: str) -> str:
    """Name the pool from which a part draws, for the case that it is empty."""
    if part is Part.SET_LICENCE:
        return name
    if part is Part.PACKAGE:
        return package_pool(name)
    return next(handles_of(view, Handle.POOL, name, part), "")


def _scarce_pool(view: SeatView, features: Iterable[str], *, takes_licence: bool) -> str:
    """Name the pool that a refusal would be about: Salesforce has one code for licence and feature.

    Source: help 000387847. As long as the counters show a free licence, it is the feature.
    """
    feature = next(iter(features), "")
    licence = view.pools[0] if view.pools else None
    is_full = licence is None or 0 <= licence.total <= licence.taken
    if feature and not (takes_licence and is_full):
        return feature_pool(feature)
    return _user_pool(view)


def _user_pool(view: SeatView) -> str:
    """Return the pool of the user licence, which the reader puts first."""
    return view.pools[0].name if view.pools else ""


def _ends(part: Part) -> bool:
    return part in (Part.SET, Part.SET_GROUP)


def _flag(feature: str) -> str:
    return f"UserPermissions{feature}User"


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
