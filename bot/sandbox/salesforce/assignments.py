"""Rules of permission set, permission set group and licence assignments (salesforce.md §1.4, §2).

A group's assignment has PermissionSetGroupId and, as PermissionSetId, the group's own set of Type
Group ("PermissionSet contains the aggregated permissions for the group"). That a set without a
licence may need one that was assigned by hand before (help D7) is not modelled: sets here need none
but the one they are tied to.
"""

from collections.abc import Iterable
from typing import Any

from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError, record_error
from bot.sandbox.salesforce.rights import components, is_current, sets_behind
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.tables_sets import GRANTING_PERMISSIONS

AT_ONCE = 50
"""So many sets or groups unassigned in one call keep their licences (D15)."""


class SetAssignmentRules(Rules):
    """A set may bring its permission set licence along, and takes it away again when it goes."""

    computed_names = frozenset({"IsActive"})

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        if row.get("_platform"):
            return
        self._name_set(row)
        self._check_duplicate(row)
        sets, user = sets_behind(self._db, row), self._user(row)
        self._check_licences(row, sets, user)
        self._check_expiry(row, sets, user)
        self._take_psls(row, sets, user)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        if row["ExpirationDate"] == old["ExpirationDate"]:
            return
        if self._set(row)["IsOwnedByProfile"]:
            raise _refused("Permission sets owned by a profile can't expire.", "ExpirationDate")
        self._check_expiry(row, sets_behind(self._db, row), self._user(row))

    def before_delete(self, row: Record) -> None:
        if self._set(row)["IsOwnedByProfile"]:
            message = "Permission sets owned by a profile can't be unassigned."
            raise _refused(message, "PermissionSetId")

    def after_delete(self, row: Record) -> None:
        """Free the licences that came with the set (help users_permissionset_licenses_remove)."""
        if self._db.unassigned_at_once >= AT_ONCE or row.get("_platform"):
            return
        for psl_id in _psls(self._db, sets_behind(self._db, row)):
            held = held_psl(self._db, row["AssigneeId"], psl_id)
            if held is None or not held.get("_came_with_set"):
                continue
            if not needs_psl(self._db, row["AssigneeId"], psl_id):
                self._db.discard(self._db.entity("PermissionSetLicenseAssign"), held)

    def computed(self, row: Record, name: str) -> Any:
        return is_current(self._db, row) if name == "IsActive" else super().computed(row, name)

    # ---- what is assigned

    def _name_set(self, row: dict[str, Any]) -> None:
        """Fill in a group's own set; refuse sets that nobody assigns. The codes are [M]."""
        group_id = row["PermissionSetGroupId"]
        if group_id is None:
            one = self._set(row)
            if one["IsOwnedByProfile"] or one["Type"] == "Group":
                message = f"Permission sets owned by a {one['Type'].lower()} can't be assigned."
                raise _refused(message, "PermissionSetId")
            return
        if row["PermissionSetId"] is not None:
            message = "Specify either a permission set or a permission set group, not both."
            raise _refused(message, "PermissionSetGroupId")
        own = self._db.store.find(
            self._db.entity("PermissionSet"), "PermissionSetGroupId", group_id
        )
        row["PermissionSetId"] = own[0]["Id"]

    def _set(self, row: Record) -> Record:
        found = self._db.store.get(self._db.entity("PermissionSet"), row["PermissionSetId"])
        assert found is not None  # noqa: S101  # references are checked before
        return found

    def _user(self, row: Record) -> Record:
        found = self._db.store.get(self._db.entity("User"), row["AssigneeId"])
        assert found is not None  # noqa: S101  # the same
        return found

    # ---- what is refused

    def _check_duplicate(self, row: Record) -> None:
        """An expired row that is still there is in the way like any other, and keeps its date."""
        entity = self._db.entity("PermissionSetAssignment")
        same = self._db.store.find(entity, "AssigneeId", row["AssigneeId"])
        if any(one["PermissionSetId"] == row["PermissionSetId"] for one in same):
            # The sentence that public tools match (salesforce.md §1.4; code seen in their test
            # data); for groups [M].
            message = (
                f"Duplicate PermissionSetAssignment. Assignee: {row['AssigneeId']}; "
                f"Permission Set: {row['PermissionSetId']}"
            )
            raise record_error(Code.DUPLICATE_VALUE, message)

    def _check_licences(self, row: Record, sets: Iterable[Record], user: Record) -> None:
        prefix = self._db.entity("UserLicense").prefix
        mine = self._db.seats.licence_of(user["ProfileId"])
        for one in sets:
            licence = one["LicenseId"]
            if licence is not None and licence.startswith(prefix) and licence != mine:
                raise self._not_allowed(row, one, user)

    def _not_allowed(self, row: Record, one: Record, user: Record) -> SalesforceError:
        # The sentence as published in vendors' support notes (salesforce.md §1.5,
        # FIELD_INTEGRITY_EXCEPTION); for groups [M].
        is_group = row["PermissionSetGroupId"] is not None
        what = f"permission set {'group ' if is_group else ''}{self._set(row)['Label']}"
        message = (
            f"Can't assign {what} to user {user['Username']}. The user license doesn't allow the "
            f"permission: {one['Description'] or 'API Enabled'}"
        )
        return _refused(message, "PermissionSetId")

    def _check_expiry(self, row: Record, sets: Iterable[Record], user: Record) -> None:
        """Refuse an expiration where the platform does (help permissions_assign_expire_how)."""
        expiry = row["ExpirationDate"]
        if expiry is None:
            return
        if expiry <= self._db.now():
            raise NotModelled("an ExpirationDate in the past")
        if any(one[permission] for one in sets for permission in GRANTING_PERMISSIONS):
            label = self._set(row)["Label"]
            message = f"Permission set {label} can't be assigned with an expiration date."
            raise _refused(message, "ExpirationDate")
        if not user["IsActive"]:
            message = "Only active users can have assignments that expire."
            raise _refused(message, "ExpirationDate")

    # ---- licences

    def _take_psls(self, row: Record, sets: list[Record], user: Record) -> None:
        """Assign the sets' permission set licences (D7), or ask for them where a group does not
        bring them (`Settings.groups_bring_licences`).
        """
        is_bringing = row["PermissionSetGroupId"] is None or self._db.settings.groups_bring_licences
        for one in sets:
            psl_id = psl_of(self._db, one)
            if psl_id is None or held_psl(self._db, row["AssigneeId"], psl_id) is not None:
                continue
            if not is_bringing:
                raise self._not_allowed(row, one, user)
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
        self._db.seats.require(row["PermissionSetLicenseId"])

    def before_delete(self, row: Record) -> None:
        # "First remove or modify the relevant assigned permission sets" (D15); that the API insists
        # on it is the strict reading.
        if needs_psl(self._db, row["AssigneeId"], row["PermissionSetLicenseId"]):
            message = "An assigned permission set still requires this permission set license."
            raise _refused(message, "PermissionSetLicenseId")


