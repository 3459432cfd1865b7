"""What the org says about a person and a bundle: questions in SOQL, answers as a SeatView."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from simple_salesforce.format import format_soql

from bot.adapters.salesforce.gateway import PERSON_FIELD, Record, rows
from bot.adapters.salesforce.identity import ADMIN_PROFILE
from bot.domain.plan import Holder, Seat, SeatView
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount

# One person's assignments fit in child queries; over many users they would eat the page.
_USERS = (
    "SELECT Id, Username, Email, IsActive, UserType, FederationIdentifier, Usher_Person_Id__c, "
    "Profile.Name, Profile.UserLicense.Name, "
    "(SELECT Id, PermissionSet.Name FROM PermissionSetAssignments "
    "WHERE PermissionSet.IsOwnedByProfile = false), "
    "(SELECT Id, PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssignments) "
    "FROM User WHERE Usher_Person_Id__c = {person} OR FederationIdentifier = {mail} "
    "OR Username = {username}"
)
# UserLogin has no relationship to User that SOQL could follow.
_LOGINS = (
    "SELECT Id, UserId, IsFrozen FROM UserLogin WHERE UserId IN (SELECT Id FROM User "
    "WHERE Usher_Person_Id__c = {person} OR FederationIdentifier = {mail} OR Username = {username})"
)
_PROFILES = (
    "SELECT Id, Name, UserLicense.Name, UserLicense.Status, UserLicense.TotalLicenses, "
    "UserLicense.UsedLicenses FROM Profile WHERE Name = {profile}"
)
_SETS = (
    "SELECT Id, Name, LicenseId FROM PermissionSet "
    "WHERE IsOwnedByProfile = false AND Name IN {sets}"
)
# All of them: sets name the licence they bring along by id only.
_SET_LICENCES = (
    "SELECT Id, DeveloperName, Status, TotalLicenses, UsedLicenses FROM PermissionSetLicense"
)
_OTHER_ADMINS = (
    "SELECT Id FROM User "
    "WHERE IsActive = true AND Profile.Name = {profile} AND Id NOT IN {users} LIMIT 1"
)


class Handle(StrEnum):
    """Kinds of ids that a view carries from the reader to the writer."""

    PROFILE = "profile"
    SET = "set"
    LICENCE = "licence"
    POOL_OF_SET = "pool_of_set"
    LOGIN = "login"
    ASSIGNED_SET = "assigned_set"
    ASSIGNED_LICENCE = "assigned_licence"


def person_queries(holder: Holder) -> dict[str, str]:
    """Ask for every user that shares a key with the holder, active or not."""
    keys = {"person": holder.person_id, "mail": holder.mail, "username": holder.username}
    return {"users": format_soql(_USERS, **keys), "logins": format_soql(_LOGINS, **keys)}


def bundle_queries(bundle: Bundle) -> dict[str, str]:
    """Ask for what the bundle names, with the counters of its pools."""
    queries = {"profiles": format_soql(_PROFILES, profile=bundle.profile)}
    if bundle.permission_sets:
        queries["sets"] = format_soql(_SETS, sets=list(bundle.permission_sets))
    if bundle.permission_sets or bundle.permission_set_licences:
        queries["set_licences"] = _SET_LICENCES
    return queries


def other_admins_query(*user_ids: str) -> str:
    """Ask for one active System Administrator besides these."""
    return str(format_soql(_OTHER_ADMINS, profile=ADMIN_PROFILE, users=list(user_ids)))


def seat_view(
    row: Record | None, found: Mapping[str, list[Record]], bundle: Bundle | None
) -> SeatView:
    """Build the view from the rows of all queries; `row` is the holder's user."""
    offer = _Offer(found, bundle) if bundle is not None else None
    handles = [*(_seat_handles(row, found) if row else ()), *(offer.handles() if offer else ())]
    return SeatView(
        seat=_seat(row, found) if row else None,
        pools=tuple(offer.pools()) if offer else (),
        unknown=tuple(offer.unknown()) if offer else (),
        implied_licences=frozenset(offer.set_pools.values()) if offer else frozenset(),
        handles=tuple(handles),
    )


def handles_of(view: SeatView, kind: Handle, name: str = "") -> list[str]:
    """Return the ids that the view carries for this name."""
    return [value for key, value in view.handles if key == _key(kind, name)]


