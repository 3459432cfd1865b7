"""The words of a decision: the question, one check, one reason, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.domain.approvers import Need
from bot.domain.durations import Duration


class Answer(StrEnum):
    """The three answers."""

    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"
    ALLOWED = "allowed"


class Kind(StrEnum):
    """The three ways to ask, each judged by its own list of checks."""

    ASKING = "asking"
    JOINING = "joining"
    EMERGENCY = "emergency"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """The question: who asks for which level, for whom and for how long.

    `held` are the level ids that the person holds now, with their ends; `pending` those asked for
    by other requests, `had` those held at any time before. `answers` go to the level's own
    questions, by their ids. `is_joining` marks onboarding, which gives what comes with the role;
    `is_escalated` that the named approvers have kept it waiting too long; `is_emergency` that the
    requester breaks the glass.
    """

    requester_id: str
    person_id: str
    level_id: str
    duration: Duration
    held: Mapping[str, datetime | None]
    pending: frozenset[str] = frozenset()
    had: frozenset[str] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    is_joining: bool = False
    is_escalated: bool = False
    is_emergency: bool = False

    @property
    def kind(self) -> Kind:
        if self.is_joining:
            return Kind.JOINING
        return Kind.EMERGENCY if self.is_emergency else Kind.ASKING


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at: the rule, its file:line, the facts, and whether it held.

    Nothing in it names the person, so that one check can serve all those with the same facts.
    """

    rule: str
    fact: str
    held: bool = True
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason for a no: what, by which rule at which file:line, and what the person can do next.

    `field` names the part of the request that is to blame.
    """

    text: str
    rule: str = ""
    where: str = ""
    next_step: str = ""
    field: str = "level"

    def sentence(self) -> str:
        rule = f" (rule: {self.rule}, {self.where})" if self.rule else ""
        return f"{self.text}{rule} {self.next_step}".strip()


class Finding(NamedTuple):
    """What a check found; without a reason, nothing is in the way."""

    check: Check
    reason: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer, the rule it rests on, and everything needed to explain it later.

    `told` are those who would have been asked (person ids) where nobody needs to be.
    """

    answer: Answer
    rule: str
    where: str
    policy_commit: str
    needs: tuple[Need, ...] = ()
    reasons: tuple[Reason, ...] = ()
    checks: tuple[Check, ...] = ()
    told: tuple[str, ...] = ()