def remove_expired(db: Database) -> None:
    """Take expired assignments away, for orgs that do not keep them."""
    entity = db.entity("PermissionSetAssignment")
    db.actor_id = ""  # the platform does it
    for row in db.store.rows(entity):
        if not is_current(db, row):
            db.discard(entity, row)


def psl_of(db: Database, one: Record) -> str | None:
    """Return the permission set licence that a set is tied to, if it is one."""
    licence = one["LicenseId"]
    is_psl = licence is not None and licence.startswith(db.entity("PermissionSetLicense").prefix)
    return str(licence) if is_psl else None


def held_psl(db: Database, user_id: str, psl_id: str) -> Record | None:
    rows = db.store.find(db.entity("PermissionSetLicenseAssign"), "AssigneeId", user_id)
    return next((one for one in rows if one["PermissionSetLicenseId"] == psl_id), None)


def needs_psl(db: Database, user_id: str, psl_id: str) -> bool:
    """Say whether a set that the user still has, alone or in a group, is tied to this licence."""
    rows = db.store.find(db.entity("PermissionSetAssignment"), "AssigneeId", user_id)
    return any(psl_id in _psls(db, sets_behind(db, one)) for one in rows)


def check_component(db: Database, group_id: str, one: Record) -> None:
    """Refuse a set that needs a licence in a group that inactive users have ("Considerations for
    Deactivating Users", D11; the code is [M]).
    """
    rows = db.store.find(db.entity("PermissionSetAssignment"), "PermissionSetGroupId", group_id)
    users = (db.store.get(db.entity("User"), row["AssigneeId"]) for row in rows)
    if psl_of(db, one) and any(user is not None and not user["IsActive"] for user in users):
        message = f"Permission set {one['Label']} can't be added: inactive users have the group."
        raise _refused(message, "PermissionSetId")


def group_has_component(db: Database, group_id: str, set_id: str) -> bool:
    return any(one["Id"] == set_id for one in components(db, group_id))


def _psls(db: Database, sets: Iterable[Record]) -> set[str]:
    return {psl for one in sets if (psl := psl_of(db, one)) is not None}


def _refused(message: str, field: str) -> SalesforceError:
    return record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, field)
