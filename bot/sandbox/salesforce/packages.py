"""Rules of managed package licences (object reference, UserPackageLicense; salesforce.md §2).

Codes of refusals are not documented: those here are [M]. Deactivation frees nothing (help
000386472): only deleting the row does.
"""

from typing import Any

from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, record_error


class PackageAssignmentRules(Rules):
    """One row per user and package, as long as there are licences left, for active users."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        entity = self._db.entity("UserPackageLicense")
        held = self._db.store.find(entity, "UserId", row["UserId"])
        if any(one["PackageLicenseId"] == row["PackageLicenseId"] for one in held):
            message = "This user already has a license for this package."
            raise record_error(Code.DUPLICATE_VALUE, message, "UserId", "PackageLicenseId")
        user = self._db.store.get(self._db.entity("User"), row["UserId"])
        if user is not None and not user["IsActive"]:
            message = "operation performed with inactive user"
            raise record_error(Code.INACTIVE_OWNER_OR_USER, message, "UserId")
        self._db.seats.require(row["PackageLicenseId"])
