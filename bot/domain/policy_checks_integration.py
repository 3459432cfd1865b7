"""Mistakes in levels for programs: rights that say nothing, and people who would get them."""

from collections.abc import Iterator

from bot.domain.policy import EVERYONE, Delivery, Level, Provider, System
from bot.domain.policy_checks_content import twice
from bot.domain.policy_checks_names import short
from bot.domain.policy_draft import ROLES, Draft, Finding, KeyPath, level_path, system_path
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights

_FIELD_KEYS = ("read", "create", "edit")
_OPERATIONS = (*_FIELD_KEYS, "delete", "view_all")


def rights(draft: Draft) -> Iterator[Finding]:
    """A level for a program says what it may do, object by object, each right once."""
    for level in draft.policy.levels:
        if level.integration is not None:
            yield from _rights(draft, level, level.integration)


def _rights(draft: Draft, level: Level, asked: IntegrationRights) -> Iterator[Finding]:
    path = (*level_path(level.id), "integration", "objects")
    if not asked.objects and draft.is_whole(path):
        yield Finding(path, f"{level.id}: objects is empty: write what the program may do")
    seen: set[str] = set()
    for name, one in asked.objects.items():
        place = (*path, name)
        if name.casefold() in seen:
            text = f"'{short(name)}' stands here twice: Salesforce does not tell small letters from"
            yield Finding(place, f"{text} capitals (remove one)", at_key=True)
        seen.add(name.casefold())
        yield from _rights_to(draft, place, name, one)


def _rights_to(draft: Draft, path: KeyPath, name: str, one: ObjectRights) -> Iterator[Finding]:
    empty = [key for key in _FIELD_KEYS if not getattr(one, key) and (*path, key) in draft.values]
    for key in empty:
        text = f"{key} is empty: write fields, or [{ALL}] for every field, or remove the key"
        yield Finding((*path, key), text)
    is_nothing = not any(getattr(one, key) for key in _OPERATIONS)
    if is_nothing and not empty and draft.is_whole(path):
        text = f"nothing is asked for of {short(name)}: write read, create, edit, delete or"
        yield Finding(path, f"{text} view_all, or remove the object", at_key=True)
    for key in _FIELD_KEYS:
        fields = getattr(one, key)
        yield from twice((*path, key), fields)
        if ALL in fields and len(set(fields)) > 1:
            text = f"'{ALL}' stands for every field: remove it, or the others"
            yield Finding((*path, key, fields.index(ALL)), text)


# ---- whose account it is ------------------------------------------------------------------------


def accounts(draft: Draft) -> Iterator[Finding]:
    """No person's own account becomes that of a program, and nobody mails it a link."""
    for system_id, system in draft.policy.systems.items():
        if system.provider is not Provider.SALESFORCE:
            continue
        for level in system.levels.values():
            if level.integration is not None:
                yield from _account(draft, system, level)
                yield from _requesters(draft, system, level)
        yield from _birthrights(draft, system_id)


def _account(draft: Draft, system: System, level: Level) -> Iterator[Finding]:
    path = level_path(level.id)
    is_known = draft.is_whole((*system_path(system.id), "delivery"))
    if system.delivery is Delivery.VENDOR_EMAIL and is_known:
        text = f"{level.id} is for a program, which opens no mail with a link: write delivery:"
        yield Finding((*path, "integration"), f"{text} onepassword, or sso", at_key=True)
    if level.break_glass is not None:
        text = "whoever breaks the glass gets the level in an account of their own, and this one"
        yield Finding((*path, "break_glass"), f"{text} is for a program: remove it", at_key=True)


def _requesters(draft: Draft, system: System, level: Level) -> Iterator[Finding]:
    path = (*level_path(level.id), "request", "by")
    for index, name in enumerate(level.request.by if level.request else ()):
        if name == EVERYONE:
            text = f"'{EVERYONE}' are people, and {level.id} would make a program's account of"
            yield Finding((*path, index), f"{text} theirs: write a role that only programs have")
        elif other := _for_people(draft, system, name):
            yield Finding((*path, index), _both(name, other))


def _birthrights(draft: Draft, system_id: str) -> Iterator[Finding]:
    system = draft.policy.systems[system_id]
    for role in draft.policy.roles.values():
        for index, level_id in enumerate(role.birthright):
            level = draft.policy.level(level_id)
            if level is None or level.system != system_id or level.integration is None:
                continue
            if other := _for_people(draft, system, role.id):
                yield Finding((*ROLES, role.id, "birthright", index), _both(role.id, other))


def _for_people(draft: Draft, system: System, role: str) -> Level | None:
    """Return a level of the same system that is for people and names this role, if there is one."""
    given = draft.policy.roles[role].birthright if role in draft.policy.roles else ()
    for level in system.levels.values():
        is_named = level.id in given or (level.request is not None and role in level.request.by)
        if is_named and level.integration is None:
            return level
    return None


def _both(role: str, other: Level) -> str:
    return (
        f"'{role}' may have {other.id} too, which is for people: a program's account is nobody's"
        " own, so write a role that only programs have"
    )
