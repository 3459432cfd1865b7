"""Frozen copies of what is in the repository, for tests, the tour and the front page."""

from bot.sandbox.github.code import CodeBase
from bot.sandbox.github.code_state import CheckRun
from bot.sandbox.github.snapshots import Annotation, ChangedFile, Check, Pull, StatusMark
from bot.sandbox.github.state import PullRecord


def pull_view(code: CodeBase, pull: PullRecord) -> Pull:
    return Pull(
        **vars(pull.snapshot()),
        head_ref=pull.head_ref,
        head_sha=pull.head_sha,
        base_ref=pull.base_ref,
        is_merged=pull.merged_at is not None,
        is_mergeable=pull.state == "open" and code.is_mergeable(pull),
        files=[
            ChangedFile(path=change.path, status=change.status, patch=change.patch or "")
            for change in code.pull_changes(pull)
        ],
        checks=check_views(code, pull.head_sha),
        statuses=status_views(code, pull.head_sha),
    )


def check_views(code: CodeBase, sha: str) -> list[Check]:
    """Return the check runs of a commit, oldest first."""
    return [_check(run) for run in reversed(code.checks.runs_of(sha))]


def status_views(code: CodeBase, sha: str) -> list[StatusMark]:
    return [
        StatusMark(
            context=one.context,
            state=one.state,
            description=one.description or "",
            author=one.creator.login,
        )
        for one in code.checks.latest_statuses(sha)
    ]


def _check(run: CheckRun) -> Check:
    return Check(
        id=run.id,
        name=run.name,
        head_sha=run.suite.head_sha,
        status=run.status,
        conclusion=run.conclusion,
        title=run.title or "",
        summary=run.summary or "",
        text=run.text or "",
        annotations=[
            Annotation(
                path=one["path"],
                start_line=one["start_line"],
                end_line=one["end_line"],
                level=one["annotation_level"],
                message=one["message"],
                title=one.get("title") or "",
            )
            for one in run.annotations
        ],
    )
