"""Readiness: what of everything that a process needs is broken, and why."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.adapters.live_policy import LivePolicy
from bot.adapters.roster_csv import RosterFile
from bot.domain.errors import ConnectorError
from bot.ports import Health, Ledger

POLICY_CURSOR = "policy"
"""When the policies' repository was last read."""


class Pulse:
    """Answers readiness; what outside services said is kept for `health_s` seconds."""

    def __init__(
        self,
        *,
        policies: LivePolicy,
        roster_file: RosterFile,
        ledger: Ledger,
        services: Mapping[str, Health],
        health_s: float,
        policy_stale_after: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._policies = policies
        self._roster_file = roster_file
        self._ledger = ledger
        self._services = services
        self._health_s = health_s
        self._policy_stale_after = policy_stale_after
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, str | None]] = {}

    def check(self) -> Mapping[str, str | None]:
        """Name each part with what is wrong, or None."""
        # An idle process has not looked at its files for long.
        self._policies.policy()
        self._roster_file.roster()
        parts: dict[str, str | None] = {
            "database": self._database(),
            "policy": self._policies.error or self._stale_policy(),
            "roster": self._roster_file.error,
        }
        with self._lock:
            for name, service in self._services.items():
                parts[name] = self._service(name, service)
        return parts

    def _database(self) -> str | None:
        try:
            with self._ledger.read() as tx:
                tx.cursors.get("github")
        except ConnectorError as error:
            return error.detail
        return None

    def _stale_policy(self) -> str | None:
        """Say that nobody has looked for a newer policy for long, where the repository decides."""
        if not self._policies.is_from_repository:
            return None
        try:
            with self._ledger.read() as tx:
                looked = tx.cursors.get(POLICY_CURSOR)
        except ConnectorError:
            return None  # told as the database's
        if looked is None or self._now() - looked <= self._policy_stale_after:
            return None
        return (
            f"the policies' repository was not read since {looked:%Y-%m-%d %H:%M} UTC: a newer "
            "policy may not be in force; the worker's log says why"
        )

    def _service(self, name: str, service: Health) -> str | None:
        at, problem = self._seen.get(name, (float("-inf"), None))
        if time.monotonic() - at > self._health_s:
            problem = _ask(service)
            self._seen[name] = (time.monotonic(), problem)
        return problem


def _ask(service: Health) -> str | None:
    try:
        service.check()
    except ConnectorError as error:
        return error.detail
    return None
