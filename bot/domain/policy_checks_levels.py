"""Mistakes in levels: what they consist of, who can have them, what they ask, and emergencies."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from bot.domain.durations import Duration, Unit
from bot.domain.policy import BreakGlass, Bundle, Level, Provider, Risk, Role, System
from bot.domain.policy_checks_names import check_groups, check_level, meant_levels, short
from bot.domain.policy_checks_people import rules
from bot.domain.policy_draft import ROLES, Draft, Finding, KeyPath, level_path, system_path
from bot.domain.policy_pools import pools_of

MOST_QUESTIONS = 5
# What every form asks: an answer to a question of the same name would stand in for it.
FORM_FIELDS = frozenset({"level", "for_whom", "how_long", "why"})
_EMERGENCY_HOURS = 24
_NO_STEPS = "{} has no 'by_hand': a task system has no API, so write the steps that a person takes"


# ---- who can have them --------------------------------------------------------------------------


def birthrights(draft: Draft) -> Iterator[Finding]:
    """Every birthright names a level that may be given without asking anybody, and once."""
    for role in draft.policy.roles.values():
        seen: set[str] = set()
        for index, level_id in enumerate(role.birthright):
            path = (*ROLES, role.id, "birthright", index)
            level = draft.policy.level(level_id)
            if level_id in seen:
                yield Finding(path, f"'{short(level_id)}' stands here twice: remove one")
            elif level is None:
                yield from check_level(draft, path, level_id)
            elif level.risk is Risk.CRITICAL:
                yield Finding(
                    path,
                    f"{level_id} is critical: it is never given automatically and so cannot be a"
                    f" birthright (remove it here; {role.id} can ask for it)",
                )
            else:
                yield from _without_seats(draft, path, level)
            seen.add(level_id)


def accounts_of_birthrights(draft: Draft) -> Iterator[Finding]:
    """A role's birthrights in one Salesforce org go together: a user has one profile, one role."""
    for role in draft.policy.roles.values():
        for key in ("profile", "role"):
            yield from _several(draft, role, key)


def _several(draft: Draft, role: Role, key: str) -> Iterator[Finding]:
    first: dict[str, Level] = {}
    for index, level_id in enumerate(role.birthright):
        level = draft.policy.level(level_id)
        own = getattr(level.bundle, key) if level else ""
        if level is None or not own or not _is_reliable(draft, level):
            continue
        other = first.setdefault(level.system, level)
        usual = getattr(other.bundle, key)
        if usual != own:
            yield Finding(
                (*ROLES, role.id, "birthright", index),
                f"{level.id} has the {key} '{short(own)}' and {other.id} has '{short(usual)}':"
                " a Salesforce user has one, so write one level here that has all that"
                f" {role.id} needs",
            )


def _is_reliable(draft: Draft, level: Level) -> bool:
    """Say whether a level gives an account in Salesforce, and what of is known."""
    is_salesforce = draft.policy.system_of(level).provider is Provider.SALESFORCE
    places = (*system_path(level.system), "provider"), (*level_path(level.id), "bundle")
    return is_salesforce and all(map(draft.is_whole, places))


def _without_seats(draft: Draft, path: KeyPath, level: Level) -> Iterator[Finding]:
    pools = draft.policy.system_of(level).pools
    for pool in pools_of(level.bundle):
        if pool in pools and pools[pool].seats == 0:
            where = draft.where(Finding((*system_path(level.system), "pools", pool, "seats"), ""))
            text = f"{level.id} needs a seat of '{pool}', and there are none ({where})"
            yield Finding(path, f"{text}: write how many were bought, or remove it here")


def critical_levels(draft: Draft) -> Iterator[Finding]:
    """Critical access ends."""
    for level, rule, path in rules(draft.policy):
        if level.risk is Risk.CRITICAL and rule.longest.is_permanent:
            text = f"{level.id} is critical: 'longest' may not be permanent (write 8h or 2d)"
            yield Finding((*path, "longest"), text)


def critical_adds(draft: Draft) -> Iterator[Finding]:
    """Where a level is critical, somebody is named who must say yes to such levels.

    That is one mistake, however many levels are critical.
    """
    level = first_without_adds(draft)
    if level is not None:
        text = f"{level.id} is critical: write approvals.critical_adds in company.yml: who else"
        yield Finding((*level_path(level.id), "risk"), f"{text} must say yes to critical levels")


def first_without_adds(draft: Draft) -> Level | None:
    """Return the first critical level that can be asked for while the company adds nobody."""
    if draft.lacks_critical_adds:
        critical = (level for level, _, _ in rules(draft.policy) if level.risk is Risk.CRITICAL)
        return next(critical, None)
    return None


def unreachable_levels(draft: Draft) -> Iterator[Finding]:
    """Somebody can have each level."""
    # A misspelt birthright is one mistake, not two: what it meant counts as given.
    names = {name for role in draft.policy.roles.values() for name in role.birthright}
    given = {
        meant
        for name in sorted(names)
        for meant in ((name,) if draft.policy.level(name) else meant_levels(draft, name))
    }
    is_whole = draft.is_whole(ROLES[:1])
    for level in draft.policy.levels:
        path = level_path(level.id)
        if level.request is None and level.id not in given and is_whole and draft.is_whole(path):
            text = (
                f"nobody may have {level.id}: write 'request', or give it to a role as birthright"
            )
            yield Finding(path, text, at_key=True)


