"""The two pull requests that the plan is measured with: one level in ten, and most of the policy.

Both start from the made-up company and change its policy as values; no file is written for them.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bench.policy_world import ROLES, World
from bot.domain.durations import Duration, Unit
from bot.domain.policy import (
    Company,
    Group,
    Level,
    Policy,
    Pool,
    RequestRule,
    Role,
    Separation,
    SeparationException,
    System,
)

COMMIT = "d" * 40
FEW, MOST = 0.1, 0.5
"""Shares of all levels whose rule for asking changes."""
ROLES_CHANGED = ROLES * 3 // 5
"""So many roles lose what they gave first and give others: more than half of the people."""
NEW_LEVELS, NEW_MEMBERS = 2, 10
APART_BEFORE, APART_AFTER = 4, 6
"""From the first so many roles, one level that each gives: large crowds hold what is kept apart."""


def one_in_ten(base: Policy, _world: World, dice: random.Random) -> tuple[Policy, Policy]:
    """Change rules for asking only: more roles, another length, or other approvers."""
    systems = {id_: _system(system, FEW, dice) for id_, system in base.systems.items()}
    return base, replace(base, commit=COMMIT, systems=systems)


def most_of_it(base: Policy, world: World, dice: random.Random) -> tuple[Policy, Policy]:
    """Change every approver group and pool, a separation, most roles and half of the rules.

    The group that steps in everywhere changes too, so that no level may be taken for untouched.
    """
    before = _separation(base, APART_BEFORE, approve=("security",))
    after = _separation(base, APART_AFTER, approve=("security", "it"))
    systems = {
        id_: replace(_system(system, MOST, dice), pools={"Salesforce": Pool(keep_free=5)})
        for id_, system in base.systems.items()
    }
    roles = {id_: _role(role, world, dice) for id_, role in sorted(base.roles.items())}
    head = replace(
        base,
        commit=COMMIT,
        company=_company(base.company, world, dice),
        roles={**base.roles, **dict(list(roles.items())[:ROLES_CHANGED])},
        systems=systems,
        separations=(after,),
    )
    return replace(base, separations=(before,)), head


HEADS: Mapping[str, Callable[[Policy, World, random.Random], tuple[Policy, Policy]]] = {
    "one level in ten": one_in_ten,
    "most of the policy": most_of_it,
}
"""By what changes: what the pull request starts from, and what it proposes."""
HARD = "most of the policy"


def _system(system: System, share: float, dice: random.Random) -> System:
    levels = {
        name: _level(level, dice) if dice.random() < share else level
        for name, level in system.levels.items()
    }
    return replace(system, levels=levels)


def _level(level: Level, dice: random.Random) -> Level:
    assert level.request is not None
    return replace(level, request=replace(level.request, **_change(level.request, dice)))


def _change(rule: RequestRule, dice: random.Random) -> dict[str, Any]:
    return dice.choice(
        (
            {"by": (*rule.by, f"role-{dice.randrange(ROLES):02}")},
            {"longest": Duration(dice.choice((14, 60, 120)))},
            {"approve": ("manager", "security")},
        )
    )


def _company(company: Company, world: World, dice: random.Random) -> Company:
    """Swap a member of each group for others, who may be in several groups."""

    def changed(group: Group) -> Group:
        added = dice.choices(world.people, k=NEW_MEMBERS)
        logins = (person.github for person in added if person.github)
        return replace(group, members=tuple(dict.fromkeys((*group.members[1:], *logins))))

    return replace(company, groups={id_: changed(one) for id_, one in company.groups.items()})


def _role(role: Role, world: World, dice: random.Random) -> Role:
    harmless = [rule.level_id for rule in world.rules if not rule.is_critical]
    added = dice.sample(harmless, NEW_LEVELS)
    return replace(role, birthright=tuple(dict.fromkeys((*role.birthright[1:], *added))))


def _separation(base: Policy, roles: int, *, approve: tuple[str, ...]) -> Separation:
    given = [role.birthright[-1] for _, role in sorted(base.roles.items()) if role.birthright]
    return Separation(
        id="apart",
        never_both=tuple(given[:roles]),
        why="Nobody checks their own work",
        where=base.company.where,
        exception=SeparationException(
            approve=approve, longest=Duration(30, Unit.DAYS), where=base.company.where
        ),
    )
