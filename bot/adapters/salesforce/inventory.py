"""The org as it is: every active user with profile, sets and licences, and the pools."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.adapters.salesforce.accounts import assigned, by_part
from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.identity import person_id_of
from bot.adapters.salesforce.pools import ALL_POOLS, Counting
from bot.adapters.salesforce.soql import soql
from bot.domain.changes import Part
from bot.domain.field_name import FieldName
from bot.domain.plan import Seat
from bot.domain.policy_starter_accounts import Account, Inventory

# Pages of our own by id: an answer holds 2,000 rows at most, and perhaps only 200 of them (REST
# API guide, query options), while a cut list must not pass for a whole one.
PAGE = 500
_START = "000000000000000AAA"
_PEOPLE = "Standard"

_USERS = (
    "SELECT Id, Username, Email, FederationIdentifier, {person_field}, Profile.Name, "
    "Profile.UserLicense.Name FROM User WHERE IsActive = true AND UserType = 'Standard' "
    "AND Id > {after} ORDER BY Id LIMIT {page}"
)
_SETS = (
    "SELECT Id, AssigneeId, PermissionSet.Name, PermissionSet.LicenseId, "
    "PermissionSetGroup.DeveloperName "
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

# A profile keeps its permissions in a set of its own (object reference,
# PermissionSet.IsOwnedByProfile).
_STRONG = (
    "SELECT Id, Name, IsOwnedByProfile, Profile.Name FROM PermissionSet "
    "WHERE PermissionsManageUsers = true OR PermissionsAssignPermissionSets = true "
    "OR PermissionsManageProfilesPermissionsets = true"
)
# The people of each licence and the users who are no people, in one question.
_BY_TYPE = (
    "SELECT UserType, Profile.UserLicense.Name licence, COUNT(Id) people FROM User "
    "WHERE IsActive = true GROUP BY UserType, Profile.UserLicense.Name"
)


def read_inventory(gateway: Gateway, *, page: int = PAGE) -> Inventory:
    """Read all active users; two calls, and one more for every `page` rows.

    Raises Unavailable, RateLimited or Unauthorized.
    """
    facts = gateway.query({**ALL_POOLS, "counted": _BY_TYPE, "strong": _STRONG})
    found = _all_pages(gateway, page)
    set_pools = {row["Id"]: row["DeveloperName"] for row in facts["set_pools"]}
    strong = [(row["IsOwnedByProfile"], row) for row in facts["strong"]]
    others: Counter[str] = Counter()
    for row in facts["counted"]:
        others[row["UserType"]] += int(row["people"])
    del others[_PEOPLE]
    return Inventory(
        own_user_id=gateway.run_as().user_id,
        accounts=tuple(_accounts(found, gateway.person_field)),
        pools=Counting(lambda: datetime.now(UTC)).everything(facts),
        brings={
            row["PermissionSet"]["Name"]: set_pools[row["PermissionSet"]["LicenseId"]]
            for row in found["sets"]
            if row["PermissionSet"]["LicenseId"] in set_pools
        },
        strong_profiles=frozenset(row["Profile"]["Name"] for is_owned, row in strong if is_owned),
        strong_sets=frozenset(row["Name"] for is_owned, row in strong if not is_owned),
        others=others,
    )


def _all_pages(gateway: Gateway, page: int) -> dict[str, list[Record]]:
    """Ask for what is left of every list in one call, until nothing is."""
    found: dict[str, list[Record]] = {name: [] for name in _PAGED}
    after = dict.fromkeys(_PAGED, _START)
    while after:
        questions = {
            name: soql(_PAGED[name], person_field=gateway.person_field, after=last, page=page)
            for name, last in after.items()
        }
        after = {}
        for name, rows in gateway.query(questions).items():
            found[name] += rows
            if len(rows) == page:
                after[name] = str(rows[-1]["Id"])
    return found


def _accounts(found: Mapping[str, list[Record]], person_field: FieldName) -> Iterable[Account]:
    frozen = {row["UserId"] for row in found["frozen"]}
    held: dict[str, list[tuple[Part, str]]] = {}
    for row in found["sets"]:
        held.setdefault(row["AssigneeId"], []).append(assigned(row))
    for row in found["set_licences"]:
        name = row["PermissionSetLicense"]["DeveloperName"]
        held.setdefault(row["AssigneeId"], []).append((Part.SET_LICENCE, name))
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
                person_id=person_id_of(row, person_field),
                parts=by_part(held.get(row["Id"], ())),
            ),
            mail=row["Email"] or "",
            sso=row["FederationIdentifier"] or "",
        )
