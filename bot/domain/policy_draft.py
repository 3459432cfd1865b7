"""A policy as read, perhaps in part: where everything stands, and what is in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.domain.policy import Policy, Where

# company: ("company", key, …); roles.yml: ("roles", key, …); a system: ("systems", id, key, …).
KeyPath = tuple[str | int, ...]

GROUPS: KeyPath = ("company", "groups")
ROLES: KeyPath = ("roles", "roles")


def level_path(level_id: str) -> KeyPath:
    system, _, name = level_id.partition("/")
    return ("systems", system, "levels", name)


@dataclass(frozen=True)
class Finding:
    """One mistake: the key or value to blame and what to write instead."""

    path: KeyPath
    message: str
    at_key: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A policy before it is trusted; `broken` lists what another error already tells about."""

    policy: Policy
    keys: Mapping[KeyPath, Where]
    values: Mapping[KeyPath, Where]
    broken: frozenset[KeyPath] = frozenset()

    def is_broken(self, path: KeyPath) -> bool:
        return any(path[:length] in self.broken for length in range(len(path) + 1))

    def is_whole(self, path: KeyPath) -> bool:
        """Say whether neither this place nor anything in it is broken."""
        inside = any(broken[: len(path)] == path for broken in self.broken)
        return not inside and not self.is_broken(path)

    def declares(self, path: KeyPath) -> bool:
        """Say whether a name is written down, or might be in a part that could not be read."""
        return path in self.keys or self.is_broken(path)

    def names(self, section: KeyPath) -> tuple[str, ...]:
        length = len(section)
        return tuple(
            str(path[-1])
            for path in self.keys
            if len(path) == length + 1 and path[:length] == section
        )

    def levels(self) -> tuple[str, ...]:
        """List the ids of all levels that are written down, also of those with a mistake."""
        return tuple(
            f"{path[1]}/{path[3]}"
            for path in self.keys
            if len(path) == len(level_path("")) and path[0] == "systems" and path[2] == "levels"
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
