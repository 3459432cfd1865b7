"""Keep the last good version of something on disk in force while a newer one is broken."""

from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from bot.domain.errors import PolicyError

T = TypeVar("T")


def file_state(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file does, without reading it: inode, time of change, size."""
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


class LastGood(Generic[T]):
    """Load at once, and again whenever the fingerprint changes; only the first failure raises.

    Safe for threads: one loads, the others go on with what is in force.
    """

    def __init__(self, load: Callable[[], T], fingerprint: Callable[[], Hashable]) -> None:
        self._load = load
        self._fingerprint = fingerprint
        self._lock = Lock()
        # Taken before loading: a change in between shows as a difference next time.
        self._seen = fingerprint()
        self._value = load()
        self.error: str | None = None

    @property
    def value(self) -> T:
        return self._value

    def refresh(self) -> T:
        """Look whether there is a newer version, and return what is in force now."""
        if self._lock.acquire(blocking=False):
            try:
                self._reload()
            finally:
                self._lock.release()
        return self._value

    def _reload(self) -> None:
        seen = self._fingerprint()
        if seen == self._seen:
            return
        try:
            self._value = self._load()
        except PolicyError as error:
            self.error = "\n".join((error.detail, *error.faults))
        else:
            self.error = None
        self._seen = seen
