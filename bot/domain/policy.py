"""The policy as loaded: companies' rules as closed values, each knowing its file and line."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.people import Person

EVERYONE = "everyone"
MANAGER = "manager"
IT_GROUP = "it"


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


class WhenFull(StrEnum):
    """What happens when a pool has no free seat."""

    WAIT = "wait"
    ASK = "ask"


class Unit(StrEnum):
    """Units of a duration: elapsed hours and days, or business days of the company's calendar."""

    HOURS = "h"
    DAYS = "d"
    BUSINESS_DAYS = "bd"


@dataclass(frozen=True, order=True)
class Where:
    """A place in a policy file, 1-based."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Calendar:
    """The company's business days: Monday to Friday but for `holidays`, in its own time zone."""

    timezone: str
    holidays: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays  # noqa: PLR2004  # Monday is 0

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """Return the same local time `days` business days later."""
        local = start.astimezone(ZoneInfo(self.timezone))
        day = local.date()
        for _ in range(days):
            day += timedelta(days=1)
            while not self.is_business_day(day):
                day += timedelta(days=1)
        return datetime.combine(day, time(local.hour, local.minute, local.second), local.tzinfo)


@dataclass(frozen=True)
class Duration:
    """A length of time as policy writes it: 8h, 30d, 2bd, or permanent (no amount)."""

    amount: int | None
    unit: Unit = Unit.DAYS

    def __str__(self) -> str:
        return "permanent" if self.amount is None else f"{self.amount}{self.unit}"

    @property
    def is_permanent(self) -> bool:
        return self.amount is None

    def after(self, start: datetime, calendar: Calendar) -> datetime | None:
        """Return the instant this long after `start`; None means never."""
        if self.amount is None:
            return None
        if self.unit is Unit.BUSINESS_DAYS:
            return calendar.add_business_days(start, self.amount)
        return start + (
            timedelta(hours=self.amount) if self.unit is Unit.HOURS else timedelta(days=self.amount)
        )

    def in_words(self) -> str:
        if self.amount is None:
            return "for good"
        noun = {Unit.HOURS: "hour", Unit.DAYS: "day", Unit.BUSINESS_DAYS: "business day"}[self.unit]
        return f"{self.amount} {noun}{'' if self.amount == 1 else 's'}"


PERMANENT = Duration(None)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a level consists of inside its system; `by_hand` are steps that have no API."""

    licence: str = ""
    profile: str = ""
    permission_sets: tuple[str, ...] = ()
    permission_set_licences: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequestRule:
    """Who may ask for a level, how long, and who must say yes; `marks` gives each key's place."""

    by: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    longest: Duration = PERMANENT
    marks: Mapping[str, Where] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Level:
    """A named bundle of access; `id` is `system/name`. Without `request` nobody may ask for it."""

    id: str
    system: str
    says: str
    risk: Risk
    bundle: Bundle
    where: Where
    request: RequestRule | None = None

    @property
    def name(self) -> str:
        return self.id.partition("/")[2]

    def mark(self, key: str) -> Where:
        """Return where `request.<key>` stands, or the level's own place."""
        return (self.request.marks if self.request else {}).get(key, self.where)

    def content_digest(self) -> str:
        """Digest what an approver saw: everything but the place in the file."""
        rule = self.request
        content = {
            "id": self.id,
            "says": self.says,
            "risk": self.risk,
            "bundle": [
                self.bundle.licence,
                self.bundle.profile,
                sorted(self.bundle.permission_sets),
                sorted(self.bundle.permission_set_licences),
                list(self.bundle.by_hand),
            ],
            "rule": [sorted(rule.approve), str(rule.longest)] if rule else None,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Pool:
    """Seats of a licence pool that stay free for birthrights, and what a full pool means."""

    keep_free: int = 0
    when_full: WhenFull = WhenFull.WAIT


@dataclass(frozen=True, kw_only=True)
class System:
    """An application that people get access to."""

    id: str
    title: str
    provider: Provider
    dri: str
    delivery: Delivery
    where: Where
    username: str = "{mail}"
    url: str = ""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)


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


@dataclass(frozen=True, kw_only=True)
class Company:
    """The company's own facts."""

    id: str
    calendar: Calendar
    where: Where
    approvals: Approvals = field(default_factory=Approvals)
    help_slack: str = ""
    groups: Mapping[str, Group] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Everything in force, at one commit (or content digest outside Git)."""

    commit: str
    company: Company
    roles: Mapping[str, Role]
    systems: Mapping[str, System]

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
