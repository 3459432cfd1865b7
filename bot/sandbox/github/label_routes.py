"""Labels of the repository and of an issue over REST (docs "REST API endpoints for labels")."""

from typing import Any

from flask import Response

from bot.sandbox.github import errors, inputs
from bot.sandbox.github.endpoints import Call, Endpoint, View, answer, no_content
from bot.sandbox.github.state import IssueRecord

_LABELS = "/repos/<owner>/<repo>/labels"
_OF_ISSUE = "/repos/<owner>/<repo>/issues/<int:number>/labels"
_PAGE = "rest/issues/labels"
_READ, _WRITE = ("issues", "read"), ("issues", "write")
_OR_READ, _OR_WRITE = ("pull_requests", "read"), ("pull_requests", "write")


def label_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"GET {_LABELS}",
            docs=f"{_PAGE}#list-labels-for-a-repository",
            view=list_labels,
            needs=_READ,
            or_needs=_OR_READ,
            query=inputs.PAGE_QUERY,
        ),
        Endpoint(
            route=f"POST {_LABELS}",
            docs=f"{_PAGE}#create-a-label",
            view=create_label,
            needs=_WRITE,
            or_needs=_OR_WRITE,
        ),
        Endpoint(
            route=f"GET {_LABELS}/<path:name>",
            docs=f"{_PAGE}#get-a-label",
            view=get_label,
            needs=_READ,
            or_needs=_OR_READ,
        ),
        Endpoint(
            route=f"GET {_OF_ISSUE}",
            docs=f"{_PAGE}#list-labels-for-an-issue",
            view=list_of_issue,
            needs=_READ,
            or_needs=_OR_READ,
            query=inputs.PAGE_QUERY,
        ),
        *_changing_endpoints(),
    ]


def _changing_endpoints() -> list[Endpoint]:
    changes: list[tuple[str, str, View]] = [
        (f"POST {_OF_ISSUE}", "add-labels-to-an-issue", add_labels),
        (f"PUT {_OF_ISSUE}", "set-labels-for-an-issue", set_labels),
        (f"DELETE {_OF_ISSUE}", "remove-all-labels-from-an-issue", remove_all),
        (f"DELETE {_OF_ISSUE}/<path:name>", "remove-a-label-from-an-issue", remove_label),
    ]
    return [
        Endpoint(route=route, docs=f"{_PAGE}#{anchor}", view=view, needs=_WRITE, or_needs=_OR_WRITE)
        for route, anchor, view in changes
    ]


def list_labels(call: Call) -> Response:
    return inputs.paginated(list(call.service.tracker.labels.values()), call.shapes.label)


def create_label(call: Call) -> Response:
    fields = inputs.read_object("name", "color", "description")
    label = call.service.tracker.create_label(
        call.actor,
        inputs.text(fields, "name"),
        color=inputs.optional_text(fields, "color") or "ededed",
        description=inputs.optional_text(fields, "description"),
    )
    drawn = call.shapes.label(label)
    return answer(drawn, 201, {"Location": drawn["url"]})


def get_label(call: Call, name: str) -> Response:
    label = call.service.tracker.labels.get(name.lower())
    if label is None:
        raise errors.not_found()
    return answer(call.shapes.label(label))


def list_of_issue(call: Call, number: int) -> Response:
    return inputs.paginated(call.service.tracker.issue(number).labels, call.shapes.label)


def add_labels(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    names = _label_names()
    if not names:
        raise errors.malformed("For 'properties/labels', [] is too short.")
    call.service.tracker.add_labels(call.actor, issue, names)
    return _labels_of(call, issue)


def set_labels(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    call.service.tracker.set_labels(call.actor, issue, _label_names())
    return _labels_of(call, issue)


def remove_all(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    call.service.tracker.remove_labels(call.actor, issue, issue.labels)
    return no_content()


def remove_label(call: Call, number: int, name: str) -> Response:
    issue = call.service.tracker.issue(number)
    call.service.tracker.remove_label(call.actor, issue, name)
    return _labels_of(call, issue)


def _label_names() -> list[str]:
    """Read an object with `labels`, or the bare array or name that the endpoint also takes."""
    data: Any = inputs.read_json()
    if isinstance(data, dict):
        data = inputs.read_object("labels").get("labels", [])
    return [data] if isinstance(data, str) else inputs.names(data, "labels")


def _labels_of(call: Call, issue: IssueRecord) -> Response:
    return answer([call.shapes.label(label) for label in issue.labels])
