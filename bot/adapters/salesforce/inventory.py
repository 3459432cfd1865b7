"""The org as it is: every active user with profile, sets and licences, and the pools."""

from collections.abc import Iterable, Mapping

from simple_salesforce.format import format_soql

from bot.adapters.salesforce.gateway import PERSON_FIELD, Gateway, Record
from bot.domain.plan import Seat
from bot.domain.policy_starter_accounts import Account, Inventory
from bot.domain.seats import PoolCount

# Pages of our own by id: an answer holds 2,000 rows at most, and perhaps only 200 of them (REST
# API guide, query options), while a cut list must not pass for a whole one.
PAGE = 500
_START = "000000000000000AAA"

_USERS = (
    "SELECT Id, Username, Email, FederationIdentifier, Usher_Person_Id__c, Profile.Name, "
    "Profile.UserLicense.Name FROM User WHERE IsActive = true AND UserType = 'Standard' "
    "AND Id > {after} ORDER BY Id LIMIT {page}"
)
_SETS = (
    "SELECT Id, AssigneeId, PermissionSet.Name, PermissionSet.LicenseId "
    "FROM PermissionSetAssignment WHERE Assignee.IsActive = true "
    "AND PermissionSet.IsOwnedByProfile = false AND Id > {after} ORDER BY Id LIMIT {page}"
)
_SET_LICENCES = (
    "SELECT Id, AssigneeId, PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign "
    "WHERE Assignee.IsActive = true AND Id > {after} ORDER BY Id LIMIT {page}"
)
_FROZEN = (
    "SELECT Id, UserId FROM UserLogin WHERE IsFrozen = true AND Id > {after} "
    "ORDER BY Id LIMIT {page}"
)
_PAGED = {"users": _USERS, "sets": _SETS, "set_licences": _SET_LICENCES, "frozen": _FROZEN}

_POOLS = {
    "licences": "SELECT Name, Status, TotalLicenses, UsedLicenses FROM UserLicense",
    "set_pools": (
        "SELECT Id, DeveloperName, Status, TotalLicenses, UsedLicenses FROM PermissionSetLicense"
    ),
}
# A profile keeps its permissions in a set of its own (object reference,
# PermissionSet.IsOwnedByProfile).
_STRONG = (
    "SELECT Id, Name, IsOwnedByProfile, Profile.Name FROM PermissionSet "
    "WHERE PermissionsManageUsers = true OR PermissionsAssignPermissionSets = true "
    "OR PermissionsManageProfilesPermissionsets = true"
)
_OTHERS = (
    "SELECT UserType, COUNT(Id) people FROM User "
    "WHERE IsActive = true AND UserType != 'Standard' GROUP BY UserType"
)


def read_inventory(gateway: Gateway, *, page: int = PAGE) -> Inventory:
    """Read all active users; two calls, and one more for every `page` rows.

    Raises Unavailable, RateLimited or Unauthorized.
    """
    facts = gateway.query({**_POOLS, "strong": _STRONG, "others": _OTHERS})
    found = _all_pages(gateway, page)
    set_pools = {row["Id"]: row["DeveloperName"] for row in facts["set_pools"]}
    return Inventory(
        own_user_id=gateway.run_as().user_id,
        accounts=tuple(_accounts(found)),
        pools=pool_counts(facts),
        brings={
            row["PermissionSet"]["Name"]: set_pools[row["PermissionSet"]["LicenseId"]]
            for row in found["sets"]
            if row["PermissionSet"]["LicenseId"] in set_pools
        },
        strong_profiles=frozenset(
            row["Profile"]["Name"] for row in facts["strong"] if row["IsOwnedByProfile"]
        ),
        strong_sets=frozenset(
            row["Name"] for row in facts["strong"] if not row["IsOwnedByProfile"]
        ),
        others={row["UserType"]: int(row["people"]) for row in facts["others"]},
    )


def read_pools(gateway: Gateway) -> tuple[PoolCount, ...]:
    """Count user licences and permission set licences in one call; raises as `query` does."""
    return pool_counts(gateway.query(_POOLS))


def pool_counts(found: Mapping[str, Iterable[Record]]) -> tuple[PoolCount, ...]:
    """Return the user licences first, each kind in the order of their names."""
    kinds = ((found["licences"], "Name"), (found["set_pools"], "DeveloperName"))
    return tuple(
        PoolCount(
            name=row[name],
            total=int(row["TotalLicenses"]),
            used=int(row["UsedLicenses"]),
            is_active=row["Status"] == "Active",
        )
        for rows, name in kinds
        for row in sorted(rows, key=lambda one: str(one[name]))
    )


def _all_pages(gateway: Gateway, page: int) -> dict[str, list[Record]]:
    """Ask for what is left of every list in one call, until nothing is."""
    found: dict[str, list[Record]] = {name: [] for name in _PAGED}
    after = dict.fromkeys(_PAGED, _START)
    while after:
        questions = {
            name: str(format_soql(_PAGED[name], after=last, page=page))
            for name, last in after.items()
        }
        after = {}
        for name, rows in gateway.query(questions).items():
            found[name] += rows
            if len(rows) == page:
                after[name] = str(rows[-1]["Id"])
    return found


def _accounts(found: Mapping[str, list[Record]]) -> Iterable[Account]:
    frozen = {row["UserId"] for row in found["frozen"]}
    sets = _by_user(found["sets"], "PermissionSet", "Name")
    licences = _by_user(found["set_licences"], "PermissionSetLicense", "DeveloperName")
    for row in found["users"]:
        profile = row["Profile"] or {}
        yield Account(
            seat=Seat(
                user_id=row["Id"],
                username=row["Username"],
                is_active=True,
                is_frozen=row["Id"] in frozen,
                licence=(profile.get("UserLicense") or {}).get("Name", ""),
                profile=profile.get("Name", ""),
                person_id=row[PERSON_FIELD],
                permission_sets=frozenset(sets.get(row["Id"], ())),
                permission_set_licences=frozenset(licences.get(row["Id"], ())),
            ),
            mail=row["Email"] or "",
            sso=row["FederationIdentifier"] or "",
        )


def _by_user(rows: Iterable[Record], parent: str, name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["AssigneeId"], set()).add(row[parent][name])
    return found
