"""Check runs over REST (docs "REST API endpoints for check runs")."""

from flask import Response, request

from bot.sandbox.github import errors, inputs
from bot.sandbox.github.check_inputs import read_check
from bot.sandbox.github.code_state import CheckRun
from bot.sandbox.github.commit_routes import known_commit
from bot.sandbox.github.endpoints import Call, Endpoint, answer

_REPO = "/repos/<owner>/<repo>"
_RUN = f"{_REPO}/check-runs/<int:run_id>"
_PAGE = "rest/checks/runs"
_READ, _WRITE = ("checks", "read"), ("checks", "write")
_LIST_QUERY = frozenset({"check_name", "status", "filter", "app_id", *inputs.PAGE_QUERY})


def check_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"POST {_REPO}/check-runs",
            docs=f"{_PAGE}#create-a-check-run",
            view=create_run,
            needs=_WRITE,
            creates_content=True,
        ),
        Endpoint(
            route=f"PATCH {_RUN}", docs=f"{_PAGE}#update-a-check-run", view=update_run, needs=_WRITE
        ),
        Endpoint(route=f"GET {_RUN}", docs=f"{_PAGE}#get-a-check-run", view=get_run, needs=_READ),
        Endpoint(
            route=f"GET {_RUN}/annotations",
            docs=f"{_PAGE}#list-check-run-annotations",
            view=list_annotations,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
        Endpoint(
            route=f"GET {_REPO}/commits/<path:ref>/check-runs",
            docs=f"{_PAGE}#list-check-runs-for-a-git-reference",
            view=list_of_commit,
            needs=_READ,
            query=_LIST_QUERY,
        ),
    ]


def create_run(call: Call) -> Response:
    _need_app(call)
    fields = read_check(is_new=True)
    sha = fields["head_sha"]
    store = call.service.code.store
    if sha not in store.commits:
        raise errors.GitHubError(422, f"No commit found for SHA: {sha}")
    branch = next(
        (name.removeprefix("heads/") for name, tip in store.refs.items() if tip == sha), ""
    )
    run = call.service.code.checks.create_run(call.actor, sha, branch, fields)
    drawn = call.code_shapes.check_run(run)
    return answer(drawn, 201, {"Location": drawn["url"]})


def update_run(call: Call, run_id: int) -> Response:
    _need_app(call)
    run = call.service.code.checks.run(run_id)
    call.service.code.checks.update_run(call.actor, run, read_check(is_new=False))
    return answer(call.code_shapes.check_run(run))


def get_run(call: Call, run_id: int) -> Response:
    return answer(call.code_shapes.check_run(call.service.code.checks.run(run_id)))


def list_annotations(call: Call, run_id: int) -> Response:
    run, shapes = call.service.code.checks.run(run_id), call.code_shapes
    return inputs.paginated(run.annotations, lambda one: shapes.annotation(run, one))


def list_of_commit(call: Call, ref: str) -> Response:
    runs = call.service.code.checks.runs_of(known_commit(call, ref).sha)
    if inputs.one_of("filter", "latest", "latest", "all", resource="CheckRun") == "latest":
        runs = _latest(runs)
    name, status = request.args.get("check_name"), request.args.get("status")
    app = request.args.get("app_id", str(call.service.app.id))
    rows = [
        run
        for run in runs
        if name in {None, run.name}
        and status in {None, run.status}
        and app == str(call.service.app.id)
    ]
    page = inputs.page_of(rows)
    drawn = [call.code_shapes.check_run(run) for run in page.rows]
    return answer({"total_count": len(rows), "check_runs": drawn}, headers=page.headers)


def _latest(runs: list[CheckRun]) -> list[CheckRun]:
    """Keep the newest of each name; they come newest first."""
    newest: dict[str, CheckRun] = {}
    for run in runs:
        newest.setdefault(run.name, run)
    return list(newest.values())


def _need_app(call: Call) -> None:
    """Docs "Create a check run": only a GitHub App may, whatever a user's role is."""
    if call.caller.permissions is None:
        raise errors.GitHubError(403, "You must authenticate via a GitHub App.")
