"""The load: signed Slack events over kept-alive connections, from a process of its own.

`python -m bench.load PLAN` takes a Plan as JSON and writes an Outcome to standard output.
"""

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from bench.processes import ROOT

OK = 200
APP, BOT = "A0USHER", "U0USHER"
PEOPLE = tuple(f"U0P{number:02}" for number in range(16))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send: `rate` per second whatever the answers do; with 0 as fast as answers come."""

    port: int
    secret: str
    prefix: str
    events: int
    connections: int
    team: str
    rate: float = 0.0

    def event_id(self, number: int) -> str:
        return f"Ev{self.prefix}{number:06}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it; `acknowledged` are the numbers of the events that were answered with 200."""

    seconds: float
    acknowledged: list[int]
    latencies_ms: list[float]

    @property
    def per_second(self) -> float:
        return len(self.acknowledged) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Sender:
    """A load process; `outcome` waits for its end."""

    def __init__(self, plan: Plan) -> None:
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in `outcome`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load", json.dumps(asdict(plan))],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
        )

    def outcome(self, timeout_s: float = 60.0) -> Outcome:
        with self._out as out:
            try:
                self._process.wait(timeout_s)
            finally:
                self._process.kill()
            out.seek(0)
            return Outcome(**json.load(out))


def send(plan: Plan) -> Outcome:
    """Send a load and wait for its end."""
    return Sender(plan).outcome()


# ---- in the load process ------------------------------------------------------------------------


def signed_request(plan: Plan, number: int) -> bytes:
    """Make one HTTP request: a mention or a direct message, in turns, signed as Slack does."""
    body = json.dumps(_payload(plan, number)).encode()
    timestamp = str(int(time.time()))
    signed = b"v0:" + timestamp.encode() + b":" + body
    signature = hmac.new(plan.secret.encode(), signed, hashlib.sha256).hexdigest()
    head = (
        "POST /slack/events HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{plan.port}\r\n"
        "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        "Accept: */*\r\n"
        "Content-Type: application/json\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\n"
        f"X-Slack-Signature: v0={signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _payload(plan: Plan, number: int) -> dict[str, object]:
    user, ts = PEOPLE[number // 2 % len(PEOPLE)], f"{time.time():.6f}"
    event = {"user": user, "ts": ts, "team": plan.team, "event_ts": ts}
    if number % 2:
        event |= {"type": "message", "channel_type": "im", "channel": "D0P01"}
        event |= {"text": "Hello, how do I get into Salesforce?", "client_msg_id": f"{number:036}"}
    else:
        event |= {"type": "app_mention", "channel": "C0HELP"}
        event |= {"text": f"<@{BOT}> who can read the forecast?"}
    return {
        "token": "deprecated",
        "team_id": plan.team,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": plan.event_id(number),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": plan.team,
                "user_id": BOT,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{plan.event_id(number)}",
    }


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request on its way."""

    def __init__(self, on_answer: "Callable[[_Connection, int], None]") -> None:
        self._on_answer = on_answer
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self.number = -1
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not registered as one

    def send(self, number: int, request: bytes, began: float) -> None:
        self.number, self.began = number, began
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        if len(body) >= length:
            self._received = b""
            self._on_answer(self, int(head[9:12]))

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self._on_answer(self, 0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Run:
    """One load from its first request to its last answer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [signed_request(plan, number) for number in range(plan.events)]
        self._next = 0
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[tuple[int, float]] = deque()
        self._answers = 0
        self._lost_connections = 0
        self._latencies: dict[int, float] = {}
        self._is_over = asyncio.Event()

    async def play(self) -> Outcome:
        loop = asyncio.get_running_loop()
        connections = [
            (
                await loop.create_connection(
                    lambda: _Connection(self._answered), "127.0.0.1", self._plan.port
                )
            )[1]
            for _ in range(self._plan.connections)
        ]
        self._idle.extend(connections)
        began = time.perf_counter()
        await (self._pace(began) if self._plan.rate else self._push())
        await self._is_over.wait()
        seconds = time.perf_counter() - began
        for connection in connections:
            connection.close()
        return Outcome(
            seconds=seconds,
            acknowledged=sorted(self._latencies),
            latencies_ms=list(self._latencies.values()),
        )

    async def _push(self) -> None:
        """Send the first of each connection; every answer sends the next."""
        while self._idle and self._next < self._plan.events:
            self._post(self._next, time.perf_counter())
            self._next += 1

    async def _pace(self, began: float) -> None:
        """Send when it is time, however slow the answers are.

        A request's time runs from here, also while it waits for a free connection: a server that
        stalls is charged for everything that should have been answered meanwhile.
        """
        for number in range(self._plan.events):
            early = began + number / self._plan.rate - time.perf_counter()
            if early > 0:
                await asyncio.sleep(early)
            self._post(number, time.perf_counter())

    def _post(self, number: int, began: float) -> None:
        if self._idle:
            self._idle.popleft().send(number, self._requests[number], began)
        else:
            self._waiting.append((number, began))

    def _answered(self, connection: _Connection, status: int) -> None:
        now = time.perf_counter()
        if connection.number >= 0:
            self._answers += 1
            if status == OK:
                self._latencies[connection.number] = (now - connection.began) * 1000
        connection.number = -1
        if status == 0:
            self._lost_connections += 1
        elif self._waiting:
            number, began = self._waiting.popleft()
            connection.send(number, self._requests[number], began)
        elif not self._plan.rate and self._next < self._plan.events:
            connection.send(self._next, self._requests[self._next], now)
            self._next += 1
        else:
            self._idle.append(connection)
        if self._answers == self._plan.events or self._lost_connections == self._plan.connections:
            self._is_over.set()


async def _play(plan: Plan) -> Outcome:
    return await _Run(plan).play()


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    print(json.dumps(asdict(uvloop.run(_play(plan)))))


if __name__ == "__main__":
    main()
