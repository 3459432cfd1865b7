"""What the org says about a person's user: questions in SOQL, answers as a Seat."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.salesforce.answers import Record, rows
from bot.adapters.salesforce.handles import Handle, key
from bot.adapters.salesforce.identity import is_active_admin, person_id_of
from bot.adapters.salesforce.pools import Counting, moment
from bot.adapters.salesforce.soql import soql
from bot.domain.changes import Part
from bot.domain.field_name import FieldName
from bot.domain.plan import Holder, Seat
from bot.domain.seats import PoolCount

_WHO = "{person_field} = {person} OR FederationIdentifier = {mail} OR Username = {username}"
# One person's assignments fit in child queries; over many users they would eat the page.
_USERS = (
    "SELECT Id, Username, Email, IsActive, UserType, FederationIdentifier, {person_field}, "
    "Profile.Name, Profile.PermissionsApiUserOnly, Profile.PermissionsManageUsers, "
    "Profile.PermissionsModifyAllData, Profile.UserLicense.Name, Profile.UserLicense.Status, "
    "Profile.UserLicense.TotalLicenses, Profile.UserLicense.UsedLicenses<more>, "
    "(SELECT Id, PermissionSet.Name, PermissionSet.PermissionsApiUserOnly, "
    "PermissionSet.PermissionsManageUsers, PermissionSet.PermissionsModifyAllData, "
    "PermissionSetGroup.DeveloperName<ends> "
    "FROM PermissionSetAssignments WHERE PermissionSet.IsOwnedByProfile = false), "
    "(SELECT Id, PermissionSetLicense.DeveloperName, PermissionSetLicense.Status, "
    "PermissionSetLicense.ExpirationDate, PermissionSetLicense.TotalLicenses, "
    "PermissionSetLicense.UsedLicenses FROM PermissionSetLicenseAssignments) "
    "FROM User WHERE <who>"
)
# These have no relationship from User that SOQL could follow.
_LOGINS = (
    "SELECT Id, UserId, IsFrozen FROM UserLogin WHERE UserId IN (SELECT Id FROM User WHERE <who>)"
)
_PACKAGES = (
    "SELECT Id, UserId, PackageLicense.NamespacePrefix, PackageLicense.Status, "
    "PackageLicense.ExpirationDate, PackageLicense.AllowedLicenses, PackageLicense.UsedLicenses "
    "FROM UserPackageLicense WHERE UserId IN (SELECT Id FROM User WHERE <who>)"
)
_MEMBERSHIPS = (
    "SELECT Id, UserOrGroupId, Group.DeveloperName, Group.Type FROM GroupMember "
    "WHERE Group.Type IN ('Regular', 'Queue') "
    "AND UserOrGroupId IN (SELECT Id FROM User WHERE <who>)"
)

# Every user is assigned the set that the profile owns, so that this finds both ways to be one. A
# frozen one helps nobody.
_OTHER_ADMINS = (
    "SELECT Id FROM User WHERE IsActive = true AND Id NOT IN {users} "
    "AND Id IN (SELECT AssigneeId FROM PermissionSetAssignment "
    "WHERE PermissionSet.PermissionsManageUsers = true "
    "AND PermissionSet.PermissionsModifyAllData = true) "
    "AND Id NOT IN (SELECT UserId FROM UserLogin WHERE IsFrozen = true) LIMIT 1"
)
GROUP_TYPES = {"Regular": Part.GROUP, "Queue": Part.QUEUE}
LOGINS, PACKAGES_HELD, MEMBERSHIPS = "logins", "packages_held", "memberships"


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What is asked of a user beside the usual: only what the org surely has."""

    person: FieldName
    flags: Mapping[str, str]
    """The org's fields by the names of the features."""
    has_role: bool = False
    has_ends: bool = False


def account_questions(holder: Holder, fields: Fields) -> dict[str, str]:
    """Ask for every user that shares a key with the holder, active or not."""
    role = ["UserRole.DeveloperName"] if fields.has_role else []
    more = "".join(f", {name}" for name in [*role, *sorted(fields.flags.values())])
    ends = ", ExpirationDate" if fields.has_ends else ""
    users = _USERS.replace("<more>", more).replace("<ends>", ends)
    return _about(holder, fields, {"users": users, LOGINS: _LOGINS})


def further_questions(holder: Holder, fields: Fields, parts: frozenset[Part]) -> dict[str, str]:
    """Ask for package licences and memberships, as far as somebody wants to know."""
    asked = {}
    if Part.PACKAGE in parts:
        asked[PACKAGES_HELD] = _PACKAGES
    if parts & {Part.GROUP, Part.QUEUE}:
        asked[MEMBERSHIPS] = _MEMBERSHIPS
    return _about(holder, fields, asked)


