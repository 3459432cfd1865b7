"""The closed vocabulary of the audit log, and one entry of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Tag(StrEnum):
    """What happened, as subject:action."""

    REQUEST_SUBMITTED = "request:submitted"
    REQUEST_REFUSED = "request:refused"
    REQUEST_ASKED = "request:asked"
    REQUEST_AMENDED = "request:amended"
    REQUEST_APPROVED = "request:approved"
    REQUEST_DENIED = "request:denied"
    REQUEST_LAPSED = "request:lapsed"
    REQUEST_CANCELLED = "request:cancelled"
    REQUEST_QUEUED = "request:queued"
    REQUEST_RESERVED = "request:reserved"
    REQUEST_DELIVERED = "request:delivered"
    REQUEST_FAILED = "request:failed"
    REQUEST_RETRIED = "request:retried"
    REQUEST_REMINDED = "request:reminded"
    REQUEST_POSTPONED = "request:postponed"
    DECISION_MADE = "decision:made"
    GLASS_BROKEN = "glass:broken"
    APPROVAL_GIVEN = "approval:given"
    APPROVAL_VOIDED = "approval:voided"
    SEAT_CHANGING = "seat:changing"
    ITEM_STORED = "item:stored"
    ITEM_REMOVED = "item:removed"
    GRANT_STARTED = "grant:started"
    GRANT_ENDING = "grant:ending"
    GRANT_ENDED = "grant:ended"
    GRANT_FAILED = "grant:failed"
    TASK_DONE = "task:done"
    HANDOVER_ASKED = "handover:asked"
    HANDOVER_AGREED = "handover:agreed"
    HANDOVER_DECLINED = "handover:declined"
    HANDOVER_OVERDUE = "handover:overdue"
    HANDOVER_DONE = "handover:done"
    DRIFT_HEALING = "drift:healing"
    DRIFT_HEALED = "drift:healed"
    DRIFT_LEFT = "drift:left"
    ONBOARDING_TAKEN = "onboarding:taken"
    POLICY_ADOPTED = "policy:adopted"
    POLICY_REFUSED = "policy:refused"
    MESSAGE_STUCK = "message:stuck"
    MESSAGE_REJECTED = "message:rejected"
    MESSAGE_UNDELIVERABLE = "message:undeliverable"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the audit log; `facts` are short texts, never a secret.

    Those of `decision:made` are everything that the decision rests on (see `replay`).
    """

    at: datetime
    tag: Tag
    subject: str
    actor: str
    facts: Mapping[str, str] = field(default_factory=dict)
    policy_commit: str = ""
