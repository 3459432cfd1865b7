"""Hand-off vaults in memory, and passwords that a test can tell apart."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import NotFound, Unauthorized
from bot.domain.secret import Secret
from bot.domain.vault import Handoff
from tests.fakes.troubles import Troubles


@dataclass(frozen=True)
class FakeItem:
    """One stored log-in."""

    handoff: Handoff
    password: str


class FakeVault:
    """Implements the Vault port; with `is_write_only` the token may not look.

    `on_create` is called when an item has been stored, before the answer.
    """

    def __init__(self, *vault_ids: str) -> None:
        self.items: dict[str, FakeItem] = {}
        self.vault_ids = set(vault_ids)
        self.is_write_only = False
        self.on_create: Callable[[], None] = lambda: None
        self.troubles = Troubles()
        self._made = 0

    def find_item(self, vault_id: str, tag: str) -> str | None:
        with self.troubles.around("find_item"):
            if self.is_write_only:
                raise Unauthorized("the token may not read", service="1password")
            self._vault(vault_id)
            for item_id, item in self.items.items():
                if (item.handoff.vault_id, item.handoff.tag) == (vault_id, tag):
                    return item_id
            return None

    def create_item(self, handoff: Handoff, password: Secret) -> str:
        with self.troubles.around("create_item"):
            self._vault(handoff.vault_id)
            self._made += 1
            item_id = hashlib.sha256(str(self._made).encode()).hexdigest()[:26]
            self.items[item_id] = FakeItem(handoff, password.reveal())
            self.on_create()
        return item_id

    def delete_item(self, vault_id: str, item_id: str) -> None:
        with self.troubles.around("delete_item"):
            item = self.items.get(item_id)
            if item is not None and item.handoff.vault_id == vault_id:
                del self.items[item_id]

    def of(self, vault_id: str) -> list[FakeItem]:
        """List the items of a vault, oldest first."""
        return [item for item in self.items.values() if item.handoff.vault_id == vault_id]

    def _vault(self, vault_id: str) -> None:
        if vault_id not in self.vault_ids:
            raise NotFound("no such vault", service="1password")


class FakePasswords:
    """Implements the Passwords port: password-1, password-2, …; `on_new` is called for each."""

    def __init__(self) -> None:
        self.made = 0
        self.on_new: Callable[[], None] = lambda: None

    def new(self) -> Secret:
        self.made += 1
        self.on_new()
        return Secret(f"password-{self.made}")
