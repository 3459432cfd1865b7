"""Who the bot is at GitHub: the App, its installation, what it may do and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What an App asks for that answers on issues and reports on policy pull requests.
DEFAULT_PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "checks": "write",
        "contents": "read",
        "issues": "write",
        "members": "read",
        "metadata": "read",
        "pull_requests": "write",
        "statuses": "write",
    }
)
# The permission an App needs to be told of each event (docs "Webhook events and payloads").
EVENT_PERMISSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "check_run": ("checks",),
        "check_suite": ("checks",),
        "issue_comment": ("issues", "pull_requests"),
        "issues": ("issues",),
        "pull_request": ("pull_requests",),
        "push": ("contents",),
        "status": ("statuses",),
    }
)
DEFAULT_EVENTS = tuple(EVENT_PERMISSIONS)


@dataclass(frozen=True, kw_only=True)
class AppIdentity:
    """A registered GitHub App with one installation."""

    id: int
    client_id: str
    slug: str
    name: str
    installation_id: int
    permissions: Mapping[str, str]
    events: tuple[str, ...] = DEFAULT_EVENTS

    def hears(self, event: str) -> bool:
        """Say whether GitHub sends this event to the App.

        One that may write checks is subscribed to their events by itself (docs, `check_run`).
        """
        by_itself = event.startswith("check_") and self.permissions.get("checks") == "write"
        may_know = any(name in self.permissions for name in EVENT_PERMISSIONS[event])
        return by_itself or (event in self.events and may_know)
