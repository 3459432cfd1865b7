"""What the example org has beside licences, profiles and plain sets: groups of sets, rights on
objects, managed packages, roles, public groups and queues.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.tables_sets import OBJECT_RIGHTS

# developer name, label, sets
_SET_GROUPS = (
    ("AcmeSalesTeam", "Acme Sales Team", ("AcmeCrmUser", "AcmeCrmReports")),
    ("AcmeInboxTeam", "Acme Inbox Team", ("AcmeCrmUser", "InboxWithEinsteinActivityCapture")),
    ("AcmeCrmOwners", "Acme CRM Owners", ("AcmeCrmAdmin",)),
)
# set, object, rights by their first letters: Read, Create, Edit, Delete, View all, Modify all
_OBJECT_RIGHTS = (
    ("AcmeCrmUser", "Account", "RCE"),
    ("AcmeCrmUser", "Contact", "RCE"),
    ("AcmeCrmUser", "Opportunity", "RCE"),
    ("AcmeCrmUser", "Lead", "RCE"),
    ("AcmeCrmAdmin", "Account", "RCEDVM"),
    ("AcmeWarehouseSync", "Account", "RCE"),
    ("AcmeWarehouseSync", "Contact", "R"),
    ("AcmeWarehouseSync", "Opportunity", "RV"),
    ("AcmeLeadIntake", "Lead", "RCE"),
    ("AcmeLeadIntake", "Campaign", "R"),
)
# set, field, may edit
_FIELD_RIGHTS = (
    ("AcmeWarehouseSync", "Account.Industry", True),
    ("AcmeWarehouseSync", "Account.AnnualRevenue", False),
    ("AcmeWarehouseSync", "Opportunity.Amount", False),
    ("AcmeLeadIntake", "Lead.LeadSource", True),
)
# namespace, status, allowed, end
_PACKAGES = (
    ("acmesign", "Active", 3, None),
    ("acmemaps", "Active", -1, None),
    ("oldtool", "Expired", 10, datetime(2024, 1, 31, tzinfo=UTC)),
)
# developer name, name, role above
_ROLES = (
    ("CEO", "CEO", ""),
    ("VP_Sales", "VP Sales", "CEO"),
    ("Sales_Rep", "Sales Rep", "VP_Sales"),
)
# developer name, name, type, objects of a queue
_GROUPS = (
    ("Acme_Sales", "Acme Sales", "Regular", ()),
    ("Acme_Forecast", "Acme Forecast", "Regular", ()),
    ("Tier_1_Support", "Tier 1 Support", "Queue", ("Case",)),
    ("Inbound_Leads", "Inbound Leads", "Queue", ("Lead",)),
)


def seed_access(db: Database, sets: Mapping[str, str]) -> None:
    """Fill in everything; `sets` are the permission sets' ids by name."""
    _seed_set_groups(db, sets)
    _seed_rights(db, sets)
    for namespace, status, allowed, end in _PACKAGES:
        row = {"NamespacePrefix": namespace, "Status": status, "AllowedLicenses": allowed}
        more = {"ExpirationDate": end, "IsProvisioned": True}
        db.insert(db.entity("PackageLicense"), {**row, **more})
    _seed_roles_and_groups(db)
    # The one row that tells the running user's permissions; its id is not documented.
    db.insert(db.entity("UserPermissionAccess"), {"Id": "000000000000000AAA"})


def _seed_set_groups(db: Database, sets: Mapping[str, str]) -> None:
    for name, label, members in _SET_GROUPS:
        row = {"DeveloperName": name, "MasterLabel": label}
        group_id = db.insert(db.entity("PermissionSetGroup"), row)
        for one in members:
            values = {"PermissionSetGroupId": group_id, "PermissionSetId": sets[one]}
            db.insert(db.entity("PermissionSetGroupComponent"), values)


def _seed_rights(db: Database, sets: Mapping[str, str]) -> None:
    letters = {name.removeprefix("Permissions")[0]: name for name in OBJECT_RIGHTS}
    for name, kind, rights in _OBJECT_RIGHTS:
        row = {"ParentId": sets[name], "SobjectType": kind}
        granted = {letters[one]: True for one in rights}
        db.insert(db.entity("ObjectPermissions"), {**row, **granted})
    for name, field, may_edit in _FIELD_RIGHTS:
        row = {"ParentId": sets[name], "SobjectType": field.partition(".")[0], "Field": field}
        granted = {"PermissionsRead": True, "PermissionsEdit": may_edit}
        db.insert(db.entity("FieldPermissions"), {**row, **granted})


def _seed_roles_and_groups(db: Database) -> None:
    roles: dict[str, str] = {}
    for name, label, above in _ROLES:
        row = {"DeveloperName": name, "Name": label, "ParentRoleId": roles.get(above)}
        roles[name] = db.insert(db.entity("UserRole"), row)
    for name, label, kind, objects in _GROUPS:
        row = {"DeveloperName": name, "Name": label, "Type": kind}
        group_id = db.insert(db.entity("Group"), row)
        for one in objects:
            db.insert(db.entity("QueueSobject"), {"QueueId": group_id, "SobjectType": one})
