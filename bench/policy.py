"""Policy: decisions against four engines, the plan of a change, and how long files take to load."""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeVar

import yaml
from rich.console import Console
from rich.table import Table

from bench.policy_heads import HARD, HEADS
from bench.policy_peers import PEERS
from bench.policy_plan import Cost, measure
from bench.policy_world import NOW, World, load_world, make_world, write_policies
from bench.report import Line, show
from bot.adapters.policy_files.loader import load_policy
from bot.adapters.policy_files.models import policy_file
from bot.domain.decision import Answer, Ask, decide
from bot.domain.judge import Judge

LEAST_RATIO = 3.0
MOST_PLAN_S, MOST_PLAN_MIB = 1.0, 300.0
MOST_SMALL_MS, MOST_LARGE_S = 100.0, 3.0
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the company is, and how often each is measured; the middle one counts."""

    levels: int
    people: int
    asks: int
    peer_asks: int
    checked: int
    small: int
    large: int
    plan_people: int
    plan_levels: int
    plan_sample: int
    growth: tuple[int, ...]
    rounds: int


FULL = Size(
    levels=1_000,
    people=1_000,
    asks=300_000,
    peer_asks=30_000,
    checked=20_000,
    small=300,
    large=10_000,
    plan_people=5_000,
    plan_levels=500,
    plan_sample=1_000,
    growth=(1, 2, 4, 8),
    rounds=5,
)
QUICK = Size(
    levels=20,
    people=100,
    asks=400,
    peer_asks=200,
    checked=400,
    small=10,
    large=20,
    plan_people=100,
    plan_levels=20,
    plan_sample=20,
    growth=(1,),
    rounds=1,
)


def run(size: Size = FULL) -> dict[str, float]:
    """Measure decisions, then the plan, then loading."""
    return {**_decisions(size), **_plans(size), **_loads(size)}


# ---- decisions ----------------------------------------------------------------------------------


def _decisions(size: Size) -> dict[str, float]:
    """Ask everybody the same: Usher answers with all reasons, the engines yes or no.

    The judge leaves out what was checked and held, so that whoever has the same facts can share an
    answer; `decide` gives that too. What it knows beforehand is told apart in the table: nothing,
    the answers to other questions, or those to the same.
    """
    world = make_world(levels=size.levels, people=size.people, systems=max(1, size.levels // 10))
    drawn, policy, roster = world.asks(size.asks + size.checked), load_world(world), world.roster
    asks, others = drawn[: size.asks], drawn[size.asks :]
    judge = Judge(policy, roster, NOW)
    first_s, answers = _timed(lambda: [judge.decide(ask).answer for ask in asks])
    others_s, _ = _timed(lambda: [judge.decide(ask).answer for ask in others])
    few = asks[: size.checked]
    plain_s, decisions = _timed(lambda: [decide(ask, policy, roster, NOW) for ask in few])
    without_checks = [replace(decision, checks=()) for decision in decisions]
    assert [judge.decide(ask) for ask in few] == without_checks, "the judge decides otherwise"
    expected = [answer is not Answer.REFUSED for answer in answers]
    ours, theirs = _in_turns(size, world, judge, asks, expected)
    best = max(theirs, key=lambda title: theirs[title], default="")
    rates = {
        "judge, all reasons: asked before": ours,
        "  other questions than before": len(others) / others_s,
        "  the first questions of all": len(asks) / first_s,
        "decide, with all checks too": len(few) / plain_s,
    }
    ratios = {what: rate / theirs[best] if best else 0.0 for what, rate in rates.items()}
    before, other, _, every = ratios.values()
    show(
        f"policy: decisions per second, {size.levels:,} levels × {size.people:,} people "
        f"({sum(expected) / len(expected):.0%} are no refusals)",
        f"{best or 'none is installed'}, yes or no on the same questions\n"
        "Usher: answer, rule, file:line, who must say yes, every reason; what was\n"
        "checked and held is in `decide` only. The judge answers what it has been asked\n"
        "before, other questions than before, or the first ones of all.",
        [
            Line(
                what=what,
                usher=f"{rate:,.0f}",
                peer=f"{theirs[best]:,.0f}" if best else "-",
                ratio=ratios[what],
                target=f"≥ {LEAST_RATIO:.0f}" if rate == ours else "",
                is_met=rate != ours or before >= LEAST_RATIO,
            )
            for what, rate in rates.items()
        ],
    )
    for title, rate in theirs.items():
        print(f"  {title}: {rate:,.0f} per second")
    return {
        "decisions_ratio": round(before, 2),
        "decisions_ratio_new": round(other, 2),
        "decide_ratio": round(every, 2),
    }


def _in_turns(
    size: Size, world: World, judge: Judge, asks: Sequence[Ask], expected: Sequence[bool]
) -> tuple[float, dict[str, float]]:
    """Measure Usher and every engine by turns; an engine's yes or no must be Usher's."""
    engines = {}
    for peer in PEERS:
        if peer.is_installed:
            engines[peer] = peer.make(world)
        else:
            print(f"  {peer.package} is not installed here and is left out")
    ours: list[float] = []
    theirs: dict[str, list[float]] = {peer.title: [] for peer in engines}
    for turn in range(size.rounds):
        part = _part(asks, size.peer_asks * 4, turn)
        seconds, _ = _timed(lambda part=part: [judge.decide(ask).answer for ask in part])
        ours.append(len(part) / seconds)
        for peer, engine in engines.items():
            part = _part(asks, max(20, int(size.peer_asks * peer.share)), turn)
            seconds, told = _timed(lambda engine=engine, part=part: engine.answers(part))
            theirs[peer.title].append(len(part) / seconds)
            assert told == _part(expected, len(part), turn), f"{peer.title} answers otherwise"
    return median(ours), {title: median(rates) for title, rates in theirs.items()}


def _part(items: Sequence[T], length: int, turn: int) -> Sequence[T]:
    """Take the questions of one turn: never the ones that have just been asked."""
    start = turn * length % max(1, len(items) - length + 1)
    return items[start : start + length]


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    """Return processor seconds, which other programs on the machine disturb least."""
    gc.collect()
    began = time.process_time()
    result = do()
    return max(time.process_time() - began, 1e-9), result


# ---- the plan of a change -----------------------------------------------------------------------


def _plans(size: Size) -> dict[str, float]:
    """Plan two pull requests; the figures are those of the one that takes longer."""
    costs = [_plan(size, head) for head in HEADS]
    slowest = max(costs, key=lambda cost: cost.seconds)
    return {
        "plan_s": round(slowest.seconds, 3),
        "plan_rss_mib": round(max(cost.growth_mib for cost in costs), 1),
        "plan_growth": round(_growth(size, slowest), 2),
    }


def _plan(size: Size, head: str) -> Cost:
    """Return what is in the middle of some rounds, with the most memory of any."""
    costs = [
        measure(head, people=size.plan_people, levels=size.plan_levels, sample=size.plan_sample)
        for _ in range(min(3, size.rounds))
    ]
    middle = sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]
    cost = replace(middle, growth_mib=max(cost.growth_mib for cost in costs))
    if head == HARD:
        assert 2 * cost.felt_by >= cost.people, "fewer than half of the people feel it"
        assert cost.is_cut or size == QUICK, "the comment holds it all: nothing was cut"
    show(
        f"policy: plan of {cost.people:,} people × {cost.levels:,} levels, and its comment; "
        f"{head} changed ({cost.shifts:,} shifts for {cost.felt_by:,} people; "
        f"{cost.characters:,} characters{', cut' if cost.is_cut else ''})",
        f"each question decided by both policies, extrapolated from {size.plan_sample:,}",
        [
            Line(
                what="time",
                usher=f"{cost.seconds:.2f} s",
                peer=f"{cost.brute_force_s:,.0f} s",
                ratio=cost.seconds / cost.brute_force_s,
                target=f"≤ {MOST_PLAN_S:.0f} s",
                is_met=cost.seconds <= MOST_PLAN_S,
            ),
            Line(
                what="memory grows by",
                usher=f"{cost.growth_mib:.0f} MiB",
                peer="-",
                ratio=cost.growth_mib / MOST_PLAN_MIB,
                target=f"≤ {MOST_PLAN_MIB:.0f} MiB",
                is_met=cost.growth_mib <= MOST_PLAN_MIB,
            ),
        ],
    )
    return cost


def _growth(size: Size, first: Cost) -> float:
    """Print what larger companies cost, and return the worst of the largest: 1 is linear."""
    table = Table(title=f"policy: how the plan grows, {first.head} changed", title_justify="left")
    for name in (
        "",
        "people",
        "levels",
        "shifts",
        "processor",
        "for its size",
        "memory",
        "for its size",
    ):
        table.add_column(name, justify="right")
    growth = {}
    for what in ("people", "levels", "both"):
        for times in size.growth:
            cost = first if times == 1 else _larger(first, what, times)
            growth[what] = cost.processor_s / first.processor_s / times
            table.add_row(
                f"{what} × {times}",
                f"{cost.people:,}",
                f"{cost.levels:,}",
                f"{cost.shifts:,}",
                f"{cost.processor_s:.2f} s",
                f"{growth[what]:.2f}",
                f"{cost.growth_mib:.0f} MiB",
                f"{cost.growth_mib / max(first.growth_mib, 1.0) / times:.2f}",
            )
    Console().print(table)
    return max(growth.values())


def _larger(first: Cost, what: str, times: int) -> Cost:
    people = first.people * (1 if what == "levels" else times)
    levels = first.levels * (1 if what == "people" else times)
    return measure(first.head, people=people, levels=levels, sample=1)


# ---- loading ------------------------------------------------------------------------------------


def _loads(size: Size) -> dict[str, float]:
    """Load from disk, checks included; the peer neither refuses nor checks nor knows any place."""
    rounds = min(3, size.rounds)
    small, small_peer, small_lines = _load_s(size.small, systems=3, rounds=size.rounds)
    large, large_peer, large_lines = _load_s(size.large, systems=20, rounds=rounds)
    show(
        "policy: loading a directory with all its checks",
        "yaml.CSafeLoader and the same pydantic models, which neither checks nor keeps any place",
        [
            Line(
                what=f"{size.small:,} levels, {small_lines:,} lines",
                usher=f"{small * 1000:.0f} ms",
                peer=f"{small_peer * 1000:.0f} ms",
                ratio=small / small_peer,
                target=f"≤ {MOST_SMALL_MS:.0f} ms",
                is_met=small * 1000 <= MOST_SMALL_MS,
            ),
            Line(
                what=f"{size.large:,} levels, {large_lines:,} lines",
                usher=f"{large:.2f} s",
                peer=f"{large_peer:.2f} s",
                ratio=large / large_peer,
                target=f"≤ {MOST_LARGE_S:.0f} s",
                is_met=large <= MOST_LARGE_S,
            ),
        ],
    )
    return {"load_300_ms": round(small * 1000, 1), "load_10k_s": round(large, 3)}


def _load_s(levels: int, *, systems: int, rounds: int) -> tuple[float, float, int]:
    """Return the seconds that Usher and the peer take, in turns, and the number of lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "policies"
        lines = write_policies(make_world(levels=levels, people=100, systems=systems), folder)
        ours, theirs = [], []
        load_policy(folder)  # what is imported on first use is no part of it
        for _ in range(rounds):
            ours.append(_wall_s(lambda: load_policy(folder)))
            theirs.append(_wall_s(lambda: _plainly(folder)))
    return median(ours), median(theirs), lines


def _plainly(folder: Path) -> None:
    for file in sorted(folder.rglob("*.yml")):
        data = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        policy_file().validate_python(data)


def _wall_s(do: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
