"""The record of requests that Connect keeps and shows at /v1/activity (OpenAPI APIRequest)."""

from dataclasses import dataclass
from typing import Any

DEFAULT_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One request that carried a good token: what it did, to what, and whether it was let."""

    request_id: str
    action: str
    result: str
    timestamp: str
    jti: str
    user_agent: str
    request_ip: str
    resource: str
    vault_id: str | None
    item_id: str | None
    item_version: int | None

    def document(self, *, actor_id: str, account: str) -> dict[str, Any]:
        resource: dict[str, Any] = {"type": self.resource}
        if self.vault_id:
            resource["vault"] = {"id": self.vault_id}
        if self.item_id:
            resource["item"] = {"id": self.item_id}
        if self.item_version:
            resource["itemVersion"] = self.item_version
        return {
            "requestId": self.request_id,
            "timestamp": self.timestamp,
            "action": self.action,
            "result": self.result,
            "actor": {
                "id": actor_id,
                "account": account,
                "jti": self.jti,
                "userAgent": self.user_agent,
                "requestIp": self.request_ip,
            },
            "resource": resource,
        }


def page(record: list[Activity], *, limit: int, offset: int) -> tuple[list[Activity], str]:
    """Return one page, newest first (the order is unverified), and its Content-Range."""
    chosen = record[::-1][offset : offset + limit]
    first = offset + 1 if chosen else 0
    # OpenAPI example of the header: 1-50/1134
    return chosen, f"{first}-{offset + len(chosen)}/{len(record)}"
