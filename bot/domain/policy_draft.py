"""A policy as read, perhaps in part: where everything stands, and what is in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.domain.policy import Policy, Where
from bot.domain.spelling import closest

# company: ("company", key, …); roles.yml: ("roles", key, …); a system: ("systems", id, key, …);
# separation.yml: ("separation", key, …); a file of tests: ("tests", file, key, …).
KeyPath = tuple[str | int, ...]

APPROVALS: KeyPath = ("company", "approvals")
CRITICAL_ADDS: KeyPath = (*APPROVALS, "critical_adds")
GROUPS: KeyPath = ("company", "groups")
ROLES: KeyPath = ("roles", "roles")
SEPARATIONS: KeyPath = ("separation", "rules")


def system_path(system_id: str) -> KeyPath:
    return ("systems", system_id)


def level_path(level_id: str) -> KeyPath:
    system, _, name = level_id.partition("/")
    return ("systems", system, "levels", name)


@dataclass(frozen=True)
class Finding:
    """One mistake: the key or value to blame and what to write instead."""

    path: KeyPath
    message: str
    at_key: bool = False


class Guesses:
    """Guesses what misspelt names meant, until it has compared enough.

    Each guess looks at all known names: a flood of mistakes must not take longer than one reads.
    """

    def __init__(self) -> None:
        self._left = _MOST_COMPARED
        self._made: dict[tuple[str, tuple[str, ...], float], str | None] = {}

    def closest(self, name: str, known: tuple[str, ...], *, likeness: float = 0.6) -> str | None:
        guess = (name, known, likeness)
        if guess not in self._made:
            self._left -= len(known)
            self._made[guess] = closest(name, known, likeness=likeness) if self._left >= 0 else None
        return self._made[guess]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A policy before it is trusted; `broken` lists what another error already tells about.

    `mentions` are the groups that systems mention when it is urgent: only checks need them.
    """

    policy: Policy
    keys: Mapping[KeyPath, Where]
    values: Mapping[KeyPath, Where]
    broken: frozenset[KeyPath] = frozenset()
    mentions: Mapping[str, str] = field(default_factory=dict)

    def is_broken(self, path: KeyPath) -> bool:
        if not self.broken:
            return False
        return any(path[:length] in self.broken for length in range(len(path) + 1))

    def is_whole(self, path: KeyPath) -> bool:
        """Say whether neither this place nor anything in it is broken."""
        return path not in self._around_broken and not self.is_broken(path)

    def declares(self, path: KeyPath) -> bool:
        """Say whether a name is written down, or might be in a part that could not be read."""
        return path in self.keys or self.is_broken(path)

    @property
    def lacks_critical_adds(self) -> bool:
        """Whether the company surely does not say who else must say yes to critical levels."""
        # Without any `approvals`, another key of the file may be the one, misspelt.
        around = APPROVALS if APPROVALS in self.values else APPROVALS[:1]
        return CRITICAL_ADDS not in self.values and self.is_whole(around)

    def names(self, section: KeyPath) -> tuple[str, ...]:
        """List the keys that are written in a block, in the order of the alphabet."""
        return tuple(sorted(self._children.get(section, ())))

    @cached_property
    def guesses(self) -> Guesses:
        return Guesses()

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """The ids of all levels that are written down, also of those with a mistake, sorted."""
        systems = self._children.get(("systems",), ())
        return tuple(
            f"{system}/{name}"
            for system in sorted(systems)
            for name in self.names(("systems", system, "levels"))
        )

    def where(self, finding: Finding) -> Where:
        """Return the place of a finding, or of the nearest thing around it."""
        first, second = (self.keys, self.values) if finding.at_key else (self.values, self.keys)
        for length in range(len(finding.path), -1, -1):
            path = finding.path[:length]
            found = first.get(path) or second.get(path)
            if found:
                return found
        return self.policy.company.where

    def sound(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Leave out what stands in a broken part: one error per mistake."""
        return tuple(finding for finding in findings if not self.is_broken(finding.path))

    @cached_property
    def _around_broken(self) -> frozenset[KeyPath]:
        return frozenset(path[:length] for path in self.broken for length in range(len(path) + 1))

    @cached_property
    def _children(self) -> Mapping[KeyPath, set[str]]:
        """Every block with its keys: made once, so that many unknown names cost no more each."""
        found: dict[KeyPath, set[str]] = {}
        for path in self.keys:
            for length in range(min(len(path), _NAMED_AT)):
                found.setdefault(path[:length], set()).add(str(path[length]))
        return found


_MOST_COMPARED = 20_000
# Deeper than this (systems, id, levels, name) nothing is referred to by name.
_NAMED_AT = 4
