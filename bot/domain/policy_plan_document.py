"""A plan as data for a script: everything in it, people only if they may be named."""

from collections.abc import Sequence
from typing import Any

from bot.domain.policy_change import Change
from bot.domain.policy_plan_sections import summary, verdict
from bot.domain.policy_plan_values import PolicyPlan, Shift


def as_document(plan: PolicyPlan, *, names: bool = False) -> dict[str, Any]:
    """Write a plan as one JSON document; lists of people are counts unless `names`."""

    def who(people: Sequence[str]) -> int | list[str]:
        return list(people) if names else len(people)

    document: dict[str, Any] = {
        "verdict": verdict(plan),
        "summary": summary(plan),
        "base": plan.base,
        "head": plan.head,
        "roster": plan.people,
        "knows_access": plan.knows_access,
        "loosens": bool(plan.loosens),
        "changes": [_change(change, names=names) for change in plan.changes],
        "levels": [_shift(shift, who(shift.people)) for shift in plan.shifts],
        "longest": [
            {
                "level": change.level_id,
                "before": str(change.before),
                "after": str(change.after),
                "people": change.people,
            }
            for change in plan.lengths
        ],
        "approvers": [
            {
                "level": change.level_id,
                "before": list(change.before),
                "after": list(change.after),
                "people": change.people,
                "newly_asked": who(change.newly_asked),
                "no_longer_asked": who(change.no_longer_asked),
            }
            for change in plan.approvers
        ],
        "requests": _requests(plan, names=names),
        "grants": _grants(plan, names=names),
        "seats": [
            {
                "system": need.system,
                "pool": need.pool,
                "needed": need.needed,
                "free": need.free,
                "is_short": need.is_short,
            }
            for need in plan.pools
        ],
        "messages": {
            "birthrights": who(plan.messages.birthrights),
            "grants": who(plan.messages.grants),
            "requests": who(plan.messages.requests),
            "approvers": who(plan.messages.approvers),
            "people": who(plan.messages.people),
        },
    }
    if names:
        document["people"] = _by_person(plan.shifts)
    return document


def _change(change: Change, *, names: bool) -> dict[str, Any]:
    return {
        "effect": str(change.effect),
        "rule": change.rule,
        "text": change.text,
        "file": change.where.file,
        "line": change.where.line,
        "column": change.where.column,
        "is_in_base": change.is_in_base,
        "logins": list(change.logins) if names else len(change.logins),
    }


def _shift(shift: Shift, people: int | list[str]) -> dict[str, Any]:
    return {
        "level": shift.level_id,
        "way": str(shift.way),
        "change": "gained" if shift.is_gain else "lost",
        "role": shift.role,
        "engagement": str(shift.engagement),
        "people": people,
    }


def _requests(plan: PolicyPlan, *, names: bool) -> list[dict[str, Any]]:
    found = []
    for request in plan.requests:
        one: dict[str, Any] = {
            "level": request.level_id,
            "fate": str(request.fate),
            "approvals_lost": request.approvals_lost,
            "rule": request.rule,
            "where": request.where,
        }
        if names:
            one |= {
                "id": request.request_id,
                "person": request.person_id,
                "requester": request.requester_id,
                "asked": list(request.asked),
            }
        found.append(one)
    return found


def _grants(plan: PolicyPlan, *, names: bool) -> list[dict[str, Any]]:
    found = []
    for grant in plan.grants:
        one: dict[str, Any] = {
            "level": grant.level_id,
            "basis": str(grant.basis),
            "until": grant.until.isoformat() if grant.until is not None else None,
            "why": grant.why,
        }
        if names:
            one |= {"id": grant.grant_id, "person": grant.person_id}
        found.append(one)
    return found


def _by_person(shifts: Sequence[Shift]) -> dict[str, dict[str, list[str]]]:
    """Map each person to the levels gained and lost, as `system/level way`."""
    people: dict[str, dict[str, list[str]]] = {}
    for shift in shifts:
        side = "gained" if shift.is_gain else "lost"
        for person_id in shift.people:
            sides = people.setdefault(person_id, {"gained": [], "lost": []})
            sides[side].append(f"{shift.level_id} {shift.way}")
    return dict(sorted(people.items()))
