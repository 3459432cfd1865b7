"""What tests and the tour see of an org: users and pools of licences at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.objects import FEATURES, PERSON_ID
from bot.sandbox.salesforce.passwords import Passwords
from bot.sandbox.salesforce.rights import is_current
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.seats import POOLS, total_of


@dataclass(frozen=True, kw_only=True)
class UserSnapshot:
    """One user at one moment; `permission_sets` are names, without the profile's own set, those of
    groups and expired ones; `features` are fields of User.
    """

    id: str
    username: str
    email: str
    is_active: bool
    is_frozen: bool
    profile: str
    licence: str
    external_id: str | None
    federation_id: str | None
    role: str | None
    permission_sets: tuple[str, ...]
    permission_set_groups: tuple[str, ...]
    permission_set_licences: tuple[str, ...]
    expirations: dict[str, datetime | None]
    packages: tuple[str, ...]
    features: tuple[str, ...]
    groups: tuple[str, ...]
    last_password: str | None = field(repr=False)
    passwords_set: int


@dataclass(frozen=True, kw_only=True)
class PoolSnapshot:
    """One pool of licences at one moment; a `total` of -1 is unlimited."""

    kind: str
    name: str
    total: int
    used: int


_KINDS = dict(
    zip(POOLS, ("user licence", "permission set licence", "package licence"), strict=True)
)


class Snapshots:
    """Takes snapshots of one org."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._db = database
        self._passwords = passwords

    def user(self, row: Record) -> UserSnapshot:
        user_id, profile = row["Id"], self._name("Profile", row["ProfileId"])
        licence_id = self._db.seats.licence_of(row["ProfileId"])
        sets = dict(sorted(self._sets(user_id, is_group=False)))
        return UserSnapshot(
            id=user_id,
            username=row["Username"],
            email=row["Email"],
            is_active=row["IsActive"],
            is_frozen=any(one["IsFrozen"] for one in self._find("UserLogin", "UserId", user_id)),
            profile=profile or "",
            licence=self._name("UserLicense", licence_id) or "",
            external_id=row[PERSON_ID],
            federation_id=row["FederationIdentifier"],
            role=self._name("UserRole", row["UserRoleId"]),
            permission_sets=tuple(sets),
            permission_set_groups=tuple(sorted(dict(self._sets(user_id, is_group=True)))),
            permission_set_licences=self._held(
                user_id, ("PermissionSetLicenseAssign", "AssigneeId"), "PermissionSetLicense"
            ),
            expirations=sets,
            packages=self._held(user_id, ("UserPackageLicense", "UserId"), "PackageLicense"),
            features=tuple(flag for flag in FEATURES if row[flag]),
            groups=self._held(user_id, ("GroupMember", "UserOrGroupId"), "Group"),
            last_password=self._passwords.last(user_id),
            passwords_set=self._passwords.times_set(user_id),
        )

    def pools(self) -> Iterator[PoolSnapshot]:
        """Return all pools with their true use."""
        seats = self._db.seats
        for entity, kind in _KINDS.items():
            for one in self._db.store.rows(self._db.entity(entity)):
                used = seats.used(one)
                yield PoolSnapshot(kind=kind, name=name_of(one), total=total_of(one), used=used)
        for flag, label in FEATURES.items():
            total, used = seats.feature_totals[flag], seats.used_feature(flag)
            yield PoolSnapshot(kind="feature licence", name=label, total=total, used=used)

    def _sets(self, user_id: str, *, is_group: bool) -> Iterator[tuple[str, datetime | None]]:
        for one in self._find("PermissionSetAssignment", "AssigneeId", user_id):
            row = self._db.store.get(self._db.entity("PermissionSet"), one["PermissionSetId"])
            is_wanted = (one["PermissionSetGroupId"] is not None) is is_group
            if row is None or row["IsOwnedByProfile"] or not is_wanted:
                continue
            if is_current(self._db, one):
                yield row["Name"], one["ExpirationDate"]

    def _held(self, user_id: str, link: tuple[str, str], entity: str) -> tuple[str, ...]:
        """Return the names of what the user has through rows of another object."""
        rows = self._find(*link, user_id)
        names = (self._name(entity, one[_LINK[entity]]) for one in rows)
        return tuple(sorted(one for one in names if one is not None))

    def _find(self, entity: str, column: str, value: str) -> list[Record]:
        return list(self._db.store.find(self._db.entity(entity), column, value))

    def _name(self, entity: str, record_id: str | None) -> str | None:
        row = self._db.store.get(self._db.entity(entity), record_id) if record_id else None
        return name_of(row) if row is not None else None


_LINK = {
    "PermissionSetLicense": "PermissionSetLicenseId",
    "PackageLicense": "PackageLicenseId",
    "Group": "GroupId",
}
_NAMES = ("NamespacePrefix", "DeveloperName", "Name")


def name_of(row: Record) -> str:
    """Return what a record is called in policies: its namespace, API name or name."""
    return str(next(row[one] for one in _NAMES if row.get(one) is not None))
