"""Mistakes in systems: patterns, pools, a leaver's records, and what is approved beforehand."""

from collections.abc import Iterator
from string import Formatter

from bot.domain.policy import (
    EVERYONE,
    MANAGER,
    AutoApproval,
    Level,
    Provider,
    RequestRule,
    Risk,
    System,
)
from bot.domain.policy_checks_levels import first_without_adds, repeated
from bot.domain.policy_checks_names import check_group, check_level_of, check_role, short, unknown
from bot.domain.policy_draft import (
    CRITICAL_ADDS,
    Draft,
    Finding,
    KeyPath,
    level_path,
    system_path,
)
from bot.domain.policy_pools import feature_pool, is_named_by_bundle, package_pool, pools_of

USERNAME_WORDS = ("mail", "mail_name", "id")
FIELD_WORDS = (*USERNAME_WORDS, "name", "role", "department")
# What Usher itself writes into a Salesforce user, or finds people by.
OWN_FIELDS = (
    "Id",
    "Usher_Person_Id__c",
    "FederationIdentifier",
    "FirstName",
    "LastName",
    "Name",
    "Username",
    "Email",
    "Alias",
    "CommunityNickname",
    "TimeZoneSidKey",
    "LocaleSidKey",
    "LanguageLocaleKey",
    "EmailEncodingKey",
    "ProfileId",
    "IsActive",
)
_OWN_BY_LOWER = {name.casefold(): name for name in OWN_FIELDS}
_LONGEST_SHOWN = 60
_VERY_LIKE = 0.8


# ---- patterns -----------------------------------------------------------------------------------


def usernames(draft: Draft) -> Iterator[Finding]:
    """A user name pattern makes a different name for each person."""
    allowed = _words(USERNAME_WORDS)
    for system_id, system in draft.policy.systems.items():
        path, pattern = (*system_path(system_id), "username"), system.username
        if problem := _pattern_problem(draft, pattern, USERNAME_WORDS):
            yield Finding(path, problem)
        elif "{" not in pattern.replace("{{", ""):
            shown = pattern[:_LONGEST_SHOWN]
            yield Finding(path, f"'{shown}' gives everybody the same user name (use {allowed})")


def user_fields(draft: Draft) -> Iterator[Finding]:
    """Fields of the account are filled from known words, and none that Usher fills itself."""
    for system_id, system in draft.policy.systems.items():
        path = (*system_path(system_id), "user_fields")
        if system.user_fields and system.provider is Provider.TASK:
            if draft.is_whole((*system_path(system_id), "provider")):
                text = "a task system has no API, so nobody would fill 'user_fields': remove it"
                yield Finding(path, f"{text}, or write a step into 'by_hand'", at_key=True)
            continue
        seen: set[str] = set()
        for name, pattern in system.user_fields.items():
            yield from _own_field((*path, name), name, seen)
            if problem := _pattern_problem(draft, pattern, FIELD_WORDS):
                yield Finding((*path, name), problem)
            seen.add(name.casefold())


def _own_field(path: KeyPath, name: str, seen: set[str]) -> Iterator[Finding]:
    own = _OWN_BY_LOWER.get(name.casefold())
    if own is not None:
        yield Finding(path, f"Usher takes care of the field {own} itself: remove it", at_key=True)
    elif name.casefold() in seen:
        text = f"'{name}' stands here twice: the system does not tell small letters from capitals"
        yield Finding(path, f"{text} (remove one)", at_key=True)


def _pattern_problem(draft: Draft, pattern: str, words: tuple[str, ...]) -> str | None:
    allowed = _words(words)
    try:
        parts = [part for part in Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        shown = pattern[:_LONGEST_SHOWN]
        return f"'{shown}' has a brace without its partner (write {allowed})"
    for _, word, form, conversion in parts:
        if word not in words or form or conversion:
            meant = draft.guesses.closest(str(word), words)
            hint = f" - did you mean '{{{meant}}}'?" if meant else f" (write {allowed})"
            return f"unknown placeholder '{{{str(word)[:_LONGEST_SHOWN]}}}'{hint}"
    return None


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"{{{word}}}" for word in words)


# ---- pools and records --------------------------------------------------------------------------


def pools(draft: Draft) -> Iterator[Finding]:
    """A pool is one that a level draws on, and does not keep more seats than there are."""
    for system_id, system in draft.policy.systems.items():
        path = (*system_path(system_id), "pools")
        for name, pool in system.pools.items():
            if pool.seats is not None and pool.keep_free > pool.seats:
                text = f"'keep_free' is {pool.keep_free}, and the pool has {pool.seats} seats"
                yield Finding((*path, name, "keep_free"), f"{text}: write {pool.seats} or less")
        if system.provider is Provider.SALESFORCE and draft.is_whole(system_path(system_id)):
            yield from _strange_pools(draft, system, path)


def _strange_pools(draft: Draft, system: System, path: KeyPath) -> Iterator[Finding]:
    bundles = [level.bundle for level in system.levels.values()]
    used = {name for bundle in bundles for name in pools_of(bundle)}
    # A permission set may belong to a licence of its own, which only the org knows.
    has_sets = any(one.permission_sets or one.permission_set_groups for one in bundles)
    for name in system.pools.keys() - used:
        spoken = {package_pool(name), feature_pool(name)} & used
        meant = draft.guesses.closest(name, tuple(sorted(used)), likeness=_VERY_LIKE)
        if spoken:
            text = f"unknown pool '{short(name)}' - did you mean '{short(min(spoken))}'?"
            yield Finding((*path, name), text, at_key=True)
        elif meant is not None or not has_sets or is_named_by_bundle(name):
            yield Finding((*path, name), unknown(draft, "pool", name, used), at_key=True)


