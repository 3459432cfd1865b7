"""Mistakes that show when a policy is held against an org: names that it does not have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.integration_grants import Granted, misfits
from bot.domain.policy import Level, Policy, Provider, System
from bot.domain.policy_checks_content import can_end
from bot.domain.policy_checks_names import hint, short
from bot.domain.policy_draft import Draft, Finding, KeyPath, level_path, system_path
from bot.domain.policy_integration import ALL
from bot.domain.policy_pools import is_named_by_bundle, pools_of


class OrgKind(StrEnum):
    """Kinds of things that an org has by name, in the words of a message."""

    LICENCE = "licence"
    PROFILE = "profile"
    PERMISSION_SET = "permission set"
    PERMISSION_SET_GROUP = "permission set group"
    PERMISSION_SET_LICENCE = "permission set licence"
    PACKAGE = "package"
    FEATURE = "feature"
    ROLE = "role"
    GROUP = "public group"
    QUEUE = "queue"
    OBJECT = "object"


_KINDS: Mapping[str, OrgKind] = {
    "licence": OrgKind.LICENCE,
    "profile": OrgKind.PROFILE,
    "permission_sets": OrgKind.PERMISSION_SET,
    "permission_set_groups": OrgKind.PERMISSION_SET_GROUP,
    "permission_set_licences": OrgKind.PERMISSION_SET_LICENCE,
    "packages": OrgKind.PACKAGE,
    "features": OrgKind.FEATURE,
    "role": OrgKind.ROLE,
    "groups": OrgKind.GROUP,
    "queues": OrgKind.QUEUE,
}
"""The keys of a bundle, and what each names."""


@dataclass(frozen=True, kw_only=True)
class OrgNames:
    """The names that an org has, spelt as `bundle` must spell them.

    A kind that is not in `names` could not be read, and nothing is said about it; so it is with
    an object that is not in `fields`. `licence_of` gives the user licence of each profile. On the
    sets of `no_expiry_sets`, and the groups of `no_expiry_groups`, Salesforce allows no
    ExpirationDate: they hold Assign Permission Sets, Manage Users, or Manage Profiles and
    Permission Sets (Salesforce help, permissions_assign_expire_how).
    """

    names: Mapping[OrgKind, frozenset[str]]
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    licence_of: Mapping[str, str] = field(default_factory=dict)
    no_expiry_sets: frozenset[str] = frozenset()
    no_expiry_groups: frozenset[str] = frozenset()


def objects_named(policy: Policy) -> frozenset[str]:
    """List the objects whose fields a policy names, which are to be read for a check."""
    named = {
        name for level in policy.levels if level.integration for name in level.integration.objects
    }
    is_filled = any(one.user_fields for one in _orgs(policy))
    return frozenset(named | ({_USER} if is_filled else set()))


def check_against(draft: Draft, org: OrgNames) -> tuple[Finding, ...]:
    """List the names of a policy that an org does not have, and what it forbids."""
    return draft.sound(
        finding
        for system in _orgs(draft.policy)
        for finding in (*_of_system(draft, system, org), *_of_levels(draft, system, org))
    )


def integrations(draft: Draft, found: Iterable[Finding]) -> tuple[Level, ...]:
    """List the levels whose rights can be compared: those of which no name is unknown."""
    unsound = {finding.path[: len(level_path("a/b"))] for finding in found}
    return tuple(
        level
        for system in _orgs(draft.policy)
        for level in system.levels.values()
        if level.integration is not None and level_path(level.id) not in unsound
    )


def check_rights(draft: Draft, granted: Mapping[str, Granted]) -> tuple[Finding, ...]:
    """List what these levels, by id, lack or have too much for their integrations."""
    return draft.sound(
        Finding((*level_path(level.id), "integration"), f"{level.id}: {text}", at_key=True)
        for level in draft.policy.levels
        if level.integration is not None and level.id in granted
        for text in misfits(level.integration, granted[level.id])
    )


_USER = "User"


def _orgs(policy: Policy) -> Iterator[System]:
    return (one for one in policy.systems.values() if one.provider is Provider.SALESFORCE)


def _of_system(draft: Draft, system: System, org: OrgNames) -> Iterator[Finding]:
    own = system_path(system.id)
    used = {name for level in system.levels.values() for name in pools_of(level.bundle)}
    kinds = (OrgKind.LICENCE, OrgKind.PERMISSION_SET_LICENCE)
    if all(kind in org.names for kind in kinds):
        known = frozenset[str]().union(*(org.names[kind] for kind in kinds))
        # What a bundle names is told there.
        strange = (n for n in system.pools if n not in used and not is_named_by_bundle(n))
        paths = {(*own, "pools", name): name for name in strange}
        yield from _missing(draft, "pool", paths, known, at_key=True)
    fields = {(*own, "user_fields", name): name for name in system.user_fields}
    yield from _missing(draft, "field of User", fields, org.fields.get(_USER), at_key=True)
    handed = {(*own, "on_leave", "hand_over", name): name for name in system.hand_over}
    yield from _missing(draft, "object", handed, org.names.get(OrgKind.OBJECT), at_key=True)


def _of_levels(draft: Draft, system: System, org: OrgNames) -> Iterator[Finding]:
    for level in system.levels.values():
        path = (*level_path(level.id), "bundle")
        for key, kind in _KINDS.items():
            paths = dict(_names_at((*path, key), getattr(level.bundle, key)))
            yield from _missing(draft, kind, paths, org.names.get(kind))
        yield from _other_licence(level, path, org)
        yield from _rights(draft, level, org)
        if system.native_expiry and can_end(level):
            yield from _no_expiry(draft, system, level, org)


def _names_at(path: KeyPath, value: str | tuple[str, ...]) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        if value:
            yield path, value
    else:
        yield from (((*path, index), name) for index, name in enumerate(value))


def _missing(
    draft: Draft,
    kind: str,
    named: Mapping[KeyPath, str],
    known: Iterable[str] | None,
    *,
    at_key: bool = False,
) -> Iterator[Finding]:
    """Tell the names, each at its place, that are not known; None is nothing to compare with."""
    if known is None:
        return
    for path, name in named.items():
        if name not in known:
            text = f"the org has no {kind} '{short(name)}'{hint(draft, name, known)}"
            yield Finding(path, text, at_key=at_key)


def _other_licence(level: Level, path: KeyPath, org: OrgNames) -> Iterator[Finding]:
    licence, profile = level.bundle.licence, level.bundle.profile
    right = org.licence_of.get(profile, licence)
    if right != licence and licence in org.names.get(OrgKind.LICENCE, (licence,)):
        text = f"the profile '{short(profile)}' belongs to the licence '{short(right)}'"
        yield Finding((*path, "licence"), f"{text}, not to '{short(licence)}': write that one")


def _rights(draft: Draft, level: Level, org: OrgNames) -> Iterator[Finding]:
    objects = level.integration.objects if level.integration else {}
    path = (*level_path(level.id), "integration", "objects")
    named = {(*path, name): name for name in objects}
    yield from _missing(draft, OrgKind.OBJECT, named, org.names.get(OrgKind.OBJECT), at_key=True)
    for name, one in objects.items():
        for key in ("read", "create", "edit"):
            written = _names_at((*path, name, key), getattr(one, key))
            fields = {at: one_field for at, one_field in written if one_field != ALL}
            yield from _missing(draft, f"field of {short(name)}", fields, org.fields.get(name))


def _no_expiry(draft: Draft, system: System, level: Level, org: OrgNames) -> Iterator[Finding]:
    where = draft.where(Finding((*system_path(system.id), "native_expiry"), ""))
    barred = {
        "permission_sets": org.no_expiry_sets,
        "permission_set_groups": org.no_expiry_groups,
    }
    for key, names in barred.items():
        for at, name in _names_at(
            (*level_path(level.id), "bundle", key), getattr(level.bundle, key)
        ):
            if name in names:
                yield Finding(
                    at,
                    f"Salesforce allows no end on '{short(name)}', which may manage users or"
                    f" permissions: remove native_expiry ({where}), or the set here",
                )
