"""Mistakes that only the whole policy shows: unknown names, dead ends, rules that clash."""

from collections.abc import Callable, Iterable, Iterator
from string import Formatter
from typing import assert_never

from bot.domain.people import Engagement
from bot.domain.policy import (
    EVERYONE,
    IT_GROUP,
    MANAGER,
    Bundle,
    Group,
    Level,
    Policy,
    Provider,
    RequestRule,
    Risk,
)
from bot.domain.policy_draft import GROUPS, ROLES, Draft, Finding, KeyPath, level_path
from bot.domain.spelling import closest, did_you_mean

USERNAME_WORDS = ("mail", "mail_name", "id")
_APPROVERS_NEEDED = 2
_MOST_SHOWN = 8
_LONGEST_SHOWN = 60
_NO_STEPS = "{} has no 'by_hand': a task system has no API, so write the steps that a person takes"


def check_policy(draft: Draft) -> tuple[Finding, ...]:
    """List every mistake that no single file shows."""
    return draft.sound(finding for check in _CHECKS for finding in check(draft))


# ---- names that nobody declares -----------------------------------------------------------------


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    shown = ", ".join(names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")
    tail = did_you_mean(name, names) or (f" (known: {shown})" if names else "")
    return f"unknown {kind} '{name[:_LONGEST_SHOWN]}'{tail}"


def birthright_levels(draft: Draft) -> Iterator[Finding]:
    """Every birthright names a level that may be given without asking anybody."""
    for role in draft.policy.roles.values():
        for index, level_id in enumerate(role.birthright):
            path = (*ROLES, role.id, "birthright", index)
            level = draft.policy.level(level_id)
            if not draft.declares(level_path(level_id)):
                yield Finding(path, _unknown("level", level_id, draft.levels()))
            elif level and level.risk is Risk.CRITICAL:
                yield Finding(
                    path,
                    f"{level_id} is critical: it is never given automatically and so cannot be a"
                    f" birthright (remove it here; {role.id} can ask for it)",
                )


def _rules(policy: Policy) -> Iterator[tuple[Level, RequestRule, KeyPath]]:
    for level in policy.levels:
        if level.request is not None:
            yield level, level.request, (*level_path(level.id), "request")


def requesters(draft: Draft) -> Iterator[Finding]:
    """`by` and `not` name roles; `by` may say everyone, `not` an engagement."""
    for level, rule, path in _rules(draft.policy):
        if not rule.by:
            yield Finding(
                (*path, "by"),
                f"{level.id}: 'by' is empty, so nobody could ask (write [{EVERYONE}] or roles,"
                " or remove 'request')",
            )
        yield from _roles(draft, (*path, "by"), rule.by, (EVERYONE,))
        yield from _roles(draft, (*path, "not"), rule.not_, tuple(Engagement))


def _roles(
    draft: Draft, path: KeyPath, names: tuple[str, ...], also: tuple[str, ...]
) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name in also or draft.declares((*ROLES, name)):
            continue
        if name == EVERYONE:
            text = f"'{EVERYONE}' in 'not' would refuse everybody (remove 'request' instead)"
        elif draft.policy.group(name):
            text = f"'{name}' is a group, and '{path[-1]}' names roles of roles.yml"
        else:
            text = _unknown("role", name, (*draft.names(ROLES), *also))
        yield Finding((*path, index), text)


def approvers(draft: Draft) -> Iterator[Finding]:
    """`approve` and the company's approvals name groups or the manager, and at least one."""
    for level, rule, path in _rules(draft.policy):
        # A level without `approve` follows the company's default, which is checked where it stands.
        if (*path, "approve") in draft.keys:
            yield from _approver_list(draft, (*path, "approve"), rule.approve, f"{level.id}: ")
    approvals = draft.policy.company.approvals
    yield from _approver_list(draft, ("company", "approvals", "default"), approvals.default, "")
    adds: KeyPath = ("company", "approvals", "critical_adds")
    for index, name in enumerate(approvals.critical_adds):
        yield from _group(draft, (*adds, index), name, also=(MANAGER,))


def _approver_list(
    draft: Draft, path: KeyPath, names: tuple[str, ...], prefix: str
) -> Iterator[Finding]:
    if not names:
        yield Finding(
            path, f"{prefix}'{path[-1]}' is empty: somebody must say yes (write [{MANAGER}])"
        )
    for index, name in enumerate(names):
        yield from _group(draft, (*path, index), name, also=(MANAGER,))


def _group(draft: Draft, path: KeyPath, name: str, also: tuple[str, ...] = ()) -> Iterator[Finding]:
    # A missing `it` is told once, where the groups are.
    if name in (*also, IT_GROUP) or draft.declares((*GROUPS, name)):
        return
    if name in draft.policy.roles:
        text = f"'{name}' is a role; write a group of company.yml"
        yield Finding(path, text + (f" or {MANAGER}" if also else ""))
    else:
        yield Finding(path, _unknown("group", name, (*draft.names(GROUPS), *also)))


def owners(draft: Draft) -> Iterator[Finding]:
    """Each system's DRI is a group."""
    for system in draft.policy.systems.values():
        yield from _group(draft, ("systems", system.id, "dri"), system.dri)


def urgent_mention(draft: Draft, system: str, name: str) -> Iterator[Finding]:
    """The one whom a system mentions in urgent cases is a group."""
    yield from _group(draft, ("systems", system, "urgent", "mention"), name)


# ---- groups -------------------------------------------------------------------------------------


def groups(draft: Draft) -> Iterator[Finding]:
    """Every group can answer: known backups without circles, and two people who can say yes."""
    if not draft.declares((*GROUPS, IT_GROUP)):
        yield Finding(
            GROUPS,
            f"group '{IT_GROUP}' is missing: it steps in when nobody else can approve"
            f" (write {IT_GROUP}: {{ members: [login-1, login-2] }})",
        )
    for group in draft.policy.company.groups.values():
        path = (*GROUPS, group.id)
        if group.id in (MANAGER, EVERYONE):
            text = f"'{group.id}' has a meaning of its own in this language: rename this group"
            yield Finding(path, text, at_key=True)
        yield from _twice(group, path)
        if group.backup is not None:
            yield from _group(draft, (*path, "backup"), group.backup)
        yield from _chain(draft, group, path)


def _twice(group: Group, path: KeyPath) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, login in enumerate(group.members):
        if login.casefold() in seen:
            text = f"'{login}' is already a member: one person counts once"
            yield Finding((*path, "members", index), text)
        seen.add(login.casefold())


def _chain(draft: Draft, group: Group, path: KeyPath) -> Iterator[Finding]:
    """Follow the backups of a group: they must end, and bring two people together."""
    chain = [group]
    while chain[-1].backup is not None:
        backup = draft.policy.group(chain[-1].backup)
        if backup is None:
            return
        if backup in chain:
            yield from _circle(group, backup, chain, path)
            return
        chain.append(backup)
    is_doubtful = any(not draft.is_whole((*GROUPS, one.id)) for one in chain)
    people = {login.casefold() for one in chain for login in one.members}
    if len(people) < _APPROVERS_NEEDED and not is_doubtful:
        yield Finding(path, _too_few(group, len(people)), at_key=True)


def _circle(group: Group, backup: Group, chain: list[Group], path: KeyPath) -> Iterator[Finding]:
    # Every group of a circle finds the same circle; the first by name tells.
    if backup is group and group.id == min(one.id for one in chain):
        names = " → ".join([*(one.id for one in chain), group.id])
        yield Finding((*path, "backup"), f"backups go in a circle: {names} (remove one 'backup')")


def _too_few(group: Group, people: int) -> str:
    if people == 0:
        return f"group '{group.id}' has no members: nobody could approve (write members: [login])"
    if group.backup is None:
        return (
            f"group '{group.id}' has one member and no backup: a request by that member could never"
            " be approved"
        )
    return (
        f"group '{group.id}' and its backup have only one member together: a request by that member"
        " could never be approved"
    )


# ---- levels and systems -------------------------------------------------------------------------


def role_names(draft: Draft) -> Iterator[Finding]:
    """No role has a name that means something else."""
    if EVERYONE in draft.policy.roles:
        yield Finding(
            (*ROLES, EVERYONE),
            f"'{EVERYONE}' has a meaning of its own in this language: rename this role",
            at_key=True,
        )


def critical_levels(draft: Draft) -> Iterator[Finding]:
    """Critical access ends."""
    for level, rule, path in _rules(draft.policy):
        if level.risk is Risk.CRITICAL and rule.longest.is_permanent:
            text = f"{level.id} is critical: 'longest' may not be permanent"
            yield Finding((*path, "longest"), text)


def unreachable_levels(draft: Draft) -> Iterator[Finding]:
    """Somebody can have each level."""
    # A misspelt birthright is one mistake, not two: what it meant counts as given.
    names = {name for role in draft.policy.roles.values() for name in role.birthright}
    known = frozenset(draft.levels())
    given = {name if name in known else closest(name, known) for name in names}
    is_whole = draft.is_whole(ROLES[:1])
    for level in draft.policy.levels:
        path = level_path(level.id)
        if level.request is None and level.id not in given and is_whole and draft.is_whole(path):
            text = (
                f"nobody may have {level.id}: write 'request', or give it to a role as birthright"
            )
            yield Finding(path, text, at_key=True)


def usernames(draft: Draft) -> Iterator[Finding]:
    """A user name pattern makes a different name for each person."""
    for system in draft.policy.systems.values():
        if problem := _pattern_problem(system.username):
            yield Finding(("systems", system.id, "username"), problem)


def _pattern_problem(pattern: str) -> str | None:
    allowed = ", ".join(f"{{{word}}}" for word in USERNAME_WORDS)
    try:
        parts = [part for part in Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        return f"'{pattern}' has a brace without its partner (write {allowed})"
    for _, word, form, conversion in parts:
        if word not in USERNAME_WORDS or form or conversion:
            meant = closest(str(word), USERNAME_WORDS)
            hint = f" - did you mean '{{{meant}}}'?" if meant else f" (write {allowed})"
            return f"unknown placeholder '{{{word}}}'{hint}"
    return None if parts else f"'{pattern}' gives everybody the same user name (use {allowed})"


def bundles(draft: Draft) -> Iterator[Finding]:
    """Each level says what its provider has to do."""
    for level in draft.policy.levels:
        system = draft.policy.system_of(level)
        if not draft.is_whole(("systems", system.id, "provider")):
            continue
        if problem := _bundle_problem(level, system.provider, level.bundle):
            path = (*level_path(level.id), "bundle")
            if draft.is_whole(path):
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


_CHECKS: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    birthright_levels,
    requesters,
    approvers,
    owners,
    groups,
    role_names,
    critical_levels,
    unreachable_levels,
    usernames,
    bundles,
)
