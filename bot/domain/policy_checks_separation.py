"""Mistakes in separation rules: what they name, and roles whose birthrights break them."""

from collections.abc import Iterator

from bot.domain.policy import Separation
from bot.domain.policy_checks_levels import repeated
from bot.domain.policy_checks_names import check_groups, check_level, short
from bot.domain.policy_draft import SEPARATIONS, Draft, Finding, KeyPath

_SIDES = 2


def rules(draft: Draft) -> Iterator[Finding]:
    """A rule keeps two or more known levels apart, and groups make an exception."""
    separations = draft.policy.separations
    yield from repeated(draft, SEPARATIONS, "rule", [rule.id for rule in separations])
    for index, rule in enumerate(separations):
        path = (*SEPARATIONS, index)
        yield from _sides(draft, rule, (*path, "never_both"))
        if rule.exception is not None:
            approve = (*path, "exception", "approve")
            if not rule.exception.approve:
                text = "'approve' is empty: write the groups that can make an exception, or remove"
                yield Finding(approve, f"{text} 'exception'")
            yield from check_groups(draft, approve, rule.exception.approve)


def _sides(draft: Draft, rule: Separation, path: KeyPath) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, level_id in enumerate(rule.never_both):
        if level_id in seen:
            text = f"'{short(level_id)}' stands here twice: write another level, or remove it"
            yield Finding((*path, index), text)
        else:
            yield from check_level(draft, (*path, index), level_id)
        seen.add(level_id)
    if len(rule.never_both) < _SIDES:
        count = "one level" if rule.never_both else "no level"
        yield Finding(path, f"'never_both' names {count}: write two or more")


def broken_by_birthrights(draft: Draft) -> Iterator[Finding]:
    """No role gets on day one what its people must never hold together."""
    rules_of: dict[str, list[int]] = {}
    for index, rule in enumerate(draft.policy.separations):
        for level_id in dict.fromkeys(rule.never_both):
            rules_of.setdefault(level_id, []).append(index)
    for role in draft.policy.roles.values():
        given: dict[int, list[str]] = {}
        for level_id in dict.fromkeys(role.birthright):
            for index in rules_of.get(level_id, ()):
                given.setdefault(index, []).append(level_id)
        for index, levels in given.items():
            if len(levels) >= _SIDES:
                text = f"{role.id} gets {levels[0]} and {levels[1]} on day one as a birthright"
                remove = "remove one there, or one of them here"
                yield Finding(
                    (*SEPARATIONS, index, "never_both"), f"{text} ({role.where}): {remove}"
                )
