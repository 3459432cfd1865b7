"""Faults that a test or a curious person asks an emulator for, per route and n-th call."""

import fnmatch
import threading
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong; drops cut the TCP connection without an answer. EMPTY, TRUNCATED and CUT
    spoil the answer to a call that was carried out: no body, half of one that claims to be whole,
    half of one and then a cut connection. REVOKE ends the sessions just before the call.
    """

    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    DELAY = "delay"
    STATUS = "status"
    HTML = "html"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    CUT = "cut"
    REVOKE = "revoke"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Break calls `nth` to `nth + times - 1` of those whose "METHOD /path" matches `route`.

    `route` is a shell pattern such as "POST /api/chat.*". `status` and `retry_after` (seconds)
    shape STATUS and HTML answers; `body` (JSON text) replaces the emulator's own for that status.
    """

    route: str
    kind: FaultKind
    nth: int = 1
    times: int = 1
    status: int = 503
    seconds: float = 0.0
    retry_after: int | None = None
    body: str | None = None


@dataclass
class Faults:
    """The faults an emulator still has to play; calls are counted from when each was added."""

    _pending: list[tuple[Fault, list[int]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append((fault, [0]))

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Count this call against every pending fault and return the first one that is due."""
        due: Fault | None = None
        with self._lock:
            for fault, count in self._pending:
                if not fnmatch.fnmatchcase(f"{method} {path}", fault.route):
                    continue
                count[0] += 1
                if due is None and fault.nth <= count[0] < fault.nth + fault.times:
                    due = fault
        return due
