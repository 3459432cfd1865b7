"""Changed e-mail addresses wait for the person: the org mails a link, good for 72 hours (help
000385115, D3).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.passwords import Mail
from bot.sandbox.salesforce.schema import Record

LIFETIME = timedelta(hours=72)


@dataclass(frozen=True)
class Pending:
    """An address that nobody has confirmed yet."""

    address: str
    asked_at: datetime


class EmailChanges:
    """The addresses that wait; nothing of them is reachable through a query."""

    def __init__(self, database: Database, outbox: list[Mail]) -> None:
        self._db = database
        self._outbox = outbox
        self._pending: dict[str, Pending] = {}

    def ask(self, user: Record, address: str) -> None:
        """Mail the link to the new address; a later change takes the place of an earlier one."""
        before = self._pending.get(user["Id"])
        mail = Mail("confirm address", address, user["Id"], self._db.now())
        self._pending[user["Id"]] = Pending(address, self._db.now())
        self._outbox.append(mail)

        def undo() -> None:
            self._outbox.remove(mail)
            self._pending.pop(user["Id"])
            if before is not None:
                self._pending[user["Id"]] = before

        self._db.store.on_rollback(undo)

    def address_of(self, user_id: str) -> str | None:
        """Return the address that still waits for this user."""
        pending = self._pending.get(user_id)
        is_alive = pending is not None and self._db.now() - pending.asked_at <= LIFETIME
        return pending.address if pending is not None and is_alive else None

    def confirm(self, user: Record) -> bool:
        """Click the link: take the new address over and return whether the link was still good."""
        address = self.address_of(user["Id"])
        self._pending.pop(user["Id"], None)
        if address is None:
            return False
        now, users = self._db.now(), self._db.entity("User")
        stamps = {"LastModifiedById": user["Id"], "LastModifiedDate": now, "SystemModstamp": now}
        changed = {**user, "Email": address, **stamps}
        before, self._db.actor_id = self._db.actor_id, user["Id"]
        self._db.store.put(users, changed)
        self._db.track(users, user, changed)
        self._db.actor_id = before
        return True
