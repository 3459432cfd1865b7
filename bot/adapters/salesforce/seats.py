"""Seats in Salesforce: a reader that cannot write, and a writer."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from bot.adapters.salesforce.accounts import (
    LOGINS,
    Account,
    Fields,
    account_questions,
    further_questions,
    other_admins_question,
    sets_of,
)
from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.batches import Batch
from bot.adapters.salesforce.blockers import located
from bot.adapters.salesforce.catalogue import Offer, bundle_questions
from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.features import Features
from bot.adapters.salesforce.fields import new_user
from bot.adapters.salesforce.gateway import MAX_QUERIES, Gateway, WritingGateway
from bot.adapters.salesforce.handles import Handle, handles_of, known_id
from bot.adapters.salesforce.identity import (
    LAST_ADMIN,
    is_active_admin,
    is_for_programs,
    match,
    person_id_of,
    protection,
    trespass,
)
from bot.adapters.salesforce.pools import (
    ALL_POOLS,
    PACKAGE_POOLS,
    SET_POOLS,
    Counting,
    counter_questions,
    idle_of,
    idle_question,
)
from bot.adapters.salesforce.seat_rows import batches_of
from bot.domain.changes import (
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Parts,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.errors import Blocked, Conflict, ConnectorError
from bot.domain.plan import Holder, ReadBack, Seat, SeatView, governed
from bot.domain.policy import Bundle
from bot.domain.policy_pools import feature_pool
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
        fields = self._fields(holder, bundle)
        asked, further = _questions(holder, bundle, fields)
        return self._seen(self._ask(asked, further), holder, bundle, fields)

    def read_back(self, holder: Holder, bundle: Bundle | None, pools: Collection[str]) -> ReadBack:
        """Look as `observe` does, with the counters of pools, in one call without a bundle.

        Whether log-in is frozen is not asked of an account that should be inactive: there is room
        for five queries. Raises as `observe`; what it reads of pools is never a reason to.
        """
        fields = self._fields(holder, bundle)
        asked, further = _questions(holder, bundle, fields)
        if bundle is None:
            del asked[LOGINS]
        needed = asked | further
        answers = self._gateway.query_each(needed | counter_questions(pools))
        failed = {name: one for name, one in answers.items() if isinstance(one, ConnectorError)}
        for name in failed.keys() & needed:
            raise failed[name]
        found = {name: one for name, one in answers.items() if not isinstance(one, ConnectorError)}
        return ReadBack(
            view=self._seen(found, holder, bundle, fields),
            pools=tuple(self._counted(found, holder, pools)),
            unread=next((error.detail for error in failed.values()), ""),
        )

    def _counted(
        self, found: Mapping[str, list[Record]], holder: Holder, pools: Collection[str]
    ) -> Iterator[PoolCount]:
        row = match(found["users"], holder, self._gateway.person_field).row
        licence = self._counting.licence_of(row) if row else None
        if licence and licence.name in pools:
            yield licence
        yield from map(self._counting.set_licence, found.get(SET_POOLS, ()))
        yield from map(self._counting.package, found.get(PACKAGE_POOLS, ()))

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

    def _fields(self, holder: Holder, bundle: Bundle | None) -> Fields:
        return Fields(
            person=self._gateway.person_field,
            flags=self._flags(holder, bundle),
            has_role=holder.scope.has_roles or bool(bundle and bundle.role),
            has_ends=holder.scope.has_ends,
        )

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

    def _seen(
        self,
        found: Mapping[str, list[Record]],
        holder: Holder,
        bundle: Bundle | None,
        fields: Fields,
    ) -> SeatView:
        matched = match(found["users"], holder, self._gateway.person_field)
        offer = Offer(found, bundle, self._counting) if bundle else None
        refusal = matched.refusal or self._protection(matched.row, holder, offer)
        return replace(self._view(matched.row, found, fields, offer), refusal=refusal)

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
        self._admins = threading.Lock()

    def apply(self, change: Change, holder: Holder, view: SeatView) -> SeatView:
        """Make one change; the view that comes back knows an account just made.

        Raises SeatsExhausted, Conflict, OutcomeUnknown, Unavailable, RateLimited or Unauthorized.
        """
        return self.apply_together((change,), holder, view)

    def apply_together(self, changes: Sequence[Change], holder: Holder, view: SeatView) -> SeatView:
        """Make changes in their order: a freeze and a removal go in one composite call.

        Its parts are done one after the other, each for itself: what follows a part that is refused
        is done all the same, and making all of it again changes nothing. Raises as `apply`.
        """
        if view.refusal:
            raise Conflict(view.refusal, service=SERVICE, code=_PROTECTED)
        with self._leaving_an_admin(changes, view):
            return self._apply(changes, holder, view)

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set the password; raises Conflict with code INVALID_NEW_PASSWORD when it is refused."""
        if user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        self._gateway.set_password(user_id, password)

    @contextmanager
    def _leaving_an_admin(self, changes: Sequence[Change], view: SeatView) -> Iterator[None]:
        """Ask again whether there is another administrator, right before one loses anything.

        The look before was without the lock, and another one may have been ended since: of the last
        two, each would see the other.
        """
        user_id = next(handles_of(view, Handle.ADMIN), "")
        if not user_id or not any(map(_takes_away, changes)):
            yield
            return
        with self._admins:
            question = other_admins_question(user_id, self._gateway.run_as().user_id)
            if not self._gateway.query({"others": question})["others"]:
                raise Conflict(LAST_ADMIN, service=SERVICE, code=_PROTECTED)
            yield

    def _apply(self, changes: Sequence[Change], holder: Holder, view: SeatView) -> SeatView:
        batches: list[Batch] = []
        parts: list[tuple[Part, tuple[str, ...]]] = []
        for change in changes:
            match change:
                case CreateUser():
                    view = self._create(change, holder, view)
                case UpdateUser():
                    self._update(change, self._user_id(view), holder, view)
                case Deactivate():
                    self._deactivate(self._user_id(view))
                case _:
                    batches += batches_of(change, self._user_id(view), view)
                    parts += () if isinstance(change, Freeze | Unfreeze) else change.parts
        self._change(batches, tuple(parts))
        return view

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

    def _change(self, batches: Sequence[Batch], parts: Parts) -> None:
        if not batches:
            return
        with self._one_at_a_time(is_needed=any(part in _MEMBERSHIPS for part, _ in parts)):
            self._gateway.change(batches)

    def _one_at_a_time(self, *, is_needed: bool) -> AbstractContextManager[object]:
        return self._groups if is_needed else nullcontext()

    def _user_id(self, view: SeatView) -> str:
        if view.seat is None:
            raise Conflict("There is no account to change.", service=SERVICE, code="NO_ACCOUNT")
        if view.seat.user_id[:15] == self._gateway.run_as().user_id[:15]:
            raise Conflict(_OWN_USER, service=SERVICE, code=_PROTECTED)
        return view.seat.user_id


def _takes_away(change: Change) -> bool:
    """Whether an administrator may be none afterwards."""
    is_other_profile = isinstance(change, UpdateUser) and bool(change.profile)
    return is_other_profile or isinstance(change, Freeze | Remove | Deactivate)


def _questions(
    holder: Holder, bundle: Bundle | None, fields: Fields
) -> tuple[dict[str, str], dict[str, str]]:
    """Say what to ask in any case, and what only if there may be a user."""
    asked = account_questions(holder, fields)
    asked |= bundle_questions(bundle, fields.flags) if bundle else {}
    return asked, further_questions(holder, fields, governed(holder.scope, bundle))


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


def _flag(feature: str) -> str:
    return f"UserPermissions{feature}User"
