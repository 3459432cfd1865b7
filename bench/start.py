"""From the start of `serve` until it answers, on a new and on an existing database."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.processes import Process, free_port
from bench.report import Line, show
from bot.playground import POLICIES
from bot.sandbox.world import World

LIBRARIES = "dbos, slack_bolt, fastapi, github, simple_salesforce"
PEER = f'python -c "import {LIBRARIES}"'
LONGEST_S = 3.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How often each start is measured; the middle one counts."""

    rounds: int


FULL = Size(rounds=5)
QUICK = Size(rounds=1)


def run(size: Size = FULL) -> dict[str, float]:
    """Start, each time by turns: the peer, on no database, and on the database just made."""
    imports, empty, existing = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder, rate_limits=False)
        try:
            for turn in range(size.rounds):
                environ = world.settings(
                    database_url=f"sqlite:///{folder}/{turn}.db",
                    port=free_port(),
                    policy_dir=POLICIES,
                )
                imports.append(_import_s())
                empty.append(_start_s(environ, folder))
                existing.append(_start_s(environ, folder))
        finally:
            world.close()
    return _told(median(imports), median(empty), median(existing))


def _start_s(environ: Mapping[str, str], folder: Path) -> float:
    process = Process(
        ["-m", "bot", "serve"], environ=environ, port=int(environ["PORT"]), log=folder / "log"
    )
    try:
        return process.wait_until_ready()
    finally:
        process.kill()


def _import_s() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {LIBRARIES}"], check=True)
    return time.perf_counter() - began


def _told(imports_s: float, empty_s: float, existing_s: float) -> dict[str, float]:
    show(
        "start: from exec to the first 200 of /healthz",
        PEER,
        [
            Line(
                what=f"`serve` on {what} SQLite database",
                usher=f"{seconds:.2f} s",
                peer=f"{imports_s:.2f} s",
                ratio=seconds / imports_s,
                target=f"≤ {LONGEST_S} s",
                is_met=seconds <= LONGEST_S,
            )
            for what, seconds in (("an existing", existing_s), ("no", empty_s))
        ],
    )
    return {
        "start_s": round(existing_s, 3),
        "start_empty_s": round(empty_s, 3),
        "imports_s": round(imports_s, 3),
    }
