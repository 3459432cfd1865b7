"""Readiness: what of everything that a process needs is broken, and why."""

import threading
import time
from collections.abc import Mapping

from bot.adapters.live_policy import LivePolicy
from bot.adapters.roster_csv import RosterFile
from bot.domain.errors import ConnectorError
from bot.ports import Health, Ledger


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
    ) -> None:
        self._policies = policies
        self._roster_file = roster_file
        self._ledger = ledger
        self._services = services
        self._health_s = health_s
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, str | None]] = {}

    def check(self) -> Mapping[str, str | None]:
        """Name each part with what is wrong, or None."""
        # An idle process has not looked at its files for long.
        self._policies.policy()
        self._roster_file.roster()
        parts: dict[str, str | None] = {
            "database": self._database(),
            "policy": self._policies.error,
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
