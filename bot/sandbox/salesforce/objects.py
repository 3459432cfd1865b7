"""The tables of the schema: the objects around users, licences and permission sets, field by field.

Source unless said otherwise: Salesforce object reference, the page of each object; lengths from the
field reference (salesforce.md D2).
"""

from bot.sandbox.salesforce import picklists
from bot.sandbox.salesforce.schema import (
    Field,
    Kind,
    Schema,
    SObject,
    audit_fields,
    choice,
    flag,
    moment,
    number,
    read_only,
    reference,
    text,
)

PERSON_ID = "Usher_Person_Id__c"
BADGE = "Badge_Number__c"
FEATURES = {
    "UserPermissionsMarketingUser": "Marketing User",
    "UserPermissionsSFContentUser": "CRM Content User",
    "UserPermissionsInteractionUser": "Flow User",
    "UserPermissionsSupportUser": "Service Cloud User",
    "UserPermissionsKnowledgeUser": "Knowledge User",
}
"""Feature licences (help 000387847): a flag on User each."""

GRANTING_PERMISSIONS = (
    "PermissionsAssignPermissionSets",
    "PermissionsManageUsers",
    "PermissionsManageProfilesPermissionsets",
)
"""Sets with one of these cannot be assigned with an expiration date (help
permissions_assign_expire_how).
"""


_UNMODELLED_USER_FIELDS = frozenset(
    [
        "UserRoleId",
        "DelegatedApproverId",
        "CallCenterId",
        "ContactId",
        "AccountId",
        "Street",
        "PostalCode",
        "Address",
        "Fax",
        "Extension",
        "AboutMe",
        "Signature",
        "SmallPhotoUrl",
        "FullPhotoUrl",
        "ForecastEnabled",
        "DefaultGroupNotificationFrequency",
        "DigestFrequency",
        "ReceivesInfoEmails",
        "ReceivesAdminInfoEmails",
        "NumberOfFailedLogins",
        "IsProfilePhotoActive",
        "UserPermissionsMobileUser",
        "UserPermissionsOfflineUser",
        "UserPermissionsAvantgoUser",
        "StayInTouchSubject",
        "UserPermissionsCallCenterAutoLogin",
        "UserPermissionsJigsawProspectingUser",
        "OfflineTrialExpirationDate",
        "UserPermissionsSiteforceContributorUser",
        "UserPermissionsSiteforcePublisherUser",
        "SenderEmail",
        "SenderName",
        "UserPermissionsWorkDotComUserFeature",
        "UserPermissionsLiveAgentUser",
        "UserPermissionsChatterAnswersUser",
    ]
)


def _user() -> SObject:
    return SObject(
        name="User",
        prefix="005",
        createable=True,
        updateable=True,
        fields=(
            *audit_fields(),
            text("Username", 80, required=True, unique=True),  # its own error code: users.py
            text("FirstName", 40, label="First Name"),
            text("LastName", 80, label="Last Name", required=True),
            read_only(text("Name", 121, label="Full Name")),
            Field(name="Email", kind=Kind.EMAIL, length=128, required=True),
            text("Alias", 8, required=True),
            text("CommunityNickname", 40, label="Nickname", unique=True),  # the same
            choice("TimeZoneSidKey", picklists.TIME_ZONES, label="Time Zone", required=True),
            choice("LocaleSidKey", picklists.LOCALES, label="Locale", required=True),
            choice("EmailEncodingKey", picklists.ENCODINGS, label="Email Encoding", required=True),
            choice("LanguageLocaleKey", picklists.LANGUAGES, label="Language", required=True),
            reference("ProfileId", "Profile", required=True, label="Profile ID"),
            flag("IsActive", default=True, label="Active"),
            read_only(text("UserType", 40)),
            # Unique, case-sensitive unless the org switched that off (Summer '20 notes, D4).
            text(
                "FederationIdentifier",
                512,
                unique=True,
                case_sensitive=True,
                label="SAML Federation ID",
            ),
            reference("ManagerId", "User", label="Manager ID"),
            *(text(name, 80) for name in ("Title", "Department", "Division", "CompanyName")),
            text("EmployeeNumber", 20),
            *(text(name, 40) for name in ("Phone", "MobilePhone", "Country", "State", "City")),
            *(flag(name, label=label) for name, label in FEATURES.items()),
            read_only(moment("LastLoginDate")),
            read_only(moment("LastPasswordChangeDate")),
            text(
                PERSON_ID,
                64,
                unique=True,
                external_id=True,
                case_sensitive=True,
                label="Usher Person Id",
            ),
            text(BADGE, 20, external_id=True, label="Badge Number"),
        ),
        unmodelled=_UNMODELLED_USER_FIELDS,
    )


