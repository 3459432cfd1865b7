"""Issues and assignees over REST (docs "REST API endpoints for issues", "for issue assignees")."""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from bot.sandbox.github import errors, inputs
from bot.sandbox.github.endpoints import Call, Endpoint, NotModelledError, answer
from bot.sandbox.github.state import IssueRecord, User

_ISSUES = "/repos/<owner>/<repo>/issues"
_ISSUE = f"{_ISSUES}/<int:number>"
_PAGE = "rest/issues/issues"
_ASSIGNEES_PAGE = "rest/issues/assignees"
_READ, _WRITE = ("issues", "read"), ("issues", "write")
_LIST_QUERY = frozenset(
    {"state", "labels", "creator", "assignee", "since", "sort", "direction", *inputs.PAGE_QUERY}
)
_REASONS = {
    "closed": frozenset({"completed", "not_planned"}),
    "open": frozenset({"reopened"}),
}
_SORT_KEYS: dict[str, Callable[[IssueRecord], tuple[int, int]]] = {
    "created": lambda issue: (issue.created_at, issue.number),
    "updated": lambda issue: (issue.updated_at, issue.number),
    "comments": lambda issue: (len(issue.comments), issue.number),
}


def issue_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"GET {_ISSUES}",
            docs=f"{_PAGE}#list-repository-issues",
            view=list_issues,
            needs=_READ,
            query=_LIST_QUERY,
        ),
        Endpoint(
            route=f"POST {_ISSUES}",
            docs=f"{_PAGE}#create-an-issue",
            view=create_issue,
            needs=_WRITE,
            creates_content=True,
        ),
        Endpoint(route=f"GET {_ISSUE}", docs=f"{_PAGE}#get-an-issue", view=get_issue, needs=_READ),
        Endpoint(
            route=f"PATCH {_ISSUE}",
            docs=f"{_PAGE}#update-an-issue",
            view=update_issue,
            needs=_WRITE,
        ),
        Endpoint(
            route=f"POST {_ISSUE}/assignees",
            docs=f"{_ASSIGNEES_PAGE}#add-assignees-to-an-issue",
            view=add_assignees,
            needs=_WRITE,
            or_needs=("pull_requests", "write"),
        ),
        Endpoint(
            route=f"DELETE {_ISSUE}/assignees",
            docs=f"{_ASSIGNEES_PAGE}#remove-assignees-from-an-issue",
            view=remove_assignees,
            needs=_WRITE,
            or_needs=("pull_requests", "write"),
        ),
    ]


def list_issues(call: Call) -> Response:
    sort = inputs.one_of("sort", "created", "created", "updated", "comments")
    direction = inputs.one_of("direction", "desc", "asc", "desc")
    tests = _filters(call)
    issues = call.service.tracker.issues.values()
    rows = [issue for issue in issues if all(test(issue) for test in tests)]
    rows.sort(key=_SORT_KEYS[sort], reverse=direction == "desc")
    return inputs.paginated(rows, call.shapes.issue)


def create_issue(call: Call) -> Response:
    fields = inputs.read_object("title", "body", "labels", "assignees", "milestone")
    _no_milestone(fields)
    issue = call.service.tracker.open_issue(
        call.actor,
        title=inputs.text(fields, "title"),
        body=inputs.optional_text(fields, "body"),
        labels=inputs.names(fields.get("labels") or [], "labels"),
        assignees=inputs.names(fields.get("assignees") or [], "assignees", key="login"),
    )
    drawn = call.shapes.issue(issue)
    return answer(_with_closer(call, issue), 201, {"Location": drawn["url"]})


def get_issue(call: Call, number: int) -> Response:
    return answer(_with_closer(call, call.service.tracker.issue(number)))


def update_issue(call: Call, number: int) -> Response:
    """All is checked before anything changes: a refused update leaves no half of it behind."""
    fields = inputs.read_object(
        "title", "body", "state", "state_reason", "labels", "assignees", "milestone"
    )
    _no_milestone(fields)
    tracker, actor = call.service.tracker, call.actor
    issue = tracker.issue(number)
    edits: dict[str, Any] = {}
    if fields.get("title") is not None:
        edits["title"] = inputs.text(fields, "title")
    if "body" in fields:
        edits["body"] = inputs.optional_text(fields, "body")
    state, reason = _state_change(fields, issue)
    labels = inputs.names(fields.get("labels") or [], "labels")
    for name in labels:
        errors.check_label_name(name)
    assignees = inputs.names(fields.get("assignees") or [], "assignees", key="login")

    if edits:
        tracker.edit_issue(actor, issue, **edits)
    if "labels" in fields:
        tracker.set_labels(actor, issue, labels)
    if "assignees" in fields:
        tracker.set_assignees(actor, issue, assignees)
    tracker.set_state(actor, issue, state, reason)
    return answer(_with_closer(call, issue))


def add_assignees(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    fields = inputs.read_object("assignees")
    logins = inputs.names(fields.get("assignees", []), "assignees", key="login")
    call.service.tracker.assign(call.actor, issue, logins)
    return answer(_with_closer(call, issue), 201)


def remove_assignees(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    fields = inputs.read_object("assignees")
    logins = inputs.names(fields.get("assignees", []), "assignees", key="login")
    call.service.tracker.unassign(call.actor, issue, logins)
    return answer(_with_closer(call, issue))


def _filters(call: Call) -> list[Callable[[IssueRecord], bool]]:
    """Read the query once; docs "List repository issues"."""
    state = inputs.one_of("state", "open", "open", "closed", "all")
    labels = {name.lower() for name in request.args.get("labels", "").split(",") if name}
    since = inputs.since()
    tests: list[Callable[[IssueRecord], bool]] = [
        lambda issue: state in {"all", issue.state},
        lambda issue: labels <= {label.name.lower() for label in issue.labels},
        lambda issue: issue.updated_at >= since,
    ]
    if "creator" in request.args:
        creator = _known_user(call, "creator", request.args["creator"])
        tests.append(lambda issue: issue.author is creator)
    match request.args.get("assignee"):
        case None:
            pass
        case "none":
            tests.append(lambda issue: not issue.assignees)
        case "*":
            tests.append(lambda issue: bool(issue.assignees))
        case login:
            assignee = _known_user(call, "assignee", login)
            tests.append(lambda issue: assignee in issue.assignees)
    return tests


def _known_user(call: Call, field: str, login: str) -> User:
    user = call.service.accounts.find(login)
    if user is None:
        raise errors.invalid("Issue", field, "invalid", value=login)
    return user


def _state_change(fields: dict[str, Any], issue: IssueRecord) -> tuple[str, str | None]:
    state = inputs.optional_text(fields, "state") or issue.state
    reason = inputs.optional_text(fields, "state_reason")
    if state not in _REASONS:
        raise errors.invalid("Issue", "state", "invalid", value=state)
    if reason == "duplicate":
        raise NotModelledError("closing as a duplicate")
    if reason is not None and reason not in _REASONS["open"] | _REASONS["closed"]:
        raise errors.invalid("Issue", "state_reason", "invalid", value=reason)
    return state, reason if reason in _REASONS[state] else None


def _with_closer(call: Call, issue: IssueRecord) -> dict[str, Any]:
    """A single issue says who closed it, a list does not."""
    closer = None if issue.closed_by is None else call.shapes.user(issue.closed_by)
    return {**call.shapes.issue(issue), "closed_by": closer}


def _no_milestone(fields: dict[str, Any]) -> None:
    if fields.get("milestone"):
        raise NotModelledError("milestones")
