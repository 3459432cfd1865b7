"""User passwords: the org's policy, the history, and the reset that mails (REST guide, "sObject
User Password").
"""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.schema import Record

MINIMUM_LENGTH = 8
REMEMBERED = 3
"""The default policy (help "Set Password Policies"): 8 characters, letters and numbers, 3
remembered.
"""


@dataclass(frozen=True)
class Mail:
    """One e-mail that the org sent."""

    kind: str
    to: str
    user_id: str
    sent_at: datetime


@dataclass
class _History:
    remembered: list[str] = field(default_factory=list)
    last_set: str | None = None
    times_set: int = 0
    changes: int = 0


class Passwords:
    """What was set for whom; nothing of it is reachable through a query."""

    def __init__(self, database: Database, outbox: list[Mail]) -> None:
        self._db = database
        self._outbox = outbox
        self._of: dict[str, _History] = {}

    def last(self, user_id: str) -> str | None:
        """Return what the API set last, for tests that look where a password may be."""
        return self._of[user_id].last_set if user_id in self._of else None

    def times_set(self, user_id: str) -> int:
        return self._of[user_id].times_set if user_id in self._of else 0

    def set(self, user: Record, new: object) -> None:
        """Set a password under the policy, or raise INVALID_NEW_PASSWORD."""
        if not user["IsActive"]:
            raise NotModelled("the password of an inactive user")
        if not isinstance(new, str):
            raise _refused("Your password cannot be blank.")
        history = self._of.setdefault(user["Id"], _History())
        self._check(new, user["Username"], history)
        history.last_set, history.times_set = new, history.times_set + 1
        self._remember(history, new, user, way="changed")

    def reset(self, user: Record) -> str:
        """Replace the password by a temporary one, mail a link and return the password
        (salesforce.md §1.4).
        """
        new = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(9)) + "a1"
        self._remember(self._of.setdefault(user["Id"], _History()), new, user, way="reset")
        self._outbox.append(Mail("reset", user["Email"], user["Id"], self._db.now()))
        return new

    def _remember(self, history: _History, new: str, user: Record, *, way: str) -> None:
        history.remembered = [*history.remembered, new][-REMEMBERED:]
        history.changes += 1
        # The row says only how often and in which way, for the audit trail.
        more = {"LastPasswordChangeDate": self._db.now(), "_password": (history.changes, way)}
        users, row = self._db.entity("User"), {**user, **more}
        self._db.store.put(users, row)
        self._db.track(users, user, row)

    @staticmethod
    def _check(new: str, username: str, history: _History) -> None:
        if len(new) < MINIMUM_LENGTH:
            raise _refused(f"Your password must be at least {MINIMUM_LENGTH} characters long.")
        if not (any(c.isalpha() for c in new) and any(c.isdigit() for c in new)):
            # The vendor's own example (REST guide, "Manage User Passwords").
            raise _refused("Your password must have a mix of letters and numbers.")
        names = (username.lower(), username.lower().partition("@")[0])
        if any(name in new.lower() for name in names):
            raise _refused("Your password must not contain your username.")
        if new in history.remembered:
            raise _refused("invalid repeated password")


def _refused(message: str) -> SalesforceError:
    return SalesforceError(Code.INVALID_NEW_PASSWORD, message)
