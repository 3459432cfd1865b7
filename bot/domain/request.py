"""A request and its life: states, the one transition table, and what an approval covers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.decision import Decision
from bot.domain.durations import Duration
from bot.domain.inbound import Surface
from bot.domain.shown_plan import IdleSeats, ShownPlan


class RequestState(StrEnum):
    """Where a request stands; also the label vocabulary on its issue."""

    SUBMITTED = "submitted"
    REFUSED = "refused"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    DENIED = "denied"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    AWAITING_SEAT = "awaiting_seat"
    PROVISIONING = "provisioning"
    DELIVERED = "delivered"
    NEEDS_IT = "needs_it"

    @property
    def words(self) -> str:
        """Say the state as part of a sentence: «the request is …»."""
        is_stuck = self is RequestState.NEEDS_IT
        return "stuck until IT mends it" if is_stuck else self.replace("_", " ")


class RequestEvent(StrEnum):
    """What can happen to a request."""

    REFUSE = "refuse"
    ASK = "ask"
    APPROVE = "approve"
    DENY = "deny"
    LAPSE = "lapse"
    CANCEL = "cancel"
    QUEUE = "queue"
    RESERVE = "reserve"
    DELIVER = "deliver"
    FAIL = "fail"
    RETRY = "retry"


_S, _E = RequestState, RequestEvent

TRANSITIONS: Mapping[tuple[RequestState, RequestEvent], RequestState] = {
    (_S.SUBMITTED, _E.REFUSE): _S.REFUSED,
    (_S.SUBMITTED, _E.ASK): _S.AWAITING_APPROVAL,
    (_S.SUBMITTED, _E.APPROVE): _S.APPROVED,
    (_S.AWAITING_APPROVAL, _E.ASK): _S.AWAITING_APPROVAL,
    (_S.AWAITING_APPROVAL, _E.REFUSE): _S.REFUSED,
    (_S.AWAITING_APPROVAL, _E.APPROVE): _S.APPROVED,
    (_S.AWAITING_APPROVAL, _E.DENY): _S.DENIED,
    (_S.AWAITING_APPROVAL, _E.LAPSE): _S.LAPSED,
    (_S.AWAITING_APPROVAL, _E.CANCEL): _S.CANCELLED,
    (_S.APPROVED, _E.ASK): _S.AWAITING_APPROVAL,
    (_S.APPROVED, _E.REFUSE): _S.REFUSED,
    (_S.APPROVED, _E.CANCEL): _S.CANCELLED,
    (_S.APPROVED, _E.QUEUE): _S.AWAITING_SEAT,
    (_S.AWAITING_SEAT, _E.ASK): _S.AWAITING_APPROVAL,
    (_S.AWAITING_SEAT, _E.REFUSE): _S.REFUSED,
    (_S.AWAITING_SEAT, _E.CANCEL): _S.CANCELLED,
    (_S.AWAITING_SEAT, _E.RESERVE): _S.PROVISIONING,
    (_S.AWAITING_SEAT, _E.FAIL): _S.NEEDS_IT,
    (_S.PROVISIONING, _E.QUEUE): _S.AWAITING_SEAT,
    (_S.PROVISIONING, _E.DELIVER): _S.DELIVERED,
    (_S.PROVISIONING, _E.FAIL): _S.NEEDS_IT,
    (_S.NEEDS_IT, _E.RETRY): _S.PROVISIONING,
    (_S.NEEDS_IT, _E.CANCEL): _S.CANCELLED,
}

ESCALATED = 2
"""How many reminders make a request an escalated one."""

ENDED = frozenset({_S.REFUSED, _S.DENIED, _S.LAPSED, _S.CANCELLED, _S.DELIVERED})
"""States that a request does not leave; its issue is closed."""


def next_state(state: RequestState, event: RequestEvent) -> RequestState | None:
    """Return where `event` leads from `state`, or None when it cannot happen there."""
    return TRANSITIONS.get((state, event))


class Verdict(StrEnum):
    """An approver's answer."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One approver's answer; it counts only while the request's digest is still `digest`."""

    person_id: str
    verdict: Verdict
    surface: Surface
    digest: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A step that a person does by hand and ticks off."""

    position: int
    text: str
    done_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """Somebody asks for a level, for a person, for a time, with a reason.

    `run` counts the attempts to move it, `revision` every change that people should see; `digest`
    is what an approval must cover; `origin` names the onboarding it belongs to. `answers` go to
    the level's own questions, by their ids; `emergency` is why somebody broke the glass. For one
    made on an issue, `form_digest` is of the fields that it was made from, which may have been
    granted otherwise, and `read_digest` of those that were read there last, used or not.
    `ways_out` say what would have had to be true; they come with a refusal, which is final.
    `shown_plan` is what people saw of what it changes; `idle_seats` names colleagues, for the
    system's owners alone, while it waits for a seat.
    """

    id: str
    person_id: str
    requester_id: str
    level_id: str
    duration: Duration
    reason: str
    source: Surface
    state: RequestState
    created_at: datetime
    changed_at: datetime
    answers: Mapping[str, str] = field(default_factory=dict)
    is_birthright: bool = False
    emergency: str = ""
    digest: str = ""
    form_digest: str = ""
    read_digest: str = ""
    decision: Decision | None = None
    approvals: tuple[Approval, ...] = ()
    tasks: tuple[Task, ...] = ()
    starts_at: datetime | None = None
    due_at: datetime | None = None
    reminders: int = 0
    edition: int = 0
    asked_at: datetime | None = None
    edited_at: datetime | None = None
    issue_number: int | None = None
    run: int = 0
    revision: int = 0
    attempts: int = 0
    note: str = ""
    ways_out: tuple[str, ...] = ()
    ended_by: str = ""
    origin: str = ""
    shown_plan: ShownPlan | None = None
    idle_seats: IdleSeats | None = None

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def is_emergency(self) -> bool:
        return bool(self.emergency)

    @property
    def is_on_behalf(self) -> bool:
        return self.requester_id != self.person_id


_NO_ANSWERS: Mapping[str, str] = {}


def request_digest(
    *,
    person_id: str,
    content_digest: str,
    duration: Duration,
    reason: str,
    decision: Decision,
    edition: int = 0,
    answers: Mapping[str, str] = _NO_ANSWERS,
) -> str:
    """Digest what an approver is shown: person, level content, length, reason, and who is asked.

    `edition` counts how often approvals were voided: a void one stays void. `answers` are those to
    the level's own questions, by their ids.
    """
    asked = [need.because for need in decision.needs]
    answered = sorted(answers.items())
    shown = [
        person_id,
        content_digest,
        str(duration),
        reason,
        decision.rule,
        asked,
        edition,
        answered,
    ]
    # JSON keeps the parts apart, whatever line breaks or commas a reason has.
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:24]
