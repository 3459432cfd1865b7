"""Pull requests over REST, to read (docs "REST API endpoints for pull requests").

Their title, labels, assignees and comments are the issue's with the same number.
"""

from collections.abc import Callable

from flask import Response, request

from bot.sandbox.github import inputs
from bot.sandbox.github.endpoints import Call, Endpoint, NotModelledError, answer
from bot.sandbox.github.state import PullRecord

_PULLS = "/repos/<owner>/<repo>/pulls"
_PULL = f"{_PULLS}/<int:number>"
_RESOURCE = "PullRequest"
_PAGE = "rest/pulls/pulls"
_READ = ("pull_requests", "read")
MOST_FILES = 3_000  # docs "List pull requests files"
MOST_COMMITS = 250  # docs "List commits on a pull request"
_SORT_KEYS: dict[str, Callable[[PullRecord], tuple[int, int]]] = {
    "created": lambda pull: (pull.created_at, pull.number),
    "updated": lambda pull: (pull.updated_at, pull.number),
    "popularity": lambda pull: (len(pull.comments), pull.number),
}


def pull_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"GET {_PULLS}",
            docs=f"{_PAGE}#list-pull-requests",
            view=list_pulls,
            needs=_READ,
            query=frozenset({"state", "head", "base", "sort", "direction", *inputs.PAGE_QUERY}),
        ),
        Endpoint(
            route=f"GET {_PULL}", docs=f"{_PAGE}#get-a-pull-request", view=get_pull, needs=_READ
        ),
        Endpoint(
            route=f"GET {_PULL}/files",
            docs=f"{_PAGE}#list-pull-requests-files",
            view=list_files,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
        Endpoint(
            route=f"GET {_PULL}/commits",
            docs=f"{_PAGE}#list-commits-on-a-pull-request",
            view=list_commits,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
    ]


def list_pulls(call: Call) -> Response:
    state = inputs.one_of("state", "open", "open", "closed", "all", resource=_RESOURCE)
    sort = inputs.one_of("sort", "created", *_SORT_KEYS, "long-running", resource=_RESOURCE)
    if sort == "long-running":
        raise NotModelledError("the order long-running")
    usual = "desc" if sort == "created" else "asc"
    direction = inputs.one_of("direction", usual, "asc", "desc", resource=_RESOURCE)
    base, head = request.args.get("base"), request.args.get("head", "")
    owner, colon, branch = head.partition(":")
    ours = call.service.repository.owner.login.lower()
    rows = [
        pull
        for pull in call.service.tracker.pulls
        if state in {"all", pull.state}
        and base in {None, pull.base_ref}
        # docs: `user:ref-name`; without a user GitHub does not filter at all
        and (not colon or (owner.lower() == ours and branch == pull.head_ref))
    ]
    rows.sort(key=_SORT_KEYS[sort], reverse=direction == "desc")
    return inputs.paginated(rows, call.pull_shapes.listed)


def get_pull(call: Call, number: int) -> Response:
    return answer(call.pull_shapes.alone(call.service.tracker.pull(number)))


def list_files(call: Call, number: int) -> Response:
    pull = call.service.tracker.pull(number)
    found = call.service.code.pull_changes(pull)[:MOST_FILES]
    shapes = call.code_shapes
    return inputs.paginated(found, lambda change: shapes.file(change, pull.head_sha))


def list_commits(call: Call, number: int) -> Response:
    commits = call.service.code.pull_commits(call.service.tracker.pull(number))
    return inputs.paginated(commits[:MOST_COMMITS], call.code_shapes.commit)
