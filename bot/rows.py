"""What one database transaction reads and writes: small protocols, one per kind of row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from bot.domain.audit import Entry, Tag
from bot.domain.desk import Onboarding, OnboardingCall
from bot.domain.grant import Grant, GrantState
from bot.domain.journal import Kept, Write
from bot.domain.people import Person
from bot.domain.policy_version import PolicyVersion, VersionState
from bot.domain.request import Approval, Request, RequestState
from bot.domain.shown_plan import ShownPlan


class RequestRows(Protocol):
    """Requests with their approvals and tasks."""

    def add(self, request: Request) -> bool: ...

    def get(self, request_id: str, *, lock: bool = False) -> Request | None: ...

    def by_issue(self, number: int, *, lock: bool = False) -> Request | None: ...

    def save(self, request: Request, *, was: Request) -> bool:
        """Write back what changed; False when the row has gone on since `was` was read."""

    def add_approval(self, request_id: str, approval: Approval) -> bool: ...

    def due(self, now: datetime, limit: int) -> list[Request]: ...

    def of_person(self, person_id: str) -> list[Request]: ...

    def of_origin(self, origin: str) -> list[Request]: ...

    def select(self, states: Iterable[RequestState], limit: int) -> list[Request]: ...

    def set_issue(self, request_id: str, number: int) -> None: ...

    def show_plan(self, request_id: str, plan: ShownPlan) -> None:
        """Keep what people are shown of a plan, if the request is still what it was made for."""

    def untold(self, now: datetime, limit: int) -> list[Request]:
        """List requests whose latest revision people have not seen, and whose next try is due."""

    def mark_told(self, request_id: str, revision: int) -> None: ...

    def tell_attempts(self, request_id: str) -> int: ...

    def tell_later(self, request_id: str, at: datetime, attempts: int) -> None: ...


class GrantRows(Protocol):
    """Grants with their tasks."""

    def add(self, grant: Grant) -> bool: ...

    def get(self, grant_id: str, *, lock: bool = False) -> Grant | None: ...

    def save(self, grant: Grant, *, was: Grant) -> bool: ...

    def due(self, now: datetime, limit: int) -> list[Grant]: ...

    def of_person(self, person_id: str) -> list[Grant]:
        """List what the person holds or may still hold (all but ended)."""

    def ended_since(self, person_id: str, at: datetime) -> list[Grant]: ...

    def levels_had(self, person_id: str) -> frozenset[str]: ...

    def select(self, states: Iterable[GrantState], limit: int) -> list[Grant]: ...


class SeatRows(Protocol):
    """Seats spoken for by requests on their way."""

    def lock(self, system: str) -> None: ...

    def reserve(self, request_id: str, system: str, pools: Iterable[str], at: datetime) -> None: ...

    def release(self, request_id: str) -> None: ...

    def has(self, request_id: str) -> bool: ...

    def reserved(self, system: str, *, except_for: str) -> dict[str, int]: ...


class InboxRows(Protocol):
    """Messages as they came in."""

    def get(self, delivery_id: str, *, lock: bool = False) -> Kept | None: ...

    def handled(self, delivery_id: str, reply: str | None, at: datetime) -> None: ...

    def answered(self, delivery_id: str, at: datetime) -> None: ...

    def postpone(self, delivery_id: str, until: datetime, note: str, *, attempts: int) -> None:
        """Leave a message alone until then; `attempts` is how often it has failed by now."""

    def open(self, received_before: datetime, now: datetime, limit: int) -> list[Kept]: ...

    def forget(self, before: datetime) -> int: ...


class WriteRows(Protocol):
    """The journal of outbound creations."""

    def get(self, key: str) -> Write | None: ...

    def intend(self, write: Write) -> bool:
        """Note down what is about to be written; False when somebody has just done so."""

    def settle(self, key: str, address: str, content: str) -> None: ...

    def withdraw(self, key: str) -> None:
        """Forget an intent that surely came to nothing."""

    def undo(self, key: str) -> None:
        """Forget a write whose effect has been taken away again."""

    def forget(self, before: datetime) -> int: ...

    def of_owner(self, owner: str) -> list[Write]: ...


class AuditRows(Protocol):
    """The audit log."""

    def write(self, entry: Entry) -> None: ...

    def of_subject(self, subject: str) -> list[Entry]: ...

    def newest(self, tag: Tag, limit: int) -> Iterable[Entry]: ...


class PolicyRows(Protocol):
    """Every version of the policy that was ever in force or refused; `add` keeps a commit once."""

    def add(self, version: PolicyVersion) -> bool: ...

    def has(self, commit: str) -> bool: ...

    def get(self, commit: str) -> PolicyVersion | None: ...

    def put(self, version: PolicyVersion) -> None:
        """Keep a version as the newest of its source; one that is known gets its new facts."""

    def commit_of(self, source: str, state: VersionState | None = None) -> str | None:
        """Return the newest commit of a source; cheap enough to ask every few seconds."""


class PeopleRows(Protocol):
    """People who came through onboarding."""

    def add(self, person: Person, at: datetime) -> None: ...

    def all(self) -> list[Person]: ...

    def remove(self, person_id: str) -> None: ...


class OnboardingRows(Protocol):
    """Onboardings, once per caller and idempotency key."""

    def add(self, onboarding_id: str, call: OnboardingCall, at: datetime) -> bool: ...

    def get(self, onboarding_id: str) -> Onboarding | None: ...


class WorkerRows(Protocol):
    """Which workers are alive, by the machines' own clocks."""

    def beat(self, worker: str, at: float) -> None: ...

    def alive(self, since: float) -> set[str]: ...

    def forget(self, before: float) -> None: ...


class CursorRows(Protocol):
    """How far we have read somewhere."""

    def get(self, name: str) -> datetime | None: ...

    def set(self, name: str, at: datetime) -> None: ...
