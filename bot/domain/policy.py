"""The policy as loaded: companies' rules as closed values, each knowing its file and line."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.domain.durations import PERMANENT, Calendar, Duration, Unit
from bot.domain.people import Engagement, Person
from bot.domain.policy_integration import IntegrationRights

EVERYONE = "everyone"
MANAGER = "manager"
IT_GROUP = "it"

# The lists of a bundle that came after the first approvals were given.
_LATER_LISTS = ("permission_set_groups", "packages", "features", "groups", "queues")


class Risk(StrEnum):
    """How much harm a level can do: low may be approved in Slack too, the others on GitHub only."""

    LOW = "low"
    HIGH = "high"
    CRITICAL = "critical"


class Provider(StrEnum):
    """How access is put into effect; `task` has no API, so people tick a checklist."""

    SALESFORCE = "salesforce"
    TASK = "task"


class Delivery(StrEnum):
    """How the person gets in; `sso` means that there is nothing secret to hand over."""

    SSO = "sso"
    ONEPASSWORD = "onepassword"
    VENDOR_EMAIL = "vendor_email"


class QuestionForm(StrEnum):
    """What an answer to a level's own question must look like."""

    TEXT = "text"
    LINK = "link"
    NUMBER = "number"


class WhenFull(StrEnum):
    """What happens when a pool has no free seat."""

    WAIT = "wait"
    ASK = "ask"


@dataclass(frozen=True, order=True)
class Where:
    """A place in a policy file, 1-based."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a level consists of inside its system; `by_hand` are steps that have no API.

    `packages` are namespace prefixes of managed packages, `features` the names of feature licences
    as the user's flags have them without their ends (`Marketing`, for
    UserPermissionsMarketingUser). `role`, `groups` and `queues` are developer names.
    """

    licence: str = ""
    profile: str = ""
    permission_sets: tuple[str, ...] = ()
    permission_set_groups: tuple[str, ...] = ()
    permission_set_licences: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    role: str = ""
    groups: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()

    def content(self) -> list[object]:
        """List what an approver saw; what is not used is left out, so that new keys void nothing.

        An approval from before a key existed covers a bundle that does not use it.
        """
        further = {key: sorted(getattr(self, key)) for key in _LATER_LISTS if getattr(self, key)}
        later = {**further, **({"role": self.role} if self.role else {})}
        return [
            self.licence,
            self.profile,
            sorted(self.permission_sets),
            sorted(self.permission_set_licences),
            list(self.by_hand),
            *([later] if later else []),
        ]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something a level wants to know beside the reason, such as the address of a profile."""

    id: str
    asks: str
    where: Where
    form: QuestionForm = QuestionForm.TEXT
    is_required: bool = True


@dataclass(frozen=True, kw_only=True)
class RequestRule:
    """Who may ask for a level, how long, and who must say yes; `marks` gives each key's place."""

    by: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    longest: Duration = PERMANENT
    questions: tuple[Question, ...] = ()
    marks: Mapping[str, Where] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BreakGlass:
    """Who may have a level at once in an emergency: members of these groups, for a short time.

    Whoever would have been asked hears of it instead.
    """

    by: tuple[str, ...]
    longest: Duration
    where: Where


@dataclass(frozen=True, kw_only=True)
class Level:
    """A named bundle of access; `id` is `system/name`. Without `request` nobody may ask for it.

    With `integration` the level is for a program: an API-only user with exactly these rights.
    """

    id: str
    system: str
    says: str
    risk: Risk
    bundle: Bundle
    where: Where
    request: RequestRule | None = None
    break_glass: BreakGlass | None = None
    integration: IntegrationRights | None = None

    @property
    def name(self) -> str:
        return self.id.partition("/")[2]

    def mark(self, key: str) -> Where:
        """Return where `request.<key>` stands, or the level's own place."""
        return (self.request.marks if self.request else {}).get(key, self.where)

    def content_digest(self) -> str:
        """Digest what an approver saw: everything but the place in the file."""
        rule = self.request
        content: dict[str, object] = {
            "id": self.id,
            "says": self.says,
            "risk": self.risk,
            "bundle": self.bundle.content(),
            "rule": [sorted(rule.approve), str(rule.longest)] if rule else None,
            "questions": [[q.id, q.asks, q.form, q.is_required] for q in rule.questions]
            if rule
            else [],
        }
        if self.integration is not None:
            content["integration"] = [list(right) for right in self.integration.asked]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Pool:
    """Seats of a pool that stay free for birthrights, and what a full pool means.

    `seats` is how many were bought, as far as policy says it.
    """

    keep_free: int = 0
    when_full: WhenFull = WhenFull.WAIT
    seats: int | None = None


