"""The benchmarks run, in small, and say what they promise to say; no time is judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIGURES = {
    "ack": {"throughput_ratio", "p99_ratio", "lost"},
    "waiting": {"rss_growth_mib", "idle_cpu_percent"},
    "seat": {"salesforce_calls"},
    "start": {"start_s", "start_empty_s"},
    "salesforce": {
        "create_calls",
        "revoke_calls",
        "read_calls_10k",
        "read_calls_100k",
        "read_rss_mib",
        "time_ratio",
        "permanent_401_calls",
        "relogins",
    },
    "policy": {
        "decisions_ratio",
        "decisions_ratio_new",
        "decide_ratio",
        "plan_s",
        "plan_rss_mib",
        "plan_growth",
        "load_300_ms",
        "load_10k_s",
    },
}

AT_MOST = {
    "lost": 0, "salesforce_calls": 8, "create_calls": 8, "permanent_401_calls": 3, "relogins": 1,
}  # fmt: skip
"""What is counted, not timed, holds on any machine."""


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


SLOW = {"ack", "waiting", "start"}
"""They start servers, again and again."""
CASES = [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in sorted(FIGURES)
]


@pytest.mark.parametrize("name", CASES)
def test_a_benchmark_ends_with_one_line_of_json_that_has_its_figures(name: str) -> None:
    done = bench(name, "--quick")

    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.splitlines()
    figures = json.loads(last)
    assert figures.keys() >= FIGURES[name]
    assert all(isinstance(figure, int | float) for figure in figures.values())
    assert all(figures[what] <= most for what, most in AT_MOST.items() if what in figures)
    assert any("Peer" in line for line in table)


def test_every_benchmark_is_run_by_default_and_an_unknown_one_is_refused() -> None:
    from bench.__main__ import NAMES

    assert set(NAMES) == set(FIGURES)
    assert bench("speed").returncode == 2


def test_only_the_benchmark_imports_its_peers() -> None:
    from bench.policy_peers import PEERS

    modules = {peer.module for peer in PEERS}
    sources = [
        path for room in ("bot", "handlers", "tests") for path in (ROOT / room).rglob("*.py")
    ]
    found = {
        path.name
        for path in sources
        for line in path.read_text().splitlines()
        if line.split()[:1] in (["import"], ["from"]) and line.split()[1] in modules
    }

    assert found == set()
