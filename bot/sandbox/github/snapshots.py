"""What tests and the tour see of the emulator's state: frozen copies."""

from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.github.mentions import mentions


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment as it is now; `edited` says whether its body was ever changed."""

    id: int
    issue_number: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime
    edited: bool

    @property
    def mentions(self) -> list[str]:
        return mentions(self.body)


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue as it is now, with its comments, oldest first; a missing body is empty text."""

    number: int
    title: str
    body: str
    state: str
    state_reason: str | None
    labels: list[str]
    assignees: list[str]
    author: str
    comments: list[Comment]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @property
    def mentions(self) -> list[str]:
        """Say whom the body notifies (a title notifies nobody)."""
        return mentions(self.body)
