"""The business objects that a person owns, and the automation that points at a person.

Source: Salesforce object reference, the page of each object; picklists have the values of a new
org and are not restricted, as at the vendor.
"""

from bot.sandbox.salesforce.schema import (
    Field,
    Kind,
    SObject,
    audit_fields,
    flag,
    moment,
    number,
    read_only,
    reference,
    text,
)

SHOWN = ("ProcessInstanceWorkitem", "CronTrigger", "Dashboard")
"""What the vendor lets clients change in some way, and the sandbox only shows."""

OWNED = ("Account", "Contact", "Opportunity", "Lead", "Case", "Task", "Event")


def business_tables() -> tuple[SObject, ...]:
    """Return the objects with an owner, all of them business and none of them setup."""
    return (*_customers(), *_selling(), *_activities(), *_approvals(), *_automation())


def _owned(name: str, prefix: str, owners: tuple[str, ...], *fields: Field) -> SObject:
    is_polymorphic = len(owners) > 1
    return SObject(
        name=name,
        prefix=prefix,
        createable=True,
        updateable=True,
        deletable=True,
        is_setup=False,
        fields=(
            *audit_fields(),
            reference("OwnerId", *owners, label="Owner ID", relationship="Owner"),
            read_only(flag("IsDeleted")),
            *fields,
        ),
        unmodelled=frozenset({"OwnerType"}) if is_polymorphic else frozenset(),
    )


def _pick(name: str, **more: object) -> Field:
    return text(name, 255, kind=Kind.PICKLIST, **more)


def _customers() -> tuple[SObject, ...]:
    contact = (
        text("FirstName", 40),
        text("LastName", 80, required=True),
        read_only(text("Name", 121)),
        Field(name="Email", kind=Kind.EMAIL, length=80),
        reference("AccountId", "Account", child_relationship="Contacts"),
    )
    case = (
        read_only(text("CaseNumber", 30)),
        text("Subject", 255),
        _pick("Status", default="New"),
        _pick("Origin"),
        read_only(flag("IsClosed")),
        reference("AccountId", "Account", child_relationship="Cases"),
        reference("ContactId", "Contact", child_relationship="Cases"),
    )
    account = (
        text("Name", required=True),
        text("Phone", 40),
        _pick("Industry"),
        Field(name="AnnualRevenue", kind=Kind.CURRENCY),
    )
    return (
        _owned("Account", "001", ("User",), *account),
        _owned("Contact", "003", ("User",), *contact),
        _owned("Case", "500", ("Group", "User"), *case),
    )


def _selling() -> tuple[SObject, ...]:
    opportunity = (
        text("Name", 120, required=True),
        _pick("StageName", required=True),
        Field(name="CloseDate", kind=Kind.DATE, required=True),
        Field(name="Amount", kind=Kind.CURRENCY),
        read_only(flag("IsClosed")),
        read_only(flag("IsWon")),
        reference("AccountId", "Account", child_relationship="Opportunities"),
    )
    lead = (
        text("FirstName", 40),
        text("LastName", 80, required=True),
        read_only(text("Name", 121)),
        text("Company", 255, required=True),
        Field(name="Email", kind=Kind.EMAIL, length=80),
        _pick("Status", default="Open - Not Contacted"),
        _pick("LeadSource"),
        read_only(flag("IsConverted")),
    )
    return (
        _owned("Opportunity", "006", ("User",), *opportunity),
        _owned("Lead", "00Q", ("Group", "User"), *lead),
    )


def _activities() -> tuple[SObject, ...]:
    who = reference("WhoId", "Contact", "Lead")
    what = reference("WhatId", "Account", "Opportunity", "Case")
    task = (
        text("Subject", 255),
        _pick("Status", default="Not Started"),
        _pick("Priority", default="Normal"),
        Field(name="ActivityDate", kind=Kind.DATE),
        read_only(flag("IsClosed")),
    )
    event = (
        text("Subject", 255),
        moment("StartDateTime", required=True),
        moment("EndDateTime", required=True),
        read_only(number("DurationInMinutes")),
        # Of a guest's copy of the event (object reference, Event); the sandbox invites nobody.
        read_only(flag("IsChild")),
    )
    # An event may also belong to a public calendar, which the sandbox has none of.
    return (
        _owned("Task", "00T", ("Group", "User"), *task, who, what),
        _owned("Event", "00U", ("User",), *event, who, what),
    )


def _approvals() -> tuple[SObject, ...]:
    return (
        SObject(
            name="ProcessInstance",
            prefix="04g",
            is_setup=False,
            fields=(
                *audit_fields(),
                _pick("Status", default="Pending"),
                reference("SubmittedById", "User"),
                reference("TargetObjectId", *OWNED),
            ),
        ),
        SObject(
            name="ProcessInstanceWorkitem",
            prefix="04i",
            updateable=True,
            deletable=True,
            is_setup=False,
            fields=(
                *audit_fields(),
                reference("ProcessInstanceId", "ProcessInstance", child_relationship="Workitems"),
                reference("OriginalActorId", "Group", "User"),
                reference("ActorId", "Group", "User"),
            ),
        ),
    )


def _automation() -> tuple[SObject, ...]:
    return (
        SObject(
            name="CronJobDetail",
            prefix="08a",
            fields=(*audit_fields(), text("Name"), _pick("JobType")),
        ),
        SObject(
            name="CronTrigger",
            prefix="08e",
            updateable=True,
            deletable=True,
            fields=(
                *audit_fields(),
                reference("CronJobDetailId", "CronJobDetail"),
                reference("OwnerId", "User"),
                _pick("State", default="WAITING"),
                text("CronExpression"),
                moment("NextFireTime"),
            ),
        ),
        SObject(
            name="Dashboard",
            prefix="01Z",
            updateable=True,
            deletable=True,
            fields=(
                *audit_fields(),
                text("Title", 80),
                text("DeveloperName", 80),
                _pick("Type", default="SpecifiedUser"),
                reference("RunningUserId", "User"),
            ),
        ),
    )
