"""Ten thousand requests waiting for approval: what they cost in memory and idle processor time."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.processes import ROOT, Process, cpu_percent, free_port, get
from bench.report import Line, show
from bot.adapters.policy_files.loader import PolicyDirectory
from bot.adapters.roster_csv import RosterFile
from bot.adapters.store.database import make_engine
from bot.adapters.store.store import Store
from bot.domain.decision import Answer, Ask, decide
from bot.domain.durations import Duration
from bot.domain.inbound import Surface
from bot.domain.request import Request, RequestState, request_digest
from bot.playground import POLICIES
from bot.sandbox.example import PEOPLE_FILE
from bot.sandbox.world import World

MOST_GROWTH_MIB, MOST_IDLE_PERCENT = 20.0, 2.0
DUE_FROM, DUE_EVERY = timedelta(hours=6), timedelta(seconds=30)
PORTION = 200


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many wait, with us and with the peer, and for how long it is watched."""

    requests: int
    workflows: int
    settle_s: float
    watch_s: float
    watch_peer_s: float


# A sweep comes every twenty seconds.
FULL = Size(requests=10_000, workflows=1_000, settle_s=21, watch_s=32, watch_peer_s=4)
QUICK = Size(requests=40, workflows=10, settle_s=0.1, watch_s=0.2, watch_peer_s=0.2)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a waiting crowd costs, against the same process without it."""

    waiting: int
    growth_mib: float
    idle_percent: float

    @property
    def kib_each(self) -> float:
        return 1024 * self.growth_mib / self.waiting


def run(size: Size = FULL) -> dict[str, float]:
    """Measure the peer, then Usher with nobody and with everybody waiting."""
    peer = _peer(size)
    with tempfile.TemporaryDirectory() as name, _served(Path(name)) as (process, database_url):
        _settle(process, size)
        alone_mib, alone_percent = process.resident_mib(), cpu_percent(process, size.watch_s / 2)
        insert_waiting(Store(make_engine(database_url)), size.requests)
        _settle(process, size)
        percent = cpu_percent(process, size.watch_s)
        growth = max(0.0, process.resident_mib() - alone_mib)
    usher = Cost(waiting=size.requests, growth_mib=growth, idle_percent=percent)
    return _told(usher, peer, alone_mib=alone_mib, alone_percent=alone_percent)


@contextmanager
def _served(folder: Path) -> Iterator[tuple[Process, str]]:
    world = World(folder, rate_limits=False)
    environ = world.settings(
        database_url=f"sqlite:///{folder}/usher.db", port=free_port(), policy_dir=POLICIES
    )
    process = Process(
        ["-m", "bot", "serve"], environ=environ, port=int(environ["PORT"]), log=folder / "log"
    )
    try:
        process.wait_until_ready()
        yield process, environ["DATABASE_URL"]
    finally:
        process.kill()
        world.close()


def _settle(process: Process, size: Size) -> None:
    """Let a sweep see everything, and ask for all that an operator's monitoring asks for."""
    for page in ("/readyz", "/metrics"):
        assert get(process.port, page) == 200  # noqa: PLR2004  # HTTP's word for fine
    time.sleep(size.settle_s)


def insert_waiting(store: Store, count: int) -> None:
    """Insert requests as they stand when everybody has been asked: told, and due one by one."""
    requests = list(_waiting(count))
    # in portions, as nobody in the house holds the database for long
    for first in range(0, count, PORTION):
        with store.begin() as tx:
            for request in requests[first : first + PORTION]:
                assert tx.requests.add(request)
                tx.requests.mark_told(request.id, request.revision)
    store.close()


def _waiting(count: int) -> Iterator[Request]:
    policy, roster = PolicyDirectory(POLICIES).policy(), RosterFile(PEOPLE_FILE).roster()
    now = datetime.now(UTC)
    ask = Ask(
        requester_id="p004",
        person_id="p004",
        level_id="salesforce/standard",
        duration=Duration(90),
        held={},
        pending=frozenset(),
    )
    decision, level = decide(ask, policy, roster, now), policy.level(ask.level_id)
    assert level is not None
    assert decision.answer is Answer.NEEDS_APPROVAL
    for number in range(count):
        reason = f"Quarterly pipeline review, team {number}: forecasts and renewals"
        digest = request_digest(
            person_id=ask.person_id,
            content_digest=level.content_digest(),
            duration=ask.duration,
            reason=reason,
            decision=decision,
        )
        yield Request(
            id=f"r{number:011x}",
            person_id=f"q{number:05}",
            requester_id=ask.requester_id,
            level_id=ask.level_id,
            duration=ask.duration,
            reason=reason,
            source=Surface.SLACK,
            state=RequestState.AWAITING_APPROVAL,
            created_at=now,
            changed_at=now,
            digest=digest,
            decision=decision,
            due_at=now + DUE_FROM + number * DUE_EVERY,
            issue_number=1000 + number,
            revision=1,
        )


def _peer(size: Size) -> Cost:
    """Let a process of the peer's kind say what it costs."""
    arguments = [str(size.workflows), str(size.watch_peer_s)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.sleeping_workflows", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Cost(**told)


def _told(usher: Cost, peer: Cost, *, alone_mib: float, alone_percent: float) -> dict[str, float]:
    each_ratio = usher.kib_each / peer.kib_each
    show(
        f"waiting: {usher.waiting:,} requests wait for approval "
        f"(the same process without them: {alone_mib:.0f} MiB, {alone_percent:.2f} % of a core)",
        f"one sleeping DBOS workflow for each request, {peer.waiting:,} of them, on SQLite",
        [
            Line(
                what="memory grows by",
                usher=f"{usher.growth_mib:.1f} MiB",
                peer=f"{peer.growth_mib:.1f} MiB",
                ratio=usher.growth_mib / peer.growth_mib,
                target=f"≤ {MOST_GROWTH_MIB:.0f} MiB",
                is_met=usher.growth_mib <= MOST_GROWTH_MIB,
            ),
            Line(
                what="memory for each that waits",
                usher=f"{usher.kib_each:.2f} KiB",
                peer=f"{peer.kib_each:.2f} KiB",
                ratio=each_ratio,
                target="",
                is_met=True,
            ),
            Line(
                what="processor time while nothing happens",
                usher=f"{usher.idle_percent:.2f} %",
                peer=f"{peer.idle_percent:.2f} %",
                ratio=usher.idle_percent / peer.idle_percent if peer.idle_percent else 0.0,
                target=f"≤ {MOST_IDLE_PERCENT:.0f} %",
                is_met=usher.idle_percent <= MOST_IDLE_PERCENT,
            ),
        ],
    )
    return {
        "rss_growth_mib": round(usher.growth_mib, 2),
        "idle_cpu_percent": round(usher.idle_percent, 2),
        "idle_cpu_percent_alone": round(alone_percent, 2),
        "memory_each_ratio": round(each_ratio, 4),
    }
