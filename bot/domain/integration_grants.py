"""What a level really grants an integration, held against all that it may do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.domain.policy_checks_names import short
from bot.domain.policy_integration import ALL, IntegrationRights, Operation, Right, uncovered

_MOST_NAMES = 5
_MOST_TOLD = 8

_NOT_API_ONLY = (
    "the account would not be API-only: take a profile with the permission API Only User, such as"
    " Minimum Access - API Only Integrations"
)
_MORE = "and {count} more: usher policy check --live lists them"


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What the profile, the permission sets and their groups grant together.

    `rights` and `powers` come with who grants them. Rights on fields are here only of the objects
    that were asked about. Powers are permissions that no list of objects bounds, such as Modify All
    Data. `guarded` are the fields, by object, that have a right of their own, and whether it can be
    to edit; `unguarded` those that go with their object. A field in neither may be there though
    Usher cannot see it. `unclear` are groups of sets that mute some rights: nobody tells what is
    left.
    """

    rights: Mapping[Right, tuple[str, ...]]
    guarded: Mapping[str, Mapping[str, bool]]
    is_api_only: bool
    unguarded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    powers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()


def misfits(asked: IntegrationRights, granted: Granted) -> tuple[str, ...]:
    """Say in a sentence each what is missing and what is too much; nothing if it fits exactly."""
    return (
        *(() if granted.is_api_only else (_NOT_API_ONLY,)),
        *map(_unclear, granted.unclear),
        *_missing(uncovered(_wanted(asked, granted), granted.rights)),
        *_surplus(asked, granted),
    )


def in_short(found: tuple[str, ...]) -> str:
    """Join the first sentences into one text, which stays short whatever was found."""
    told = [f"{text[:1].upper()}{text[1:]}." for text in found[:_MOST_TOLD]]
    if more := len(found) - len(told):
        told.append(f"{_MORE.format(count=more).capitalize()}.")
    return " ".join(told)


def _wanted(asked: IntegrationRights, granted: Granted) -> Iterator[Right]:
    """Yield what must be granted: every field by name, and without those that nobody guards."""
    for right in map(_as_granted, asked.asked):
        if right.field == ALL:
            fields = granted.guarded.get(right.object, {})
            names = (n for n, can_edit in fields.items() if can_edit or not _is_edit(right))
            yield from (right._replace(field=name) for name in names)
        elif right.field not in granted.unguarded.get(right.object, ()):
            yield right


def _as_granted(right: Right) -> Right:
    """To fill a field of a new record takes the same right as to edit it (FieldPermissions)."""
    if right.field and right.operation is Operation.CREATE:
        return right._replace(operation=Operation.EDIT)
    return right


def _is_edit(right: Right) -> bool:
    return right.operation is Operation.EDIT


def _missing(rights: Iterable[Right]) -> Iterator[str]:
    for what in _together((right, ()) for right in rights):
        yield f"{what[0]} is missing: grant it in a permission set of the level, or ask for less"


def _surplus(asked: IntegrationRights, granted: Granted) -> Iterator[str]:
    for power, who in granted.powers.items():
        text = f"{power} is too much: {_by(who)} grants it, and no list of objects bounds it"
        yield f"{text}; take it away there"
    rights = uncovered(granted.rights, frozenset(map(_as_granted, asked.asked)))
    for what, who in _together((right, granted.rights[right]) for right in rights):
        text = f"{what} is too much: {_by(who)} grants it; take it away there, or write it under"
        yield f"{text} integration"


def _together(
    rights: Iterable[tuple[Right, tuple[str, ...]]],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tell the fields of an object in one line, if the same ones grant the same operation."""
    found: dict[tuple[str, Operation, bool, tuple[str, ...]], set[str]] = {}
    for right, who in sorted(set(rights)):
        place = (right.object, right.operation, bool(right.field), who)
        found.setdefault(place, set()).add(right.field)
    for (name, operation, has_fields, who), fields in found.items():
        words = f"{short(name)}: {operation.replace('_', ' ')}"
        yield (f"{words} {_some(sorted(fields))}" if has_fields else words), who


def _by(who: tuple[str, ...]) -> str:
    return _some([short(one) for one in who])


def _some(names: list[str]) -> str:
    shown = ", ".join(map(short, names[:_MOST_NAMES]))
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _unclear(group: str) -> str:
    return (
        f"the permission set group {short(group)} mutes rights, and nothing tells what is left:"
        " name its permission sets instead"
    )
