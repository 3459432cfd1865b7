"""Everybody: the roster file, and those who came through onboarding and are not in it yet."""

import threading
from collections.abc import Callable

from bot.domain.people import Person, Roster
from bot.ports import Ledger

REFRESH_S = 5.0
"""How long other processes may not know yet who has joined."""


class CompanyPeople:
    """Merges the roster file with onboarded people. Safe for many threads.

    Once the file has named somebody, the onboarding's word about them is over for good: who leaves
    the file afterwards has left the company.
    """

    def __init__(self, file: Callable[[], Roster], ledger: Ledger) -> None:
        self._file = file
        self._ledger = ledger
        self._lock = threading.Lock()
        # One at a time: an older look at the table must not undo a newer one.
        self._refreshing = threading.Lock()
        self._joined: dict[str, Person] = {}
        self._superseded: set[str] = set()
        self._merged: tuple[Roster, Roster] | None = None

    def roster(self) -> Roster:
        """Return everybody, from memory and the file: callers may be inside a transaction."""
        with self._lock:
            file = self._file()
            if self._merged is None or self._merged[0] is not file:
                self._supersede(file)
                everybody = Roster([*file, *self._joined.values()]) if self._joined else file
                self._merged = (file, everybody)
            return self._merged[1]

    def refresh(self) -> None:
        """Read anew who has joined, and delete whom the file names; not inside a transaction."""
        with self._refreshing:
            with self._ledger.read() as tx:
                kept = {person.id: person for person in tx.people.all()}
            with self._lock:
                self._joined = kept
                self._supersede(self._file())
                self._merged = None
                over = set(self._superseded)
            if over & kept.keys():
                with self._ledger.begin() as tx:
                    for person_id in sorted(over & kept.keys()):
                        tx.people.remove(person_id)
            with self._lock:
                self._superseded -= over

    def _supersede(self, file: Roster) -> None:
        self._superseded |= {id_ for id_ in self._joined if file.get(id_) is not None}
        self._joined = {
            id_: person for id_, person in self._joined.items() if id_ not in self._superseded
        }