class _Offer:
    """What the org has of a bundle."""

    def __init__(self, found: Mapping[str, list[Record]], bundle: Bundle) -> None:
        self._bundle = bundle
        # SOQL compares names without regard to case, a plan does not.
        self._profile = next((r for r in found["profiles"] if r["Name"] == bundle.profile), None)
        self._sets = {row["Name"]: row for row in found.get("sets", ())}
        self._licences = {row["DeveloperName"]: row for row in found.get("set_licences", ())}
        names = {row["Id"]: name for name, row in self._licences.items()}
        self.set_pools = {
            name: names[self._sets[name]["LicenseId"]]
            for name in bundle.permission_sets
            if name in self._sets and self._sets[name]["LicenseId"] in names
        }

    def pools(self) -> Iterator[PoolCount]:
        """Yield the user licence first, then permission set licences."""
        if self._profile is not None:
            licence = self._profile["UserLicense"]
            yield _pool(licence["Name"], licence)
        wanted = dict.fromkeys((*self._bundle.permission_set_licences, *self.set_pools.values()))
        for name in wanted:
            if name in self._licences:
                yield _pool(name, self._licences[name])

    def unknown(self) -> Iterator[str]:
        bundle = self._bundle
        if self._profile is None:
            yield f"profile {bundle.profile}"
        elif bundle.licence and bundle.licence != self._profile["UserLicense"]["Name"]:
            yield f"licence {bundle.licence} with profile {bundle.profile}"
        yield from (f"permission set {n}" for n in bundle.permission_sets if n not in self._sets)
        for name in bundle.permission_set_licences:
            if name not in self._licences:
                yield f"permission set licence {name}"

    def handles(self) -> Iterator[tuple[str, str]]:
        if self._profile is not None:
            yield _key(Handle.PROFILE, self._profile["Name"]), self._profile["Id"]
        for name in self._bundle.permission_sets:
            if name in self._sets:
                yield _key(Handle.SET, name), self._sets[name]["Id"]
        for name in self._bundle.permission_set_licences:
            if name in self._licences:
                yield _key(Handle.LICENCE, name), self._licences[name]["Id"]
        for name, pool in self.set_pools.items():
            yield _key(Handle.POOL_OF_SET, name), pool


def _seat(row: Record, found: Mapping[str, list[Record]]) -> Seat:
    profile = row.get("Profile") or {}
    return Seat(
        user_id=row["Id"],
        username=row["Username"],
        is_active=row["IsActive"] is True,
        is_frozen=any(login["IsFrozen"] is True for login in _logins(row, found)),
        licence=(profile.get("UserLicense") or {}).get("Name", ""),
        profile=profile.get("Name", ""),
        person_id=row.get(PERSON_FIELD),
        permission_sets=frozenset(name for name, _ in _assigned_sets(row)),
        permission_set_licences=frozenset(name for name, _ in _assigned_licences(row)),
    )


def _seat_handles(row: Record, found: Mapping[str, list[Record]]) -> Iterator[tuple[str, str]]:
    for login in _logins(row, found):
        yield _key(Handle.LOGIN, ""), login["Id"]
    for name, assignment_id in _assigned_sets(row):
        yield _key(Handle.ASSIGNED_SET, name), assignment_id
    for name, assignment_id in _assigned_licences(row):
        yield _key(Handle.ASSIGNED_LICENCE, name), assignment_id


def _logins(row: Record, found: Mapping[str, list[Record]]) -> list[Record]:
    return [login for login in found["logins"] if login["UserId"] == row["Id"]]


def _assigned_sets(row: Record) -> list[tuple[str, str]]:
    given = _children(row, "PermissionSetAssignments")
    return [(each["PermissionSet"]["Name"], each["Id"]) for each in given]


def _assigned_licences(row: Record) -> list[tuple[str, str]]:
    given = _children(row, "PermissionSetLicenseAssignments")
    return [(each["PermissionSetLicense"]["DeveloperName"], each["Id"]) for each in given]


def _children(row: Record, relationship: str) -> list[Record]:
    """Return the rows of a child query, which is null and not empty when there are none."""
    return [] if row[relationship] is None else rows(row[relationship])


def _pool(name: str, row: Record) -> PoolCount:
    return PoolCount(
        name=name,
        total=int(row["TotalLicenses"]),
        used=int(row["UsedLicenses"]),
        is_active=row["Status"] == "Active",
    )


def _key(kind: Handle, name: str) -> str:
    return f"{kind}:{name}"
