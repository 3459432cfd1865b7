"""The tables of profiles, permission sets and their groups, and of what a set allows.

Source: object reference, the page of each object; lengths from the field reference.
"""

from bot.sandbox.salesforce.schema import (
    SObject,
    audit_fields,
    choice,
    flag,
    moment,
    read_only,
    reference,
    text,
)

GRANTING_PERMISSIONS = (
    "PermissionsAssignPermissionSets",
    "PermissionsManageUsers",
    "PermissionsManageProfilesPermissionsets",
)
"""Sets and groups with one of these cannot be assigned with an expiration date (help
permissions_assign_expire_how, D17).
"""

PERMISSIONS = (
    *GRANTING_PERMISSIONS,
    "PermissionsApiEnabled",
    "PermissionsApiUserOnly",
    "PermissionsViewSetup",
    "PermissionsManageInternalUsers",
    "PermissionsManageRoles",
    "PermissionsManagePackageLicenses",
    "PermissionsResetPasswords",
    "PermissionsViewAllUsers",
    "PermissionsViewAllData",
    "PermissionsModifyAllData",
)
"""The user permissions that this sandbox knows; the original has some hundreds more."""

OBJECT_RIGHTS = {
    "PermissionsRead": (),
    "PermissionsCreate": ("PermissionsRead",),
    "PermissionsEdit": ("PermissionsRead",),
    "PermissionsDelete": ("PermissionsRead", "PermissionsEdit"),
    "PermissionsViewAllRecords": ("PermissionsRead",),
    "PermissionsModifyAllRecords": (
        "PermissionsRead",
        "PermissionsDelete",
        "PermissionsEdit",
        "PermissionsViewAllRecords",
    ),
}
"""What a set can allow on an object, and which other rights each requires (ObjectPermissions)."""

GROUP_STATES = ("Updated", "Outdated", "Updating", "Failed")


def set_tables() -> tuple[SObject, ...]:
    return (
        _profile(),
        _permission_set(),
        _assignment(),
        _group(),
        _component(),
        _object_permissions(),
        _field_permissions(),
        _own_permissions(),
    )


def _profile() -> SObject:
    return SObject(
        name="Profile",
        prefix="00e",
        fields=(
            *audit_fields(),
            text("Name"),
            text("Description"),
            text("UserType", 40),
            reference("UserLicenseId", "UserLicense"),
            # One field for each permission (PermissionsPermissionName), as in its own set.
            *(read_only(flag(name)) for name in PERMISSIONS),
        ),
    )


def _permission_set() -> SObject:
    return SObject(
        name="PermissionSet",
        prefix="0PS",
        fields=(
            *audit_fields(),
            text("Name", 80),
            text("Label", 80),
            text("Description"),
            text("Type", 40),  # Regular, Standard, Session, Profile, Group
            text("NamespacePrefix", 15),
            flag("IsCustom"),
            flag("IsOwnedByProfile"),
            flag("HasActivationRequired"),
            reference("ProfileId", "Profile"),
            # "PermissionSet contains the aggregated permissions for the group."
            reference("PermissionSetGroupId", "PermissionSetGroup", since=45),
            reference("LicenseId", "UserLicense", "PermissionSetLicense"),
            *(flag(name) for name in PERMISSIONS),
        ),
    )


def _assignment() -> SObject:
    return SObject(
        name="PermissionSetAssignment",
        prefix="0Pa",
        createable=True,
        updateable=True,
        deletable=True,
        right="PermissionsAssignPermissionSets",
        fields=(
            *audit_fields(),
            reference(
                "AssigneeId",
                "User",
                required=True,
                updateable=False,
                child_relationship="PermissionSetAssignments",
            ),
            reference(
                "PermissionSetId",
                "PermissionSet",
                required_unless="PermissionSetGroupId",
                updateable=False,
                child_relationship="Assignments",
            ),
            reference(
                "PermissionSetGroupId",
                "PermissionSetGroup",
                updateable=False,
                since=45,
                child_relationship="Assignments",
            ),
            # "Available in API version 52.0 and later" (both).
            moment("ExpirationDate", label="Expires On", since=52),
            read_only(flag("IsActive", since=52)),
        ),
        unmodelled=frozenset({"IsRevoked", "LastCreatedByChangeId", "LastDeletedByChangeId"}),
    )


def _group() -> SObject:
    return SObject(
        name="PermissionSetGroup",
        prefix="0PG",
        since=45,
        createable=True,
        updateable=True,
        deletable=True,
        # "To edit this object, users must have the Manage Profiles and Permission Sets permission."
        right="PermissionsManageProfilesPermissionsets",
        fields=(
            *audit_fields(),
            text("DeveloperName", 80, required=True, unique=True),
            text("MasterLabel", 80, required=True),
            text("Description"),
            text("NamespacePrefix", 15, createable=False, updateable=False),
            flag("HasActivationRequired", since=53),
            read_only(choice("Status", GROUP_STATES, default="Updated")),
        ),
        unmodelled=frozenset({"Language"}),
    )


def _component() -> SObject:
    return SObject(
        name="PermissionSetGroupComponent",
        prefix="0PX",
        since=45,
        createable=True,
        deletable=True,
        right="PermissionsManageProfilesPermissionsets",
        fields=(
            *audit_fields(),
            reference(
                "PermissionSetGroupId",
                "PermissionSetGroup",
                required=True,
                child_relationship="PermissionSetGroupComponents",
            ),
            reference(
                "PermissionSetId",
                "PermissionSet",
                required=True,
                child_relationship="PermissionSetGroupComponents",
            ),
        ),
    )


def _object_permissions() -> SObject:
    return SObject(
        name="ObjectPermissions",
        prefix="110",
        createable=True,
        updateable=True,
        deletable=True,
        right="PermissionsManageProfilesPermissionsets",
        fields=(
            *audit_fields(),
            reference(
                "ParentId",
                "PermissionSet",
                required=True,
                updateable=False,
                child_relationship="ObjectPerms",
            ),
            text("SobjectType", 40, required=True, updateable=False),
            *(flag(name) for name in OBJECT_RIGHTS),
        ),
        unmodelled=frozenset({"PermissionsViewAllFields"}),
    )


def _field_permissions() -> SObject:
    return SObject(
        name="FieldPermissions",
        prefix="01k",
        createable=True,
        updateable=True,
        deletable=True,
        right="PermissionsManageProfilesPermissionsets",
        fields=(
            *audit_fields(),
            reference(
                "ParentId",
                "PermissionSet",
                required=True,
                updateable=False,
                child_relationship="FieldPerms",
            ),
            text("SobjectType", 40, required=True, updateable=False),
            text("Field", 255, required=True, updateable=False),  # such as Account.Industry
            flag("PermissionsRead"),
            flag("PermissionsEdit"),
        ),
    )


def _own_permissions() -> SObject:
    """One row: what the running user may (object reference, UserPermissionAccess)."""
    names = (read_only(flag(name)) for name in PERMISSIONS)
    identity = audit_fields()[0]
    return SObject(name="UserPermissionAccess", prefix="000", since=41, fields=(identity, *names))
