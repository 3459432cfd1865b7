"""Everybody: the roster file, and those who came through onboarding and are not in it yet."""

import threading
import time
from collections.abc import Callable

from bot.domain.people import Person, Roster
from bot.ports import Ledger

REFRESH_S = 5.0


class CompanyPeople:
    """Merges the roster file with onboarded people; the file wins. Safe for many threads."""

    def __init__(
        self,
        file: Callable[[], Roster],
        ledger: Ledger,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._ledger = ledger
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._joined: dict[str, Person] = {}
        self._read_at = float("-inf")
        self._merged: tuple[Roster, int, Roster] | None = None

    def roster(self) -> Roster:
        """Return everybody; joins made by other processes show within five seconds."""
        with self._lock:
            if self._monotonic() - self._read_at >= REFRESH_S:
                with self._ledger.read() as tx:
                    self._joined |= {person.id: person for person in tx.people.all()}
                self._read_at = self._monotonic()
            return self._merge(self._file())

    def add(self, person: Person) -> None:
        """Know this person from now on in this process."""
        with self._lock:
            self._joined[person.id] = person

    def _merge(self, file: Roster) -> Roster:
        if not self._joined:
            return file
        merged = self._merged
        if merged is None or merged[0] is not file or merged[1] != len(self._joined):
            new = [p for p in self._joined.values() if file.get(p.id) is None]
            merged = (file, len(self._joined), Roster([*file, *new]))
            self._merged = merged
        return merged[2]
