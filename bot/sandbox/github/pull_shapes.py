"""The JSON of pull requests: in lists, alone, in webhooks, and as the issue that each one is."""

from bot.sandbox.github.code import CodeBase
from bot.sandbox.github.shapes import Json, Shapes
from bot.sandbox.github.state import PullRecord, Repository, node_id, timestamp

_LINKS = {
    "review_comments": "/comments",
    "review_comment": "/comments{/number}",
    "commits": "/commits",
}


class PullShapes:
    """Draws pull requests for a caller whom `shapes` knows."""

    def __init__(
        self, shapes: Shapes, *, repository: Repository, code: CodeBase, open_issues: int
    ) -> None:
        self._shapes = shapes
        self._repository = repository
        self._code = code
        self._open_issues = open_issues
        self._url = f"{shapes.base}/repos/{repository.full_name}"
        self._page = f"{shapes.base}/{repository.full_name}"

    def listed(self, pull: PullRecord) -> Json:
        """Draw as in a list: without what has to be computed from the commits."""
        url, issue_url = f"{self._url}/pulls/{pull.number}", f"{self._url}/issues/{pull.number}"
        page = f"{self._page}/pull/{pull.number}"
        statuses = f"{self._url}/statuses/{pull.head_sha}"
        comments = f"{issue_url}/comments"
        people = [self._shapes.user(user) for user in pull.assignees]
        links = {"self": url, "html": page, "issue": issue_url, "comments": comments}
        links |= {name: f"{url}{end}" for name, end in _LINKS.items()} | {"statuses": statuses}
        links["review_comment"] = f"{self._url}/pulls/comments{{/number}}"
        return {
            "url": url,
            "id": pull.pull_id,
            "node_id": node_id("PR", pull.pull_id),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue_url,
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self._shapes.user(pull.author),
            "body": pull.body,
            "created_at": timestamp(pull.created_at),
            "updated_at": timestamp(pull.updated_at),
            "closed_at": None if pull.closed_at is None else timestamp(pull.closed_at),
            "merged_at": None if pull.merged_at is None else timestamp(pull.merged_at),
            "merge_commit_sha": pull.merge_commit_sha,
            "assignee": people[0] if people else None,
            "assignees": people,
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [self._shapes.label(label) for label in pull.labels],
            "milestone": None,
            "draft": False,
            "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"],
            "comments_url": comments,
            "statuses_url": statuses,
            "head": self._side(pull.head_ref, pull.head_sha),
            "base": self._side(pull.base_ref, pull.base_sha),
            "_links": {name: {"href": address} for name, address in links.items()},
            "author_association": pull.author.association,
            "auto_merge": None,
            "active_lock_reason": None,
        }

    def sent(self, pull: PullRecord) -> Json:
        """Draw as in webhooks: sent before GitHub has tried whether it can be merged."""
        found = self._code.pull_changes(pull)
        merger = None if pull.merged_by is None else self._shapes.user(pull.merged_by)
        return {
            **self.listed(pull),
            "merged": pull.merged_at is not None,
            "mergeable": None,
            "rebaseable": None,
            "mergeable_state": "unknown",
            "merged_by": merger,
            "comments": len(pull.comments),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": len(self._code.pull_commits(pull)),
            "additions": sum(change.additions for change in found),
            "deletions": sum(change.deletions for change in found),
            "changed_files": len(found),
        }

    def alone(self, pull: PullRecord) -> Json:
        """Draw for «Get a pull request», which tries the merge of an open one."""
        drawn = self.sent(pull)
        if pull.state != "open":
            return drawn
        is_mergeable = self._code.is_mergeable(pull)
        return {
            **drawn,
            "mergeable": is_mergeable,
            "rebaseable": is_mergeable,
            "mergeable_state": "clean" if is_mergeable else "dirty",
            "merge_commit_sha": self._code.test_merge(pull),
        }

    def _side(self, ref: str, sha: str) -> Json:
        owner = self._repository.owner
        return {
            "label": f"{owner.login}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": self._shapes.user(owner),
            "repo": self._shapes.repository(self._open_issues),
        }
