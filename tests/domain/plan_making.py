"""Plans over the factories' company, where a test states only what matters to it."""

from dataclasses import replace
from typing import Any

from bot.domain.decision import Ask, decide
from bot.domain.policy import Policy
from bot.domain.policy_plan import plan
from bot.domain.policy_plan_values import PolicyPlan
from bot.domain.request import Request, request_digest
from tests.factories import NOW, request, roster


def compare(base: Policy, head: Policy, **facts: Any) -> PolicyPlan:
    usual: dict[str, Any] = {
        "roster": roster(),
        "grants": (),
        "requests": (),
        "seats": None,
        "now": NOW,
    }
    return plan(base, head, **usual | facts)


def made(base: Policy, **changes: Any) -> Request:
    """Make Ann's request as it stands under BASE: shown to whom it must be, with the digest."""
    asked = request(**changes)
    ask = Ask(
        requester_id=asked.requester_id,
        person_id=asked.person_id,
        level_id=asked.level_id,
        duration=asked.duration,
        held={},
    )
    one = base.level(asked.level_id)
    digest = request_digest(
        person_id=asked.person_id,
        content_digest=one.content_digest() if one else "",
        duration=asked.duration,
        reason=asked.reason,
        decision=decide(ask, base, roster(), NOW),
        edition=asked.edition,
    )
    yeses = tuple(replace(yes, digest=digest) for yes in asked.approvals)
    return replace(asked, digest=digest, approvals=yeses)
