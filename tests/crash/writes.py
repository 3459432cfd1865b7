"""Outbound writes: recorded as they happen, named to be found in another play, and broken."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.wire import Emulator, Exchange


class Break(StrEnum):
    """How one write is broken."""

    KILL_BEFORE = "kill_before"
    KILL_AFTER = "kill_after"
    KILL_TWICE = "kill_twice"
    """Kill before the effect, and whoever does it again right after the effect."""
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"

    @property
    def is_kill(self) -> bool:
        return self in (Break.KILL_BEFORE, Break.KILL_AFTER, Break.KILL_TWICE)


@dataclass(frozen=True, order=True)
class Point:
    """A write of a service: the n-th call of its route (a shell pattern, as faults take it)."""

    service: str
    route: str
    nth: int

    def __str__(self) -> str:
        return f"{self.service} {self.route} #{self.nth}"


@dataclass(frozen=True)
class Effect:
    """A write that reached its service and was carried out."""

    service: str
    call: str
    body: bytes


class Journal:
    """Observes all emulators: every write in order, first as it comes in, then its effect."""

    def __init__(self, emulators: Iterable[Emulator]) -> None:
        self._lock = threading.Lock()
        self.writes: list[Point] = []
        self.effects: list[Effect] = []
        self._seen: Counter[tuple[str, str]] = Counter()
        for emulator in emulators:
            emulator.observers.append(self._observe)

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.writes, self.effects = [], []
            self._seen.clear()

    def _observe(self, exchange: Exchange, moment: str) -> None:
        with self._lock:
            if moment == "before":
                # Salesforce's composite reads and writes by one route, and faults count both.
                key = (exchange.service, route_of(exchange))
                self._seen[key] += 1
            if not exchange.is_write:
                return
            if moment == "before":
                self.writes.append(Point(*key, self._seen[key]))
            elif exchange.status is not None and exchange.status < 400:  # HTTP errors
                effect = Effect(exchange.service, exchange.call, exchange.request_body)
                self.effects.append(effect)


# What differs from play to play: numbers of issues and comments, ids and one-time addresses. The
# patterns must not overlap, because a point counts the calls that match.
_VARIABLE = (
    (re.compile(r"/(issues|comments)/\d+"), r"/\1/[0-9]*"),
    (re.compile(r"/(005|0PO|0Yw|0Pa|0PS|0PL|0Ya)[A-Za-z0-9]{12,15}"), r"/\1*"),
    (re.compile(r"/items/[a-z0-9]{26}$"), "/items/[a-z0-9]*"),
    (re.compile(r"^(\w+) /(actions|commands)/.*"), r"\1 /\2/*"),
    (re.compile(r"/labels/.+$"), "/labels/*"),
)


def route_of(exchange: Exchange) -> str:
    """Return the call with its variable parts as a shell pattern."""
    route = exchange.call
    for variable, pattern in _VARIABLE:
        route = variable.sub(pattern, route)
    return route


class Breaker:
    """Breaks one write."""

    def __init__(
        self, point: Point, how: Break, emulators: Iterable[Emulator], kill: Callable[[], None]
    ) -> None:
        self._point = point
        self._kill = kill
        self._due = _DUE.get(how, set())
        self._calls = 0
        self._numbers: dict[int, int] = {}
        self._lock = threading.Lock()
        self.kills = 0
        (self._emulator,) = (e for e in emulators if e.name == point.service)
        if how.is_kill:
            self._emulator.observers.append(self._observe)
        else:
            fault = Fault(route=point.route, kind=FaultKind(how.value), nth=point.nth)
            self._emulator.faults.add(fault)

    @property
    def has_struck(self) -> bool:
        """Say whether the play came to this write."""
        return self.kills > 0 or any(e.fault for e in self._emulator.exchanges)

    def _observe(self, exchange: Exchange, moment: str) -> None:
        if not fnmatchcase(exchange.call, self._point.route):
            return
        with self._lock:
            if moment == "before":
                self._calls += 1
                self._numbers[exchange.number] = self._calls - self._point.nth
            is_due = (self._numbers[exchange.number], moment) in self._due
        if is_due:
            self._kill()
            self.kills += 1
            # Nobody is there for an answer; before the effect, this also keeps it from happening.
            raise ConnectionAbortedError("its sender was killed")


_DUE = {
    Break.KILL_BEFORE: {(0, "before")},
    Break.KILL_AFTER: {(0, "after")},
    Break.KILL_TWICE: {(0, "before"), (1, "after")},
}
"""Which calls of a route are their sender's last, counted from the point's own, and when."""


def rage(points: Iterable[Point], emulators: Iterable[Emulator]) -> None:
    """Let a storm drop two of three calls of every route: one before its effect, one after it.

    By Salesforce's composite a look and then a write go through one route: dropped in that rhythm,
    the write would be lost each time, so that two in a row get through there.
    """
    services = {emulator.name: emulator for emulator in emulators}
    for service, route in {(point.service, point.route) for point in points}:
        for nth in range(1, 200, 4 if route.endswith("/composite") else 3):
            faults = services[service].faults
            faults.add(Fault(route=route, kind=FaultKind.DROP_BEFORE, nth=nth))
            faults.add(Fault(route=route, kind=FaultKind.DROP_AFTER, nth=nth + 1))
