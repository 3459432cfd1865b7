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


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark on lines of a file, as a check run made it."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run as it is now; texts that were not given are empty."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    text: str
    annotations: list[Annotation]


@dataclass(frozen=True, kw_only=True)
class StatusMark:
    """A commit status: the last one of its context."""

    context: str
    state: str
    description: str
    author: str


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """A file that a pull request changes, with the hunks of its patch, if it has any."""

    path: str
    status: str
    patch: str


@dataclass(frozen=True, kw_only=True)
class Pull(Issue):
    """A pull request as it is now, with what is said about its last commit."""

    head_ref: str
    head_sha: str
    base_ref: str
    is_merged: bool
    is_mergeable: bool
    files: list[ChangedFile]
    checks: list[Check]
    statuses: list[StatusMark]
