"""The whole of an org at one moment: flat tables joined, small enough for 100,000 users."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from string import ascii_uppercase
from typing import TypeAlias

from bot.domain.changes import Part
from bot.domain.plan import Scope, Seat
from bot.domain.policy_integration import Right
from bot.domain.policy_pools import is_licence_of_programs
from bot.domain.seats import PoolCount

STANDARD = "Standard"
_SHORT_ID = 15
_CHECK = f"{ascii_uppercase}012345"

Thing: TypeAlias = tuple[Part, str]
"""Something that can be assigned, by part and name."""


class Table(StrEnum):
    """What is read of an org, in the words in which a gap is reported."""

    USERS = "users"
    LOGINS = "frozen log-ins"
    SETS = "permission set assignments"
    SET_LICENCES = "permission set licence assignments"
    PACKAGES = "package licence assignments"
    MEMBERSHIPS = "group and queue members"
    NAMES = "permission sets"
    COMPONENTS = "members of permission set groups"
    SET_POOLS = "permission set licences"
    PACKAGE_POOLS = "package licences"
    PROFILES = "profiles and user licences"
    ROLES = "roles"
    GROUPS = "public groups and queues"
    FEATURES = "feature licences"
    TRAIL = "setup audit trail"


_ASSIGNED_IN = {
    Part.SET: (Table.SETS, Table.NAMES),
    Part.SET_GROUP: (Table.SETS, Table.NAMES),
    Part.SET_LICENCE: (Table.SET_LICENCES, Table.SET_POOLS, Table.NAMES, Table.COMPONENTS),
    Part.PACKAGE: (Table.PACKAGES, Table.PACKAGE_POOLS),
    Part.GROUP: (Table.MEMBERSHIPS, Table.GROUPS),
    Part.QUEUE: (Table.MEMBERSHIPS, Table.GROUPS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUser:
    """One user with everything that hangs on it; equal holdings of many users are one object."""

    id: str
    username: str
    name: str
    mail: str
    person_id: str | None
    sso: str
    is_active: bool
    is_frozen: bool
    profile: str
    licence: str
    role: str
    user_type: str
    created: datetime | None
    last_login: datetime | None
    features: frozenset[str]
    parts: Mapping[Part, frozenset[str]]
    ends: Mapping[Thing, datetime]

    @property
    def is_for_people(self) -> bool:
        """Whether a person works with it: programs and community members have other licences."""
        return self.user_type == STANDARD and not is_licence_of_programs(self.licence)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the org's own log of changes in Setup; `by` is a user id."""

    at: datetime
    by: str
    action: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OrgSnapshot:
    """What was read, and what could not be: `missing` says of each table why.

    `brings` are the permission set licences that sets and groups of sets assign by themselves;
    `session_based` are sets that work only in a session that was raised for them; `labels` are the
    names that people see. `rights` are what integration users can do, by user id, as far as read.
    """

    taken_at: datetime
    own_user_id: str
    users: Mapping[str, OrgUser]
    pools: tuple[PoolCount, ...] = ()
    admins: frozenset[str] = frozenset()
    brings: Mapping[Thing, frozenset[str]] = field(default_factory=dict)
    session_based: frozenset[Thing] = frozenset()
    labels: Mapping[Thing, str] = field(default_factory=dict)
    trail: tuple[TrailEntry, ...] = ()
    rights: Mapping[str, frozenset[Right]] = field(default_factory=dict)
    missing: Mapping[Table, str] = field(default_factory=dict)
    calls: int = 0

    @property
    def is_complete(self) -> bool:
        return not self.missing

    def has_read(self, *tables: Table) -> bool:
        return not any(table in self.missing for table in tables)

    def has_read_part(self, part: Part) -> bool:
        """Whether it is known who holds what of this part."""
        return self.has_read(*_ASSIGNED_IN[part])

    def implied(self, wanted: Iterable[Thing]) -> frozenset[str]:
        """Name the permission set licences that these sets and groups bring along."""
        return frozenset(name for one in wanted for name in self.brings.get(one, ()))


def seat_of(
    user: OrgUser, snapshot: OrgSnapshot, scope: Scope, wanted: Iterable[Thing] | None
) -> Seat:
    """Show a user as the planner wants to see one; wanted is what should hang on it, None nothing.

    Sets that a session must activate first are overlooked unless they are wanted or all must go,
    and what could not be read is taken to be as it should.
    """
    names = frozenset(wanted or ())
    overlooked = snapshot.session_based - names if wanted is not None else frozenset[Thing]()
    parts = {}
    for part in Part:
        held = user.parts.get(part, frozenset[str]())
        if snapshot.has_read_part(part):
            parts[part] = frozenset(name for name in held if (part, name) not in overlooked)
        else:
            parts[part] = frozenset(name for of, name in names if of is part)
    return Seat(
        user_id=user.id,
        username=user.username,
        is_active=user.is_active,
        is_frozen=user.is_frozen,
        licence=user.licence,
        profile=user.profile,
        person_id=user.person_id,
        role=user.role,
        features=user.features & scope.features,
        parts=parts,
        ends=user.ends,
    )


def whole_id(record_id: str) -> str:
    """Return an id with the three characters that tell capitals from small letters.

    Source: Salesforce help, «ID Field Types»: one character for five, by which of them are capital.
    """
    if len(record_id) != _SHORT_ID:
        return record_id
    fives = (record_id[start : start + 5] for start in range(0, _SHORT_ID, 5))
    return record_id + "".join(_CHECK[_capitals(five)] for five in fives)


def _capitals(five: str) -> int:
    return sum(1 << place for place, letter in enumerate(five) if letter in ascii_uppercase)
