"""The plan of a policy change over a made-up company, alone in a process so that memory is its own.

`python -m bench.policy_plan PEOPLE LEVELS SAMPLE` prints what it took, and how long it takes to
decide SAMPLE questions one by one under both policies, which is what a plan by brute force does.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.policy_world import NOW, SEED, World, load_world, make_world
from bench.processes import ROOT
from bot.domain.decision import decide
from bot.domain.durations import Duration
from bot.domain.grant import Basis, Grant, GrantState
from bot.domain.policy import Level, Policy
from bot.domain.policy_plan import plan

LEVELS_PER_SYSTEM = 10
CHANGED = 0.1
"""Of all levels, as a large pull request would: the hard case for a plan is what changes."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one plan took, and what brute force would take for the same, extrapolated."""

    people: int
    levels: int
    seconds: float
    growth_mib: float
    brute_force_s: float
    shifts: int


def measure(*, people: int, levels: int, sample: int) -> Cost:
    """Plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.policy_plan", str(people), str(levels), str(sample)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Cost(**told)


# ---- in the process of its own ------------------------------------------------------------------


def _loosened(policy: Policy, dice: random.Random) -> Policy:
    """Change one level in ten: more roles, another length, or other approvers."""
    systems = {
        system_id: replace(
            system,
            levels={
                name: _changed(level, dice) if dice.random() < CHANGED else level
                for name, level in system.levels.items()
            },
        )
        for system_id, system in policy.systems.items()
    }
    return replace(policy, commit="d" * 40, systems=systems)


def _changed(level: Level, dice: random.Random) -> Level:
    assert level.request is not None
    rule = level.request
    change = dice.choice(
        (
            {"by": (*rule.by, f"role-{dice.randrange(40):02}")},
            {"longest": Duration(dice.choice((14, 60, 120)))},
            {"approve": ("manager", "security")},
        )
    )
    return replace(level, request=replace(rule, **change))


def _grants(world: World, policy: Policy) -> Iterator[Grant]:
    """Everybody holds what the role gives, and one level for a month."""
    dice = random.Random(SEED)  # noqa: S311  # made-up data
    for person in world.people:
        birthright = policy.roles[person.role].birthright
        extra = dice.choice(world.rules).level_id
        for level_id in dict.fromkeys((*birthright, extra)):
            is_asked = level_id not in birthright
            yield Grant(
                id=f"{person.id}-{level_id}",
                person_id=person.id,
                level_id=level_id,
                basis=Basis.REQUEST if is_asked else Basis.BIRTHRIGHT,
                state=GrantState.ACTIVE,
                since=NOW,
                until=NOW + timedelta(days=30) if is_asked else None,
            )


def _memory_mib(field: str) -> float:
    """Read VmRSS or VmHWM; getrusage would tell the peak of the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def main() -> None:
    people, levels, sample = map(int, sys.argv[1:])
    world = make_world(levels=levels, people=people, systems=max(1, levels // LEVELS_PER_SYSTEM))
    base = load_world(world)
    head = _loosened(base, random.Random(SEED))  # noqa: S311  # made-up data
    roster, grants = world.roster, tuple(_grants(world, base))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before_mib = _memory_mib("VmRSS")
    began = time.perf_counter()
    result = plan(base, head, roster, grants, (), None, NOW)
    seconds = time.perf_counter() - began
    peak_mib = _memory_mib("VmHWM")
    assert result.shifts, "nothing changes for anybody: nothing was measured"
    asks = world.asks(sample)
    began = time.perf_counter()
    for ask in asks:
        decide(ask, base, roster, NOW)
        decide(ask, head, roster, NOW)
    each_s = (time.perf_counter() - began) / sample
    told = Cost(
        people=people,
        levels=levels,
        seconds=seconds,
        growth_mib=max(0.0, peak_mib - before_mib),
        brute_force_s=each_s * people * levels,
        shifts=len(result.shifts),
    )
    print(json.dumps(told.__dict__))


if __name__ == "__main__":
    main()
