"""Drift: what an org says and the grants do not, as typed findings, in one pass."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.changes import Part
from bot.domain.drift_account import differences, left_active, plan_for
from bot.domain.drift_kinds import Finding, Kind
from bot.domain.drift_owners import Owners, find_owners
from bot.domain.drift_snapshot import STANDARD, OrgSnapshot, OrgUser, Table
from bot.domain.drift_trail import Trail
from bot.domain.grant import Grant, GrantState
from bot.domain.people import Person, Roster
from bot.domain.plan import Holder, Until
from bot.domain.policy import Level, Policy, System
from bot.domain.policy_pools import pools_of, with_bought
from bot.domain.seats import UNLIMITED

_COSTS = (Part.SET_LICENCE, Part.PACKAGE, Part.QUEUE)
"""What an inactive account must not keep: seats, and a place where work is waited for."""
UNDER_WAY = frozenset({GrantState.ENDING, GrantState.NEEDS_IT})
"""An end that is stuck goes on as soon as it can, and perhaps records are handed over before."""
_BY_HAND = "to be deactivated by hand when the records are handed over"


@dataclass(frozen=True, kw_only=True)
class Company:
    """What the org is compared with; who is `in_flux` is being set up or ended right now."""

    policy: Policy
    system: System
    roster: Roster
    holder_of: Callable[[Person], Holder]
    in_flux: Collection[str] = frozenset()


def findings(
    snapshot: OrgSnapshot, grants: Iterable[Grant], company: Company, now: datetime
) -> tuple[Finding, ...]:
    """Return everything that differs, by kind and user name.

    A table that could not be read speaks neither for nor against anybody, and then nothing is to be
    healed: no finding has a plan.
    """
    look = _Look(snapshot, grants, company, now)
    found = [look.trail.attributed(one) for one in look.all()]
    found += look.foreign_changes(found)
    if not snapshot.is_complete:
        found = [replace(one, plan=None) for one in found]
    order = list(Kind)
    found.sort(key=lambda one: (order.index(one.kind), one.username, one.what, one.user_id))
    return tuple(found)


def governed(grants: Iterable[Grant], system_id: str) -> int:
    """Count the people whose accounts Usher governs in a system."""
    return len({one.person_id for one in grants if one.system == system_id and one.is_held})


class _Look:
    def __init__(
        self, snapshot: OrgSnapshot, grants: Iterable[Grant], company: Company, now: datetime
    ) -> None:
        self._snapshot = snapshot
        self._company = company
        self._now = now
        self._active: dict[str, Grant] = {}
        self._ending: set[str] = set()
        system_id = company.system.id
        for grant in sorted(grants, key=lambda one: (one.since, one.id)):
            if grant.system != system_id:
                continue
            if grant.state is GrantState.ACTIVE:
                self._active[grant.person_id] = grant
            elif grant.state in UNDER_WAY:
                self._ending.add(grant.person_id)
        self._owners: Owners = find_owners(snapshot, company.roster, company.holder_of)
        self.trail = Trail(snapshot)

    def all(self) -> Iterator[Finding]:
        if self._snapshot.has_read(Table.USERS):
            yield from self._accounts()
        yield from self._pools()

    def _accounts(self) -> Iterator[Finding]:
        yield from (one for one in self._owners.findings if not self._is_moving(one.person_id))
        for person_id in self._active:
            if not self._is_moving(person_id) and person_id not in self._owners.doubtful:
                yield from self._granted(person_id)
        for person_id, user in self._owners.accounts.items():
            if not self._is_moving(person_id) and person_id not in self._active:
                yield from self._ungranted(person_id, user)
        for user in self._owners.strangers:
            yield from self._strange(user)

    def _is_moving(self, person_id: str) -> bool:
        return person_id in self._company.in_flux or person_id in self._ending

    # ---- somebody holds access ------------------------------------------------------------------

    def _granted(self, person_id: str) -> Iterator[Finding]:
        grant, user = self._active[person_id], self._owners.accounts.get(person_id)
        person = self._company.roster.get(person_id)
        if person is None or person.has_left(self._now):
            if user is not None and user.is_active:
                yield from self._guarded(user, [self._leaver(person_id, person, user, grant)])
            return
        level = self._company.policy.level(grant.level_id)
        if level is None:
            return
        found = list(self._compared(user, grant, level, person))
        if user is None:
            yield from found
        else:
            yield from self._guarded(user, found)
            yield from self._idle(user, grant)

    def _compared(
        self, user: OrgUser | None, grant: Grant, level: Level, person: Person
    ) -> Iterator[Finding]:
        until = Until(grant.until) if self._company.system.native_expiry else None
        holder = self._company.holder_of(person)
        found = list(differences(self._snapshot, user, grant, level, holder, until))
        # One plan mends the whole account: what people must look at first keeps it from the rest.
        is_healed = all(one.kind.is_healed for one in found if one.plan)
        yield from (one if is_healed else replace(one, plan=None) for one in found)

    def _leaver(
        self, person_id: str, person: Person | None, user: OrgUser, grant: Grant | None
    ) -> Finding:
        holder = self._company.holder_of(person) if person else _as_known(person_id, user)
        plan = plan_for(self._snapshot, user, holder, None, None)
        # Where a grant ends, its run has the records handed over; without one nobody would.
        is_by_hand = grant is None and bool(self._company.system.hand_over)
        if is_by_hand:
            plan = left_active(plan)
        return Finding(
            kind=Kind.LEAVER_ACTIVE,
            what=_BY_HAND if is_by_hand else "",
            person_id=person_id,
            user_id=user.id,
            username=user.username,
            level_id=grant.level_id if grant else "",
            grant_id=grant.id if grant else "",
            plan=plan if plan.changes else None,
        )

    def _guarded(self, user: OrgUser, found: list[Finding]) -> Iterator[Finding]:
        """Report what differs in a protected account as one thing, and never with a plan."""
        if not found or not self._is_protected(user):
            yield from found
            return
        what = ", ".join(dict.fromkeys(one.kind.value for one in found))
        yield replace(found[0], kind=Kind.PROTECTED_DIFFERS, what=what, plan=None)

    def _is_protected(self, user: OrgUser) -> bool:
        own = self._snapshot.own_user_id
        return user.id == own or user.user_type != STANDARD or self._is_last_admin(user)

    def _is_last_admin(self, user: OrgUser) -> bool:
        """Whether no other administrator could log in and help; a frozen one cannot."""
        admins = self._snapshot.admins
        others = (
            self._snapshot.users[one] for one in admins - {self._snapshot.own_user_id, user.id}
        )
        return user.id in admins and all(one.is_frozen for one in others)

    def _idle(self, user: OrgUser, grant: Grant) -> Iterator[Finding]:
        company = self._company.policy.company
        used = max(grant.since, user.last_login or user.created or grant.since)
        limit = company.unused_after and company.unused_after.after(used, company.calendar)
        if user.is_active and user.is_for_people and limit and limit < self._now:
            seen = f"{user.last_login:%Y-%m-%d}" if user.last_login else "never"
            yield Finding(
                kind=Kind.IDLE_LICENCE,
                what=f"{user.licence}, last used: {seen}",
                person_id=grant.person_id,
                user_id=user.id,
                username=user.username,
                level_id=grant.level_id,
                grant_id=grant.id,
            )

    # ---- nobody granted it ----------------------------------------------------------------------

    def _ungranted(self, person_id: str, user: OrgUser) -> Iterator[Finding]:
        person = self._company.roster.get(person_id)
        if not user.is_for_people or user.id == self._snapshot.own_user_id:
            return
        if not user.is_active:
            yield from self._guarded(user, list(self._residue(user, person_id, person)))
        elif person is None:
            yield from self._strange(user)
        elif person.has_left(self._now):
            yield from self._guarded(user, [self._leaver(person_id, person, user, None)])
        elif not self._is_expected(person):
            yield _about(Kind.UNGRANTED_ACTIVE, user, person_id)

    def _is_expected(self, person: Person) -> bool:
        """Whether somebody who has not started yet gets access here on the first day."""
        role = self._company.policy.roles.get(person.role)
        birthright = role.birthright if role else ()
        here = f"{self._company.system.id}/"
        return not person.has_started(self._now) and any(id_.startswith(here) for id_ in birthright)

    def _residue(self, user: OrgUser, person_id: str, person: Person | None) -> Iterator[Finding]:
        kept = {
            part: names
            for part, names in user.parts.items()
            if part in _COSTS and self._snapshot.has_read_part(part)
        }
        what = ", ".join(f"{part} {name}" for part in kept for name in sorted(kept[part]))
        if what:
            holder = self._company.holder_of(person) if person else _as_known(person_id, user)
            plan = plan_for(self._snapshot, user, holder, None, None) if person_id else None
            yield replace(_about(Kind.RESIDUE, user, person_id), what=what, plan=plan)

    def _strange(self, user: OrgUser) -> Iterator[Finding]:
        if not user.is_for_people or user.id == self._snapshot.own_user_id:
            return
        if user.is_active:
            yield _about(Kind.UNKNOWN_ACTIVE, user)
        else:
            yield from self._residue(user, "", None)

    # ---- the org --------------------------------------------------------------------------------

    def _pools(self) -> Iterator[Finding]:
        system = self._company.system
        named = {pool for level in system.levels.values() for pool in pools_of(level.bundle)}
        for pool in with_bought(self._snapshot.pools, system.pools):
            counts = f"{pool.name}: {pool.taken} of {pool.total} used"
            if not pool.is_active and pool.name in named:
                yield Finding(kind=Kind.POOL_CLOSED, what=counts)
            elif pool.total != UNLIMITED and pool.taken > pool.total:
                yield Finding(kind=Kind.POOL_OVERSUBSCRIBED, what=counts)

    def foreign_changes(self, found: Iterable[Finding]) -> list[Finding]:
        """Find changes by others on governed accounts that no other finding tells of already."""
        told = {one.user_id for one in found if one.by}
        changes = []
        for person_id, grant in self._active.items():
            user = self._owners.accounts.get(person_id)
            if user is None or user.id in told or self._is_moving(person_id):
                continue
            if entry := self.trail.foreign(user.id, grant.since):
                about = _about(Kind.FOREIGN_CHANGE, user, person_id)
                about = replace(about, level_id=grant.level_id, grant_id=grant.id)
                changes.append(self.trail.finding(about, entry))
        return changes


def _about(kind: Kind, user: OrgUser, person_id: str = "") -> Finding:
    return Finding(kind=kind, person_id=person_id, user_id=user.id, username=user.username)


def _as_known(person_id: str, user: OrgUser) -> Holder:
    """Describe somebody whom the roster has lost; the immutable key finds the account."""
    known_as = user.username
    return Holder(
        person_id=person_id, name=person_id, mail=known_as, username=known_as, timezone="UTC"
    )


def counted(found: Iterable[Finding]) -> Mapping[Kind, int]:
    """Count findings by kind, in the kinds' order."""
    numbers = dict.fromkeys(Kind, 0)
    for one in found:
        numbers[one.kind] += 1
    return {kind: number for kind, number in numbers.items() if number}
