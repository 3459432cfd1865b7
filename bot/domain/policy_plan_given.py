"""What comes with each role, and how two policies differ in it."""

from collections.abc import Mapping, Sequence

from bot.domain.policy import Policy, Risk

Given = Mapping[str, frozenset[str]]


def given_levels(policy: Policy) -> Given:
    """Map each role to the levels that it gives; critical ones never come by themselves."""
    harmless = frozenset(level.id for level in policy.levels if level.risk is not Risk.CRITICAL)
    return {role.id: harmless.intersection(role.birthright) for role in policy.roles.values()}


def birthright_changes(base: Given, head: Given) -> Mapping[str, Sequence[tuple[str, bool]]]:
    """Map each level to the roles that it now comes with (True), or no longer (False)."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for role in dict.fromkeys((*base, *head)):
        before, after = base.get(role, frozenset()), head.get(role, frozenset())
        for level_id in before ^ after:
            found.setdefault(level_id, []).append((role, level_id in after))
    return found
