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
    read_only,
    reference,
    text,
)
from bot.sandbox.salesforce.tables_business import business_tables
from bot.sandbox.salesforce.tables_licences import licence_tables
from bot.sandbox.salesforce.tables_people import people_tables
from bot.sandbox.salesforce.tables_sets import set_tables

PERSON_ID = "Usher_Person_Id__c"
BADGE = "Badge_Number__c"
TEAM_LEAD = "Team_Lead__c"
"""A custom hierarchy field of this org: its value cannot be deactivated (help 000384962)."""
FEATURES = {
    "UserPermissionsMarketingUser": "Marketing User",
    "UserPermissionsSFContentUser": "CRM Content User",
    "UserPermissionsInteractionUser": "Flow User",
    "UserPermissionsSupportUser": "Service Cloud User",
    "UserPermissionsKnowledgeUser": "Knowledge User",
    "UserPermissionsChatterAnswersUser": "Chatter Answers User",
    "UserPermissionsJigsawProspectingUser": "Data.com User",
    "UserPermissionsLiveAgentUser": "Live Agent User",
    "UserPermissionsMobileUser": "Apex Mobile User",
    "UserPermissionsOfflineUser": "Offline User",
    "UserPermissionsSiteforceContributorUser": "Site.com Contributor User",
    "UserPermissionsSiteforcePublisherUser": "Site.com Publisher User",
    "UserPermissionsWirelessUser": "Wireless User",
    "UserPermissionsWorkDotComUserFeature": "Work.com User",
}
"""Feature licences, a flag on User each: the fourteen of help 000387847 (formerly 000221882)."""

_UNMODELLED_USER_FIELDS = frozenset(
    [
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
        "UserPermissionsAvantgoUser",
        "StayInTouchSubject",
        "UserPermissionsCallCenterAutoLogin",
        "OfflineTrialExpirationDate",
        "SenderEmail",
        "SenderName",
    ]
)


def _user() -> SObject:
    return SObject(
        name="User",
        prefix="005",
        createable=True,
        updateable=True,
        # "To create or update a User record, you must have the Manage Internal Users permission."
        right="PermissionsManageInternalUsers",
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
            reference("UserRoleId", "UserRole", label="Role ID"),
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
            reference(TEAM_LEAD, "User", relationship="Team_Lead__r", label="Team Lead"),
        ),
        unmodelled=_UNMODELLED_USER_FIELDS,
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
                moment("TrialExpirationDate"),
            ),
        ),
    )


UNMODELLED_OBJECTS = frozenset(
    [
        "UserTerritory2Association",
        "UserEmailCalendarSync",
        "AuthSession",
        "FeatureLicense",
        "EventLogFile",
        "SetupEntityAccess",
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
        *licence_tables(),
        *set_tables(),
        *people_tables(),
        *_others(),
        *business_tables(),
    )
    return Schema(objects, unmodelled=UNMODELLED_OBJECTS)
