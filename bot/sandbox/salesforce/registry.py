"""User names are unique over all Salesforce orgs, active users or not (help
data_sandbox_users_and_contacts).
"""

import threading
from collections.abc import Iterable

from bot.sandbox.salesforce.errors import Code, record_error

DUPLICATE_USERNAME = (
    "Duplicate Username.<br>The username already exists in this or another Salesforce "
    "organization. Usernames must "
    "be unique across all Salesforce organizations. To resolve, use a different username (it "
    "doesn't need to match "
    "the user's email address)."
)
"""The vendor's sentence (help 000381924)."""


class UsernameRegistry:
    """Who has which user name; share one between several emulated orgs."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._orgs = 0
        self._lock = threading.Lock()

    def new_org(self) -> int:
        """Return the number of one more org."""
        with self._lock:
            self._orgs += 1
            return self._orgs

    def claim(self, username: str, owner: str) -> None:
        """Take the name for `owner`; raise DUPLICATE_USERNAME when anybody else has it."""
        with self._lock:
            if self._owners.setdefault(username.lower(), owner) != owner:
                raise record_error(Code.DUPLICATE_USERNAME, DUPLICATE_USERNAME, "Username")

    def claim_all(self, claims: Iterable[tuple[str, str]]) -> None:
        """Take many (name, owner) at once."""
        with self._lock:
            for username, owner in claims:
                if self._owners.setdefault(username.lower(), owner) != owner:
                    raise record_error(Code.DUPLICATE_USERNAME, DUPLICATE_USERNAME, "Username")

    def sandbox_username(self, username: str, sandbox: str) -> str:
        """Return the name that a user gets in a new sandbox: the production one, the sandbox's name
        behind it, and characters before it where that is taken (help
        data_sandbox_users_and_contacts).
        """
        with self._lock:
            name, number = f"{username}.{sandbox}", 0
            while name.lower() in self._owners:
                number += 1
                name = f"{number:04x}{username}.{sandbox}"
            return name

    def release(self, username: str) -> None:
        with self._lock:
            self._owners.pop(username.lower(), None)
