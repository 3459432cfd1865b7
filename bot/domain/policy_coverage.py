"""Which levels and rules of a policy no case reaches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from bot.domain.decision import Answer, Decision
from bot.domain.people import Engagement
from bot.domain.policy import EVERYONE, Level, Policy, RequestRule, Separation, System, Where
from bot.domain.policy_case_report import CaseResult
from bot.domain.policy_cases import Asked, Joined, Left, Outcome, PolicyCase, RoleChanged


class Part(StrEnum):
    """What a policy is made of, for its tests."""

    LEVEL = "level"
    RULE = "rule"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place that some case should reach; `name` is unique, `missing` says by which case."""

    part: Part
    name: str
    where: Where
    missing: str


def unreached(policy: Policy, results: Iterable[CaseResult]) -> tuple[Point, ...]:
    """List what no case reaches, in the order of files and lines."""
    reached = {name for result in results for name in _reached(result, policy)}
    missing = (point for point in points(policy) if point.name not in reached)
    return tuple(sorted(missing, key=lambda point: (point.where, point.name)))


def told(point: Point) -> str:
    place = f"{point.where}:{point.where.column}"
    return f"{place}: no case reaches {point.part} {point.name}: {point.missing}"


# ---- what there is to reach ---------------------------------------------------------------------


def points(policy: Policy) -> Iterator[Point]:
    """List everything that cases can reach; what the policy itself rules out is not among it."""
    for system in policy.systems.values():
        for level in system.levels.values():
            yield from _of_level(level, policy)
        yield from _of_system(system)
    for rule in policy.separations:
        missing = f"let somebody ask for one of {', '.join(rule.never_both)} who has the other"
        yield _rule(_separation(rule), rule.where, missing)
    for role in policy.roles.values():
        for level_id in role.birthright:
            missing = f"let somebody join as {role.id}"
            yield _rule(_birthright(role.id, level_id), role.where, missing)


def _of_level(level: Level, policy: Policy) -> Iterator[Point]:
    missing = "let somebody get it or ask for it"
    yield Point(part=Part.LEVEL, name=level.id, where=level.where, missing=missing)
    if level.request is not None:
        yield from _of_request(level, level.request, policy)
    if level.break_glass is not None:
        missing = f"write an emergency: true by one of {', '.join(level.break_glass.by)}"
        yield _rule(f"{level.id} break_glass", level.break_glass.where, missing)


def _of_request(level: Level, rule: RequestRule, policy: Policy) -> Iterator[Point]:
    by, not_, longest = (level.mark(key) for key in ("by", "not", "longest"))
    everybody = ((role, engagement) for role in policy.roles for engagement in Engagement)
    # `not` comes first: a role that it bars never gets to hear what `by` says.
    heard = {role for role, engagement in everybody if not {role, engagement} & set(rule.not_)}
    if heard & set(rule.by) or (heard and EVERYONE in rule.by):
        yield _rule(_by(level.id, "yes"), by, "let somebody ask who may")
    if heard - set(rule.by) and EVERYONE not in rule.by:
        yield _rule(_by(level.id, "no"), by, "let somebody ask who may not")
    if rule.not_:
        missing = f"let one of {', '.join(rule.not_)} ask"
        yield _rule(f"{level.id} request.not", not_, missing)
    if not rule.longest.is_permanent:
        missing = f"let somebody ask for longer than {rule.longest}"
        yield _rule(f"{level.id} request.longest", longest, missing)


def _of_system(system: System) -> Iterator[Point]:
    for rule in system.auto_approve:
        missing = "write a request that fulfils all its conditions"
        yield _rule(f"{system.id} auto_approve.{rule.id}", rule.where, missing)


def _rule(name: str, where: Where, missing: str) -> Point:
    return Point(part=Part.RULE, name=name, where=where, missing=missing)


def _by(level_id: str, answer: str) -> str:
    return f"{level_id} request.by ({answer})"


def _separation(rule: Separation) -> str:
    return f"separation.{rule.id}"


def _birthright(role: str, level_id: str) -> str:
    return f"roles.{role} birthright {level_id}"


# ---- what a case reaches ------------------------------------------------------------------------


def _reached(result: CaseResult, policy: Policy) -> Iterator[str]:
    case, outcome = result.case, result.outcome
    match case.event:
        case Asked() as asked:
            yield asked.level_id
            yield from _answered(asked, outcome.decisions[0])
            yield from _kept_apart(asked.level_id, case.has, policy)
        case Joined(person_id):
            yield from _given(_role_of(case, person_id), outcome)
        case RoleChanged(_, to):
            yield from _given(to, outcome)
        case Left():
            return  # it takes everything, whatever policy says
        case _:
            assert_never(case.event)


def _answered(asked: Asked, decision: Decision) -> Iterator[str]:
    level_id = asked.level_id
    if decision.answer is not Answer.REFUSED:
        yield decision.rule
        if not asked.is_emergency:
            yield _by(level_id, "yes")
    for reason in decision.reasons:
        is_by = reason.rule == f"{level_id} request.by"
        # Of an emergency, the yes counts: that it is refused to others goes without saying.
        if not reason.rule.endswith(" break_glass"):
            yield _by(level_id, "no") if is_by else reason.rule


def _kept_apart(level_id: str, has: frozenset[str], policy: Policy) -> Iterator[str]:
    """Name the separations between this level and what is held, with or without an exception."""
    for rule in policy.separations:
        if level_id in rule.never_both and has & (set(rule.never_both) - {level_id}):
            yield _separation(rule)


def _given(role: str, outcome: Outcome) -> Iterator[str]:
    for level_id in outcome.grants:
        yield level_id
        yield _birthright(role, level_id)
    yield from outcome.rules


def _role_of(case: PolicyCase, person_id: str) -> str:
    person = case.roster.get(person_id)
    return person.role if person else ""
