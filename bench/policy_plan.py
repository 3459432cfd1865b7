"""The plan of a policy change over a made-up company, alone in a process so that memory is its own.

`python -m bench.policy_plan PEOPLE LEVELS SAMPLE HEAD` prints what it took to plan one of the
`policy_heads` and to write the comment, and how long it takes to decide SAMPLE questions one by
one under both policies, which is what a plan by brute force does.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.policy_heads import HEADS
from bench.policy_world import NOW, SEED, World, load_world, make_world
from bench.processes import ROOT
from bot.domain.decision import decide
from bot.domain.durations import Duration
from bot.domain.grant import Basis, Grant, GrantState
from bot.domain.inbound import Surface
from bot.domain.policy import Policy
from bot.domain.policy_plan import plan
from bot.domain.policy_plan_text import MAX_COMMENT, markdown
from bot.domain.request import Request, RequestState
from bot.domain.seats import PoolCount

LEVELS_PER_SYSTEM, PEOPLE_PER_REQUEST = 10, 10
SEATS, SEATS_USED = 200, 150
"""In the one pool of each system: too few for what comes with a large role."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one plan took, and what brute force would take for the same, extrapolated.

    `processor_s` is what other programs on the machine disturb least: sizes are compared by it.
    `felt_by` counts those who gain or lose a way to a level; `characters` are the comment's, and
    `is_cut` says that rows had to be left out of it.
    """

    head: str
    people: int
    levels: int
    seconds: float
    processor_s: float
    growth_mib: float
    brute_force_s: float
    shifts: int
    felt_by: int
    characters: int
    is_cut: bool


def measure(head: str, *, people: int, levels: int, sample: int) -> Cost:
    """Plan in a process of its own."""
    sizes = map(str, (people, levels, sample))
    done = subprocess.run(
        [sys.executable, "-m", "bench.policy_plan", *sizes, head],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Cost(**told)


# ---- in the process of its own ------------------------------------------------------------------


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


def _requests(world: World) -> Iterator[Request]:
    """One person in ten waits for an approval, for a level drawn from all."""
    dice = random.Random(SEED)  # noqa: S311  # made-up data
    for person in world.people[::PEOPLE_PER_REQUEST]:
        yield Request(
            id=f"request-{person.id}",
            person_id=person.id,
            requester_id=person.id,
            level_id=dice.choice(world.rules).level_id,
            duration=Duration(7),
            reason="Needed for this month's work",
            source=Surface.GITHUB,
            state=RequestState.AWAITING_APPROVAL,
            created_at=NOW,
            changed_at=NOW,
        )


def _memory_mib(field: str) -> float:
    """Read VmRSS or VmHWM; getrusage would tell the peak of the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def _brute_force_s(world: World, base: Policy, head: Policy, sample: int) -> float:
    """Take the time of a sample of questions for that of all people times all levels."""
    asks, roster = world.asks(sample), world.roster
    began = time.perf_counter()
    for ask in asks:
        decide(ask, base, roster, NOW)
        decide(ask, head, roster, NOW)
    each_s = (time.perf_counter() - began) / sample
    return each_s * len(world.people) * len(world.rules)


def _cost(name: str, world: World, sample: int) -> Cost:
    dice = random.Random(SEED)  # noqa: S311  # made-up data
    base, head = HEADS[name](load_world(world), world, dice)
    roster, grants, requests = world.roster, tuple(_grants(world, base)), tuple(_requests(world))
    count = PoolCount(name="Salesforce", total=SEATS, used=SEATS_USED)
    seats = dict.fromkeys(head.systems, (count,))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before_mib = _memory_mib("VmRSS")
    began, began_busy = time.perf_counter(), time.process_time()
    found = plan(base, head, roster, grants, requests, seats, NOW)
    text = markdown(found)
    seconds, processor_s = time.perf_counter() - began, time.process_time() - began_busy
    peak_mib = _memory_mib("VmHWM")
    assert found.shifts, "nothing changes for anybody: nothing was measured"
    assert len(text) <= MAX_COMMENT, "GitHub would refuse the comment"
    return Cost(
        head=name,
        people=len(world.people),
        levels=len(world.rules),
        seconds=seconds,
        processor_s=processor_s,
        growth_mib=max(0.0, peak_mib - before_mib),
        brute_force_s=_brute_force_s(world, base, head, sample),
        shifts=len(found.shifts),
        felt_by=len({person_id for shift in found.shifts for person_id in shift.people}),
        characters=len(text),
        is_cut=text != markdown(found, limit=sys.maxsize),
    )


def main() -> None:
    people, levels, sample = map(int, sys.argv[1:4])
    world = make_world(levels=levels, people=people, systems=max(1, levels // LEVELS_PER_SYSTEM))
    print(json.dumps(asdict(_cost(sys.argv[4], world, sample))))


if __name__ == "__main__":
    main()
