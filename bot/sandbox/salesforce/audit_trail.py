"""SetupAuditTrail: one row for every change to people and their access, whoever made it.

Actions, sections and sentences are those of real orgs as administrators published them (a list of
all actions with examples, and the monitoring defaults of sfdx-hardis) [3P]. A change that several
actions would fit (a profile of the vendor's or of the org's own) has one here. The original deletes
rows after 180 days; here they stay.
"""

from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.objects import FEATURES
from bot.sandbox.salesforce.schema import Record, SObject

USERS, PACKAGES, GROUPS = "Manage Users", "Custom App Licenses", "Groups"
SET_GROUPS = "Permission Set Group"
Entry = tuple[str, str, str]
"""Action, section, sentence."""

_CHANGES = {
    "Username": ("changedusername", "username"),
    "Email": ("changedemail", "email"),
    "FederationIdentifier": ("changedfederationid", "Federation ID"),
    "CommunityNickname": ("changedcommunitynickname", "nickname"),
}


class AuditTrail:
    """Writes the trail; give `record` to the database as what hears of every write."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._writers: dict[str, Callable[[Record | None, Record | None], Iterable[Entry]]] = {
            "User": self._user,
            "UserLogin": self._login,
            "PermissionSetAssignment": self._assignment,
            "PermissionSetLicenseAssign": self._licence,
            "UserPackageLicense": self._package,
            "GroupMember": self._member,
            "UserRole": self._role,
            "PermissionSetGroup": self._set_group,
            "PermissionSetGroupComponent": self._component,
            "ObjectPermissions": self._rights,
            "FieldPermissions": self._rights,
        }

    def record(self, entity: SObject, old: Record | None, new: Record | None) -> None:
        """Write what this change leaves in the trail; most objects leave nothing."""
        writer = self._writers.get(entity.name)
        for action, section, display in writer(old, new) if writer else ():
            self.write(action, section, display)

    def write(self, action: str, section: str, display: str) -> None:
        """Add one row in the name of whoever acts now."""
        row = {"Action": action, "Section": section, "Display": display[:1000]}
        self._db.insert(self._db.entity("SetupAuditTrail"), row)

    # ---- people

    def _user(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        assert new is not None  # noqa: S101  # users are never deleted
        name = _name(new)
        if old is None:
            yield "createduser", USERS, f"Created new user {name}"
            return
        if old["IsActive"] != new["IsActive"]:
            word = "Activated" if new["IsActive"] else "Deactivated"
            yield f"{word.lower()}user", USERS, f"{word} user {name}"
        if old.get("_password") != new.get("_password"):
            way = new["_password"][1]
            yield f"{way}password", USERS, f"{way.title()} password for user {name}"
        yield from self._profile_and_role(old, new, name)
        for field, (action, label) in _CHANGES.items():
            if old[field] != new[field]:
                change = f"from {old[field] or ''} to {new[field] or ''}"
                yield action, USERS, f"Changed {label} {change} for user {name}"
        for flag, label in FEATURES.items():
            if old[flag] != new[flag]:
                short = flag.removeprefix("UserPermissions").lower()
                states = ("off", "on") if new[flag] else ("on", "off")
                text = f"For user {name}, changed {label} from {states[0]} to {states[1]}"
                yield f"changed{short}{states[0]}{states[1]}", USERS, text

    def _profile_and_role(self, old: Record, new: Record, name: str) -> Iterable[Entry]:
        if old["ProfileId"] != new["ProfileId"]:
            change = f"from {self._of('Profile', old)} to {self._of('Profile', new)}"
            yield "changedprofileforuser", USERS, f"Changed profile for user {name} {change}"
        if old["UserRoleId"] != new["UserRoleId"]:
            suffix = ("" if new["UserRoleId"] else "tonone") if old["UserRoleId"] else "fromnone"
            change = f"from {self._of('UserRole', old)} to {self._of('UserRole', new)}"
            yield f"changedroleforuser{suffix}", USERS, f"Changed role for user {name} {change}"

    def _login(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        if old is None or new is None:
            return
        if old["IsFrozen"] != new["IsFrozen"]:
            action = "frozeuser" if new["IsFrozen"] else "unfrozeuser"
            word = "Froze" if new["IsFrozen"] else "Unfroze"
            yield action, USERS, f"{word} user {self._person(new['UserId'])}"
        if old["IsPasswordLocked"] and not new["IsPasswordLocked"]:
            yield "unlockeduser", USERS, f"Unlocked user {self._person(new['UserId'])}"

    # ---- access

    def _assignment(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        row = new or old
        assert row is not None  # noqa: S101  # there is always one of the two
        if row.get("_platform"):
            return
        is_group = row["PermissionSetGroupId"] is not None
        kind = "Group" if is_group else ""
        what = f"Permission set {'group ' if is_group else ''}{self._set_name(row)}"
        whom = f"user {self._person(row['AssigneeId'])} (UserID: [{row['AssigneeId'][:15]}])"
        if old is not None and new is not None:
            change = f"expiration was changed from {_when(old)} to {_when(new)}"
            if old["ExpirationDate"] != new["ExpirationDate"]:
                yield (
                    "PermSetAssignmentExpirationChange",
                    USERS,
                    f"{what} assigned to {whom}: {change}",
                )
            return
        verb, way = ("Assign", "assigned to") if old is None else ("Unassign", "unassigned from")
        if row["ExpirationDate"] is None:
            yield f"PermSet{kind}{verb}", USERS, f"{what}: {way} {whom}"
            return
        end = f", expiring on {_when(row)}" if old is None else ""
        action = f"PermSet{kind}{verb}_HasExpiration"
        yield action, USERS, f"{what} with expiration: {way} {whom}{end}"

    def _licence(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        row = new or old
        assert row is not None  # noqa: S101  # the same
        psl = self._row("PermissionSetLicense", row["PermissionSetLicenseId"])["MasterLabel"]
        whom = f"user {self._person(row['AssigneeId'])} (UserID: [{row['AssigneeId'][:15]}])"
        if old is None:
            text = f"Permission set license {psl}: assigned to {whom}"
            yield "PermSetLicenseAssign", USERS, text
        else:
            text = f"Permission set license {psl} removed from {whom}"
            yield "PermSetLicenseUnassign", USERS, text

    def _package(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        if new is not None:
            text = f"Granted 1 User Package Licenses for User with ID: {new['UserId'][:15]}"
            yield "granteduserpackagelicense", PACKAGES, text
        elif old is not None:
            package = old["PackageLicenseId"][:15]
            text = f"Removed 1 User Package License for Package License with ID: {package}"
            yield "removeduserpackagelicense", PACKAGES, text

    def _member(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        row = new or old
        assert row is not None  # noqa: S101  # the same
        group = self._row("Group", row["GroupId"])
        is_queue = group["Type"] == "Queue"
        verb = "Added" if old is None else "Removed"
        what = f"{verb} member {row['UserOrGroupId'][:15]}"
        if is_queue:
            yield "queueMembership", "Data Management", f"{what} of queue {group['Name']}"
        else:
            yield "groupMembership", GROUPS, f"{what} of group {group['Name']}"

    def _role(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        if old is None and new is not None:
            yield "createdrole", USERS, f"Created role {new['Name']}"
        elif new is None and old is not None:
            yield "deletedrole", USERS, f"Deleted role {old['Name']}"

    def _set_group(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        if old is None and new is not None:
            text = f"Created permission set group {new['DeveloperName']}"
            yield "PermissionSetGroupCreate", SET_GROUPS, text
        elif new is None and old is not None:
            text = f"Deleted permission set group {old['DeveloperName']}"
            yield "PermissionSetGroupDelete", SET_GROUPS, text

    def _component(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        row = new or old
        assert row is not None  # noqa: S101  # the same
        group = self._db.store.get(
            self._db.entity("PermissionSetGroup"), row["PermissionSetGroupId"]
        )
        one = self._row("PermissionSet", row["PermissionSetId"])["Name"]
        verb, word = ("Add", "added") if old is None else ("Removed", "removed")
        name = group["DeveloperName"] if group is not None else ""
        text = f"Changed permission set group {name}: group member {one} was {word}"
        yield f"PermissionSetGroupComponent{verb}", SET_GROUPS, text

    def _rights(self, old: Record | None, new: Record | None) -> Iterable[Entry]:
        row = new or old
        assert row is not None  # noqa: S101  # the same
        one = self._row("PermissionSet", row["ParentId"])["Label"]
        if "Field" in row:
            field = row["Field"].replace(".", ": ")
            text = f"Changed permission set {one}: field-level security for {field} was changed"
            yield "PermSetFlsChanged", USERS, text
        else:
            text = f"Changed permission set {one}: {row['SobjectType']} object permissions were"
            yield "PermSetEntityPermChanged", USERS, f"{text} changed"

    # ---- names

    def _row(self, entity: str, record_id: str) -> Record:
        found = self._db.store.get(self._db.entity(entity), record_id)
        assert found is not None  # noqa: S101  # references are checked before
        return found

    def _of(self, entity: str, user: Record) -> str:
        record_id = user[f"{entity}Id"]
        return str(self._row(entity, record_id)["Name"]) if record_id else ""

    def _person(self, user_id: str) -> str:
        return _name(self._row("User", user_id))

    def _set_name(self, row: Record) -> str:
        if row["PermissionSetGroupId"] is not None:
            return str(self._row("PermissionSetGroup", row["PermissionSetGroupId"])["MasterLabel"])
        return str(self._row("PermissionSet", row["PermissionSetId"])["Label"])


def _name(user: Record) -> str:
    return " ".join(part for part in (user["FirstName"], user["LastName"]) if part)


def _when(row: Record) -> Any:
    """Write a moment as the trail does: Sat May 20 06:59:59 GMT 2023."""
    ends = row["ExpirationDate"]
    return f"{ends:%a %b %d %H:%M:%S GMT %Y}" if ends is not None else "none"