def other_admins_question(*user_ids: str) -> str:
    """Ask for one active administrator besides these, who is not frozen."""
    return soql(_OTHER_ADMINS, users=list(user_ids))


def _about(holder: Holder, fields: Fields, asked: Mapping[str, str]) -> dict[str, str]:
    keys = {"person": holder.person_id, "mail": holder.mail, "username": holder.username}
    return {
        name: soql(text.replace("<who>", _WHO), person_field=fields.person, **keys)
        for name, text in asked.items()
    }


class Account:
    """A user with the rows that hang on it."""

    def __init__(
        self, row: Record, found: Mapping[str, list[Record]], fields: Fields, counting: Counting
    ) -> None:
        self._row = row
        self._fields = fields
        self._counting = counting
        self._logins = [one for one in found.get(LOGINS, ()) if one["UserId"] == row["Id"]]
        self._packages = [one for one in found.get(PACKAGES_HELD, ()) if one["UserId"] == row["Id"]]
        self._memberships = [
            one for one in found.get(MEMBERSHIPS, ()) if one["UserOrGroupId"] == row["Id"]
        ]

    def seat(self) -> Seat:
        row = self._row
        profile = row.get("Profile") or {}
        return Seat(
            user_id=row["Id"],
            username=row["Username"],
            is_active=row["IsActive"] is True,
            is_frozen=any(login["IsFrozen"] is True for login in self._logins),
            licence=(profile.get("UserLicense") or {}).get("Name", ""),
            profile=profile.get("Name", ""),
            person_id=person_id_of(row, self._fields.person),
            role=(row.get("UserRole") or {}).get("DeveloperName", ""),
            features=frozenset(
                name for name, flag in self._fields.flags.items() if row[flag] is True
            ),
            parts=by_part((part, name) for part, name, _ in self._held()),
            ends=dict(self._ends()),
        )

    def handles(self) -> Iterator[tuple[str, str]]:
        if is_active_admin(self._row, sets_of(self._row)):
            yield key(Handle.ADMIN), self._row["Id"]
        for login in self._logins:
            yield key(Handle.LOGIN), login["Id"]
        for part, name, row in self._held():
            yield key(Handle.ROW, name, part), row["Id"]

    def pools(self) -> Iterator[PoolCount]:
        """Yield the pools in which this user holds a seat, the user licence first."""
        licence = self._counting.licence_of(self._row)
        if licence and self._row["IsActive"] is True:
            yield licence
        for row in _children(self._row, "PermissionSetLicenseAssignments"):
            yield self._counting.set_licence(row["PermissionSetLicense"])
        for row in self._packages:
            yield self._counting.package(row["PackageLicense"])

    def _held(self) -> Iterator[tuple[Part, str, Record]]:
        for row in _children(self._row, "PermissionSetAssignments"):
            yield *assigned(row), row
        for row in _children(self._row, "PermissionSetLicenseAssignments"):
            yield Part.SET_LICENCE, row["PermissionSetLicense"]["DeveloperName"], row
        for row in self._packages:
            yield Part.PACKAGE, row["PackageLicense"]["NamespacePrefix"], row
        for row in self._memberships:
            yield GROUP_TYPES[row["Group"]["Type"]], row["Group"]["DeveloperName"], row

    def _ends(self) -> Iterator[tuple[tuple[Part, str], datetime]]:
        for row in _children(self._row, "PermissionSetAssignments"):
            end = moment(row.get("ExpirationDate"))
            if end is not None:
                yield assigned(row), end


def sets_of(row: Record) -> list[Record]:
    """Return the permission sets assigned to a user, with what they allow as far as was asked."""
    return [one["PermissionSet"] for one in _children(row, "PermissionSetAssignments")]


def assigned(row: Record) -> tuple[Part, str]:
    """Name the set or the group of an assignment: a group has a set of its own, which says less."""
    group = row.get("PermissionSetGroup")
    if group:
        return Part.SET_GROUP, group["DeveloperName"]
    return Part.SET, row["PermissionSet"]["Name"]


def by_part(names: Iterable[tuple[Part, str]]) -> dict[Part, frozenset[str]]:
    """Gather names by part, without empty ones."""
    found: dict[Part, set[str]] = {}
    for part, name in names:
        found.setdefault(part, set()).add(name)
    return {part: frozenset(some) for part, some in found.items()}


def _children(row: Record, relationship: str) -> list[Record]:
    """Return the rows of a child query, which is null and not empty when there are none."""
    return [] if row[relationship] is None else rows(row[relationship])
