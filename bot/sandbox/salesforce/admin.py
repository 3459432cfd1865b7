"""What an administrator does by hand, past the bot: changes to come upon, with their audit trail.

Each method acts as the company's human administrator, in an API call of its own that no injected
trouble touches, and leaves what the same change through Setup would leave.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.snapshots import name_of

_DEFAULTS = {
    "TimeZoneSidKey": "America/Chicago",
    "LocaleSidKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "LanguageLocaleKey": "en_US",
}
ADMIN_PROFILE = "System Administrator"


class Admin:
    """The hands of an administrator; users are named by user name, id or external id, all else by
    API name.
    """

    def __init__(self, org: Org, *, keep_off: str) -> None:
        self._org = org
        self._db: Database = org.database
        self._keep_off = keep_off

    @property
    def user_id(self) -> str:
        """The administrator's own record: the first active one who is not the bot."""
        profile = self._id("Profile", ADMIN_PROFILE)
        users = self._db.store.find(self._db.entity("User"), "ProfileId", profile)
        found = (one["Id"] for one in users if one["IsActive"] and one["Id"] != self._keep_off)
        return next(found, self._keep_off)

    # ---- people

    def create_user(self, username: str, *, profile: str = "Standard User", **more: Any) -> str:
        """Make a user whom nobody asked the bot for, and return the id."""
        local = username.partition("@")[0]
        last = local.rpartition(".")[2].title() or "Unknown"
        values = {
            "Username": username,
            "LastName": last,
            "Email": f"{local}@acme.example",
            "Alias": local[:8],
            "CommunityNickname": local,
            "ProfileId": self._id("Profile", profile),
            **_DEFAULTS,
        }
        return self._create("User", {**values, **more})

    def change_user(self, user: str, **changes: Any) -> None:
        """Change fields of a user by their API names."""
        self._update("User", self._user(user), changes)

    def change_profile(self, user: str, profile: str) -> None:
        self.change_user(user, ProfileId=self._id("Profile", profile))

    def change_role(self, user: str, role: str | None) -> None:
        self.change_user(user, UserRoleId=self._id("UserRole", role) if role else None)

    def change_mail(self, user: str, mail: str) -> None:
        """Change an address so that it counts at once: the person clicks the link."""
        self.change_user(user, Email=mail)
        self._org.confirm_email(user)

    def deactivate(self, user: str) -> None:
        self.change_user(user, IsActive=False)

    def reactivate(self, user: str) -> None:
        self.change_user(user, IsActive=True)

    def freeze(self, user: str, *, is_frozen: bool = True) -> None:
        row = self._only("UserLogin", UserId=self._user(user))
        self._update("UserLogin", row["Id"], {"IsFrozen": is_frozen})

    def lock_password(self, user: str) -> None:
        """Let the person mistype the password too often: only the platform locks."""
        with self._org.locked():
            row = self._only("UserLogin", UserId=self._user(user))
            self._db.store.put(self._db.entity("UserLogin"), {**row, "IsPasswordLocked": True})

    # ---- access

    def assign_set(self, user: str, name: str, *, ends: datetime | None = None) -> str:
        values = {"PermissionSetId": self._id("PermissionSet", name), **_end(ends)}
        return self._create("PermissionSetAssignment", {"AssigneeId": self._user(user), **values})

    def unassign_set(self, user: str, name: str) -> None:
        self._delete_link("PermissionSetAssignment", user, PermissionSetId=("PermissionSet", name))

    def assign_group(self, user: str, name: str, *, ends: datetime | None = None) -> str:
        values = {"PermissionSetGroupId": self._id("PermissionSetGroup", name), **_end(ends)}
        return self._create("PermissionSetAssignment", {"AssigneeId": self._user(user), **values})

    def unassign_group(self, user: str, name: str) -> None:
        link = {"PermissionSetGroupId": ("PermissionSetGroup", name)}
        self._delete_link("PermissionSetAssignment", user, **link)

    def revoke_by_policy(self, user: str, name: str) -> None:
        """Take a set away as a user access policy does: its licence stays with the user (D15)."""
        self._db.unassigned_at_once = 50
        try:
            self.unassign_set(user, name)
        finally:
            self._db.unassigned_at_once = 0

    def give_licence(self, user: str, name: str) -> str:
        values = {"PermissionSetLicenseId": self._id("PermissionSetLicense", name)}
        return self._create(
            "PermissionSetLicenseAssign", {"AssigneeId": self._user(user), **values}
        )

    def take_licence(self, user: str, name: str) -> None:
        link = {"PermissionSetLicenseId": ("PermissionSetLicense", name)}
        self._delete_link("PermissionSetLicenseAssign", user, **link)

    def give_package(self, user: str, namespace: str) -> str:
        values = {"PackageLicenseId": self._id("PackageLicense", namespace)}
        return self._create("UserPackageLicense", {"UserId": self._user(user), **values})

    def take_package(self, user: str, namespace: str) -> None:
        link = {"PackageLicenseId": ("PackageLicense", namespace)}
        self._delete_link("UserPackageLicense", user, **link)

    def add_member(self, user: str, group: str) -> str:
        values = {"GroupId": self._id("Group", group), "UserOrGroupId": self._user(user)}
        return self._create("GroupMember", values)

    def remove_member(self, user: str, group: str) -> None:
        self._delete_link("GroupMember", user, GroupId=("Group", group))

    # ---- the org

    def add_to_group(self, group: str, name: str) -> str:
        """Put a permission set into a permission set group."""
        ids = self._component(group, name)
        return self._create("PermissionSetGroupComponent", ids)

    def remove_from_group(self, group: str, name: str) -> None:
        """Take a permission set out of a permission set group; licences stay (D15)."""
        row = self._only("PermissionSetGroupComponent", **self._component(group, name))
        self._delete("PermissionSetGroupComponent", row["Id"])

    def change_total(self, pool: str, total: int) -> None:
        """Buy or lose licences (the contract's doing: Setup's trail does not have it)."""
        self._org.set_total(pool, total)

    def expire_pool(self, pool: str, *, status: str = "Disabled", ends: date | None = None) -> None:
        """Let a pool's contract run out (the same)."""
        self._org.close_pool(pool, status=status, ends=ends)

    def trail(self) -> list[Record]:
        """Return the audit trail, oldest first."""
        with self._org.locked():
            return list(self._db.store.rows(self._db.entity("SetupAuditTrail")))

    # ---- inside

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Act as the administrator, past whatever troubles the API has."""
        with self._org.locked():
            db = self._db
            before = (db.lost_locks, db.validation_rule, db.group_lock.lost, db.group_lock.is_held)
            db.lost_locks, db.validation_rule = 0, None
            db.group_lock.lost, db.group_lock.is_held = 0, False
            db.begin_request(self.user_id)
            try:
                with db.store.transaction():
                    yield
            finally:
                db.lost_locks, db.validation_rule = before[:2]
                db.group_lock.lost, db.group_lock.is_held = before[2:]

    def _create(self, entity: str, values: dict[str, Any]) -> str:
        with self._acting():
            return self._db.create(self._db.entity(entity), values)

    def _update(self, entity: str, record_id: str, values: dict[str, Any]) -> None:
        with self._acting():
            self._db.update(self._db.entity(entity), record_id, values)

    def _delete(self, entity: str, record_id: str) -> None:
        with self._acting():
            self._db.delete(self._db.entity(entity), record_id)

    def _delete_link(self, entity: str, user: str, **link: tuple[str, str]) -> None:
        """Delete the row that ties a user to something with a name."""
        column = {"UserPackageLicense": "UserId", "GroupMember": "UserOrGroupId"}
        ((other, (kind, name)),) = link.items()
        keys = {column.get(entity, "AssigneeId"): self._user(user), other: self._id(kind, name)}
        self._delete(entity, self._only(entity, **keys)["Id"])

    def _component(self, group: str, name: str) -> dict[str, str]:
        return {
            "PermissionSetGroupId": self._id("PermissionSetGroup", group),
            "PermissionSetId": self._id("PermissionSet", name),
        }

    def _only(self, entity: str, **keys: str) -> Record:
        """Return the one row with these values, or raise KeyError."""
        (column, value), *others = keys.items()
        rows = self._db.store.find(self._db.entity(entity), column, value)
        for row in rows:
            if all(row[name] == wanted for name, wanted in others):
                return row
        raise KeyError(keys)

    def _id(self, entity: str, name: str) -> str:
        rows = self._db.store.rows(self._db.entity(entity))
        return str(next(one["Id"] for one in rows if name in {one.get("Name"), name_of(one)}))

    def _user(self, key: str) -> str:
        found = self._org.user(key)
        if found is None:
            raise KeyError(key)
        return found.id


def _end(ends: datetime | None) -> dict[str, str]:
    return {} if ends is None else {"ExpirationDate": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
