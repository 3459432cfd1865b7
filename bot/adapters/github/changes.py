"""What changed on GitHub since a moment, for events that never arrived."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github.client import GitHubClient


class GitHubChanges:
    """Lists GitHub's own JSON: the doorway reads the same shapes in webhooks."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    def issues_since(self, since: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return every issue changed since then, open or closed, in the order of change."""
        order = {"state": "all", "sort": "updated", "direction": "asc", "since": _stamp(since)}
        return tuple(self._client.read_pages("/issues", order, "list changed issues"))

    def comments_since(self, since: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return every comment made or edited since then."""
        order = {"sort": "updated", "direction": "asc", "since": _stamp(since)}
        return tuple(self._client.read_pages("/issues/comments", order, "list new comments"))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
