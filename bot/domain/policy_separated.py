"""Whom the separations of two policies may keep from a level, for what they hold already."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.policy import Policy
from bot.domain.policy_crowds import Population

Held = Mapping[str, Mapping[str, datetime | None]]
"""The levels that people hold now with their ends, by person id."""
_NOTHING: frozenset[str] = frozenset()


class Separated:
    """The levels that separations of either policy name, and who holds which of them."""

    def __init__(self, base: Policy, head: Policy, population: Population, held: Held) -> None:
        self._rules = (_rules(base), _rules(head))
        named = {id_ for rules in self._rules for id_ in rules}
        self._held = held
        holders: dict[str, set[str]] = {id_: set() for id_ in named}
        for person_id in population.crowd_of:
            for level_id in held.get(person_id, ()):
                if level_id in named:
                    holders[level_id].add(person_id)
        self._others: dict[str, set[str]] = {id_: set() for id_ in named}
        for separation in (*base.separations, *head.separations):
            for one in separation.never_both:
                self._others[one] |= {*separation.never_both} - {one}
        self._people = {
            one: frozenset(id_ for other in others for id_ in holders[other])
            for one, others in self._others.items()
        }

    def people(self, level_id: str) -> frozenset[str]:
        """Return who holds another side of a separation of this level."""
        return self._people.get(level_id, _NOTHING)

    def held_beside(self, level_id: str, person_id: str) -> frozenset[str]:
        """Return which other sides of this level's separations somebody holds."""
        others = self._others.get(level_id)
        return frozenset(others.intersection(self._held.get(person_id, ()))) if others else _NOTHING

    def is_otherwise(self, level_id: str) -> bool:
        before, after = self._rules
        return before.get(level_id) != after.get(level_id)


_Rules = frozenset[tuple[frozenset[str], object]]


def _rules(policy: Policy) -> Mapping[str, _Rules]:
    """Map each level to what its separations say, apart from words and places."""
    found: dict[str, set[tuple[frozenset[str], object]]] = {}
    for rule in policy.separations:
        exception = rule.exception and (frozenset(rule.exception.approve), rule.exception.longest)
        for level_id in rule.never_both:
            found.setdefault(level_id, set()).add((frozenset(rule.never_both), exception))
    return {level_id: frozenset(rules) for level_id, rules in found.items()}
