"""Which rules each object has."""

from bot.sandbox.salesforce.assignments import LicenceAssignmentRules, SetAssignmentRules
from bot.sandbox.salesforce.blockers import Blockers
from bot.sandbox.salesforce.business import BusinessSettings, OwnedRules, ReadRules
from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.groups import GroupRules, MemberRules, QueueRules, RoleRules
from bot.sandbox.salesforce.packages import PackageAssignmentRules
from bot.sandbox.salesforce.permissions import (
    ComponentRules,
    FieldPermissionRules,
    ObjectPermissionRules,
    OwnPermissionRules,
    ProfileRules,
    SetGroupRules,
)
from bot.sandbox.salesforce.seats import POOLS
from bot.sandbox.salesforce.tables_business import OWNED, SHOWN
from bot.sandbox.salesforce.users import EmailChanged, PoolRules, UserLoginRules, UserRules


def all_rules(
    db: Database, *, blockers: Blockers, business: BusinessSettings, email_changed: EmailChanged
) -> dict[str, Rules]:
    """Return the rules of one org by object."""
    return {
        "User": UserRules(db, blockers=blockers, email_changed=email_changed),
        "UserLogin": UserLoginRules(),
        "UserRole": RoleRules(db),
        "Group": GroupRules(db),
        "GroupMember": MemberRules(db),
        "QueueSobject": QueueRules(db),
        "Profile": ProfileRules(db),
        "PermissionSetAssignment": SetAssignmentRules(db),
        "PermissionSetGroup": SetGroupRules(db),
        "PermissionSetGroupComponent": ComponentRules(db),
        "PermissionSetLicenseAssign": LicenceAssignmentRules(db),
        "UserPackageLicense": PackageAssignmentRules(db),
        "ObjectPermissions": ObjectPermissionRules(db),
        "FieldPermissions": FieldPermissionRules(),
        "UserPermissionAccess": OwnPermissionRules(db),
        **{one: PoolRules(db) for one in POOLS},
        **{one: OwnedRules(db, db.entity(one), business) for one in OWNED},
        **{one: ReadRules(db.entity(one)) for one in SHOWN},
    }
