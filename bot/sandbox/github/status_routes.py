"""Commit statuses over REST (docs "REST API endpoints for commit statuses")."""

from collections.abc import Sequence

from flask import Response

from bot.sandbox.github import errors, inputs
from bot.sandbox.github.code_state import Status
from bot.sandbox.github.endpoints import Call, Endpoint, answer
from bot.sandbox.github.git_objects import Commit
from bot.sandbox.github.state import Permission

_REPO = "/repos/<owner>/<repo>"
_PAGE = "rest/commits/statuses"
_READ, _WRITE = ("statuses", "read"), ("statuses", "write")


def status_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"POST {_REPO}/statuses/<sha>",
            docs=f"{_PAGE}#create-a-commit-status",
            view=create_status,
            needs=_WRITE,
            creates_content=True,
        ),
        Endpoint(
            route=f"GET {_REPO}/commits/<path:ref>/status",
            docs=f"{_PAGE}#get-the-combined-status-for-a-specific-reference",
            view=get_combined,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
        *(
            Endpoint(
                route=f"GET {_REPO}/{path}",
                docs=f"{_PAGE}#list-commit-statuses-for-a-reference",
                view=list_statuses,
                needs=_READ,
                query=inputs.PAGE_QUERY,
            )
            # The second is the legacy route that the same page names; PyGithub takes it.
            for path in ("commits/<path:ref>/statuses", "statuses/<path:ref>")
        ),
    ]


def create_status(call: Call, sha: str) -> Response:
    if not call.actor.permission.covers(Permission.WRITE):
        raise errors.not_found()
    fields = inputs.read_object("state", "target_url", "description", "context")
    if sha not in call.service.code.store.commits:
        raise errors.GitHubError(422, f"No commit found for SHA: {sha}")
    status = call.service.code.checks.add_status(
        call.actor,
        sha,
        state=inputs.text(fields, "state"),
        context=inputs.optional_text(fields, "context") or "default",
        description=inputs.optional_text(fields, "description"),
        target_url=inputs.optional_text(fields, "target_url"),
    )
    drawn = call.code_shapes.status(status)
    return answer(drawn, 201, {"Location": drawn["url"]})


def get_combined(call: Call, ref: str) -> Response:
    commit = _commit(call, ref)
    latest = call.service.code.checks.latest_statuses(commit.sha)
    page = inputs.page_of(latest)
    url = f"{call.shapes.repo_url}/commits/{commit.sha}"
    body = {
        "state": _combined(latest),
        "statuses": [call.code_shapes.status(one, with_creator=False) for one in page.rows],
        "sha": commit.sha,
        "total_count": len(latest),
        "repository": call.shapes.repository(call.service.tracker.open_issues),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return answer(body, headers=page.headers)


def list_statuses(call: Call, ref: str) -> Response:
    """Newest first."""
    statuses = call.service.code.checks.statuses.get(_commit(call, ref).sha, [])
    return inputs.paginated(statuses[::-1], call.code_shapes.status)


def _commit(call: Call, ref: str) -> Commit:
    commit = call.service.code.store.find_commit(ref)
    if commit is None:
        raise errors.not_found()
    return commit


def _combined(latest: Sequence[Status]) -> str:
    states = {status.state for status in latest}
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"
