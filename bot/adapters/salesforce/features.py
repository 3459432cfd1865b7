"""Feature licences: flags on the user, of which each org has its own."""

import re
import threading
from collections.abc import Iterable

from bot.adapters.salesforce.gateway import Gateway

_FLAG = re.compile(r"UserPermissions([A-Za-z]{1,40})User")


class Features:
    """Knows which flags the org's users have; asks the org once, and again for what it misses.

    A query that names a field which the org does not have fails as a whole.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._flags: dict[str, str] = {}

    def flags(self, names: Iterable[str]) -> dict[str, str]:
        """Return the fields of those of these features that the org has; raises as `describe`."""
        wanted = frozenset(names)
        with self._lock:
            if wanted - self._flags.keys():
                self._flags = self._ask()
            return {name: flag for name, flag in self._flags.items() if name in wanted}

    def _ask(self) -> dict[str, str]:
        fields = self._gateway.describe("User")["fields"]
        matches = (_FLAG.fullmatch(str(field.get("name"))) for field in fields)
        return {match[1]: match[0] for match in matches if match}
