"""What the doorways show and take while somebody waits."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.grant import GrantState
from bot.domain.policy import Risk
from bot.domain.request import RequestState


@dataclass(frozen=True, kw_only=True)
class LevelChoice:
    """A level as a search shows it."""

    id: str
    says: str
    risk: Risk
    system_title: str


@dataclass(frozen=True, kw_only=True)
class HeldLevel:
    """Access that a person holds; `grant_id` names it for giving it back."""

    grant_id: str
    level_id: str
    until: datetime | None
    state: GrantState
    can_give_back: bool


@dataclass(frozen=True, kw_only=True)
class PendingLevel:
    """A request that is still on its way."""

    request_id: str
    level_id: str
    state: RequestState
    issue_number: int | None


@dataclass(frozen=True, kw_only=True)
class Mine:
    """Everything one person has and waits for; times are shown in `timezone`."""

    timezone: str
    held: tuple[HeldLevel, ...]
    pending: tuple[PendingLevel, ...]


@dataclass(frozen=True, kw_only=True)
class OnboardingCall:
    """Somebody joins: who calls, under which idempotency key, and the person for the roster.

    `fingerprint` digests the whole body, so that one key with two bodies is refused.
    """

    caller: str
    idempotency_key: str
    fingerprint: str
    person_id: str
    mail: str
    name: str
    role: str
    manager_id: str
    timezone: str
    first_day: date
    last_day: date | None = None
    engagement: str = "core"
    department: str = ""
    github: str | None = None
    slack_id: str | None = None
    handoff_vault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Onboarding:
    """An onboarding as kept."""

    id: str
    caller: str
    fingerprint: str
    person_id: str
    first_day: date


@dataclass(frozen=True, kw_only=True)
class OnboardingItem:
    """One level of an onboarding."""

    request_id: str
    level_id: str
    state: RequestState
    issue_number: int | None
    note: str


@dataclass(frozen=True, kw_only=True)
class OnboardingStatus:
    """An onboarding and how far each of its levels is; `is_new` is False for a repeated call."""

    id: str
    person_id: str
    first_day: date
    is_new: bool
    items: tuple[OnboardingItem, ...]