# ---- what they consist of -----------------------------------------------------------------------


def bundles(draft: Draft) -> Iterator[Finding]:
    """Each level says what its provider has to do."""
    for system_id, system in draft.policy.systems.items():
        levels = (*system_path(system_id), "levels")
        if not system.levels and draft.is_whole(levels):
            text = "levels is empty, so nobody can have anything: write at least one level"
            yield Finding(levels, text)
        if draft.is_whole((*system_path(system_id), "provider")):
            yield from _bundles_of(draft, system)


def _bundles_of(draft: Draft, system: System) -> Iterator[Finding]:
    for level in system.levels.values():
        path = (*level_path(level.id), "bundle")
        problem = _bundle_problem(level, system.provider, level.bundle)
        if problem and draft.is_whole(path):
            yield Finding(path, problem)


def _bundle_problem(level: Level, provider: Provider, bundle: Bundle) -> str | None:
    match provider:
        case Provider.TASK:
            return None if bundle.by_hand else _NO_STEPS.format(level.id)
        case Provider.SALESFORCE:
            keys = ("licence", "profile")
            missing = " and ".join(f"'{key}'" for key in keys if not getattr(bundle, key))
            return f"{level.id}: a Salesforce user needs {missing} in 'bundle'" if missing else None
        case _:
            assert_never(provider)


# ---- what they ask ------------------------------------------------------------------------------


def questions(draft: Draft) -> Iterator[Finding]:
    """A level has few questions, each with an id of its own."""
    for level, rule, path in rules(draft.policy):
        own = (*path, "questions")
        if len(rule.questions) > MOST_QUESTIONS:
            text = f"{level.id} asks over {MOST_QUESTIONS} questions: keep those that matter"
            yield Finding((*own, MOST_QUESTIONS), text)
        yield from repeated(draft, own, "question", [one.id for one in rule.questions])
        for index, one in enumerate(rule.questions):
            if one.id in FORM_FIELDS:
                text = f"'{one.id}' is a field of the form itself: write another id"
                yield Finding((*own, index, "id"), f"{text}, such as {one.id}-more")


def repeated(
    draft: Draft, path: KeyPath, what: str, ids: Iterable[str], *, key: str = "id"
) -> Iterator[Finding]:
    """Tell entries of a list whose id another entry has already."""
    first: dict[str, int] = {}
    for index, id_ in enumerate(ids):
        place = (*path, index, key)
        if draft.is_broken(place):
            continue
        if id_ in first:
            line = draft.where(Finding((*path, first[id_], key), "")).line
            text = f"duplicate {what} '{short(id_)}' (first at line {line}): write another {key}"
            yield Finding(place, text)
        first.setdefault(id_, index)


# ---- emergencies --------------------------------------------------------------------------------


def emergencies(draft: Draft) -> Iterator[Finding]:
    """Groups may break the glass, for a day at most, where they could have asked otherwise."""
    for level in draft.policy.levels:
        if level.break_glass is not None:
            path = (*level_path(level.id), "break_glass")
            yield from _emergency(draft, level, level.break_glass, path)


def _emergency(draft: Draft, level: Level, rule: BreakGlass, path: KeyPath) -> Iterator[Finding]:
    if not rule.by:
        text = f"{level.id}: 'by' is empty, so nobody could break the glass"
        yield Finding((*path, "by"), f"{text} (write groups, or remove 'break_glass')")
    yield from check_groups(draft, (*path, "by"), rule.by)
    if level.request is None:
        if draft.is_whole(level_path(level.id)):
            text = f"{level.id} has 'break_glass' and no 'request': write who may ask for it"
            yield Finding(path, f"{text} when nothing burns", at_key=True)
        return
    usual = (*level_path(level.id), "request", "longest")
    problem = _emergency_problem(rule.longest, level.request.longest)
    if problem is not None and draft.is_whole(usual):
        yield Finding((*path, "longest"), f"{level.id}: {problem}")


def _emergency_problem(longest: Duration, usual: Duration) -> str | None:
    hours = _hours(longest)
    if hours is None or hours > _EMERGENCY_HOURS:
        return (
            f"an emergency lasts at most {_EMERGENCY_HOURS}h, not {longest} (write {_write(usual)})"
        )
    most = _hours(usual)
    if most is not None and hours > most:
        return f"'break_glass' may not last longer than 'request' allows (write {usual} or less)"
    return None


def _write(usual: Duration) -> str:
    most = _hours(usual)
    return "4h" if most is None or most >= 4 else str(usual)  # noqa: PLR2004  # the example


def _hours(duration: Duration) -> int | None:
    """Return elapsed hours, or None for business days (a weekend may lie between) and for good."""
    if duration.amount is None or duration.unit is Unit.BUSINESS_DAYS:
        return None
    return duration.amount * (1 if duration.unit is Unit.HOURS else 24)
