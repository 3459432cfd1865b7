"""What can happen to issues, comments and labels, by whom, and which events it sends.

Pull requests are issues here as at GitHub; what happens to them is told as `pull_request`.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from bot.sandbox.github import errors
from bot.sandbox.github.state import (
    Accounts,
    CommentRecord,
    IssueRecord,
    Label,
    Permission,
    PullRecord,
    User,
)

MAX_ASSIGNEES = 10  # docs "Add assignees to an issue"
LABEL_DESCRIPTION_LIMIT = 100  # docs "Create a label"
_UNSET: Any = object()


class Announce(Protocol):
    """Receives every event as it happens; `parts` are records, to be drawn for the payload."""

    def __call__(self, event: str, action: str, actor: User, /, **parts: Any) -> None: ...


class Tracker:
    """The issue tracker of one repository. Callers hold the emulator's lock."""

    def __init__(
        self, accounts: Accounts, *, clock: Callable[[], float], announce: Announce
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._announce = announce
        self._numbers = itertools.count(1)
        self._ids = itertools.count(3_000_000_001)
        self._deleted: set[int] = set()
        self.issues: dict[int, IssueRecord] = {}
        self.before_reopening: Callable[[PullRecord], None] = lambda _pull: None
        self.comments: dict[int, CommentRecord] = {}
        self.labels: dict[str, Label] = {}

    def issue(self, number: int) -> IssueRecord:
        if number in self._deleted:
            raise errors.gone()
        if number not in self.issues:
            raise errors.not_found()
        return self.issues[number]

    def comment(self, comment_id: int) -> CommentRecord:
        if comment_id not in self.comments:
            raise errors.not_found()
        return self.comments[comment_id]

    def pull(self, number: int) -> PullRecord:
        issue = self.issues.get(number)
        if not isinstance(issue, PullRecord):
            raise errors.not_found()
        return issue

    @property
    def pulls(self) -> list[PullRecord]:
        return [issue for issue in self.issues.values() if isinstance(issue, PullRecord)]

    @property
    def open_issues(self) -> int:
        """Count as GitHub does: an open pull request is an open issue."""
        return sum(issue.state == "open" for issue in self.issues.values())

    def open_issue(
        self,
        actor: User,
        *,
        title: str,
        body: str | None,
        labels: Sequence[str] = (),
        assignees: Sequence[str] = (),
        form: bool = False,
    ) -> IssueRecord:
        """Create an issue; labels need the right to set them, unless they are the form's own."""
        errors.check_title(title)
        errors.check_issue_body(body)
        may_label = form or actor.permission.covers(Permission.TRIAGE)
        wanted = self._labels_named(labels) if may_label else []
        now = int(self._clock())
        issue = IssueRecord(
            id=next(self._ids),
            number=next(self._numbers),
            author=actor,
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
            labels=wanted,
        )
        self.issues[issue.number] = issue
        self._tell(issue, "opened", actor)
        for label in wanted:
            self._tell(issue, "labeled", actor, label=label)
        self.assign(actor, issue, assignees)
        return issue

    def open_pull(
        self,
        actor: User,
        *,
        title: str,
        body: str | None,
        refs: tuple[str, str],
        shas: tuple[str, str],
    ) -> PullRecord:
        """Create a pull request of `refs` and `shas`, head and base; the caller knows they fit."""
        errors.check_title(title)
        errors.check_issue_body(body)
        now = int(self._clock())
        pull = PullRecord(
            id=next(self._ids),
            pull_id=next(self._ids),
            number=next(self._numbers),
            author=actor,
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
            head_ref=refs[0],
            base_ref=refs[1],
            head_sha=shas[0],
            base_sha=shas[1],
        )
        self.issues[pull.number] = pull
        self._tell(pull, "opened", actor)
        return pull

    def synchronize(self, actor: User, pull: PullRecord, *, head_sha: str, base_sha: str) -> None:
        """Move an open pull request to what was pushed to its branch."""
        before, pull.head_sha, pull.base_sha = pull.head_sha, head_sha, base_sha
        self._touch(pull)
        self._tell(pull, "synchronize", actor, before=before, after=head_sha)

    def set_merged(self, actor: User, pull: PullRecord, *, base_sha: str, merge_sha: str) -> None:
        """Close a pull request as merged into what the base branch was, `base_sha`."""
        pull.base_sha, pull.merge_commit_sha = base_sha, merge_sha
        pull.merged_at, pull.merged_by = int(self._clock()), actor
        self._close(pull, actor)

    def edit_issue(
        self, actor: User, issue: IssueRecord, *, title: Any = _UNSET, body: Any = _UNSET
    ) -> None:
        """Change title or body. An edit that changes nothing sends no event."""
        self._need_author_or(Permission.WRITE, actor, issue.author)
        changes: dict[str, dict[str, str]] = {}
        if title is not _UNSET and title != issue.title:
            errors.check_title(title)
            changes["title"] = {"from": issue.title}
        if body is not _UNSET and body != issue.body:
            errors.check_issue_body(body)
            changes["body"] = {"from": issue.body or ""}
        if not changes:
            return
        issue.title = title if "title" in changes else issue.title
        issue.body = body if "body" in changes else issue.body
        self._touch(issue)
        self._tell(issue, "edited", actor, changes=changes)

    def set_state(
        self, actor: User, issue: IssueRecord, state: str, reason: str | None = None
    ) -> None:
        """Close or reopen; `reason` only counts if the state changes (docs "Update an issue")."""
        if state == issue.state:
            return
        self._need_author_or(Permission.TRIAGE, actor, issue.author)
        if state == "closed":
            self._close(issue, actor, reason)
            return
        if isinstance(issue, PullRecord):
            self.before_reopening(issue)
        issue.state, issue.closed_at, issue.closed_by = "open", None, None
        issue.state_reason = None if isinstance(issue, PullRecord) else "reopened"
        self._touch(issue)
        self._tell(issue, "reopened", actor)

    def delete_issue(self, actor: User, issue: IssueRecord) -> None:
        """Delete for ever; the number then answers 410 (docs "Deleting an issue")."""
        self._need(Permission.ADMIN, actor)
        if isinstance(issue, PullRecord):
            raise errors.GitHubError(422, "Pull requests cannot be deleted")
        self._tell(issue, "deleted", actor)
        del self.issues[issue.number]
        self._deleted.add(issue.number)
        for comment_id in issue.comments:
            del self.comments[comment_id]

    def add_comment(self, actor: User, issue: IssueRecord, body: str) -> CommentRecord:
        errors.check_comment_body(body)
        now = int(self._clock())
        comment = CommentRecord(
            id=next(self._ids),
            issue_number=issue.number,
            author=actor,
            body=body,
            created_at=now,
            updated_at=now,
            on_pull=isinstance(issue, PullRecord),
        )
        self.comments[comment.id] = issue.comments[comment.id] = comment
        self._touch(issue)
        self._announce("issue_comment", "created", actor, issue=issue, comment=comment)
        return comment

    def edit_comment(self, actor: User, comment: CommentRecord, body: str) -> None:
        self._need_author_or(Permission.WRITE, actor, comment.author)
        errors.check_comment_body(body)
        if body == comment.body:
            return
        changes = {"body": {"from": comment.body}}
        comment.body, comment.edited, comment.updated_at = body, True, int(self._clock())
        issue = self.issues[comment.issue_number]
        self._announce(
            "issue_comment", "edited", actor, changes=changes, issue=issue, comment=comment
        )

    def delete_comment(self, actor: User, comment: CommentRecord) -> None:
        self._need_author_or(Permission.WRITE, actor, comment.author)
        issue = self.issues[comment.issue_number]
        del self.comments[comment.id], issue.comments[comment.id]
        self._announce("issue_comment", "deleted", actor, issue=issue, comment=comment)

    def create_label(
        self, actor: User, name: str, *, color: str = "ededed", description: str | None = None
    ) -> Label:
        self._need(Permission.WRITE, actor)
        errors.check_label_name(name)
        if name.lower() in self.labels:
            raise errors.invalid("Label", "name", "already_exists")
        if not re.fullmatch(r"[0-9A-Fa-f]{6}", color):
            raise errors.invalid("Label", "color", "invalid")
        if description is not None and len(description) > LABEL_DESCRIPTION_LIMIT:
            text = f"description is too long (maximum is {LABEL_DESCRIPTION_LIMIT} characters)"
            raise errors.invalid("Label", "description", "custom", message=text)
        return self._new_label(name, color=color, description=description)

    def add_labels(self, actor: User, issue: IssueRecord, names: Iterable[str]) -> None:
        """Add labels, creating unknown ones as GitHub does."""
        self._need(Permission.TRIAGE, actor)
        for label in self._labels_named(names):
            if label not in issue.labels:
                issue.labels.append(label)
                self._touch(issue)
                self._tell(issue, "labeled", actor, label=label)

    def remove_labels(self, actor: User, issue: IssueRecord, labels: Iterable[Label]) -> None:
        self._need(Permission.TRIAGE, actor)
        for label in list(labels):
            issue.labels.remove(label)
            self._touch(issue)
            self._tell(issue, "unlabeled", actor, label=label)

    def remove_label(self, actor: User, issue: IssueRecord, name: str) -> None:
        label = self.labels.get(name.lower())
        if label is None or label not in issue.labels:
            raise errors.not_found("Label does not exist")
        self.remove_labels(actor, issue, [label])

    def set_labels(self, actor: User, issue: IssueRecord, names: Iterable[str]) -> None:
        wanted = self._labels_named(names)
        self.remove_labels(actor, issue, [label for label in issue.labels if label not in wanted])
        self.add_labels(actor, issue, [label.name for label in wanted])

    def assign(self, actor: User, issue: IssueRecord, logins: Iterable[str]) -> None:
        """Add assignees; who cannot be one, or would be the eleventh, is left out in silence."""
        if not actor.permission.covers(Permission.TRIAGE):
            return
        for user in filter(None, map(self._accounts.find, logins)):
            if not self.is_assignable(user) or user in issue.assignees:
                continue
            if len(issue.assignees) < MAX_ASSIGNEES:
                issue.assignees.append(user)
                self._touch(issue)
                self._tell(issue, "assigned", actor, assignee=user)

    def unassign(self, actor: User, issue: IssueRecord, logins: Iterable[str]) -> None:
        if not actor.permission.covers(Permission.TRIAGE):
            return
        for user in filter(None, map(self._accounts.find, logins)):
            if user in issue.assignees:
                issue.assignees.remove(user)
                self._touch(issue)
                self._tell(issue, "unassigned", actor, assignee=user)

    def set_assignees(self, actor: User, issue: IssueRecord, logins: Iterable[str]) -> None:
        wanted = {login.lower() for login in logins}
        leaving = [user.login for user in issue.assignees if user.login.lower() not in wanted]
        self.unassign(actor, issue, leaving)
        self.assign(actor, issue, logins)

    @staticmethod
    def is_assignable(user: User) -> bool:
        """Docs "Assigning issues": people who can read; an App's bot is nobody to assign to."""
        return user.kind == "User" and user.permission.covers(Permission.READ)

    def _labels_named(self, names: Iterable[str]) -> list[Label]:
        names = list(names)
        for name in names:
            errors.check_label_name(name)
        found = [self.labels.get(name.lower()) or self._new_label(name) for name in names]
        return list({label.id: label for label in found}.values())

    def _new_label(
        self, name: str, *, color: str = "ededed", description: str | None = None
    ) -> Label:
        label = Label(id=next(self._ids), name=name, color=color.lower(), description=description)
        self.labels[name.lower()] = label
        return label

    def _close(self, issue: IssueRecord, actor: User, reason: str | None = None) -> None:
        """Close; a pull request has no reason, it is merged or not."""
        issue.state, issue.closed_at, issue.closed_by = "closed", int(self._clock()), actor
        issue.state_reason = None if isinstance(issue, PullRecord) else reason or "completed"
        self._touch(issue)
        self._tell(issue, "closed", actor)

    def _tell(self, issue: IssueRecord, action: str, actor: User, **more: Any) -> None:
        if isinstance(issue, PullRecord):
            parts = {"number": issue.number, "pull_request": issue, **more}
            self._announce("pull_request", action, actor, **parts)
        else:
            self._announce("issues", action, actor, issue=issue, **more)

    def _touch(self, issue: IssueRecord) -> None:
        issue.updated_at = int(self._clock())

    @staticmethod
    def _need(permission: Permission, actor: User) -> None:
        if not actor.permission.covers(permission):
            raise errors.must_have_rights()

    def _need_author_or(self, permission: Permission, actor: User, author: User) -> None:
        """Authors may edit and close their own; others need the role (docs "Repository roles")."""
        if actor is not author:
            self._need(permission, actor)
