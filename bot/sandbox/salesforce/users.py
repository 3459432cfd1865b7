"""Rules of User: names unique everywhere, profile and licence, seats, deactivation; and others.

Source unless said otherwise: salesforce.md §1.1 to §1.3 and the object reference.
"""

from collections.abc import Callable
from typing import Any

from bot.sandbox.salesforce.blockers import Blockers
from bot.sandbox.salesforce.database import Database, Rules, duplicate
from bot.sandbox.salesforce.errors import Code, record_error
from bot.sandbox.salesforce.objects import FEATURES, TEAM_LEAD
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.seats import FREED_ON_DEACTIVATION
from bot.sandbox.salesforce.validation import is_email

DUPLICATE_NICKNAME = (
    "Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select "
    "another."
)
INCOMPATIBLE_PROFILE = "You can only assign profiles that are compatible with the user's license."
LICENCE_FAMILIES = ({"SFDC", "AUL", "CSN"}, {"SFDC_INTEGRATION"})
"""Licences (by definition key) between which a user can move by a new profile; other moves are
refused.
"""

EmailChanged = Callable[[Record, str], None]


class UserRules(Rules):
    """What saving a user checks and does besides; `email_changed` hears of address changes to
    confirm.
    """

    computed_names = frozenset({"Name"})

    def __init__(
        self, database: Database, *, blockers: Blockers, email_changed: EmailChanged
    ) -> None:
        self._db = database
        self._blockers = blockers
        self._email_changed = email_changed

    def before_create(self, row: dict[str, Any]) -> None:
        row["CommunityNickname"] = row["CommunityNickname"] or f"User{int(row['Id'][6:15], 36)}"
        self._claim_username(row)
        self._check_nickname(row)
        self._check_federation_id(row)
        self._check_manager(row)
        if row["IsActive"] and row["UserRoleId"]:
            # "Provisioning an internal user with an existing role" takes it (D5).
            self._db.group_lock.take(self._db.call_number)
        row["UserType"] = row["UserType"] or self._user_type(row)
        if row["IsActive"]:
            self._take_seats(row)

    def after_create(self, row: Record) -> None:
        # One row per user that only updates can reach (object reference, UserLogin).
        self._db.insert(self._db.entity("UserLogin"), {"UserId": row["Id"]})
        self._assign_profile_set(row)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        if row["Username"].lower() != old["Username"].lower():
            self._claim_username(row)
            self._release_username(old)
        self._check_nickname(row)
        self._check_federation_id(row)
        self._check_manager(row, old)
        if row["UserRoleId"] != old["UserRoleId"]:
            self._db.group_lock.take(self._db.call_number)
        if row["ProfileId"] != old["ProfileId"]:
            self._check_profile_move(old, row)
        if old["IsActive"] and not row["IsActive"]:
            self._check_deactivation(old)
        if row["IsActive"]:
            self._take_seats(row, old if old["IsActive"] else None)
        if row["Email"] != old["Email"]:
            # Pending until the person clicks the link, at most 72 h (help 000385115): the row keeps
            # the old address.
            self._email_changed(old, row["Email"])
            row["Email"] = old["Email"]

    def after_update(self, old: Record, row: Record) -> None:
        if row["ProfileId"] != old["ProfileId"]:
            self._drop_profile_set(row)
            self._assign_profile_set(row)

    def computed(self, row: Record, name: str) -> Any:
        if name != "Name":
            return super().computed(row, name)
        return " ".join(part for part in (row["FirstName"], row["LastName"]) if part)

    # ---- names

    def _claim_username(self, row: Record) -> None:
        name, owner = row["Username"], f"{self._db.owner}/{row['Id']}"
        if not is_email(name):
            # The code as seen in wso2 issue #23846 (salesforce.md §1.1).
            message = (
                "Username must be in the form of an email address (for example, john@acme.com)."
            )
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "Username")
        self._db.registry.claim(name, owner)
        self._db.store.on_rollback(lambda: self._db.registry.release(name))

    def _release_username(self, old: Record) -> None:
        name, owner = old["Username"], f"{self._db.owner}/{old['Id']}"
        self._db.registry.release(name)
        self._db.store.on_rollback(lambda: self._db.registry.claim(name, owner))

    def _check_nickname(self, row: Record) -> None:
        users = self._db.entity("User")
        same = self._db.store.find(users, "CommunityNickname", row["CommunityNickname"])
        if any(one["Id"] != row["Id"] for one in same):
            raise record_error(
                Code.DUPLICATE_COMM_NICKNAME, DUPLICATE_NICKNAME, "CommunityNickname"
            )

    def _check_federation_id(self, row: Record) -> None:
        """Compare in any case where the org wants that (D4); the schema compares case by case."""
        mine = row["FederationIdentifier"]
        if mine is None or not self._db.settings.ignores_federation_case:
            return
        for one in self._db.store.rows(self._db.entity("User")):
            theirs = one["FederationIdentifier"]
            if one["Id"] != row["Id"] and theirs is not None and theirs.lower() == mine.lower():
                raise duplicate("FederationIdentifier", one)

    def _check_manager(self, row: Record, old: Record | None = None) -> None:
        """Refuse an inactive manager, and one in a hierarchy field (salesforce.md §1.1)."""
        users = self._db.entity("User")
        for name in ("ManagerId", TEAM_LEAD):
            is_new = old is None or row[name] != old[name]
            above = self._db.store.get(users, row[name]) if row[name] and is_new else None
            if above is not None and not above["IsActive"]:
                message = "operation performed with inactive user"
                raise record_error(Code.INACTIVE_OWNER_OR_USER, message, name)

    # ---- profile, licence, seats

    def _user_type(self, row: Record) -> str:
        profile = self._db.store.get(self._db.entity("Profile"), row["ProfileId"] or "")
        return str(profile["UserType"]) if profile else "AutomatedProcess"

    def _licence_key(self, profile_id: str | None) -> str:
        licence_id = self._db.seats.licence_of(profile_id) or ""
        licence = self._db.store.get(self._db.entity("UserLicense"), licence_id)
        return str(licence["LicenseDefinitionKey"]) if licence else ""

    def _check_profile_move(self, old: Record, row: dict[str, Any]) -> None:
        keys = {self._licence_key(old["ProfileId"]), self._licence_key(row["ProfileId"])}
        if len(keys) > 1 and not any(keys <= family for family in LICENCE_FAMILIES):
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, INCOMPATIBLE_PROFILE, "ProfileId")
        self._check_sets_fit(row)
        row["UserType"] = self._user_type(row)

    def _check_sets_fit(self, row: Record) -> None:
        """Refuse to leave sets of another user licence behind (salesforce.md §1.2, Modify)."""
        store, licence = self._db.store, self._db.seats.licence_of(row["ProfileId"])
        prefix = self._db.entity("UserLicense").prefix
        for one in store.find(self._db.entity("PermissionSetAssignment"), "AssigneeId", row["Id"]):
            held = store.get(self._db.entity("PermissionSet"), one["PermissionSetId"])
            if held is None or held["IsOwnedByProfile"] or held["LicenseId"] in {None, licence}:
                continue
            if held["LicenseId"].startswith(prefix):
                raise record_error(
                    Code.FIELD_INTEGRITY_EXCEPTION, INCOMPATIBLE_PROFILE, "ProfileId"
                )

    def _take_seats(self, row: Record, old: Record | None = None) -> None:
        """Refuse when a pool that the row newly draws from is exhausted; `old` is None for who held
        nothing.
        """
        seats = self._db.seats
        licence = seats.licence_of(row["ProfileId"])
        held = seats.licence_of(old["ProfileId"]) if old is not None else None
        if licence is not None and licence != held:
            seats.require(licence)
        for flag in FEATURES:
            if row[flag] and not (old is not None and old[flag]):
                seats.require_feature(flag)
        if old is None:
            self._take_back_psls(row)

    def _take_back_psls(self, row: Record) -> None:
        """Count again the licences that deactivation had freed (help 000394412); that a full pool
        refuses the return is [M].
        """
        held = self._db.store.find(
            self._db.entity("PermissionSetLicenseAssign"), "AssigneeId", row["Id"]
        )
        psls = self._db.entity("PermissionSetLicense")
        for one in held:
            psl = self._db.store.get(psls, one["PermissionSetLicenseId"])
            if psl is not None and psl.get(FREED_ON_DEACTIVATION):
                self._db.seats.require(psl["Id"])

    def _check_deactivation(self, old: Record) -> None:
        if old["Id"] == self._db.actor_id:
            message = "You cannot deactivate your own user record."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "IsActive")
        self._blockers.check(old)

    # ---- the profile's own permission set

    def _assign_profile_set(self, row: Record) -> None:
        """Give the one assignment with IsOwnedByProfile=true that every user has (salesforce.md
        §2).
        """
        sets = self._db.store.find(self._db.entity("PermissionSet"), "ProfileId", row["ProfileId"])
        for one in sets if row["ProfileId"] else ():
            values = {"AssigneeId": row["Id"], "PermissionSetId": one["Id"], "_platform": True}
            self._db.insert(self._db.entity("PermissionSetAssignment"), values)

    def _drop_profile_set(self, row: Record) -> None:
        assignments = self._db.entity("PermissionSetAssignment")
        for one in self._db.store.find(assignments, "AssigneeId", row["Id"]):
            owned = self._db.store.get(self._db.entity("PermissionSet"), one["PermissionSetId"])
            if owned is not None and owned["IsOwnedByProfile"]:
                self._db.discard(assignments, one)


class UserLoginRules(Rules):
    """UserLogin can be frozen and unfrozen, and unlocked but not locked (object reference,
    UserLogin).
    """

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        if row["IsPasswordLocked"] and not old["IsPasswordLocked"]:
            message = "IsPasswordLocked can only be set to false"
            raise record_error(Code.INVALID_FIELD_FOR_INSERT_UPDATE, message, "IsPasswordLocked")


class PoolRules(Rules):
    """Licences and packages show counters that the platform keeps."""

    computed_names = frozenset({"UsedLicenses", "UsedLicensesLastUpdated"})

    def __init__(self, database: Database) -> None:
        self._db = database

    def computed(self, row: Record, name: str) -> Any:
        if name in {"UsedLicenses", "UsedLicensesLastUpdated"}:
            used, updated = self._db.seats.reported(row)
            return used if name == "UsedLicenses" else updated
        return super().computed(row, name)