@dataclass(frozen=True, kw_only=True)
class AutoApproval:
    """A criterion that security has approved beforehand, in writing: nobody need be asked.

    All conditions must hold; one that is not written (None, no roles) holds for everybody.
    """

    id: str
    levels: tuple[str, ...]
    approved_by: str
    approved_on: date
    record: str
    where: Where
    already_had: bool | None = None
    longest: Duration | None = None
    engagement: Engagement | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Levels (`system/name`) that one person must never hold together."""

    id: str
    never_both: tuple[str, ...]
    why: str
    where: Where
    exception: "SeparationException | None" = None


@dataclass(frozen=True, kw_only=True)
class SeparationException:
    """What it takes to hold them together after all: more approvers, and not for long."""

    approve: tuple[str, ...]
    longest: Duration
    where: Where


@dataclass(frozen=True, kw_only=True)
class System:
    """An application that people get access to.

    `user_fields` fills fields of the account from the same words as `username`; `hand_over` says
    who gets a leaver's records, by kind of record: the manager, or a group. With `native_expiry`
    a permission set of a grant that ends also ends by itself in the system (Salesforce's
    ExpirationDate on the assignment), should Usher not be there to take it away.
    """

    id: str
    title: str
    provider: Provider
    dri: str
    delivery: Delivery
    where: Where
    username: str = "{mail}"
    url: str = ""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    user_fields: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    hand_over: Mapping[str, str] = field(default_factory=dict)
    auto_approve: tuple[AutoApproval, ...] = ()
    native_expiry: bool = False


@dataclass(frozen=True, kw_only=True)
class Role:
    """A job role and the levels it gives on day one."""

    id: str
    department: str
    where: Where
    birthright: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Approvers by GitHub login; `backup` names the group that steps in when nobody here can."""

    id: str
    members: tuple[str, ...]
    where: Where
    backup: str | None = None


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """The company's approval defaults and clocks."""

    default: tuple[str, ...] = (MANAGER,)
    critical_adds: tuple[str, ...] = ()
    remind_after: Duration = Duration(4, Unit.HOURS)
    escalate_after: Duration = Duration(1, Unit.BUSINESS_DAYS)
    lapse_after: Duration = Duration(7, Unit.DAYS)


@dataclass(frozen=True)
class Removals:
    """How much one reconcile run may take away before it stops and asks."""

    count: int
    percent: int


@dataclass(frozen=True, kw_only=True)
class Company:
    """The company's own facts."""

    id: str
    calendar: Calendar
    where: Where
    approvals: Approvals = field(default_factory=Approvals)
    answer_within: Duration | None = None
    revoke_within: Duration | None = None
    unused_after: Duration | None = None
    review_every: Duration | None = None
    removals: Removals | None = None
    help_slack: str = ""
    help_github_label: str = ""
    groups: Mapping[str, Group] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Everything in force, at one commit (or content digest outside Git)."""

    commit: str
    company: Company
    roles: Mapping[str, Role]
    systems: Mapping[str, System]
    separations: tuple[Separation, ...] = ()

    def level(self, level_id: str) -> Level | None:
        system = self.systems.get(level_id.partition("/")[0])
        return system.levels.get(level_id.partition("/")[2]) if system else None

    def system_of(self, level: Level) -> System:
        return self.systems[level.system]

    @property
    def levels(self) -> tuple[Level, ...]:
        return tuple(level for system in self.systems.values() for level in system.levels.values())

    def group(self, name: str) -> Group | None:
        return self.company.groups.get(name)

    def is_member(self, person: Person, name: str) -> bool:
        """Whether the group names this person's GitHub login, and the roster file says it is so."""
        group = self.group(name)
        login = (person.github or "").casefold()
        members = {member.casefold() for member in group.members} if group else set()
        return person.is_on_file and bool(login) and login in members
