"""The example org: licences, profiles, permission sets, and the people who are there before the bot
starts.
"""

from collections.abc import Iterable
from typing import Any

from bot.sandbox.example import Colleague
from bot.sandbox.salesforce.audit_trail import AuditTrail
from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.objects import PERSON_ID
from bot.sandbox.salesforce.seats import FREED_ON_DEACTIVATION
from bot.sandbox.salesforce.seed_access import seed_access
from bot.sandbox.salesforce.tables_sets import PERMISSIONS

# name, definition key, total
_USER_LICENCES = (
    ("Salesforce", "SFDC", 12),
    ("Salesforce Integration", "SFDC_INTEGRATION", 5),
    ("Chatter Free", "CSN", 5000),
)
# name, licence, user type (object reference, User.UserType)
_PROFILES = (
    ("System Administrator", "Salesforce", "Standard"),
    ("Standard User", "Salesforce", "Standard"),
    ("Read Only", "Salesforce", "Standard"),
    ("Minimum Access - Salesforce", "Salesforce", "Standard"),
    ("Minimum Access - API Only Integrations", "Salesforce Integration", "Standard"),
    ("Chatter Free User", "Chatter Free", "CsnOnly"),
)
# developer name, label, total
_PERMISSION_SET_LICENCES = (
    ("InboxWithEinsteinActivityCapturePsl", "Inbox With Einstein Activity Capture", 3),
    ("SalesforceCPQPsl", "Salesforce CPQ License", 5),
    ("SalesConsoleUserPsl", "Sales Console User", 2),
    ("SalesforceAPIIntegrationPsl", "Salesforce API Integration", 5),
)
_FREED_ON_DEACTIVATION = {"SalesforceCPQPsl"}
# name, label, licence, grants user management, permission named in refusals
_PERMISSION_SETS = (
    ("AcmeCrmUser", "Acme CRM User", None, False, ""),
    ("AcmeCrmAdmin", "Acme CRM Admin", None, True, ""),
    ("AcmeCrmReports", "Acme CRM Reports", "Salesforce", False, "Create and Customize Reports"),
    (
        "InboxWithEinsteinActivityCapture",
        "Inbox With Einstein Activity Capture",
        "InboxWithEinsteinActivityCapturePsl",
        False,
        "",
    ),
    ("AcmeInboxBeta", "Acme Inbox Beta", "InboxWithEinsteinActivityCapturePsl", False, ""),
    ("SalesforceCPQUser", "Salesforce CPQ User", "SalesforceCPQPsl", False, ""),
    # Of integrations: seed_access.py says what they allow.
    ("AcmeWarehouseSync", "Acme Warehouse Sync", "SalesforceAPIIntegrationPsl", False, ""),
    ("AcmeLeadIntake", "Acme Lead Intake", None, False, ""),
)
_API_ONLY = "PermissionsApiUserOnly"
_PROFILE_RIGHTS = {
    # All but one: "API Only User" would keep administrators out of Setup (help, "API Only").
    "System Administrator": tuple(name for name in PERMISSIONS if name != _API_ONLY),
    "Minimum Access - API Only Integrations": ("PermissionsApiEnabled", _API_ONLY),
    "Chatter Free User": (),
}
_USUAL_RIGHTS = ("PermissionsApiEnabled",)
_SALES = ("Nora Quist", "Hal Mercer", "Ida Fonseca", "Tom Reyes")


def seed(db: Database, *, org_id: str, bot_username: str, people: Iterable[Colleague]) -> str:
    """Fill an empty org and return the id of the bot's run-as user."""
    row = {
        "Id": org_id,
        "Name": "Acme",
        "InstanceName": "USA5",
        "OrganizationType": "Unlimited Edition",
    }
    db.insert(db.entity("Organization"), row)
    licences = _seed_licences(db)
    profiles = _seed_profiles(db, licences)
    seed_access(db, _seed_sets(db, licences, profiles))
    domain = bot_username.partition("@")[2]
    automated = _person(db, "Automated Process", f"autoproc@{domain}", None)
    db.actor_id = automated
    for name in _SALES:
        _person(db, name, f"{_local(name)}@{domain}", profiles["Standard User"])
    for one in people:
        _seed_colleague(db, one, profiles, domain)
    bot_id = _person(db, "Usher Bot", bot_username, profiles["System Administrator"])
    db.trail = AuditTrail(db).record
    return bot_id