def hand_over(draft: Draft) -> Iterator[Finding]:
    """Whoever leaves hands records over to the manager, or to a group."""
    for system_id, system in draft.policy.systems.items():
        path = (*system_path(system_id), "on_leave", "hand_over")
        for kind, name in system.hand_over.items():
            yield from check_group(draft, (*path, kind), name, also=(MANAGER,))


# ---- what is approved beforehand ----------------------------------------------------------------


def auto_approvals(draft: Draft) -> Iterator[Finding]:
    """Security has approved each criterion, with a condition, and never of a critical level."""
    for system_id, system in draft.policy.systems.items():
        path = (*system_path(system_id), "auto_approve")
        yield from repeated(draft, path, "auto_approve", [one.id for one in system.auto_approve])
        for index, one in enumerate(system.auto_approve):
            place = (*path, index)
            yield from _automatic_levels(draft, system, one, (*place, "levels"))
            yield from _conditions(draft, one, (*place, "when"))
            yield from _barred_conditions(draft, system, one, (*place, "when"))
            yield from _approved_by(draft, one, (*place, "approved_by"))


def _automatic_levels(
    draft: Draft, system: System, rule: AutoApproval, path: KeyPath
) -> Iterator[Finding]:
    if not rule.levels:
        yield Finding(path, "'levels' is empty: write the levels that nobody needs to approve")
    for index, name in enumerate(rule.levels):
        level = system.levels.get(name)
        if level is None:
            yield from check_level_of(draft, (*path, index), system.id, name)
        elif level.risk is Risk.CRITICAL:
            text = f"'{name}' is critical: it can never be approved beforehand (remove it here)"
            yield Finding((*path, index), text)
        elif level.request is None and draft.is_whole(level_path(level.id)):
            text = f"nobody may ask for '{name}', so there is nothing to approve (remove it here"
            yield Finding((*path, index), f"{text}, or write 'request' there)")


def _conditions(draft: Draft, rule: AutoApproval, path: KeyPath) -> Iterator[Finding]:
    conditions = (rule.already_had, rule.longest, rule.engagement)
    roles = (*path, "roles")
    if not rule.roles and roles in draft.values:
        yield Finding(roles, "roles is empty: write roles of roles.yml, or remove the key")
    elif not rule.roles and all(one is None for one in conditions) and draft.is_whole(path):
        text = "'when' has no condition, so everybody would be approved: write at least one of"
        yield Finding(path, f"{text} already_had, longest, engagement, roles")
    if rule.already_had is False:
        text = "already_had can only be true: whose access was revoked would count as new"
        yield Finding((*path, "already_had"), f"{text} (remove it here)")
    for index, name in enumerate(rule.roles):
        if name == EVERYONE:
            text = f"'{EVERYONE}' is no condition: remove it, or write roles of roles.yml"
            yield Finding((*path, "roles", index), text)
        else:
            yield from check_role(draft, (*path, "roles", index), name)


def _barred_conditions(
    draft: Draft, system: System, rule: AutoApproval, path: KeyPath
) -> Iterator[Finding]:
    """A condition can hold for somebody: `not` of the levels refuses nobody whom it names."""
    asked = tuple(_asked_levels(draft, system, rule))
    if len(asked) < len(rule.levels):
        return  # which levels are meant is in doubt
    named: list[tuple[KeyPath, str]] = [
        ((*path, "roles", index), name) for index, name in enumerate(rule.roles)
    ]
    if rule.engagement is not None:
        named.append(((*path, "engagement"), rule.engagement))
    for place, name in named:
        if asked and all(name in request.not_ for _, request in asked):
            level = asked[0][0]
            text = f"'{name}' is barred by 'not' of {level.id} ({level.mark('not')})"
            yield Finding(place, f"{text}, so this never counts: remove it here, or there")


def _asked_levels(
    draft: Draft, system: System, rule: AutoApproval
) -> Iterator[tuple[Level, RequestRule]]:
    """Yield the levels of a criterion that can be asked for, as far as `not` is known."""
    for name in rule.levels:
        level = system.levels.get(name)
        if level is None or level.request is None:
            continue
        if draft.is_whole((*level_path(level.id), "request")):
            yield level, level.request


def _approved_by(draft: Draft, rule: AutoApproval, path: KeyPath) -> Iterator[Finding]:
    """Who approves beforehand is who is added for critical levels: security."""
    if draft.policy.group(rule.approved_by) is None:
        yield from check_group(draft, path, rule.approved_by)
        return
    security = draft.policy.company.approvals.critical_adds
    if draft.lacks_critical_adds:
        if first_without_adds(draft) is None:  # otherwise it is told there
            yield Finding(
                path,
                f"nobody can approve beforehand, '{rule.approved_by}' neither, as long as"
                " company.yml names no security group (write approvals:"
                " { critical_adds: [security] } there)",
            )
    elif rule.approved_by not in security and _are_groups(draft, CRITICAL_ADDS, security):
        groups = " or ".join(f"'{name}'" for name in security)
        where = draft.where(Finding(CRITICAL_ADDS, ""))
        text = f"'{rule.approved_by}' cannot approve beforehand, only {groups} can ({where})"
        yield Finding(path, f"{text}: write who has approved it")


def _are_groups(draft: Draft, path: KeyPath, names: tuple[str, ...]) -> bool:
    """Say whether a list is one that can be relied on: what is wrong with it is told there."""
    return draft.is_whole(path) and bool(names) and all(draft.policy.group(n) for n in names)
