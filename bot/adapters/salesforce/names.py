"""Everything that the org has by name, as far as a level can hold it (port OrgDirectory)."""

import re
from collections.abc import Collection, Iterator

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.object_rights import SalesforceRights
from bot.domain.integration_grants import Granted
from bot.domain.policy import Bundle
from bot.domain.policy_checks_org import OrgKind, OrgNames

_FLAG = re.compile(r"UserPermissions([A-Za-z]{1,40})User")
_STRONG = (
    "PermissionsManageUsers",
    "PermissionsAssignPermissionSets",
    "PermissionsManageProfilesPermissionsets",
)
_LICENCES = "SELECT Id, Name FROM UserLicense"
_PROFILES = "SELECT Id, Name, UserLicense.Name FROM Profile"
_SETS = (
    "SELECT Id, Name, PermissionsManageUsers, PermissionsAssignPermissionSets, "
    "PermissionsManageProfilesPermissionsets FROM PermissionSet WHERE IsOwnedByProfile = false"
)
_SET_GROUPS = "SELECT Id, DeveloperName FROM PermissionSetGroup"
_IN_SET_GROUPS = (
    "SELECT Id, PermissionSetGroup.DeveloperName, PermissionSet.Name "
    "FROM PermissionSetGroupComponent"
)
_SET_LICENCES = "SELECT Id, DeveloperName FROM PermissionSetLicense"
_PACKAGES = "SELECT Id, NamespacePrefix FROM PackageLicense"
_ROLES = "SELECT Id, DeveloperName FROM UserRole"
_GROUPS = "SELECT Id, DeveloperName, Type FROM Group WHERE Type IN ('Regular', 'Queue')"


class SalesforceNames:
    """Reads names, and changes nothing."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def names(self, objects: Collection[str] = ()) -> OrgNames:
        """Read all names, one call for each kind and for 25 objects; raises as the port says."""
        profiles = {row["Name"]: row["UserLicense"]["Name"] for row in self._rows(_PROFILES)}
        sets = list(self._rows(_SETS))
        strong = frozenset(row["Name"] for row in sets if any(row[flag] for flag in _STRONG))
        groups = list(self._rows(_GROUPS))
        fields = self._fields({"User", *objects})
        flags = filter(None, map(_FLAG.fullmatch, fields.get("User", ())))
        return OrgNames(
            names={
                OrgKind.LICENCE: self._named(_LICENCES, "Name"),
                OrgKind.PROFILE: frozenset(profiles),
                OrgKind.PERMISSION_SET: frozenset(row["Name"] for row in sets),
                OrgKind.PERMISSION_SET_GROUP: self._named(_SET_GROUPS, "DeveloperName"),
                OrgKind.PERMISSION_SET_LICENCE: self._named(_SET_LICENCES, "DeveloperName"),
                OrgKind.PACKAGE: self._named(_PACKAGES, "NamespacePrefix"),
                OrgKind.FEATURE: frozenset(flag[1] for flag in flags),
                OrgKind.ROLE: self._named(_ROLES, "DeveloperName"),
                OrgKind.GROUP: _of_type(groups, "Regular"),
                OrgKind.QUEUE: _of_type(groups, "Queue"),
                OrgKind.OBJECT: frozenset(one["name"] for one in self._gateway.objects()),
            },
            fields=fields,
            licence_of=profiles,
            no_expiry_sets=strong,
            no_expiry_groups=frozenset(
                row["PermissionSetGroup"]["DeveloperName"]
                for row in self._rows(_IN_SET_GROUPS)
                if row["PermissionSet"]["Name"] in strong
            ),
        )

    def granted(self, bundle: Bundle, objects: Collection[str]) -> Granted:
        """Read what a level grants an integration (port RightsReader)."""
        return SalesforceRights(self._gateway).granted(bundle, objects)

    def _rows(self, query: str) -> Iterator[Record]:
        return self._gateway.query_all(query)

    def _named(self, query: str, field: str) -> frozenset[str]:
        return frozenset(row[field] for row in self._rows(query) if row[field])

    def _fields(self, objects: Collection[str]) -> dict[str, frozenset[str]]:
        """Return the fields that the bot's user sees, of the objects that there are."""
        return {
            name: frozenset(str(field["name"]) for field in described["fields"])
            for name, described in self._gateway.describe_all(objects).items()
        }


def _of_type(rows: Collection[Record], kind: str) -> frozenset[str]:
    return frozenset(row["DeveloperName"] for row in rows if row["Type"] == kind)
