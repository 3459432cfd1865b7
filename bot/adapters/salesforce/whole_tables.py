"""The flat tables of an org: what is asked of each, and where its rows go.

Never a query per user and never a child query, whose rows would eat the page.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from bot.adapters.salesforce.accounts import GROUP_TYPES
from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.identity import ADMIN_RIGHTS, is_active_admin, person_id_of
from bot.adapters.salesforce.pools import Counting, feature_count, moment
from bot.domain.changes import Part
from bot.domain.drift_joining import Joining
from bot.domain.drift_snapshot import (
    OrgSnapshot,
    OrgUser,
    Table,
    Thing,
    TrailEntry,
    whole_id,
)
from bot.domain.field_name import FieldName

LONG = (Table.SETS, Table.SET_LICENCES, Table.MEMBERSHIPS, Table.USERS, Table.PACKAGES)
"""Tables that grow with the number of people, the longest first."""
_USER_PREFIX = "005"
_QUERIES: Mapping[Table, str] = {
    Table.SETS: (
        "SELECT Id, AssigneeId, PermissionSetId, PermissionSetGroupId<ends> "
        "FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = false"
    ),
    Table.SET_LICENCES: (
        "SELECT Id, AssigneeId, PermissionSetLicenseId FROM PermissionSetLicenseAssign"
    ),
    Table.MEMBERSHIPS: (
        "SELECT Id, UserOrGroupId, GroupId FROM GroupMember "
        "WHERE Group.Type IN ('Regular', 'Queue')"
    ),
    Table.USERS: (
        "SELECT Id, Username, Name, Email, FederationIdentifier, <person>, IsActive, UserType, "
        "ProfileId, UserRoleId, CreatedDate, LastLoginDate<flags> FROM User"
    ),
    Table.PACKAGES: "SELECT Id, UserId, PackageLicenseId FROM UserPackageLicense",
    Table.LOGINS: "SELECT Id, UserId FROM UserLogin WHERE IsFrozen = true",
    Table.NAMES: (
        "SELECT Id, Name, Label, LicenseId, HasActivationRequired, PermissionSetGroupId, "
        "PermissionSetGroup.DeveloperName, PermissionsManageUsers, PermissionsModifyAllData "
        "FROM PermissionSet WHERE IsOwnedByProfile = false"
    ),
    Table.COMPONENTS: (
        "SELECT Id, PermissionSetGroupId, PermissionSetId FROM PermissionSetGroupComponent"
    ),
    Table.SET_POOLS: (
        "SELECT Id, DeveloperName, MasterLabel, Status, ExpirationDate, TotalLicenses, "
        "UsedLicenses FROM PermissionSetLicense"
    ),
    Table.PACKAGE_POOLS: (
        "SELECT Id, NamespacePrefix, Status, ExpirationDate, AllowedLicenses, UsedLicenses "
        "FROM PackageLicense"
    ),
    Table.PROFILES: (
        "SELECT Id, Name, PermissionsManageUsers, PermissionsModifyAllData, UserLicense.Name, "
        "UserLicense.Status, UserLicense.TotalLicenses, UserLicense.UsedLicenses FROM Profile"
    ),
    Table.ROLES: "SELECT Id, DeveloperName FROM UserRole",
    Table.GROUPS: (
        "SELECT Id, DeveloperName, Name, Type FROM Group WHERE Type IN ('Regular', 'Queue')"
    ),
    Table.TRAIL: (
        "SELECT Id, CreatedDate, CreatedById, Action, Display FROM SetupAuditTrail "
        "WHERE CreatedDate = LAST_N_DAYS:30"
    ),
}

Take: TypeAlias = Callable[[Mapping[str, Any]], None]


def queries(person: FieldName, flags: Mapping[str, str], *, has_ends: bool) -> dict[Table, str]:
    """Return the query of each table, the longest first; each row has an Id, for paging by it."""
    more = "".join(f", {flag}" for flag in sorted(flags.values()))
    changes = {
        Table.SETS: ("<ends>", ", ExpirationDate" if has_ends else ""),
        Table.USERS: ("<flags>", more),
    }
    found = {
        table: query.replace(*changes.get(table, ("", ""))) if table in changes else query
        for table, query in _QUERIES.items()
    }
    found[Table.USERS] = found[Table.USERS].replace("<person>", person)
    return found


@dataclass
class Tables:
    """Takes the rows of every table, as JSON or as the texts of CSV, and makes the snapshot."""

    person: FieldName
    flags: Mapping[str, str]
    joining: Joining = field(default_factory=Joining)
    names: list[Record] = field(default_factory=list)
    components: list[Record] = field(default_factory=list)
    set_pools: list[Record] = field(default_factory=list)
    package_pools: list[Record] = field(default_factory=list)
    licences: dict[str, Record] = field(default_factory=dict)
    profiles: dict[str, Record] = field(default_factory=dict)
    powerful: dict[Thing, Record] = field(default_factory=dict)
    trail: list[TrailEntry] = field(default_factory=list)
    labels: dict[Thing, str] = field(default_factory=dict)
    _features: dict[tuple[bool, ...], frozenset[str]] = field(default_factory=dict)

    def takers(self) -> dict[Table, Take]:
        """Say where the rows of each table go."""
        return {
            Table.SETS: self._set,
            Table.SET_LICENCES: self._linked("AssigneeId", "PermissionSetLicenseId"),
            Table.MEMBERSHIPS: self._linked("UserOrGroupId", "GroupId"),
            Table.PACKAGES: self._linked("UserId", "PackageLicenseId"),
            Table.USERS: self._user,
            Table.LOGINS: lambda row: self.joining.freeze(row["UserId"]),
            Table.NAMES: self._named,
            Table.COMPONENTS: self.components.append,
            Table.SET_POOLS: self._set_pool,
            Table.PACKAGE_POOLS: self._package_pool,
            Table.PROFILES: self._profile,
            Table.ROLES: self._role,
            Table.GROUPS: self._group,
            Table.TRAIL: self._entry,
        }

    def snapshot(
        self, *, taken_at: datetime, own_user_id: str, missing: Mapping[Table, str], calls: int
    ) -> OrgSnapshot:
        """Join everything; can be called once."""
        users = self.joining.joined()
        active = [user for user in users.values() if user.is_active]
        people = Counter(user.licence for user in active)
        found: dict[str, list[Record]] = {
            "licences": list(self.licences.values()),
            "set_pools": self.set_pools,
            "package_pools": self.package_pools,
            "counted": [{"licence": name, "people": number} for name, number in people.items()],
        }
        pools = Counting(lambda: taken_at).everything(found)
        features = (
            feature_count(name, [{"people": sum(name in user.features for user in active)}])
            for name in sorted(self.flags)
        )
        return OrgSnapshot(
            taken_at=taken_at,
            own_user_id=whole_id(own_user_id),
            users=users,
            pools=(*pools, *features),
            admins=frozenset(user.id for user in active if self._is_admin(user)),
            brings=self._brings(),
            session_based=self._session_based(),
            labels=self.labels,
            trail=tuple(self.trail),
            missing=dict(missing),
            calls=calls,
        )

    # ---- rows -----------------------------------------------------------------------------------

    def _user(self, row: Mapping[str, Any]) -> None:
        user = OrgUser(
            id=whole_id(row["Id"]),
            username=row["Username"],
            name=row["Name"] or "",
            mail=row["Email"] or "",
            person_id=person_id_of(row, self.person) or None,
            sso=row["FederationIdentifier"] or "",
            is_active=_is_true(row["IsActive"]),
            is_frozen=False,
            profile=row["ProfileId"] or "",
            licence="",
            role=row["UserRoleId"] or "",
            user_type=row["UserType"] or "",
            created=moment(row["CreatedDate"]),
            last_login=moment(row["LastLoginDate"]),
            features=self._switched_on(row),
            parts={},
            ends={},
        )
        self.joining.user(user)

    def _switched_on(self, row: Mapping[str, Any]) -> frozenset[str]:
        states = tuple(_is_true(row[flag]) for flag in self.flags.values())
        if states not in self._features:
            pairs = zip(self.flags, states, strict=True)
            self._features[states] = frozenset(name for name, is_on in pairs if is_on)
        return self._features[states]

    def _set(self, row: Mapping[str, Any]) -> None:
        # The assignment of a group has a set as well: the group's own, which says less.
        thing = row["PermissionSetGroupId"] or row["PermissionSetId"]
        self.joining.assign(row["AssigneeId"], thing, moment(row.get("ExpirationDate")))

    def _linked(self, user: str, thing: str) -> Take:
        def take(row: Mapping[str, Any]) -> None:
            if row[user].startswith(_USER_PREFIX):  # members of groups may be groups
                self.joining.assign(row[user], row[thing])

        return take

    def _named(self, row: Mapping[str, Any]) -> None:
        group = row["PermissionSetGroup"]
        thing = (Part.SET_GROUP, group["DeveloperName"]) if group else (Part.SET, row["Name"])
        thing_id = row["PermissionSetGroupId"] if group else row["Id"]
        self._know(thing_id, thing, row["Label"])
        self.names.append(row)
        if any(row[right] is True for right in ADMIN_RIGHTS):
            self.powerful[thing] = row

    def _set_pool(self, row: Mapping[str, Any]) -> None:
        self._know(row["Id"], (Part.SET_LICENCE, row["DeveloperName"]), row["MasterLabel"])
        self.set_pools.append(row)

    def _package_pool(self, row: Mapping[str, Any]) -> None:
        self._know(row["Id"], (Part.PACKAGE, row["NamespacePrefix"]), row["NamespacePrefix"])
        self.package_pools.append(row)

    def _group(self, row: Mapping[str, Any]) -> None:
        self._know(row["Id"], (GROUP_TYPES[row["Type"]], row["DeveloperName"]), row["Name"])

    def _profile(self, row: Mapping[str, Any]) -> None:
        licence = row["UserLicense"] or {}
        name = licence.get("Name", "")
        self.joining.profiles[row["Id"]] = (row["Name"], name)
        self.profiles[row["Name"]] = row
        if name:
            self.licences[name] = licence

    def _role(self, row: Mapping[str, Any]) -> None:
        self.joining.roles[row["Id"]] = row["DeveloperName"]

    def _entry(self, row: Mapping[str, Any]) -> None:
        if (at := moment(row["CreatedDate"])) is not None:
            by, action = row["CreatedById"] or "", row["Action"] or ""
            self.trail.append(TrailEntry(at, by, action, row["Display"] or ""))

    def _know(self, thing_id: str, thing: Thing, label: str | None) -> None:
        self.joining.things[whole_id(thing_id)] = thing
        self.labels[thing] = label or thing[1]

    # ---- what follows of them -------------------------------------------------------------------

    def _brings(self) -> dict[Thing, frozenset[str]]:
        """Say which permission set licences a set or a group assigns by itself."""
        licences = {row["Id"]: row["DeveloperName"] for row in self.set_pools}
        by_id = {row["Id"]: licences.get(row["LicenseId"]) for row in self.names}
        found: dict[Thing, set[str]] = {}
        for row in self.names:
            thing = (
                self.joining.things[whole_id(row["Id"])] if not row["PermissionSetGroup"] else None
            )
            if thing is not None and (name := by_id[row["Id"]]):
                found.setdefault(thing, set()).add(name)
        for row in self.components:
            group = self.joining.things.get(whole_id(row["PermissionSetGroupId"]))
            if group is not None and (name := by_id.get(row["PermissionSetId"])):
                found.setdefault(group, set()).add(name)
        return {thing: frozenset(names) for thing, names in found.items()}

    def _is_admin(self, user: OrgUser) -> bool:
        """Judge as a look at the user alone would; `user` is active."""
        sets = [
            row for (part, name), row in self.powerful.items() if name in user.parts.get(part, ())
        ]
        return is_active_admin({"IsActive": True, "Profile": self.profiles.get(user.profile)}, sets)

    def _session_based(self) -> frozenset[Thing]:
        return frozenset(
            (Part.SET, row["Name"])
            for row in self.names
            if row["HasActivationRequired"] is True and not row["PermissionSetGroup"]
        )


def _is_true(value: object) -> bool:
    return value is True or value == "true"
