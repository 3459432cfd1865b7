"""Rules of permission set groups and of what sets allow on objects and fields.

Source: object reference, PermissionSetGroup, PermissionSetGroupComponent, ObjectPermissions,
FieldPermissions, UserPermissionAccess. Codes of refusals are not documented: those here are [M].
"""

from typing import Any

from bot.sandbox.salesforce.assignments import check_component, group_has_component
from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, record_error
from bot.sandbox.salesforce.rights import granted
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.tables_sets import OBJECT_RIGHTS, PERMISSIONS


class SetGroupRules(Rules):
    """A group has a set of its own with the aggregated permissions."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def after_create(self, row: Record) -> None:
        values = {"Name": row["DeveloperName"], "Label": row["MasterLabel"], "Type": "Group"}
        self._db.insert(
            self._db.entity("PermissionSet"), {**values, "PermissionSetGroupId": row["Id"]}
        )

    def before_delete(self, row: Record) -> None:
        assignments = self._db.entity("PermissionSetAssignment")
        if self._db.store.find(assignments, "PermissionSetGroupId", row["Id"]):
            message = "Users are assigned to this permission set group."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message)

    def after_delete(self, row: Record) -> None:
        for name in ("PermissionSetGroupComponent", "PermissionSet"):
            entity = self._db.entity(name)
            for one in self._db.store.find(entity, "PermissionSetGroupId", row["Id"]):
                self._db.store.remove(entity, one["Id"])


class ComponentRules(Rules):
    """A changed group is recalculated (Status); licences of a removed set stay with the users
    (D15).
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        group_id, set_id = row["PermissionSetGroupId"], row["PermissionSetId"]
        one = self._db.store.get(self._db.entity("PermissionSet"), set_id)
        assert one is not None  # noqa: S101  # references are checked before
        if one["IsOwnedByProfile"] or one["Type"] == "Group":
            message = "Only permission sets can be added to a permission set group."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionSetId")
        if group_has_component(self._db, group_id, set_id):
            message = "This permission set is already in the permission set group."
            raise record_error(Code.DUPLICATE_VALUE, message)
        check_component(self._db, group_id, one)

    def after_create(self, row: Record) -> None:
        self._recalculate(row)

    def after_delete(self, row: Record) -> None:
        self._recalculate(row)

    def _recalculate(self, row: Record) -> None:
        groups = self._db.entity("PermissionSetGroup")
        group = self._db.store.get(groups, row["PermissionSetGroupId"])
        if group is not None:
            status = "Updated" if self._db.settings.recalculates_groups else "Outdated"
            self._db.store.put(groups, {**group, "Status": status})


class ObjectPermissionRules(Rules):
    """One row per set and object; rights require each other, and a row with none cannot be."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        rows = self._db.store.find(
            self._db.entity("ObjectPermissions"), "ParentId", row["ParentId"]
        )
        if any(one["SobjectType"].lower() == row["SobjectType"].lower() for one in rows):
            message = "duplicate value found: ObjectPermissions for this parent and object"
            raise record_error(Code.DUPLICATE_VALUE, message)
        self._check(row)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:  # noqa: ARG002  # overrides
        self._check(row)

    @staticmethod
    def _check(row: Record) -> None:
        missing = [
            (right, other)
            for right, others in OBJECT_RIGHTS.items()
            for other in others
            if row[right] and not row[other]
        ]
        if missing:
            message = f"Permission {missing[0][0]} depends on permission(s): {missing[0][1]}"
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, missing[0][0])
        if not any(row[right] for right in OBJECT_RIGHTS):
            message = "At least one permission must be enabled."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message)


class FieldPermissionRules(Rules):
    """Editing a field requires reading it; the field is named with its object."""

    def before_create(self, row: dict[str, Any]) -> None:
        if not row["Field"].startswith(f"{row['SobjectType']}."):
            message = "Field Name: bad value for restricted picklist field: " + row["Field"]
            raise record_error(Code.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, message, "Field")
        self._check(row)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:  # noqa: ARG002  # overrides
        self._check(row)

    @staticmethod
    def _check(row: Record) -> None:
        if row["PermissionsEdit"] and not row["PermissionsRead"]:
            message = "Permission PermissionsEdit depends on permission(s): PermissionsRead"
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionsEdit")


class ProfileRules(Rules):
    """A profile shows the permissions of the set that it owns (object reference, Profile and
    PermissionSet.IsOwnedByProfile).
    """

    computed_names = frozenset(PERMISSIONS)

    def __init__(self, database: Database) -> None:
        self._db = database

    def computed(self, row: Record, name: str) -> Any:
        if name not in PERMISSIONS:
            return super().computed(row, name)
        owned = self._db.store.find(self._db.entity("PermissionSet"), "ProfileId", row["Id"])
        return any(one[name] for one in owned)


class OwnPermissionRules(Rules):
    """UserPermissionAccess has one row: what the user behind the call may."""

    computed_names = frozenset(PERMISSIONS)

    def __init__(self, database: Database) -> None:
        self._db = database

    def computed(self, row: Record, name: str) -> Any:
        if name in PERMISSIONS:
            return name in granted(self._db, self._db.actor_id)
        return super().computed(row, name)
