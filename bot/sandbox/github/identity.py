"""Who the bot is at GitHub: the App, its installation and what it may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What the App's manifest asks for: issues, and what reporting on policy pull requests needs.
DEFAULT_PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "checks": "write",
        "contents": "read",
        "issues": "write",
        "members": "read",
        "metadata": "read",
        "pull_requests": "write",
    }
)


@dataclass(frozen=True, kw_only=True)
class AppIdentity:
    """A registered GitHub App with one installation."""

    id: int
    client_id: str
    slug: str
    name: str
    installation_id: int
    permissions: Mapping[str, str]
    events: tuple[str, ...] = ("issue_comment", "issues")
