"""The tables of licences: user licences, permission set licences, managed packages, and who holds
them.

Source: object reference, the page of each object; lengths from the field reference.
"""

from bot.sandbox.salesforce.schema import (
    Field,
    Kind,
    SObject,
    audit_fields,
    flag,
    moment,
    number,
    reference,
    text,
)


def licence_tables() -> tuple[SObject, ...]:
    return (_user_licence(), _psl(), _psl_assign(), _package(), _user_package())


def _user_licence() -> SObject:
    return SObject(
        name="UserLicense",
        prefix="100",
        fields=(
            *audit_fields(),
            text("Name"),
            text("MasterLabel"),
            text("LicenseDefinitionKey", 100),
            text("Status", 40),
            number("TotalLicenses"),
            number("UsedLicenses"),
            moment("UsedLicensesLastUpdated"),
        ),
    )


def _psl() -> SObject:
    return SObject(
        name="PermissionSetLicense",
        prefix="0PL",
        fields=(
            *audit_fields(),
            text("DeveloperName", 80),
            text("MasterLabel", 80),
            text("PermissionSetLicenseKey", 100),
            text("Status", 40),
            number("TotalLicenses"),
            number("UsedLicenses"),
            Field(name="ExpirationDate", kind=Kind.DATE),
        ),
        unmodelled=frozenset({"Language", "IsAvailableForIntegrations", "LicenseExpirationPolicy"}),
    )


def _psl_assign() -> SObject:
    holders = "PermissionSetLicenseAssignments"
    return SObject(
        name="PermissionSetLicenseAssign",
        prefix="2LA",
        createable=True,
        deletable=True,
        # "User Permissions Needed": help users_permissionset_licenses_remove (D15).
        right="PermissionsManageUsers",
        fields=(
            *audit_fields(),
            reference("AssigneeId", "User", required=True, child_relationship=holders),
            reference(
                "PermissionSetLicenseId",
                "PermissionSetLicense",
                required=True,
                child_relationship=holders,
            ),
        ),
        unmodelled=frozenset({"IsRevoked", "LastCreatedByChangeId", "LastDeletedByChangeId"}),
    )


def _package() -> SObject:
    return SObject(
        name="PackageLicense",
        prefix="050",
        since=31,
        fields=(
            *audit_fields(),
            text("NamespacePrefix", 40),
            # Active, Expired, Free, Trial.
            text("Status", 40),
            number("AllowedLicenses"),  # -1: unlimited (salesforce.md §2)
            number("UsedLicenses"),
            moment("ExpirationDate"),
            flag("IsProvisioned"),
        ),
        unmodelled=frozenset({"IsAvailableForIntegrations"}),
    )


def _user_package() -> SObject:
    return SObject(
        name="UserPackageLicense",
        prefix="051",
        since=31,
        createable=True,
        deletable=True,
        fields=(
            *audit_fields(),
            reference("PackageLicenseId", "PackageLicense", required=True),
            reference("UserId", "User", required=True),
        ),
        # update() is listed for IsRevoked alone, which only user access policies write.
        unmodelled=frozenset({"IsRevoked", "LastCreatedByChangeId", "LastDeletedByChangeId"}),
    )
