"""What a Connect server holds: vaults, tokens, and items as their JSON documents."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]

# 1Password's ids are lower-case base32; the OpenAPI's pattern is ^[\da-z]{26}$.
_ALPHABET = string.ascii_lowercase + "234567"
_ID_LENGTH = 26


@dataclass(frozen=True, kw_only=True)
class VaultItem:
    """One item as it lies in a vault, for looking at from tests and the tour."""

    id: str
    vault_id: str
    title: str
    category: str
    tags: tuple[str, ...]
    username: str | None
    password: str | None = field(repr=False)
    url: str | None
    notes: str | None = field(repr=False)
    version: int
    details: tuple[tuple[str, str], ...] = field(repr=False)
    """Label and value of every field without a purpose."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A bearer token's rights. They never change: a new vault needs a new token (Connect docs)."""

    jti: str
    scopes: dict[str, str]


@dataclass(kw_only=True)
class Vault:
    """One vault with its items; attributes count up as the OpenAPI's versions do."""

    id: str
    name: str
    type: str
    created_at: str
    updated_at: str
    content_version: int = 1
    items: dict[str, Document] = field(default_factory=dict)

    def touch(self, now: str) -> None:
        self.content_version += 1
        self.updated_at = now

    def document(self) -> Document:
        return {
            "id": self.id,
            "name": self.name,
            "attributeVersion": 1,
            "contentVersion": self.content_version,
            "items": len(self.items),
            "type": self.type,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }


def new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def is_id(text: str) -> bool:
    return len(text) == _ID_LENGTH and set(text) <= set(string.ascii_lowercase + string.digits)


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def snapshot(item: Document) -> VaultItem:
    by_purpose = {f["purpose"]: f.get("value") for f in item["fields"] if f.get("purpose")}
    plain = [f for f in item["fields"] if not f.get("purpose")]
    urls = sorted(item["urls"], key=lambda url: not url.get("primary", False))
    return VaultItem(
        id=item["id"],
        vault_id=item["vault"]["id"],
        title=item["title"],
        category=item["category"],
        tags=tuple(item["tags"]),
        username=by_purpose.get("USERNAME"),
        password=by_purpose.get("PASSWORD"),
        url=urls[0]["href"] if urls else None,
        notes=by_purpose.get("NOTES"),
        version=item["version"],
        details=tuple((f.get("label", ""), f.get("value", "")) for f in plain),
    )
