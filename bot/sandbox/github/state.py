"""The repository's records: users, labels, issues, pull requests and comments."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.sandbox.github.snapshots import Comment, Issue


class Permission(StrEnum):
    """A user's role on the repository (docs "Repository roles for an organization")."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, other: "Permission") -> bool:
        ranks = list(Permission)
        return ranks.index(self) >= ranks.index(other)


class UserKind(StrEnum):
    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def timestamp(seconds: float) -> str:
    """Write a time as the REST API does: whole seconds, UTC, Z."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(prefix: str, number: int) -> str:
    """Make a global node id: opaque to clients, prefixed by type (docs "Using global node IDs")."""
    return f"{prefix}_kgDO{base64.urlsafe_b64encode(number.to_bytes(6, 'big')).decode()}"


@dataclass
class User:
    """An account: a person, the organisation, or the App's bot."""

    id: int
    login: str
    name: str
    kind: UserKind = UserKind.USER
    permission: Permission = Permission.NONE
    association: str = "MEMBER"


@dataclass
class Label:
    """A label of the repository; names are unique without regard to case."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class CommentRecord:
    """A comment on an issue."""

    id: int
    issue_number: int
    author: User
    body: str
    created_at: int
    updated_at: int
    edited: bool = False
    on_pull: bool = False

    def snapshot(self) -> Comment:
        return Comment(
            id=self.id,
            issue_number=self.issue_number,
            author=self.author.login,
            body=self.body,
            created_at=moment(self.created_at),
            updated_at=moment(self.updated_at),
            edited=self.edited,
        )


@dataclass
class IssueRecord:
    """An issue and its thread."""

    id: int
    number: int
    author: User
    title: str
    body: str | None
    created_at: int
    updated_at: int
    state: str = "open"
    state_reason: str | None = None
    closed_at: int | None = None
    closed_by: User | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: dict[int, CommentRecord] = field(default_factory=dict)

    def snapshot(self) -> Issue:
        return Issue(
            number=self.number,
            title=self.title,
            body=self.body or "",
            state=self.state,
            state_reason=self.state_reason,
            labels=[label.name for label in self.labels],
            assignees=[user.login for user in self.assignees],
            author=self.author.login,
            comments=[comment.snapshot() for comment in self.comments.values()],
            created_at=moment(self.created_at),
            updated_at=moment(self.updated_at),
            closed_at=None if self.closed_at is None else moment(self.closed_at),
        )


@dataclass(kw_only=True)
class PullRecord(IssueRecord):
    """A pull request, which at GitHub is an issue too: the same number, but an id of its own.

    `base_sha` is the base branch as it was when the pull request was opened, pushed to or merged;
    GitHub does not move it along with the branch.
    """

    pull_id: int
    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    merged_at: int | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None


@dataclass
class Repository:
    """The private repository that holds the request issues and the policy."""

    id: int
    owner: User
    name: str
    created_at: int
    default_branch: str = "main"
    pushed_at: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"


class Accounts:
    """All users, found by login without regard to case."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}

    def add(
        self,
        login: str,
        *,
        name: str = "",
        kind: UserKind = UserKind.USER,
        permission: Permission = Permission.NONE,
        association: str = "MEMBER",
    ) -> User:
        user = User(
            id=58_300_000 + len(self._users),
            login=login,
            name=name or login,
            kind=kind,
            permission=permission,
            association=association,
        )
        self._users[login.lower()] = user
        return user

    def find(self, login: str) -> User | None:
        return self._users.get(login.lower())
