"""A circuit that opens when Salesforce shuts the bot out, so that nobody hammers on the door."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from bot.domain.errors import ConnectorError, OutcomeUnknown, RateLimited, Unauthorized, Unavailable

log = structlog.get_logger()

HOLD_S = 60.0
"""How long nothing is sent after a refusal that only an admin can end."""

_NO_ANSWER = (Unavailable, OutcomeUnknown, RateLimited)


class Circuit:
    """Closed until a lasting refusal; then all get that refusal at once, and one call probes.

    Libraries count failures and raise errors of their own; here one refusal is enough, and callers
    must see the very same Unauthorized. Safe for many threads.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, hold_s: float = HOLD_S
    ) -> None:
        self._clock = clock
        self._hold_s = hold_s
        self._lock = threading.Lock()
        self._refusal: Unauthorized | None = None
        self._shut_until = 0.0
        self._times_shut = 0
        self._is_probing = False

    @contextmanager
    def passing(self) -> Iterator[int]:
        """Let a call through, or raise the refusal; gives what `check` wants to know."""
        is_probe, times_shut = self._enter()
        try:
            yield times_shut
        except _NO_ANSWER:
            raise
        except ConnectorError:
            self._answered(times_shut, is_probe=is_probe)
            raise
        else:
            self._answered(times_shut, is_probe=is_probe)
        finally:
            if is_probe:
                self._is_probing = False

    def check(self, times_shut: int) -> None:
        """Raise the refusal if another call has met it since this one was let through."""
        with self._lock:
            if self._refusal is not None and self._times_shut != times_shut:
                raise _same(self._refusal)

    def shut(self, refusal: Unauthorized) -> Unauthorized:
        """Open the circuit with this refusal; returns what to raise, which says so."""
        with self._lock:
            is_news = self._refusal is None
            self._refusal = Unauthorized(
                f"{refusal.detail} Usher sends nothing to Salesforce for {self._hold_s:.0f} "
                "seconds, then tries once.",
                service=refusal.service,
                code=refusal.code,
            )
            self._shut_until = self._clock() + self._hold_s
            self._times_shut += 1
            shown = self._refusal
        if is_news:
            log.error("salesforce.shut_out", code=shown.code, detail=shown.detail)
        return _same(shown)

    def _enter(self) -> tuple[bool, int]:
        with self._lock:
            if self._refusal is None:
                return False, self._times_shut
            if self._is_probing or self._clock() < self._shut_until:
                raise _same(self._refusal)
            self._is_probing = True
            return True, self._times_shut

    def _answered(self, times_shut: int, *, is_probe: bool) -> None:
        with self._lock:
            is_over = is_probe and self._times_shut == times_shut
            if is_over:
                self._refusal = None
        if is_over:
            log.info("salesforce.let_in_again")


def _same(refusal: Unauthorized) -> Unauthorized:
    """Copy it: an exception that several threads raise would collect all their tracebacks."""
    return Unauthorized(refusal.detail, service=refusal.service, code=refusal.code)