def _seed_licences(db: Database) -> dict[str, str]:
    ids = {}
    for name, key, total in _USER_LICENCES:
        row = {"Name": name, "MasterLabel": name, "LicenseDefinitionKey": key, "Status": "Active"}
        ids[name] = db.insert(db.entity("UserLicense"), {**row, "TotalLicenses": total})
    for name, label, total in _PERMISSION_SET_LICENCES:
        row = {"DeveloperName": name, "MasterLabel": label, "PermissionSetLicenseKey": name}
        more = {"Status": "Active", "TotalLicenses": total}
        more |= {FREED_ON_DEACTIVATION: True} if name in _FREED_ON_DEACTIVATION else {}
        ids[name] = db.insert(db.entity("PermissionSetLicense"), {**row, **more})
    return ids


def _seed_profiles(db: Database, licences: dict[str, str]) -> dict[str, str]:
    ids = {}
    for name, licence, user_type in _PROFILES:
        row = {"Name": name, "UserType": user_type, "UserLicenseId": licences[licence]}
        ids[name] = db.insert(db.entity("Profile"), row)
    return ids


def _seed_sets(db: Database, licences: dict[str, str], profiles: dict[str, str]) -> dict[str, str]:
    entity, ids = db.entity("PermissionSet"), {}
    for name, label, licence, is_granting, permission in _PERMISSION_SETS:
        row: dict[str, Any] = {"Name": name, "Label": label, "IsCustom": True, "Type": "Regular"}
        more = {"LicenseId": licences.get(licence or ""), "Description": permission or None}
        grants = dict.fromkeys(
            ("PermissionsAssignPermissionSets", "PermissionsManageUsers"), is_granting
        )
        ids[name] = db.insert(entity, {**row, **more, **grants})
    for number, (profile, profile_id) in enumerate(profiles.items(), 1):
        # A profile keeps its permissions in a set of its own (object reference,
        # PermissionSet.IsOwnedByProfile).
        name = f"X00e{number:012d}"
        row = {"Name": name, "Label": profile_id, "Type": "Profile", "IsOwnedByProfile": True}
        row |= dict.fromkeys(_PROFILE_RIGHTS.get(profile, _USUAL_RIGHTS), True)
        licence = db.seats.licence_of(profile_id)
        db.insert(entity, {**row, "ProfileId": profile_id, "LicenseId": licence})
    return ids


def _seed_colleague(db: Database, one: Colleague, profiles: dict[str, str], domain: str) -> None:
    """Add the two of the roster who have a user: Gus, who runs the org, and Zoe, who had one."""
    username = f"{one.mail.partition('@')[0]}@{domain}"
    zone = {"TimeZoneSidKey": one.timezone, "Email": one.mail}
    if one.name == "Gus Hale":
        _person(db, one.name, username, profiles["System Administrator"], **zone)
    elif one.name == "Zoe Wild":
        more = {**zone, "IsActive": False, PERSON_ID: one.id}
        _person(db, one.name, username, profiles["Standard User"], **more)


def _person(db: Database, name: str, username: str, profile_id: str | None, **more: Any) -> str:
    first, _, last = name.partition(" ")
    row = {
        "Username": username,
        "FirstName": first,
        "LastName": last,
        "Email": f"{_local(name)}@acme.example",
        "Alias": (first[0] + last).lower().replace(" ", "")[:8],
        "CommunityNickname": _local(name),
        "TimeZoneSidKey": "America/Chicago",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "ProfileId": profile_id,
    }
    return db.insert(db.entity("User"), {**row, **more})


def _local(name: str) -> str:
    return ".".join(name.lower().split())


def org_id(number: int) -> str:
    """Return the id of the n-th org that shares a user name registry."""
    found = normal_id(f"00D5g{number:010d}")
    assert found is not None  # noqa: S101  # fifteen digits and letters
    return found
