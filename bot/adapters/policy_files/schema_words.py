"""What editors show beside each key of a policy file: one sentence, and examples to copy."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """One sentence for people; `pattern` is a plain form of what only code checks fully."""

    says: str
    examples: tuple[object, ...] = ()
    pattern: str = ""


_LOCAL_DAY = "A day in quotes: year, month, day."
_WEB = "^https?://"

_ZONE = r"^[A-Za-z0-9_+/-]+$"
_HOLIDAYS = r"^[A-Z]{2,3}(-.+)?$"
_RECORD = r"^(\S+/\S+#[1-9][0-9]*|https://\S+)$"

HINTS: Mapping[str, str] = {
    "^([a-z0-9]+(-[a-z0-9]+)*)$": "Write lower-case words joined by hyphens, such as view-only.",
    "^([A-Za-z0-9][A-Za-z0-9_-]*)$": "Write a GitHub login without the @, such as octocat.",
    r"^(\S+)$": "Write a short id without spaces, such as ann.",
    r"^(\d{1,6})(h|d|bd)$": "Write 8h, 30d or 1bd.",
    r"^((\d{1,6})(h|d|bd)|permanent)$": "Write 8h, 30d, 1bd or permanent.",
    "^(([1-9]|1[0-9]|2[0-4])h|1d)$": "Write hours, at most 24h.",
    r"^\d{4}-\d{2}-\d{2}$": 'Write a day in quotes, such as "2026-11-02".',
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$": 'Write a local time in quotes: "2026-11-02T09:00".',
    "^([A-Za-z][A-Za-z0-9_]*)$": "Write the API name, not the label: Sales_EMEA.",
    "^([A-Za-z][A-Za-z0-9_]{0,14})$": "Write the package's namespace prefix, such as SBQQ.",
    _ZONE: "Write a time zone such as Europe/Berlin.",
    _HOLIDAYS: "Write a country such as US, or a region such as DE-BY.",
    _RECORD: "Write where it was agreed: owner/repo#number or an https:// address.",
    _WEB: "Write an address that starts with https://.",
}
"""What to write instead of a text in a wrong form, by the form; editors show it."""

FILES: Mapping[str, str] = {
    "company": "The company: its calendar, who answers for what, and the clocks of approvals.",
    "roles": "Job roles, and the levels that each gives on day one.",
    "system": "One system that people get access to, and its levels.",
    "separation": "Levels that one person must never hold together.",
    "tests": "Cases that the policy must answer as written; run them with `usher policy test`.",
}

MODELS: Mapping[str, str] = {
    "HelpModel": "Where people find help.",
    "GroupModel": "People who answer together, by their GitHub logins: one yes of them is enough.",
    "ApprovalsModel": "Who says yes, and when they are reminded.",
    "RemovalsModel": "How much one run may take away before it stops and asks.",
    "LimitsModel": "Brakes for what happens without anybody watching.",
    "RoleModel": "A job role, as the roster names it.",
    "UrgentModel": "Whom to mention when something cannot wait.",
    "PoolModel": "Seats of one pool.",
    "BundleModel": "What a level consists of inside its system.",
    "IntegrationModel": "What a program may do, exactly; its user is API-only and no person's.",
    "ObjectModel": "Rights to one object; what is not written must not be granted.",
    "Feature": "Feature licences by the user's flags, UserPermissions…User: Interaction is Flow, "
    "SFContent is CRM Content, Support is Service Cloud, LiveAgent is Chat, JigsawProspecting is "
    "Data.com.",
    "QuestionModel": "Something to ask beside the reason.",
    "RequestModel": "Who may ask for a level, how long, and who says yes.",
    "BreakGlassModel": "Access at once in an emergency; those who would have been asked are told.",
    "LevelModel": "A named bundle of access that people get together.",
    "OnLeaveModel": "What happens to a leaver's records.",
    "ConditionsModel": "What must be so, all of it; at least one condition.",
    "AutoApproveModel": "A case that security has approved beforehand, in writing.",
    "ExceptionModel": "What it takes to hold both sides after all.",
    "SeparationModel": "Two or more levels that one person must never hold together.",
    "PersonModel": "Somebody made up for the cases; only the role must be written.",
    "RoleChangeModel": "Who moves, and to which role.",
    "AskModel": "A request; write how long it is for as `days` or as `for`.",
    "ExpectModel": "What must come out: anything missing fails, and so does anything too much.",
    "CaseModel": "One case: exactly one of joined, left, role_changed and request happens.",
    "Delivery": "How people get in: sso hands over nothing, onepassword a log-in in their vault, "
    "vendor_email is sent by the system itself.",
    "Provider": "Who makes the change: salesforce does it by itself, task is a checklist that "
    "people tick.",
    "Risk": "low: approved in Slack or on GitHub. high: on GitHub only. critical: on GitHub, "
    "security must agree too, never for good and never automatic.",
    "WhenFull": "wait: a waiting list. ask: the owners of the system are asked to buy seats.",
    "QuestionForm": "What an answer must look like.",
    "Engagement": "How somebody belongs to the company.",
    "Answer": "The three answers to a request.",
}

KEYS: Mapping[str, Mapping[str, Words]] = {
    "CompanyFile": {
        "kind": Words("What this file is."),
        "id": Words("The company's short name.", ("acme",)),
        "timezone": Words(
            "The zone of business days and of times in cases.",
            ("America/Chicago", "Europe/Berlin"),
            _ZONE,
        ),
        "holidays": Words(
            "Whose public holidays are no business days: a country, or a part of one.",
            ("US", "DE-BY"),
            _HOLIDAYS,
        ),
        "answer_within": Words("The promise to people who ask.", ("1bd",)),
        "revoke_within": Words(
            "How soon a leaver's access is gone; a business day if that is shorter.", ("24h",)
        ),
        "unused_after": Words("A seat unused this long is proposed for release.", ("30d",)),
        "review_every": Words("How often somebody looks through all access.", ("90d",)),
        "help": Words("Where people find help."),
        "groups": Words("Who answers, by GitHub login. The group `it` is needed."),
        "approvals": Words("Who says yes where a level does not say it, and the clocks."),
        "limits": Words("How much one run may take away before it stops and asks."),
    },
    "HelpModel": {
        "slack": Words("A Slack channel, in quotes.", ("#help-it",)),
        "github_label": Words("A label of GitHub issues, in quotes.", (":help-it",)),
    },
    "GroupModel": {
        "members": Words("GitHub logins without the @.", (["octocat", "hubot"],)),
        "backup": Words("The group that answers when nobody here can.", ("it",)),
    },
    "ApprovalsModel": {
        "default": Words("Groups, or manager: each of them must say yes.", (["manager"],)),
        "critical_adds": Words("Groups that must agree to critical levels too.", (["security"],)),
        "remind_after": Words("After this long the approvers are reminded.", ("4h",)),
        "escalate_after": Words("After this long their backups are asked too.", ("1bd",)),
        "lapse_after": Words("After this long without an answer a request ends.", ("7d",)),
    },
    "LimitsModel": {"removals": Words("How much one run may take away.")},
    "RemovalsModel": {
        "count": Words("This many people at most.", (10,)),
        "percent": Words("This share of all people at most, in percent.", (5,)),
    },
    "RolesFile": {
        "kind": Words("What this file is."),
        "roles": Words("Every role of the roster, by the name that the roster uses."),
    },
    "RoleModel": {
        "department": Words("Where people of this role work, or any.", ("sales", "any")),
        "birthright": Words(
            "Levels from day one, which nobody has to approve; never critical ones.",
            (["salesforce/standard"],),
        ),
    },
    "SystemFile": {
        "kind": Words("What this file is."),
        "id": Words("The system's short name, which is also the file's.", ("salesforce",)),
        "title": Words("The system's name for people.", ("Salesforce",)),
        "provider": Words("Who makes the change: the bot itself, or people by a checklist."),
        "dri": Words("The group that owns the system.", ("gtm-systems",)),
        "urgent": Words("Whom to mention when something cannot wait."),
        "delivery": Words("How people get in."),
        "username": Words(
            "The pattern of user names, from {mail}, {mail_name} and {id}.",
            ("{mail}", "{mail_name}@acme.example.crm"),
        ),
        "url": Words("Where people log in.", ("https://acme.my.salesforce.com",), _WEB),
        "user_fields": Words(
            "Fields of the account, filled from {mail}, {mail_name}, {id}, {name}, {role} and "
            "{department}.",
            ({"Department": "{department}", "Title": "{role}"},),
        ),
        "pools": Words(
            "Pools of seats: a licence by name, package and its prefix, feature and its name.",
            ({"Salesforce": {"keep_free": 1}, "feature Marketing": {"seats": 25}},),
        ),
        "levels": Words("What people may have here, by name.", ()),
        "on_leave": Words("What happens to a leaver's records."),
        "auto_approve": Words("Cases that security has approved beforehand, in writing."),
        "native_expiry": Words(
            "Write true, and Salesforce itself ends permission sets of access that ends, should "
            "Usher not be there."
        ),
    },
    "UrgentModel": {
        "mention": Words("The group to mention.", ("gtm-systems",)),
        "slack": Words("A Slack channel, in quotes.", ("#help-it",)),
    },
    "PoolModel": {
        "seats": Words(
            "How many were bought; leave it out where the system says so itself. Feature licences "
            "need it.",
            (25,),
        ),
        "keep_free": Words("Seats that are kept for people who start.", (1,)),
        "when_full": Words("What a full pool means to somebody who asks."),
    },
    "LevelModel": {
        "says": Words(
            "What one can do with it, in the words of those who ask.",
            ("Read accounts and opportunities. No edits, no exports.",),
        ),
        "risk": Words("How much harm it can do; this decides where it may be approved."),
        "bundle": Words("What it consists of inside the system."),
        "request": Words("Who may ask for it; without it only a birthright gives the level."),
        "break_glass": Words("Who may have it at once in an emergency."),
        "integration": Words("The level is for a program: what it may do, exactly."),
    },
    "BundleModel": {
        "licence": Words("The user licence, as the system names it.", ("Salesforce",)),
        "profile": Words("The profile, as the system names it.", ("Standard User",)),
        "permission_sets": Words("Permission sets by their API names.", (["AcmeCrmUser"],)),
        "permission_set_groups": Words(
            "Permission set groups by their developer names.", (["Sales_Team"],)
        ),
        "permission_set_licences": Words(
            "Permission set licences by their developer names.", (["SalesforceCPQPsl"],)
        ),
        "packages": Words("Managed packages with seats, by their namespace prefixes.", (["SBQQ"],)),
        "features": Words("Feature licences.", (["Marketing"],)),
        "role": Words("The role in the role hierarchy, by its developer name.", ("Sales_EMEA",)),
        "groups": Words("Public groups by their developer names.", (["All_Sales"],)),
        "queues": Words("Queues by their developer names.", (["Inbound_Leads"],)),
        "by_hand": Words(
            "Steps that a person takes, as a checklist.", (["Assign a Gong seat: Recorder"],)
        ),
    },
    "IntegrationModel": {
        "objects": Words("Objects by their API names.", ({"Account": {"read": ["Name"]}},)),
    },
    "ObjectModel": {
        "read": Words("Fields to read, or [all].", (["Name", "Phone"], ["all"])),
        "create": Words("Fields to fill in new records, or [all].", (["LastName", "Company"],)),
        "edit": Words("Fields to change, or [all].", (["Phone"],)),
        "delete": Words("Write true if it deletes records."),
        "view_all": Words("Write true if it reads records that nobody shares with it."),
    },
    "RequestModel": {
        "by": Words("Roles that may ask, or everyone.", (["everyone"], ["csm"])),
        "not": Words("Roles or engagements that may not, whatever `by` says.", (["consultant"],)),
        "approve": Words(
            "Groups, or manager: each of them must say yes. Default: the company's.",
            (["manager", "gtm-systems"],),
        ),
        "longest": Words(
            "The longest time that may be asked for: hours, days, business days or permanent.",
            ("8h", "30d", "2bd", "permanent"),
        ),
        "questions": Words("What to ask beside the reason."),
    },
    "QuestionModel": {
        "id": Words("The question's short name.", ("linkedin",)),
        "asks": Words("The question itself.", ("The address of your LinkedIn profile",)),
        "form": Words("What an answer must look like."),
        "required": Words("Write false if it may stay empty."),
    },
    "BreakGlassModel": {
        "by": Words("Groups whose members may, for themselves.", (["gtm-systems"],)),
        "longest": Words("At most 24h.", ("4h",)),
    },
    "OnLeaveModel": {
        "hand_over": Words(
            "Who gets a leaver's records, by kind of record: manager, or a group.",
            ({"Opportunity": "manager"},),
        ),
    },
    "AutoApproveModel": {
        "id": Words("The short name of this case, which decisions cite.", ("renew-view-only",)),
        "levels": Words("Levels of this system by name; never critical ones.", (["view-only"],)),
        "when": Words("What must be so, all of it."),
        "approved_by": Words("The group that has approved this beforehand.", ("security",)),
        "approved_on": Words(f"When. {_LOCAL_DAY}", ("2026-11-02",)),
        "record": Words(
            "Where it was agreed: an issue, or an address.",
            ("acme/access#4821",),
            _RECORD,
        ),
    },
    "ConditionsModel": {
        "already_had": Words(
            "True: people once approved the level for this person, and it was not revoked since."
        ),
        "longest": Words("Asked for this long at most.", ("30d",)),
        "engagement": Words("The person belongs to the company in this way."),
        "roles": Words("The person has one of these roles.", (["csm"],)),
    },
    "SeparationFile": {
        "kind": Words("What this file is."),
        "rules": Words("What must stay apart."),
    },
    "SeparationModel": {
        "id": Words("The short name of this rule, which refusals cite.", ("pay-and-approve",)),
        "never_both": Words(
            "Two or more levels, with their systems.", (["salesforce/admin", "zapier/builder"],)
        ),
        "why": Words("The reason, for those who are refused."),
        "exception": Words("What it takes to hold them together after all."),
    },
    "ExceptionModel": {
        "approve": Words("Groups that must say yes in addition.", (["security"],)),
        "longest": Words("For this long at most.", ("14d",)),
    },
    "TestsFile": {
        "kind": Words("What this file is."),
        "people": Words("Who the cases speak of, by short id; nobody else exists in them."),
        "cases": Words("What happens, and what must come out."),
    },
    "PersonModel": {
        "role": Words("A role of roles.yml.", ("csm",)),
        "manager": Words("The id of another person; one who is not here is unknown.", ("bea",)),
        "engagement": Words("How they belong to the company. Default: core."),
        "department": Words("Default: the role's."),
        "github": Words("The GitHub login, for people in groups.", ("octocat",)),
        "first_day": Words(f"Default: long ago. {_LOCAL_DAY}", ("2026-01-05",)),
        "last_day": Words(f"Default: none. {_LOCAL_DAY}", ("2026-12-31",)),
        "timezone": Words("Default: the company's.", ("Europe/Berlin",), _ZONE),
    },
    "RoleChangeModel": {
        "who": Words("The id of a person.", ("ann",)),
        "to": Words("Another role of roles.yml.", ("csm",)),
    },
    "AskModel": {
        "who": Words("Whom it is for: the id of a person.", ("cai",)),
        "level": Words("What is asked for.", ("salesforce/view-only",)),
        "days": Words("For so many days.", (30,)),
        "for": Words("For 8h, 30d, 2bd or permanent.", ("8h", "permanent")),
        "by": Words("Who asks, if somebody else does.", ("bea",)),
        "answers": Words("Answers to the level's own questions, by their ids."),
        "emergency": Words("Write true to break the glass."),
    },
    "ExpectModel": {
        "grants": Words("All levels that are given; an empty list: none.", (["gong/recorder"],)),
        "revokes": Words("All levels that are taken away.", (["salesforce/sales"],)),
        "decision": Words("The answer to the request."),
        "from": Words(
            "All who are asked: ids of people, groups, or manager.", (["manager", "security"],)
        ),
        "rule": Words("The rule that decides.", ("salesforce/view-only request.not",)),
        "says": Words("A piece of what people are told."),
        "approved": Words("Whether the answers in `approved_by` are enough."),
    },
    "CaseModel": {
        "name": Words("What this shows, as a sentence.", ("a consultant is refused",)),
        "joined": Words("Who starts: the id of a person.", ("ann",)),
        "left": Words("Who leaves: the id of a person.", ("ann",)),
        "role_changed": Words("Who moves to another role."),
        "request": Words("What is asked for."),
        "has": Words("Levels held now.", (["salesforce/sales"],)),
        "had": Words("Levels held before.", (["salesforce/view-only"],)),
        "at": Words(
            "When: a local time of the company in quotes. Default: a working day.",
            ("2026-11-02T09:00",),
        ),
        "approved_by": Words("Who says yes, in this order.", (["bea"],)),
        "expect": Words("What must come out."),
    },
}
