"""Names that a policy refers to: groups, roles and levels that nobody declares."""

from collections.abc import Iterable, Iterator

from bot.domain.policy import EVERYONE, IT_GROUP, MANAGER
from bot.domain.policy_draft import GROUPS, ROLES, Draft, Finding, KeyPath, level_path, system_path

_MOST_SHOWN = 8
_LONGEST_SHOWN = 60


def unknown(draft: Draft, kind: str, name: str, known: Iterable[str]) -> str:
    """Say that nobody declares a name, and which one was meant or which there are."""
    return f"unknown {kind} '{short(name)}'{hint(draft, name, known)}"


def hint(draft: Draft, name: str, known: Iterable[str]) -> str:
    """Say which one was meant, or which there are: the tail of a message."""
    names = tuple(sorted(known))
    return _hint(draft.guesses.closest(name, names), names)


def _unknown(kind: str, name: str, meant: str | None, known: tuple[str, ...]) -> str:
    return f"unknown {kind} '{short(name)}'{_hint(meant, known)}"


def _hint(meant: str | None, known: tuple[str, ...]) -> str:
    shown = ", ".join(map(short, known[:_MOST_SHOWN])) + (", …" if len(known) > _MOST_SHOWN else "")
    tail = f" (known: {shown})" if known else ""
    if meant is not None:
        tail = f" - did you mean '{short(meant)}'?"
    return tail


def short(name: str) -> str:
    """Cut a name that was never meant to be one, so that a message stays a message."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"


def unknown_name(
    draft: Draft,
    path: KeyPath,
    kind: str,
    name: str,
    section: KeyPath,
    *,
    also: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Tell a name that its section does not have, nor the words that may stand beside."""
    known = tuple(sorted((*draft.names(section), *also)))
    meant = draft.guesses.closest(name, known)
    # Where the one that was meant has a wrong name itself, that is the mistake.
    if meant is None or not draft.is_broken((*section, meant)):
        yield Finding(path, _unknown(kind, name, meant, known))


# ---- groups -------------------------------------------------------------------------------------


def check_groups(
    draft: Draft, path: KeyPath, names: Iterable[str], *, also: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Every entry of a list is a group, or one of the words that may stand beside them."""
    for index, name in enumerate(names):
        yield from check_group(draft, (*path, index), name, also=also)


def check_group(
    draft: Draft, path: KeyPath, name: str, *, also: tuple[str, ...] = ()
) -> Iterator[Finding]:
    # A missing `it` is told once, where the groups are.
    if name in (*also, IT_GROUP) or draft.declares((*GROUPS, name)):
        return
    write = "write a group of company.yml" + (f" or {MANAGER}" if MANAGER in also else "")
    if name in draft.policy.roles:
        yield Finding(path, f"'{name}' is a role; {write}")
    elif name in (EVERYONE, MANAGER):
        yield Finding(path, f"'{name}' is not a group; {write}")
    else:
        yield from unknown_name(draft, path, "group", name, GROUPS, also=also)


# ---- roles --------------------------------------------------------------------------------------


def check_role(
    draft: Draft, path: KeyPath, name: str, *, also: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """A role is one of roles.yml, or one of the words that may stand beside them."""
    if name in also or draft.declares((*ROLES, name)):
        return
    if draft.policy.group(name):
        # The last name in the path is that of the key; a list's entry has only a number.
        key = next(step for step in reversed(path) if isinstance(step, str))
        yield Finding(path, f"'{name}' is a group, and '{key}' names roles of roles.yml")
    else:
        yield from unknown_name(draft, path, "role", name, ROLES, also=also)


# ---- levels -------------------------------------------------------------------------------------


def check_level(draft: Draft, path: KeyPath, level_id: str) -> Iterator[Finding]:
    """A level is written as system/level; a system without levels is told where it stands."""
    system = draft.policy.systems.get(level_id.partition("/")[0])
    is_told = not draft.policy.systems or (system is not None and not system.levels)
    if is_told or draft.declares(level_path(level_id)):
        return
    meant = meant_level(draft, level_id)
    if meant is None or not draft.is_broken(level_path(meant)):
        yield Finding(path, _unknown("level", level_id, meant, _near(draft, level_id)))


def check_level_of(draft: Draft, path: KeyPath, system: str, name: str) -> Iterator[Finding]:
    """Within its own system, a level goes by its name alone."""
    own = (*system_path(system), "levels")
    if draft.declares((*own, name)):
        return
    if name.startswith(f"{system}/") and (*own, name.partition("/")[2]) in draft.keys:
        text = f"levels of {system} go by their names here: write {name.partition('/')[2]}"
        yield Finding(path, text)
    else:
        yield from unknown_name(draft, path, f"level of {system}", name, own)


def meant_level(draft: Draft, level_id: str) -> str | None:
    """Guess which level was meant: system first, so that few names have to be compared."""
    system, slash, name = level_id.partition("/")
    systems = draft.names(("systems",))
    if not slash:
        found = (f"{one}/{system}" for one in systems)
        return next((one for one in found if level_path(one) in draft.keys), None)
    if system in systems:
        return draft.guesses.closest(level_id, _near(draft, level_id))
    near = draft.guesses.closest(system, systems)
    if near is not None and level_path(f"{near}/{name}") in draft.keys:
        return f"{near}/{name}"
    return draft.guesses.closest(level_id, draft.levels)


def meant_levels(draft: Draft, level_id: str) -> tuple[str, ...]:
    """List the levels that an unknown one may stand for: the best guess, or its whole system."""
    meant = meant_level(draft, level_id)
    if meant is not None:
        return (meant,)
    near = _near(draft, level_id)
    return near if near is not draft.levels else ()


def _near(draft: Draft, level_id: str) -> tuple[str, ...]:
    """List the levels of the system that an unknown level names, or all if there is none such."""
    system = level_id.partition("/")[0]
    own = tuple(f"{system}/{name}" for name in draft.names(("systems", system, "levels")))
    return own or draft.levels
