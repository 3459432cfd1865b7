"""The tables around a person: log-ins, roles, groups and queues, and the trails of what was done.

Source: object reference, the page of each object; lengths from the field reference.
"""

from bot.sandbox.salesforce.schema import (
    Field,
    Kind,
    SObject,
    audit_fields,
    choice,
    flag,
    moment,
    reference,
    text,
)

OPEN_GROUPS = ("Regular", "Queue")
"""The types of group that people put members into; all others the platform keeps itself."""

GROUP_TYPES = (
    *OPEN_GROUPS,
    "Role",
    "RoleAndSubordinates",
    "RoleAndSubordinatesInternal",
    "Manager",
    "ManagerAndSubordinatesInternal",
    "Organization",
)


def people_tables() -> tuple[SObject, ...]:
    return (_login(), _role(), _group(), _member(), _queue(), _history(), _trail())


def _login() -> SObject:
    return SObject(
        name="UserLogin",
        prefix="0Yw",
        updateable=True,
        right="PermissionsManageUsers",  # D8
        fields=(
            *audit_fields(),
            reference("UserId", "User", updateable=False, relationship=""),
            flag("IsFrozen"),
            flag("IsPasswordLocked"),
        ),
    )


def _role() -> SObject:
    return SObject(
        name="UserRole",
        prefix="00E",
        createable=True,
        updateable=True,
        deletable=True,
        right="PermissionsManageRoles",
        fields=(
            *audit_fields(),
            text("Name", 80, required=True),
            text("DeveloperName", 80, required=True, unique=True),
            reference("ParentRoleId", "UserRole", relationship=""),
            text("RollupDescription", 80),
        ),
        unmodelled=frozenset(
            {
                "OpportunityAccessForAccountOwner",
                "CaseAccessForAccountOwner",
                "ContactAccessForAccountOwner",
                "ForecastUserId",
                "MayForecastManagerShare",
                "PortalType",
                "PortalAccountId",
                "PortalAccountOwnerId",
                "PortalRole",
            }
        ),
    )


def _group() -> SObject:
    return SObject(
        name="Group",
        prefix="00G",
        createable=True,
        updateable=True,
        deletable=True,
        fields=(
            *audit_fields(),
            text("Name", 40, required=True),
            text("DeveloperName", 80),
            choice("Type", GROUP_TYPES, required=True, updateable=False),
            reference("RelatedId", "UserRole", createable=False, updateable=False),
            reference("OwnerId", "User", "Organization", createable=False, updateable=False),
            Field(name="Email", kind=Kind.EMAIL, length=255),
            flag("DoesIncludeBosses", default=True),
            flag("DoesSendEmailToMembers"),
        ),
        unmodelled=frozenset({"Description", "DefaultDivision", "QueueRoutingConfigId"}),
    )


def _member() -> SObject:
    return SObject(
        name="GroupMember",
        prefix="011",
        createable=True,
        deletable=True,
        fields=(
            *audit_fields(),
            reference("GroupId", "Group", required=True, child_relationship="GroupMembers"),
            reference("UserOrGroupId", "User", "Group", required=True),
        ),
    )


def _queue() -> SObject:
    return SObject(
        name="QueueSobject",
        prefix="03g",
        createable=True,
        deletable=True,
        fields=(
            *audit_fields(),
            reference("QueueId", "Group", required=True, child_relationship="QueueSobjects"),
            text("SobjectType", 40, required=True),
        ),
    )


def _history() -> SObject:
    """Only some fields can be filtered by ("Not all fields are filterable", LoginHistory)."""
    closed = ("SourceIp", "Status", "Application", "Browser", "Platform", "ApiType", "ApiVersion")
    return SObject(
        name="LoginHistory",
        prefix="0Ya",
        fields=(
            audit_fields()[0],
            reference("UserId", "User", relationship=""),
            moment("LoginTime"),
            text("LoginType", 40),
            text("LoginUrl"),
            text("TlsProtocol", 40),
            *(text(name, filterable=False) for name in closed),
        ),
        unmodelled=frozenset(
            {
                "AuthenticationServiceId",
                "LoginGeoId",
                "CipherSuite",
                "ClientVersion",
                "CountryIso",
                "AuthMethodReference",
                "LoginSubType",
                "NetworkId",
                "ForwardedForIp",
            }
        ),
    )


def _trail() -> SObject:
    """Display and Section cannot be filtered by, and nothing of it be aggregated but count()
    (SetupAuditTrail).
    """
    every = {one.name: one for one in audit_fields()}
    return SObject(
        name="SetupAuditTrail",
        prefix="0Ym",
        can_aggregate=False,
        fields=(
            *(every[name] for name in ("Id", "CreatedDate", "CreatedById")),
            text("Action", 80),
            text("Section", 80, filterable=False),
            text("Display", 1000, filterable=False),
            text("DelegateUser", 80),
            text("CreatedByContext", 80),
        ),
        unmodelled=frozenset({"CreatedByIssuer", "ResponsibleNamespacePrefix"}),
    )
