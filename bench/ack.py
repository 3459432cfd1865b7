"""Acknowledging Slack events, each durable before its answer, against a bare Bolt app."""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import Outcome, Plan, Sender, send
from bench.processes import Process, free_port
from bench.report import Line, show
from bot.playground import POLICIES
from bot.sandbox.world import World

PEER = "slack_bolt.App with a listener that does nothing, same server, same load"
LEAST_THROUGHPUT, MOST_P99 = 0.5, 2.0
RATE = 200.0
_PAGES = 8192


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is sent, and how often the two are measured in turns."""

    bursts: int
    burst: int
    steadies: int
    steady: int
    disk: int
    warm_up: int
    connections: int = 24


FULL = Size(bursts=5, burst=2500, steadies=9, steady=600, disk=3, warm_up=2000)
QUICK = Size(bursts=1, burst=60, steadies=1, steady=20, disk=1, warm_up=10, connections=4)


def run(size: Size = FULL) -> dict[str, float]:
    """Measure both, in turns, then kill Usher under load and count what it kept."""
    with tempfile.TemporaryDirectory() as name, _contest(Path(name)) as (usher, bare):
        usher.send("warm", size.warm_up, size.connections)
        bare.send("warm", size.warm_up, size.connections)
        assert usher.lost() == 0, "it does not keep what it acknowledges: nothing to measure"
        # the steady load first: what a burst has left for the disk to do is no part of it
        steadies = [
            _pair(bare, usher, f"s{turn}", size.steady, size.connections, rate=RATE)
            for turn in range(size.steadies)
        ]
        bursts = [
            _pair(bare, usher, f"b{turn}", size.burst, size.connections)
            for turn in range(size.bursts)
        ]
        usher.die_under_load("kill", size.burst, size.connections)
        lost = usher.lost()
        disk_ms = median(_sync_ms(Path(name) / "disk", size.steady) for _ in range(size.disk))
    return _told(bursts, steadies, sent=len(usher.promised), lost=lost, disk_ms=disk_ms)


class Contestant:
    """A server under load, and what it has promised to keep."""

    def __init__(self, process: Process, environ: Mapping[str, str], database: Path) -> None:
        self.process = process
        self.promised: set[str] = set()
        self._environ = environ
        self._database = database

    def send(self, prefix: str, events: int, connections: int, rate: float = 0.0) -> Outcome:
        """Send a load; every event counts as promised, so one that was refused counts as lost."""
        plan = self._plan(prefix, events, connections, rate)
        outcome = send(plan)
        self.promised.update(map(plan.event_id, range(events)))
        return outcome

    def die_under_load(self, prefix: str, events: int, connections: int) -> None:
        """Be killed in the middle of a load; what was acknowledged until then was promised."""
        plan = self._plan(prefix, events, connections, 0.0)
        sender = Sender(plan)
        while not self._kept() & {plan.event_id(number) for number in range(events)}:
            time.sleep(0.01)
        self.process.kill()
        self.promised.update(map(plan.event_id, sender.outcome().acknowledged))

    def lost(self) -> int:
        return len(self.promised - self._kept())

    def _plan(self, prefix: str, events: int, connections: int, rate: float) -> Plan:
        return Plan(
            port=self.process.port,
            secret=self._environ["SLACK_SIGNING_SECRET"],
            team=self._environ["SLACK_TEAM_ID"],
            prefix=prefix,
            events=events,
            connections=connections,
            rate=rate,
        )

    def _kept(self) -> set[str]:
        with closing(sqlite3.connect(self._database, timeout=30)) as db:
            return {row[0] for row in db.execute("SELECT delivery_id FROM inbox")}


@contextmanager
def _contest(folder: Path) -> Iterator[tuple[Contestant, Contestant]]:
    """Start the outside world, Usher as `serve`, and the peer."""
    with ExitStack() as stack:
        world = World(folder, rate_limits=False)
        stack.callback(world.close)
        contestants = []
        for arguments, port in (("bot", "serve"), free_port()), (("bench.bare_bolt",), free_port()):
            database = folder / f"{arguments[0]}.db"
            environ = world.settings(
                database_url=f"sqlite:///{database}", port=port, policy_dir=POLICIES
            )
            words = ["-m", *arguments, *([] if "serve" in arguments else [str(port)])]
            process = Process(words, environ=environ, port=port, log=folder / "log")
            stack.callback(process.kill)
            process.wait_until_ready()
            contestants.append(Contestant(process, environ, database))
        yield contestants[0], contestants[1]


def _pair(
    bare: Contestant,
    usher: Contestant,
    prefix: str,
    events: int,
    connections: int,
    rate: float = 0.0,
) -> tuple[Outcome, Outcome]:
    """Measure the two one after the other; who is not being measured gets no processor time."""
    with bare.process.frozen():
        ours = usher.send(prefix, events, connections, rate)
    with usher.process.frozen():
        theirs = bare.send(prefix, events, connections, rate)
    return ours, theirs


def _sync_ms(file: Path, times: int) -> float:
    """Write two pages at the same pace and sync each to this disk; return the p99.

    It is the part of Usher's time that no program can save, and that the peer does not have.
    """
    spent = []
    with file.open("wb", buffering=0) as pages:
        pages.write(bytes(times * _PAGES))
        os.fsync(pages.fileno())
        pages.seek(0)
        for _ in range(times):
            began = time.perf_counter()
            pages.write(bytes(_PAGES))
            os.fdatasync(pages.fileno())
            spent.append((time.perf_counter() - began) * 1000)
            time.sleep(1 / RATE)
    return sorted(spent)[int(times * 0.99)]


def _told(
    bursts: list[tuple[Outcome, Outcome]],
    steadies: list[tuple[Outcome, Outcome]],
    *,
    sent: int,
    lost: int,
    disk_ms: float,
) -> dict[str, float]:
    ours, theirs = (median(pair[i].per_second for pair in bursts) for i in (0, 1))
    ours_p99, theirs_p99 = (median(pair[i].percentile_ms(99) for pair in steadies) for i in (0, 1))
    ours_p50, theirs_p50 = (median(pair[i].percentile_ms(50) for pair in steadies) for i in (0, 1))
    throughput, p99 = ours / theirs, ours_p99 / theirs_p99
    show(
        "ack: Slack events, each durable before its answer",
        PEER,
        [
            Line(
                what="events per second",
                usher=f"{ours:.0f}",
                peer=f"{theirs:.0f}",
                ratio=throughput,
                target=f"≥ {LEAST_THROUGHPUT}",
                is_met=throughput >= LEAST_THROUGHPUT,
            ),
            Line(
                what=f"p99 at {RATE:.0f} per second",
                usher=f"{ours_p99:.1f} ms",
                peer=f"{theirs_p99:.1f} ms",
                ratio=p99,
                target=f"≤ {MOST_P99}",
                is_met=p99 <= MOST_P99,
            ),
            _noted("p99 of one sync to this disk alone", disk_ms, theirs_p99),
            _noted(f"p50 at {RATE:.0f} per second", ours_p50, theirs_p50),
            Line(
                what=f"lost of {sent}, after SIGKILL",
                usher=f"{lost}",
                peer="all",
                ratio=lost / sent,
                target="0",
                is_met=lost == 0,
            ),
        ],
    )
    return {
        "throughput_ratio": round(throughput, 3),
        "p99_ratio": round(p99, 3),
        "lost": lost,
        "disk_p99_ms": round(disk_ms, 2),
    }


def _noted(what: str, ours_ms: float, theirs_ms: float) -> Line:
    """Show a figure that nothing was promised for."""
    return Line(
        what=what,
        usher=f"{ours_ms:.1f} ms",
        peer=f"{theirs_ms:.1f} ms",
        ratio=ours_ms / theirs_ms,
        target="",
        is_met=True,
    )
