"""Check suites, check runs and commit statuses: their rules, and the events they send."""

import itertools
from collections.abc import Callable
from typing import Any

from bot.sandbox.github import errors
from bot.sandbox.github.code_state import CheckRun, CheckSuite, Status
from bot.sandbox.github.git_objects import NO_COMMIT
from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.state import Permission, User
from bot.sandbox.github.tracker import Announce

MOST_OF_A_NAME = 1000  # docs "Create a check run": older ones of the name are deleted then
MOST_STATUSES = 1000  # docs "Create a commit status": per commit and context
DESCRIPTION_LIMIT = 140
CONTEXT_LIMIT = 255
STATES = ("error", "failure", "pending", "success")
_MOST_BMP = 0xFFFF


class CheckBoard:
    """What the App and others say about commits. Callers hold the emulator's lock."""

    def __init__(self, app: AppIdentity, *, clock: Callable[[], float], announce: Announce) -> None:
        self._app = app
        self._clock = clock
        self._announce = announce
        self._ids = itertools.count(41_000_000_001)
        self.suites: dict[str, CheckSuite] = {}
        self.runs: dict[int, CheckRun] = {}
        self.statuses: dict[str, list[Status]] = {}

    def open_suite(self, actor: User, sha: str, *, branch: str, before: str) -> CheckSuite:
        """Make the App's suite for a pushed commit and ask for it, once per commit."""
        if sha not in self.suites:
            suite = self._new_suite(sha, branch, before)
            self._announce("check_suite", "requested", actor, check_suite=suite)
        return self.suites[sha]

    def run(self, run_id: int) -> CheckRun:
        if run_id not in self.runs:
            raise errors.not_found()
        return self.runs[run_id]

    def runs_of(self, sha: str) -> list[CheckRun]:
        """Return the runs of a commit, newest first."""
        return self.suites[sha].runs[::-1] if sha in self.suites else []

    def create_run(self, actor: User, sha: str, branch: str, fields: dict[str, Any]) -> CheckRun:
        suite = self.suites.get(sha) or self._new_suite(sha, branch, NO_COMMIT)
        run = CheckRun(
            id=next(self._ids), suite=suite, name=fields["name"], started_at=int(self._clock())
        )
        self.runs[run.id] = run
        suite.runs.append(run)
        same = [one for one in suite.runs if one.name == run.name]
        for old in same[:-MOST_OF_A_NAME]:
            suite.runs.remove(old)
            del self.runs[old.id]
        self._write(run, fields)
        self._announce("check_run", "created", actor, check_run=run)
        self._tell_completed(actor, run, was="")
        return run

    def update_run(self, actor: User, run: CheckRun, fields: dict[str, Any]) -> None:
        was = run.status
        self._write(run, fields)
        self._tell_completed(actor, run, was=was)

    def rerequest(self, actor: User, run: CheckRun) -> None:
        """Press «Re-run»: the App is asked again, the run itself stays as it is."""
        if not actor.permission.covers(Permission.WRITE):
            raise errors.must_have_rights()
        self._announce("check_run", "rerequested", actor, check_run=run)

    def add_status(
        self,
        actor: User,
        sha: str,
        *,
        state: str,
        context: str,
        description: str | None,
        target_url: str | None,
    ) -> Status:
        _check_status(state, context, description, target_url)
        given = self.statuses.setdefault(sha, [])
        if sum(one.context.lower() == context.lower() for one in given) >= MOST_STATUSES:
            text = "This SHA and context has reached the maximum number of statuses."
            error = {"resource": "Status", "code": "custom", "message": text}
            raise errors.GitHubError(422, "Validation Failed", errors=[error])
        status = Status(
            id=next(self._ids),
            sha=sha,
            state=state,
            context=context,
            description=description,
            target_url=target_url,
            creator=actor,
            created_at=int(self._clock()),
        )
        given.append(status)
        self._announce("status", "", actor, status=status)
        return status

    def latest_statuses(self, sha: str) -> list[Status]:
        """Return the last status of each context."""
        by_context = {one.context.lower(): one for one in self.statuses.get(sha, [])}
        return list(by_context.values())

    def _new_suite(self, sha: str, branch: str, before: str) -> CheckSuite:
        now = int(self._clock())
        suite = CheckSuite(
            id=next(self._ids),
            head_sha=sha,
            head_branch=branch,
            before=before,
            created_at=now,
            updated_at=now,
        )
        self.suites[sha] = suite
        return suite

    def _write(self, run: CheckRun, fields: dict[str, Any]) -> None:
        """Write what was given; annotations are added to those that are there."""
        for name in ("name", "details_url", "external_id", "started_at"):
            if name in fields:
                setattr(run, name, fields[name])
        if "status" in fields and fields["status"] != "completed":
            run.status, run.conclusion, run.completed_at = fields["status"], None, None
        if "conclusion" in fields:
            run.status, run.conclusion = "completed", fields["conclusion"]
            run.completed_at = fields.get("completed_at", int(self._clock()))
        output = fields.get("output", {})
        for name in ("title", "summary", "text"):
            if name in output:
                setattr(run, name, output[name])
        run.annotations += output.get("annotations", [])
        run.suite.updated_at = int(self._clock())

    def _tell_completed(self, actor: User, run: CheckRun, *, was: str) -> None:
        if run.status == "completed" and was != "completed":
            self._announce("check_run", "completed", actor, check_run=run)
            if run.suite.status == "completed":
                self._announce("check_suite", "completed", actor, check_suite=run.suite)


def _check_status(
    state: str, context: str, description: str | None, target_url: str | None
) -> None:
    """Refuse as GitHub was seen to: the messages are in public bug reports, the docs have none."""
    problems = []
    if state not in STATES:
        problems.append(("state", "state is not included in the list"))
    if len(context) > CONTEXT_LIMIT:
        problems.append(("context", f"context is too long (maximum is {CONTEXT_LIMIT} characters)"))
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        text = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        problems.append(("description", text))
    for field, text in (("description", description or ""), ("context", context)):
        if any(ord(letter) > _MOST_BMP for letter in text):
            problems.append((field, f"{field} doesn't accept 4-byte Unicode"))
    if target_url and not target_url.startswith(("http://", "https://")):
        problems.append(("target_url", "target_url must use http(s) scheme"))
    if problems:
        listed = [
            {"resource": "Status", "code": "custom", "field": field, "message": message}
            for field, message in problems
        ]
        raise errors.GitHubError(422, "Validation Failed", errors=listed)
