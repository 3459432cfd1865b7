"""The peers of `policy`: four engines, each given the same rules the way its manual says.

Rules are compiled once, people's facts are parsed once where an engine can do that, and an engine
is asked for the named level only where it can index or hold rules apart: each in its fastest form.
All of them answer yes or no; none says who must approve, nor lists every reason.
"""

import importlib.util
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from bench.policy_world import Rule, World
from bot.domain.decision import Ask

CASBIN_MODEL = """
[request_definition]
r = sub, system, level, days
[policy_definition]
p = rule, system, level, longest, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.system == p.system && r.level == p.level && (p.rule == 'everyone' || p.rule == r.sub.role \
 || p.rule == r.sub.engagement) && r.days <= p.longest
"""
_BY_LEVEL = (1, 2)
NO_LIMIT = 10**6


class Engine(Protocol):
    """Rules compiled and people known; whoever asks names both by their ids, as Usher is asked."""

    def answers(self, asks: Sequence[Ask]) -> list[bool]: ...


@dataclass(frozen=True, kw_only=True)
class Peer:
    """An engine as its package is called, and how many questions it can take in decent time."""

    package: str
    module: str
    share: float
    make: Callable[[World], Engine]

    @property
    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    @property
    def title(self) -> str:
        return f"{self.package} {version(self.package)}"


def expression(rule: Rule) -> str:
    """Write a rule in CEL, which Cedar's conditions are close to."""
    parts = [f"!(role in {json.dumps(rule.not_roles)})"] if rule.not_roles else []
    parts += [f'engagement != "{name}"' for name in rule.not_engagements]
    if not rule.is_for_everyone:
        parts.append(f"role in {json.dumps(rule.by)}")
    if rule.longest_days is not None:
        parts.append(f"days <= {rule.longest_days}")
    return " && ".join(parts) or "true"


class GoogleCel:
    """One compiled and type-checked expression for each level."""

    def __init__(self, world: World) -> None:
        from cel_expr_python import cel

        text = cel.Type.STRING
        env = cel.NewEnv(variables={"role": text, "engagement": text, "days": cel.Type.INT})
        self._rules = {rule.level_id: env.compile(expression(rule)) for rule in world.rules}
        self._people = _facts(world)

    def answers(self, asks: Sequence[Ask]) -> list[bool]:
        rules, people = self._rules, self._people
        return [
            rules[ask.level_id]
            .eval(data={**people[ask.person_id], "days": ask.duration.amount})
            .value()
            for ask in asks
        ]


class RustCel:
    """One compiled expression for each level."""

    def __init__(self, world: World) -> None:
        import cel

        self._rules = {rule.level_id: cel.compile(expression(rule)) for rule in world.rules}
        self._people = _facts(world)

    def answers(self, asks: Sequence[Ask]) -> list[bool]:
        rules, people = self._rules, self._people
        return [
            rules[ask.level_id].execute({**people[ask.person_id], "days": ask.duration.amount})
            for ask in asks
        ]


def _facts(world: World) -> Mapping[str, Mapping[str, Any]]:
    return {
        person.id: {"role": person.role, "engagement": str(person.engagement)}
        for person in world.people
    }


class Cedar:
    """A parsed policy set for each level, so that no other level's policies are looked at."""

    def __init__(self, world: World) -> None:
        import cedarpy

        self._ask = cedarpy.is_authorized
        self._entities = cedarpy.Entities.from_json_str(
            json.dumps(
                [
                    {
                        "uid": {"type": "User", "id": person.id},
                        "attrs": {"role": person.role, "engagement": person.engagement},
                        "parents": [],
                    }
                    for person in world.people
                ]
            )
        )
        self._rules = {
            rule.level_id: cedarpy.PolicySet.from_str(_cedar(rule)) for rule in world.rules
        }

    def answers(self, asks: Sequence[Ask]) -> list[bool]:
        authorized, rules, entities = self._ask, self._rules, self._entities
        return [
            authorized(_cedar_request(ask), rules[ask.level_id], entities).allowed for ask in asks
        ]


def _cedar_request(ask: Ask) -> Mapping[str, Any]:
    return {
        "principal": f'User::"{ask.person_id}"',
        "action": 'Action::"have"',
        "resource": f'Level::"{ask.level_id}"',
        "context": {"days": ask.duration.amount},
    }


def _cedar(rule: Rule) -> str:
    """Write `by` as a permit, and `not` as a forbid, which wins."""
    head = f'(principal, action == Action::"have", resource == Level::"{rule.level_id}")'
    yes = [] if rule.is_for_everyone else [f"{json.dumps(rule.by)}.contains(principal.role)"]
    if rule.longest_days is not None:
        yes.append(f"context.days <= {rule.longest_days}")
    no = [f'principal.role == "{name}"' for name in rule.not_roles]
    no += [f'principal.engagement == "{name}"' for name in rule.not_engagements]
    text = f"permit {head} when {{ {' && '.join(yes) or 'true'} }};"
    return text + "".join(f"\nforbid {head} when {{ {part} }};" for part in no)


class Casbin:
    """Rows of a policy, found by their level through the fast enforcer's index."""

    def __init__(self, world: World) -> None:
        import casbin
        from casbin.model import FastModel

        model = FastModel(_BY_LEVEL)
        model.load_model_from_text(CASBIN_MODEL)
        self._enforcer = casbin.FastEnforcer(model, cache_key_order=_BY_LEVEL)
        # by default it writes a line for every refusal
        logging.getLogger("casbin").setLevel(logging.CRITICAL)
        for rule in world.rules:
            for row in _rows(rule):
                model["p"]["p"].policy.append(row)
        self._people = {
            person.id: _Subject(person.role, person.engagement) for person in world.people
        }

    def answers(self, asks: Sequence[Ask]) -> list[bool]:
        enforce, people = self._enforcer.enforce, self._people
        return [
            enforce(people[ask.person_id], *_place(ask.level_id), ask.duration.amount)
            for ask in asks
        ]


@dataclass(frozen=True)
class _Subject:
    role: str
    engagement: str


def _place(level_id: str) -> tuple[str, str]:
    system, _, name = level_id.partition("/")
    return system, name


def _rows(rule: Rule) -> list[list[Any]]:
    longest = NO_LIMIT if rule.longest_days is None else rule.longest_days
    barred = (*rule.not_roles, *rule.not_engagements)
    return [
        *([name, *_place(rule.level_id), longest, "allow"] for name in rule.by),
        *([name, *_place(rule.level_id), NO_LIMIT, "deny"] for name in barred),
    ]


PEERS = (
    Peer(package="cel-expr-python", module="cel_expr_python", share=1.0, make=GoogleCel),
    Peer(package="common-expression-language", module="cel", share=0.5, make=RustCel),
    Peer(package="cedarpy", module="cedarpy", share=0.05, make=Cedar),
    Peer(package="casbin", module="casbin", share=0.02, make=Casbin),
)
