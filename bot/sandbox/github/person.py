"""A person in front of github.com: what they can do to issues and code in the browser."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.sandbox.github.git_objects import Content
from bot.sandbox.github.snapshots import Comment, Issue
from bot.sandbox.github.state import User

if TYPE_CHECKING:
    from bot.sandbox.github.emulator import GitHubEmulator


class GitHubPerson:
    """Acts with the person's role; raises GitHubError where the page would show an error."""

    def __init__(self, github: "GitHubEmulator", user: User) -> None:
        self._github = github
        self._user = user

    @property
    def login(self) -> str:
        return self._user.login

    def open_issue(self, title: str, body: str, labels: Sequence[str] = ()) -> Issue:
        return self._open(title, body, labels, form=False)

    def open_form(
        self,
        template_fields: Mapping[str, str],
        title: str = "Access request",
        labels: Sequence[str] = ("access-request",),
    ) -> Issue:
        """Submit an issue form: a heading per field, an empty optional answer as `_No response_`.

        Docs "Syntax for issue forms". The labels are the form's own, so anyone's issue gets them.
        """
        sections = (
            f"### {heading}\n\n{answer.strip() or '_No response_'}"
            for heading, answer in template_fields.items()
        )
        return self._open(title, "\n\n".join(sections), labels, form=True)

    def edit_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        edits = {"title": title, "body": body}
        with self._github.lock:
            issue = self._github.visible_issue(self._user, number)
            given = {name: value for name, value in edits.items() if value is not None}
            self._github.tracker.edit_issue(self._user, issue, **given)
            return issue.snapshot()

    def comment(self, number: int, body: str) -> Comment:
        with self._github.lock:
            issue = self._github.visible_issue(self._user, number)
            return self._github.tracker.add_comment(self._user, issue, body).snapshot()

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        with self._github.lock:
            comment = self._github.tracker.comment(comment_id)
            self._github.tracker.edit_comment(self._user, comment, body)
            return comment.snapshot()

    def delete_comment(self, comment_id: int) -> None:
        with self._github.lock:
            comment = self._github.tracker.comment(comment_id)
            self._github.tracker.delete_comment(self._user, comment)

    def close(self, number: int, reason: str = "completed") -> Issue:
        return self._set_state(number, "closed", reason)

    def reopen(self, number: int) -> Issue:
        return self._set_state(number, "open", None)

    def label(self, number: int, name: str) -> Issue:
        with self._github.lock:
            issue = self._github.visible_issue(self._user, number)
            self._github.tracker.add_labels(self._user, issue, [name])
            return issue.snapshot()

    def unlabel(self, number: int, name: str) -> Issue:
        with self._github.lock:
            issue = self._github.visible_issue(self._user, number)
            self._github.tracker.remove_label(self._user, issue, name)
            return issue.snapshot()

    def commit(self, branch: str, files: Mapping[str, Content], message: str) -> str:
        """Commit and push; a new branch starts at the default one. Returns the commit's id."""
        with self._github.lock:
            self._github.check_visible(self._user)
            return self._github.code.commit_files(self._user, branch, files, message).sha

    def push(self, branch: str, sha: str) -> None:
        """Move a branch to a commit that is there, with force if that drops commits."""
        with self._github.lock:
            self._github.check_visible(self._user)
            self._github.code.push(self._user, branch, sha)

    def delete_branch(self, branch: str) -> None:
        with self._github.lock:
            self._github.check_visible(self._user)
            self._github.code.delete_branch(self._user, branch)

    def open_pull(self, head: str, title: str, body: str = "", *, base: str | None = None) -> int:
        """Open a pull request of a branch into another, usually the default one."""
        with self._github.lock:
            self._github.check_visible(self._user)
            code = self._github.code
            return code.open_pull(self._user, head, title=title, body=body, base=base).number

    def merge_pull(self, number: int) -> str:
        """Press «Merge pull request» and return the merge commit's id."""
        with self._github.lock:
            self._github.check_visible(self._user)
            pull = self._github.tracker.pull(number)
            return self._github.code.merge(self._user, pull).sha

    def rerun_check(self, check_id: int) -> None:
        """Press «Re-run» at a check."""
        with self._github.lock:
            self._github.check_visible(self._user)
            checks = self._github.code.checks
            checks.rerequest(self._user, checks.run(check_id))

    def _open(self, title: str, body: str, labels: Sequence[str], *, form: bool) -> Issue:
        with self._github.lock:
            self._github.check_visible(self._user)
            issue = self._github.tracker.open_issue(
                self._user, title=title, body=body, labels=labels, form=form
            )
            return issue.snapshot()

    def _set_state(self, number: int, state: str, reason: str | None) -> Issue:
        with self._github.lock:
            issue = self._github.visible_issue(self._user, number)
            self._github.tracker.set_state(self._user, issue, state, reason)
            return issue.snapshot()
