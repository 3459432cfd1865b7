"""The bot as a process of its own, made to be killed: what runs in the child of the fork server.

The fork server imports this module once, before any thread: a boot costs a fork and no imports.
"""

import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path

import stamina
import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl  # noqa: F401  # what a server loads late, before the fork
from sqlalchemy.dialects.postgresql import psycopg  # noqa: F401  # the same

from bot.adapters.policy_files.holiday_calendar import unknown_holidays
from bot.adapters.store.single import only_worker
from bot.app import Pace, Usher
from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from bot.logs import configure_logs
from bot.serving import http_server
from bot.settings import load_settings

PACE = Pace(
    poll_s=0.03,
    sweep_cron="0 0 0 1 1 *",
    beat_s=0.1,
    alive_s=0.3,
    catch_up_s=3600.0,
    health_s=0.0,
)
"""Looks for work all the time and gives a silent worker up soon; sweeps come by order."""
SOON = timedelta(minutes=20)
"""What is due by then is on its way; anything later waits for people or for a date."""
_ON_THEIR_WAY = (RequestState.APPROVED, RequestState.AWAITING_SEAT, RequestState.PROVISIONING)

unknown_holidays("US")  # the one work at import here: it loads 250 modules, before the fork


class Order(StrEnum):
    """What the test may tell the bot's process to do; each is answered when it is done."""

    SWEEP = "sweep"
    CATCH_UP = "catch_up"
    TRAVEL = "travel"
    LOOK = "look"


@dataclass(frozen=True, kw_only=True)
class Boot:
    """How to start: settings, how far ahead the clock is, and where the log goes."""

    environ: dict[str, str]
    ahead: timedelta
    log_file: Path


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is still on its way: runs of the engine, and rows that should move by themselves."""

    runs: tuple[str, ...]
    rows: tuple[str, ...]


class AheadClock:
    """The machine's clock, ahead by what the test says."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def travel_to(self, ahead: timedelta) -> None:
        """Be so far ahead of the machine; said twice, it is done once."""
        self._ahead = ahead


def main(orders: Connection, boot: Boot) -> None:
    """Live as `usher serve` does, and follow orders until the pipe or the process is cut."""
    # A lock that a thread held while the server forked would never be released here.
    assert threading.active_count() == 1, "the fork server must have no threads"
    stamina.set_testing(testing=True, attempts=3, cap=True)  # tries as often, but without waiting
    with boot.log_file.open("a") as log:
        configure_logs("WARNING", json=True, stream=log)
        settings = load_settings(boot.environ)
        clock = AheadClock(boot.ahead)
        with only_worker(settings.database_url.reveal()):
            usher = Usher(settings, clock=clock, pace=PACE)
            usher.work()
            _listen(usher)
            orders.send(None)
            _obey(orders, usher, clock)
    # No graceful end: tests of that are elsewhere, and here it would only cost a second.
    os._exit(0)


def _listen(usher: Usher) -> None:
    listening = threading.Event()
    server = http_server(usher, listening.set)
    threading.Thread(target=server.run, name="http", daemon=True).start()
    if not listening.wait(10):
        raise TimeoutError("the bot does not listen")


def _obey(orders: Connection, usher: Usher, clock: AheadClock) -> None:
    while True:
        try:
            order, argument = orders.recv()
        except EOFError:
            return
        orders.send(_carry_out(order, argument, usher, clock))


def _carry_out(order: Order, argument: timedelta, usher: Usher, clock: AheadClock) -> Look | None:
    match order:
        case Order.SWEEP:
            usher.sweep()
        case Order.CATCH_UP:
            usher.catch_up()
        case Order.TRAVEL:
            clock.travel_to(argument)
        case Order.LOOK:
            return look(usher)
    return None


def look(usher: Usher) -> Look:
    """Say what is on its way; both empty means that only people or a far date can move anything."""
    runs = tuple(run for run in usher.engine.live() if not run.startswith("sched-"))
    soon = usher.clock.now() + SOON
    with usher.ledger.read() as tx:
        unanswered = [f"message {m.delivery_id}" for m in tx.inbox.open(soon, soon, 100)]
        untold = [f"untold {r.id} {r.state}" for r in tx.requests.untold(soon, 100)]
        moving = [
            f"request {r.id} {r.state}"
            for r in tx.requests.select(_ON_THEIR_WAY, 100)
            if r.due_at is not None and r.due_at <= soon
        ]
        ending = [
            f"grant {g.id} ending"
            for g in tx.grants.select([GrantState.ENDING], 100)
            if g.due_at is not None and g.due_at <= soon
        ]
    return Look(runs=runs, rows=(*unanswered, *untold, *moving, *ending))
