"""The issues and their comments in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.cards import STATE_LABEL_PREFIX, Card, IssuePage, state_label
from bot.domain.errors import NotFound
from bot.ports import Clock
from tests.fakes.troubles import Troubles


@dataclass
class FakeComment:
    """A comment of ours as people see it now; a person may have edited it."""

    number: int
    key: str
    content: Card | str
    at: datetime
    edits: int = 0


@dataclass
class FakeIssue:
    """An issue; one that a person opened has no key."""

    title: str
    key: str
    at: datetime
    labels: set[str] = field(default_factory=set)
    is_open: bool = True


class FakeRecords:
    """Implements Records and Comments."""

    def __init__(self, clock: Clock) -> None:
        self.issues: dict[int, FakeIssue] = {}
        self.comments: dict[str, FakeComment] = {}
        self.troubles = Troubles()
        self._clock = clock

    def open_by_hand(self, title: str = "Access request") -> int:
        """Let a person open an issue."""
        return self._open(FakeIssue(title, "", self._clock.now()))

    def find_issue(self, key: str, since: datetime) -> int | None:
        with self.troubles.around("find_issue"):
            found = (n for n, i in self.issues.items() if i.key == key and i.at >= since)
            return next(found, None)

    def create_issue(self, page: IssuePage, key: str) -> int:
        with self.troubles.around("create_issue"):
            labels = {state_label(page.state), *page.extra_labels}
            return self._open(FakeIssue(page.title, key, self._clock.now(), labels))

    def update_issue(self, number: int, page: IssuePage) -> None:
        with self.troubles.around("update_issue"):
            issue = self._issue(number)
            theirs = {name for name in issue.labels if not name.startswith(STATE_LABEL_PREFIX)}
            issue.labels = theirs | {state_label(page.state), *page.extra_labels}
            issue.is_open = page.is_open

    def issue_url(self, number: int) -> str:
        return f"https://github.example/acme/access/issues/{number}"

    def find_comment(self, number: int, key: str, since: datetime) -> str | None:
        with self.troubles.around("find_comment"):
            for comment_id, comment in self.comments.items():
                if (comment.number, comment.key) == (number, key) and comment.at >= since:
                    return comment_id
            return None

    def create_comment(self, number: int, content: Card | str, key: str) -> str:
        with self.troubles.around("create_comment"):
            self._issue(number)
            comment_id = str(1000 + len(self.comments))
            self.comments[comment_id] = FakeComment(number, key, content, self._clock.now())
        return comment_id

    def update_comment(self, comment_id: str, content: Card | str, key: str) -> None:
        with self.troubles.around("update_comment"):
            if comment_id not in self.comments:
                raise NotFound("no such comment", service="github")
            comment = self.comments[comment_id]
            comment.content, comment.edits = content, comment.edits + 1

    def on(self, number: int, prefix: str = "") -> Iterator[FakeComment]:
        """Iterate over our comments on an issue whose key starts so, oldest first."""
        for comment in self.comments.values():
            if comment.number == number and comment.key.startswith(prefix):
                yield comment

    def _open(self, issue: FakeIssue) -> int:
        number = len(self.issues) + 1
        self.issues[number] = issue
        return number

    def _issue(self, number: int) -> FakeIssue:
        if number not in self.issues:
            raise NotFound("no such issue", service="github")
        return self.issues[number]
