"""Mistakes in what levels hold: names twice, things without an API, seats that nobody counts."""

from collections.abc import Iterator, Mapping

from bot.domain.policy import Level, Provider, System
from bot.domain.policy_checks_names import short
from bot.domain.policy_draft import Draft, Finding, KeyPath, level_path, system_path
from bot.domain.policy_pools import feature_pool, pools_of

LISTS = (
    "permission_sets",
    "permission_set_groups",
    "permission_set_licences",
    "packages",
    "features",
    "groups",
    "queues",
)
# What only an API can assign; the older keys may stand in a task's bundle as a reminder.
_BY_API = ("permission_set_groups", "packages", "features", "role", "groups", "queues")
_NO_API = "a task system has no API, so nobody would see to '{}': remove it"


def can_end(level: Level) -> bool:
    """Say whether somebody may have a level for a time: what comes with a role has no end."""
    return level.request is not None or level.break_glass is not None


def named_twice(draft: Draft) -> Iterator[Finding]:
    """Each list of a bundle names a thing once; no system tells small letters from capitals."""
    for level in draft.policy.levels:
        for key in LISTS:
            path = (*level_path(level.id), "bundle", key)
            yield from twice(path, getattr(level.bundle, key))


def twice(path: KeyPath, names: tuple[str, ...]) -> Iterator[Finding]:
    """Tell entries of a list that stand there already."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name.casefold() in seen:
            yield Finding((*path, index), f"'{short(name)}' stands here twice: remove one")
        seen.add(name.casefold())


def without_api(draft: Draft) -> Iterator[Finding]:
    """A task system is given nothing that only an API can do."""
    for system_id, system in draft.policy.systems.items():
        own = system_path(system_id)
        if system.provider is not Provider.TASK or not draft.is_whole((*own, "provider")):
            continue
        if system.native_expiry:
            yield Finding((*own, "native_expiry"), _NO_API.format("native_expiry"), at_key=True)
        for level in system.levels.values():
            yield from _without_api(level)


def _without_api(level: Level) -> Iterator[Finding]:
    path = level_path(level.id)
    for key in _BY_API:
        if getattr(level.bundle, key):
            text = f"{_NO_API.format(key)}, or write a step into 'by_hand'"
            yield Finding((*path, "bundle", key), text, at_key=True)
    if level.integration is not None:
        yield Finding((*path, "integration"), _NO_API.format("integration"), at_key=True)


def native_expiry(draft: Draft) -> Iterator[Finding]:
    """Where Salesforce itself shall end something, there is something that it can end.

    On which permission sets it forbids that, only the org knows.
    """
    for system_id, system in draft.policy.systems.items():
        own = system_path(system_id)
        is_known = draft.is_whole((*own, "levels")) and draft.is_whole((*own, "provider"))
        is_meant = system.provider is Provider.SALESFORCE and system.native_expiry
        if is_meant and is_known and not any(map(_has_sets_that_end, system.levels.values())):
            text = "no level here that people have for a time has a permission set, so there is"
            path = (*own, "native_expiry")
            yield Finding(path, f"{text} nothing for Salesforce to end: remove it", at_key=True)


def _has_sets_that_end(level: Level) -> bool:
    bundle = level.bundle
    return can_end(level) and bool(bundle.permission_sets or bundle.permission_set_groups)


def feature_seats(draft: Draft) -> Iterator[Finding]:
    """Somebody has written how many seats of a feature licence there are: no org counts them."""
    for system_id, system in draft.policy.systems.items():
        if system.provider is Provider.SALESFORCE and draft.is_whole(system_path(system_id)):
            for feature, path in _features(system).items():
                yield from _feature_seats(draft, system, feature, path)


def _features(system: System) -> Mapping[str, KeyPath]:
    """Return where each feature licence is named first."""
    found: dict[str, KeyPath] = {}
    for level in system.levels.values():
        for index, name in enumerate(level.bundle.features):
            found.setdefault(name, (*level_path(level.id), "bundle", "features", index))
    return found


def _feature_seats(draft: Draft, system: System, feature: str, path: KeyPath) -> Iterator[Finding]:
    name = feature_pool(feature)
    pool = system.pools.get(name)
    text = f"Salesforce does not count the seats of the feature licence '{feature}'"
    if pool is None:
        used = {one for level in system.levels.values() for one in pools_of(level.bundle)}
        strange = tuple(sorted(system.pools.keys() - used))
        # Where the pool is there under a wrong name, that is the mistake.
        if feature not in strange and draft.guesses.closest(name, strange) is None:
            write = f"write how many were bought into pools, as {name}: {{ seats: 25 }}"
            yield Finding(path, f"{text}: {write}")
    elif pool.seats is None:
        pools = (*system_path(system.id), "pools", name)
        yield Finding(pools, f"{text}: write how many were bought, as seats: 25", at_key=True)
