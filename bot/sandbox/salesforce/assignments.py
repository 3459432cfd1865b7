"""Rules of permission set and permission set licence assignments (salesforce.md §1.4 and §2)."""

from typing import Any

from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, NotModelled, record_error
from bot.sandbox.salesforce.objects import GRANTING_PERMISSIONS
from bot.sandbox.salesforce.schema import Record


class SetAssignmentRules(Rules):
    """A set may bring its permission set licence along, and takes it away again when it goes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        if row.get("_platform"):
            return
        if row["PermissionSetGroupId"] is not None:
            raise NotModelled("permission set groups")
        one, user = self._set(row), self._user(row)
        if one["IsOwnedByProfile"]:
            message = "Permission sets owned by a profile can't be assigned."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionSetId")
        self._check_duplicate(row)
        self._check_licence(one, user)
        self._check_expiry(row, one, user)
        self._take_psl(row, one)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        if row["ExpirationDate"] != old["ExpirationDate"]:
            self._check_expiry(row, self._set(row), self._user(row))

    def before_delete(self, row: Record) -> None:
        if self._set(row)["IsOwnedByProfile"]:
            message = "Permission sets owned by a profile can't be unassigned."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionSetId")

    def after_delete(self, row: Record) -> None:
        """Free the licence that came with the set (help users_permissionset_licenses_remove)."""
        psl_id = self._psl_of(self._set(row))
        if psl_id is None or needs_psl(self._db, row["AssigneeId"], psl_id):
            return
        held = held_psl(self._db, row["AssigneeId"], psl_id)
        if held is not None and held.get("_came_with_set"):
            self._db.store.remove(self._db.entity("PermissionSetLicenseAssign"), held["Id"])

    def computed(self, row: Record, name: str) -> Any:
        # Whether the platform keeps an expired row is not verified (salesforce.md §10): here it
        # stays, inactive.
        if name != "IsActive":
            return super().computed(row, name)
        return row["ExpirationDate"] is None or row["ExpirationDate"] > self._db.now()

    def _set(self, row: Record) -> Record:
        found = self._db.store.get(self._db.entity("PermissionSet"), row["PermissionSetId"])
        assert found is not None  # noqa: S101  # references are checked before
        return found

    def _user(self, row: Record) -> Record:
        found = self._db.store.get(self._db.entity("User"), row["AssigneeId"])
        assert found is not None  # noqa: S101  # the same
        return found

    def _check_duplicate(self, row: Record) -> None:
        entity = self._db.entity("PermissionSetAssignment")
        same = self._db.store.find(entity, "AssigneeId", row["AssigneeId"])
        if any(one["PermissionSetId"] == row["PermissionSetId"] for one in same):
            # The sentence that public tools match (salesforce.md §1.4; code seen in their test
            # data).
            message = (
                f"Duplicate PermissionSetAssignment. Assignee: {row['AssigneeId']}; "
                f"Permission Set: {row['PermissionSetId']}"
            )
            raise record_error(Code.DUPLICATE_VALUE, message)

    def _check_licence(self, one: Record, user: Record) -> None:
        licence = one["LicenseId"]
        if licence is None or not licence.startswith(self._db.entity("UserLicense").prefix):
            return
        if self._db.seats.licence_of(user["ProfileId"]) != licence:
            # The sentence as published in vendors' support notes (salesforce.md §1.5,
            # FIELD_INTEGRITY_EXCEPTION).
            message = (
                f"Can't assign permission set {one['Label']} to user {user['Username']}. The user "
                "license doesn't "
                f"allow the permission: {one['Description'] or 'API Enabled'}"
            )
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionSetId")

    def _check_expiry(self, row: Record, one: Record, user: Record) -> None:
        """Refuse an expiration where the platform does (help permissions_assign_expire_how)."""
        expiry = row["ExpirationDate"]
        if expiry is None:
            return
        if expiry <= self._db.now():
            raise NotModelled("an ExpirationDate in the past")
        if any(one[permission] for permission in GRANTING_PERMISSIONS):
            message = f"Permission set {one['Label']} can't be assigned with an expiration date."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "ExpirationDate")
        if not user["IsActive"]:
            message = "Only active users can have assignments that expire."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "ExpirationDate")

    def _psl_of(self, one: Record) -> str | None:
        return psl_of(self._db, one)

    def _take_psl(self, row: Record, one: Record) -> None:
        """Assign the set's permission set licence (help users_permissionset_licenses_and_perm_sets,
        D7).
        """
        psl_id = self._psl_of(one)
        if psl_id is None or held_psl(self._db, row["AssigneeId"], psl_id) is not None:
            return
        values = {"AssigneeId": row["AssigneeId"], "PermissionSetLicenseId": psl_id}
        self._db.insert(
            self._db.entity("PermissionSetLicenseAssign"), {**values, "_came_with_set": True}
        )


class LicenceAssignmentRules(Rules):
    """One row per user and licence, as long as there are licences left."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        if held_psl(self._db, row["AssigneeId"], row["PermissionSetLicenseId"]) is not None:
            # Which code a duplicate gets is not verified (salesforce.md §1.4).
            message = (
                f"Duplicate PermissionSetLicenseAssign. Assignee: {row['AssigneeId']}; "
                f"Permission Set License: {row['PermissionSetLicenseId']}"
            )
            raise record_error(Code.DUPLICATE_VALUE, message)
        self._db.seats.require_psl(row["PermissionSetLicenseId"])

    def before_delete(self, row: Record) -> None:
        # Taking the licence first would leave a set without it; the strict answer is the one to be
        # ready for.
        if needs_psl(self._db, row["AssigneeId"], row["PermissionSetLicenseId"]):
            message = "An assigned permission set still requires this permission set license."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "PermissionSetLicenseId")


def psl_of(db: Database, one: Record) -> str | None:
    """Return the permission set licence that a set is tied to, if it is one."""
    licence = one["LicenseId"]
    is_psl = licence is not None and licence.startswith(db.entity("PermissionSetLicense").prefix)
    return str(licence) if is_psl else None


def held_psl(db: Database, user_id: str, psl_id: str) -> Record | None:
    rows = db.store.find(db.entity("PermissionSetLicenseAssign"), "AssigneeId", user_id)
    return next((one for one in rows if one["PermissionSetLicenseId"] == psl_id), None)


def needs_psl(db: Database, user_id: str, psl_id: str) -> bool:
    """Say whether a set that the user still has is tied to this licence."""
    rows = db.store.find(db.entity("PermissionSetAssignment"), "AssigneeId", user_id)
    sets = (db.store.get(db.entity("PermissionSet"), one["PermissionSetId"]) for one in rows)
    return any(one is not None and psl_of(db, one) == psl_id for one in sets)
