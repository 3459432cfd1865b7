"""What a profile and permission sets really grant on objects and fields (port RightsReader)."""

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import TypeVar

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.catalogue import NAMED_SETS
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.identity import API_ONLY
from bot.adapters.salesforce.soql import soql
from bot.domain.integration_grants import Granted
from bot.domain.policy import Bundle
from bot.domain.policy_integration import Operation, Right

K = TypeVar("K", bound=Hashable)

# What reaches further than any list of objects (object reference, PermissionSet).
_POWERS = {
    "PermissionsModifyAllData": "Modify All Data",
    "PermissionsViewAllData": "View All Data",
    "PermissionsManageUsers": "Manage Users",
    "PermissionsAssignPermissionSets": "Assign Permission Sets",
    "PermissionsManageProfilesPermissionsets": "Manage Profiles and Permission Sets",
}
_ON_OBJECTS = {
    "PermissionsRead": Operation.READ,
    "PermissionsCreate": Operation.CREATE,
    "PermissionsEdit": Operation.EDIT,
    "PermissionsDelete": Operation.DELETE,
    "PermissionsViewAllRecords": Operation.VIEW_ALL,
    "PermissionsModifyAllRecords": Operation.MODIFY_ALL,
}
_ON_FIELDS = {"PermissionsRead": Operation.READ, "PermissionsEdit": Operation.EDIT}

_SETS = (
    "SELECT Id, Name, IsOwnedByProfile, PermissionsApiUserOnly, PermissionsModifyAllData, "
    "PermissionsViewAllData, PermissionsManageUsers, PermissionsAssignPermissionSets, "
    "PermissionsManageProfilesPermissionsets FROM PermissionSet "
    "WHERE (IsOwnedByProfile = true AND Profile.Name = {profile})<sets>"
)
_MEMBERS = (
    "SELECT Id, PermissionSetId, PermissionSetGroup.DeveloperName, PermissionSet.Name, "
    "PermissionSet.PermissionsApiUserOnly, PermissionSet.PermissionsModifyAllData, "
    "PermissionSet.PermissionsViewAllData, PermissionSet.PermissionsManageUsers, "
    "PermissionSet.PermissionsAssignPermissionSets, "
    "PermissionSet.PermissionsManageProfilesPermissionsets "
    "FROM PermissionSetGroupComponent WHERE PermissionSetGroup.DeveloperName IN {groups}"
)
_OBJECTS = (
    "SELECT Id, ParentId, SobjectType, PermissionsRead, PermissionsCreate, PermissionsEdit, "
    "PermissionsDelete, PermissionsViewAllRecords, PermissionsModifyAllRecords "
    "FROM ObjectPermissions WHERE ParentId IN {sets}"
)
_FIELDS = (
    "SELECT Id, ParentId, Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
    "WHERE ParentId IN {sets} AND SobjectType IN {objects}"
)


class SalesforceRights:
    """Reads rights, and changes nothing."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def granted(self, bundle: Bundle, objects: Collection[str]) -> Granted:
        """Read it with three calls, and one more for each further page or 25 objects.

        Names that the org does not have grant nothing.
        """
        found = self._gateway.query(_set_questions(bundle))
        members = found.get("members", [])
        sets = {row["Id"]: (_own_name(row, bundle), row) for row in found["sets"]}
        for row in members:
            if row["PermissionSet"]:
                sets.setdefault(row["PermissionSetId"], (_name_in_group(row), row["PermissionSet"]))
        rights = self._rights(sorted(sets), sorted(objects))
        described = self._gateway.describe_all(objects)
        return Granted(
            rights=_gathered((right, sets[set_id][0]) for right, set_id in rights),
            powers=_gathered(
                (_POWERS[flag], name)
                for name, row in sets.values()
                for flag in filter(row.get, _POWERS)
            ),
            guarded={name: _guarded(one) for name, one in described.items()},
            unguarded={name: _unguarded(one) for name, one in described.items()},
            is_api_only=any(row[API_ONLY] is True for _, row in sets.values()),
            # Such a group holds a muting set, which is no permission set (metadata API guide,
            # MutingPermissionSet).
            unclear=tuple(sorted({_group(row) for row in members if not row["PermissionSet"]})),
        )

    def _rights(self, sets: list[str], objects: list[str]) -> Iterator[tuple[Right, str]]:
        if not sets:
            return
        asked = {"objects": soql(_OBJECTS, sets=sets)}
        if objects:
            asked["fields"] = soql(_FIELDS, sets=sets, objects=objects)
        found = self._gateway.query_every(asked)
        for row in found["objects"]:
            for flag in filter(row.get, _ON_OBJECTS):
                yield Right(row["SobjectType"], _ON_OBJECTS[flag]), row["ParentId"]
        for row in found.get("fields", ()):
            name, _, own = row["Field"].partition(".")
            for flag in filter(row.get, _ON_FIELDS):
                yield Right(name, _ON_FIELDS[flag], own), row["ParentId"]


def _guarded(described: Record) -> dict[str, bool]:
    """Say which fields have a right of their own, and whether it can be to edit.

    Source: SOAP API guide, describeSObjects, Field: permissionable.
    """
    return {
        field["name"]: field.get("createable") is True or field.get("updateable") is True
        for field in described["fields"]
        if field.get("permissionable") is True
    }


def _unguarded(described: Record) -> frozenset[str]:
    fields = described["fields"]
    return frozenset(one["name"] for one in fields if one.get("permissionable") is False)


def _gathered(pairs: Iterable[tuple[K, str]]) -> dict[K, tuple[str, ...]]:
    """Gather who grants what, each once, in order."""
    found: dict[K, set[str]] = {}
    for what, name in pairs:
        found.setdefault(what, set()).add(name)
    return {what: tuple(sorted(names)) for what, names in found.items()}


def _set_questions(bundle: Bundle) -> dict[str, str]:
    sets = NAMED_SETS if bundle.permission_sets else ""
    text, names = _SETS.replace("<sets>", sets), list(bundle.permission_sets)
    asked = {"sets": soql(text, profile=bundle.profile, sets=names)}
    if groups := list(bundle.permission_set_groups):
        asked["members"] = soql(_MEMBERS, groups=groups)
    return asked


def _own_name(row: Record, bundle: Bundle) -> str:
    if row["IsOwnedByProfile"]:
        return f"the profile {bundle.profile}"
    return f"the permission set {row['Name']}"


def _name_in_group(row: Record) -> str:
    return f"the permission set {row['PermissionSet']['Name']} of the group {_group(row)}"


def _group(row: Record) -> str:
    return str(row["PermissionSetGroup"]["DeveloperName"])
