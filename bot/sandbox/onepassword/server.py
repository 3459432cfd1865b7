"""What each authenticated call does to the vaults and items, and what it may not. No HTTP here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.onepassword import items as item_rules
from bot.sandbox.onepassword import patch
from bot.sandbox.onepassword.answers import ConnectError, NotModelledError, bad_request
from bot.sandbox.onepassword.filters import parse_filter
from bot.sandbox.onepassword.state import Document, Token, Vault, is_id, new_id, timestamp


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: by whom, for what, with which parameters and JSON body."""

    token: Token
    vault_id: str = ""
    item_id: str = ""
    file_id: str = ""
    parameters: dict[str, str]
    body: Any = None

    def may(self, right: str) -> bool:
        return right in self.token.scopes.get(self.vault_id, "")

    def knows_only(self, *names: str) -> None:
        if unknown := self.parameters.keys() - set(names):
            raise NotModelledError(f"query parameters {sorted(unknown)}")

    def filter(self, *attributes: str) -> tuple[str, str] | None:
        text = self.parameters.get("filter")
        return None if text is None else parse_filter(text, attributes=frozenset(attributes))


@dataclass(frozen=True)
class Answer:
    """What a call gives back, and the item it was about."""

    body: Any
    status: int = 200
    item: Document | None = None


class Server:
    """The vaults of one Connect server and the calls on them."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.vaults: dict[str, Vault] = {}
        # lastEditedBy names the Connect server's own integration user, not a person.
        self.integration = new_id()
        self._clock = clock

    def list_vaults(self, call: Call) -> Answer:
        """List the vaults in scope. A write-only token sees vaults too (unverified)."""
        vaults = [vault for vault in self.vaults.values() if vault.id in call.token.scopes]
        if wanted := call.filter("name"):
            vaults = [vault for vault in vaults if vault.name == wanted[1]]
        call.knows_only("filter")
        return Answer([vault.document() for vault in vaults])

    def get_vault(self, call: Call) -> Answer:
        vault = self._vault(call)
        call.knows_only()
        return Answer(vault.document())

    def list_items(self, call: Call) -> Answer:
        found = list(self._vault(call, "r").items.values())
        match call.filter("title", "tag"):
            case ("title", wanted):
                found = [item for item in found if item["title"] == wanted]
            case ("tag", wanted):
                found = [item for item in found if wanted in item["tags"]]
        call.knows_only("filter")
        return Answer([item_rules.summary(item) for item in found])

    def create_item(self, call: Call) -> Answer:
        vault = self._vault(call, "w")
        call.knows_only()
        if isinstance(call.body, dict) and call.body.get("id"):
            raise NotModelledError("creating an item under an id of the caller's choice")
        item = item_rules.accept(call.body, vault_id=vault.id)
        now = timestamp(self._clock())
        stored = {"id": new_id(), **item, "version": 1, "createdAt": now, **self._edited(now)}
        vault.items[stored["id"]] = stored
        vault.touch(now)
        return self._shown(call, stored)

    def get_item(self, call: Call) -> Answer:
        item = self._item(call, "r")
        call.knows_only()
        return Answer(item, item=item)

    def put_item(self, call: Call) -> Answer:
        item = self._item(call, "w")
        call.knows_only()
        return self._replace(call, item, call.body)

    def patch_item(self, call: Call) -> Answer:
        item = self._item(call, "w")
        call.knows_only()
        if call.body == []:
            # The OpenAPI says that a patch without operations leaves the item unmodified.
            return self._shown(call, item)
        return self._replace(call, item, patch.apply(item, call.body))

    def delete_item(self, call: Call) -> Answer:
        item = self._item(call, "w")
        call.knows_only()
        vault = self.vaults[call.vault_id]
        del vault.items[call.item_id]
        vault.touch(timestamp(self._clock()))
        return Answer(None, 204, item)

    def list_files(self, call: Call) -> Answer:
        """List nothing: Connect refuses to create documents, so nothing here can have a file."""
        item = self._item(call, "r")
        call.knows_only("inline_files")
        return Answer([], item=item)

    def get_file(self, call: Call) -> Answer:
        self._item(call, "r")
        call.knows_only("inline_files")
        raise ConnectError(404, f"file {call.file_id} not found")

    def _vault(self, call: Call, right: str = "") -> Vault:
        """Find the vault for its metadata (no right needed) or its items ("r" or "w")."""
        if not is_id(call.vault_id):
            # Wording from connect-sdk-js issue 29.
            raise bad_request("Invalid Vault UUID")
        if call.vault_id not in self.vaults:
            raise ConnectError(404, f"vault {call.vault_id} not found")
        if right == "w" and call.vault_id in call.token.scopes and not call.may("w"):
            # Status and wording from terraform-provider-onepassword issue 24.
            raise ConnectError(
                401, "Unauthorized Request, token does not have write access to the Vault"
            )
        # That a write-only token cannot read is documented; status and words are not (unverified).
        if call.vault_id not in call.token.scopes or (right == "r" and not call.may("r")):
            raise ConnectError(403, f"vault {call.vault_id} is not in scope")
        return self.vaults[call.vault_id]

    def _item(self, call: Call, right: str) -> Document:
        vault = self._vault(call, right)
        if not is_id(call.item_id):
            # Wording from connect issue 45.
            raise bad_request("Invalid Item UUID")
        if call.item_id not in vault.items:
            raise ConnectError(404, f"item {call.item_id} not found")
        return vault.items[call.item_id]

    def _replace(self, call: Call, item: Document, body: Any) -> Answer:
        if isinstance(body, dict) and body.get("id", item["id"]) != item["id"]:
            raise bad_request("Invalid item: id must be the item of the path")
        changed = item_rules.accept(body, vault_id=call.vault_id)
        if changed["category"] != item["category"]:
            raise NotModelledError("changing an item's category")
        now = timestamp(self._clock())
        item.update(changed, version=item["version"] + 1, **self._edited(now))
        self.vaults[call.vault_id].touch(now)
        return self._shown(call, item)

    def _shown(self, call: Call, item: Document) -> Answer:
        """Answer with the item; a write-only token gets no values back.

        Unverified for POST and PUT (onepassword.md §9). The changelog of 1.7.1 calls it a
        vulnerability that PATCH let such a token read, so leaving values out is the safe reading.
        """
        return Answer(item if call.may("r") else item_rules.without_values(item), item=item)

    def _edited(self, now: str) -> Document:
        return {"updatedAt": now, "lastEditedBy": self.integration}