def _licences() -> tuple[SObject, ...]:
    return (
        SObject(
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
        ),
        SObject(
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
        ),
    )


def _profiles() -> tuple[SObject, ...]:
    return (
        SObject(
            name="Profile",
            prefix="00e",
            fields=(
                *audit_fields(),
                text("Name"),
                text("Description"),
                text("UserType", 40),
                reference("UserLicenseId", "UserLicense"),
            ),
        ),
        SObject(
            name="PermissionSet",
            prefix="0PS",
            fields=(
                *audit_fields(),
                text("Name", 80),
                text("Label", 80),
                text("Description"),
                text("Type", 40),
                text("NamespacePrefix", 15),
                flag("IsCustom"),
                flag("IsOwnedByProfile"),
                flag("HasActivationRequired"),
                reference("ProfileId", "Profile"),
                reference("LicenseId", "UserLicense", "PermissionSetLicense"),
                *(flag(name) for name in GRANTING_PERMISSIONS),
            ),
        ),
    )


def _set_assignments() -> tuple[SObject, ...]:
    return (
        SObject(
            name="PermissionSetAssignment",
            prefix="0Pa",
            createable=True,
            updateable=True,
            deletable=True,
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
                    required=True,
                    updateable=False,
                    child_relationship="Assignments",
                ),
                text("PermissionSetGroupId", 18, updateable=False),
                moment("ExpirationDate", label="Expires On"),
                read_only(flag("IsActive")),
            ),
            unmodelled=frozenset({"IsRevoked"}),
        ),
    )


def _other_assignments() -> tuple[SObject, ...]:
    return (
        SObject(
            name="PermissionSetLicenseAssign",
            prefix="2LA",
            createable=True,
            deletable=True,
            fields=(
                *audit_fields(),
                reference(
                    "AssigneeId",
                    "User",
                    required=True,
                    child_relationship="PermissionSetLicenseAssignments",
                ),
                reference(
                    "PermissionSetLicenseId",
                    "PermissionSetLicense",
                    required=True,
                    child_relationship="PermissionSetLicenseAssignments",
                ),
            ),
        ),
        SObject(
            name="UserLogin",
            prefix="0Yw",
            updateable=True,
            fields=(
                *audit_fields(),
                reference("UserId", "User", updateable=False, relationship=""),
                flag("IsFrozen"),
                flag("IsPasswordLocked"),
            ),
        ),
    )


def _others() -> tuple[SObject, ...]:
    return (
        SObject(
            name="Organization",
            prefix="00D",
            fields=(
                *audit_fields(),
                text("Name", 80),
                text("InstanceName", 5),
                text("OrganizationType", 40),
                flag("IsSandbox"),
            ),
        ),
        # The one business object: here so that mixing it with setup objects can be refused.
        SObject(
            name="Account",
            prefix="001",
            createable=True,
            updateable=True,
            deletable=True,
            is_setup=False,
            fields=(
                *audit_fields(),
                text("Name", required=True),
                reference("OwnerId", "User", label="Owner ID"),
            ),
        ),
    )


UNMODELLED_OBJECTS = frozenset(
    [
        "PermissionSetGroup",
        "PermissionSetGroupComponent",
        "Group",
        "GroupMember",
        "QueueSobject",
        "PackageLicense",
        "UserPackageLicense",
        "LoginHistory",
        "SetupAuditTrail",
        "UserRole",
        "UserTerritory2Association",
        "Contact",
        "Opportunity",
        "Lead",
        "Case",
        "Task",
        "Event",
        "UserEmailCalendarSync",
        "ProcessInstanceWorkitem",
        "CronTrigger",
        "Dashboard",
        "AuthSession",
        "FeatureLicense",
        "EventLogFile",
        "SetupEntityAccess",
        "ObjectPermissions",
        "FieldPermissions",
        "UserAccessPolicy",
        "MutingPermissionSet",
        "Territory2",
        "CustomPermission",
        "ConnectedApplication",
        "FieldDefinition",
        "EntityDefinition",
        "RecordType",
        "UserShare",
        "UserPreference",
    ]
)


def schema() -> Schema:
    """Return all objects the sandbox models."""
    objects = (
        _user(),
        *_licences(),
        *_profiles(),
        *_set_assignments(),
        *_other_assignments(),
        *_others(),
    )
    return Schema(objects, unmodelled=UNMODELLED_OBJECTS)
