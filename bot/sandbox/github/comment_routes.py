"""Issue comments over REST (docs "REST API endpoints for issue comments")."""

from flask import Response

from bot.sandbox.github import inputs
from bot.sandbox.github.endpoints import Call, Endpoint, answer, no_content

_ISSUES = "/repos/<owner>/<repo>/issues"
_OF_ISSUE = f"{_ISSUES}/<int:number>/comments"
_COMMENT = f"{_ISSUES}/comments/<int:comment_id>"
_PAGE = "rest/issues/comments"
_READ, _WRITE = ("issues", "read"), ("issues", "write")
_OR_READ, _OR_WRITE = ("pull_requests", "read"), ("pull_requests", "write")


def comment_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"GET {_ISSUES}/comments",
            docs=f"{_PAGE}#list-issue-comments-for-a-repository",
            view=list_all,
            needs=_READ,
            or_needs=_OR_READ,
            query=frozenset({"sort", "direction", "since", *inputs.PAGE_QUERY}),
        ),
        Endpoint(
            route=f"GET {_OF_ISSUE}",
            docs=f"{_PAGE}#list-issue-comments",
            view=list_of_issue,
            needs=_READ,
            or_needs=_OR_READ,
            query=frozenset({"since", *inputs.PAGE_QUERY}),
        ),
        Endpoint(
            route=f"POST {_OF_ISSUE}",
            docs=f"{_PAGE}#create-an-issue-comment",
            view=create_comment,
            needs=_WRITE,
            or_needs=_OR_WRITE,
            creates_content=True,
        ),
        Endpoint(
            route=f"GET {_COMMENT}",
            docs=f"{_PAGE}#get-an-issue-comment",
            view=get_comment,
            needs=_READ,
            or_needs=_OR_READ,
        ),
        Endpoint(
            route=f"PATCH {_COMMENT}",
            docs=f"{_PAGE}#update-an-issue-comment",
            view=update_comment,
            needs=_WRITE,
            or_needs=_OR_WRITE,
        ),
        Endpoint(
            route=f"DELETE {_COMMENT}",
            docs=f"{_PAGE}#delete-an-issue-comment",
            view=delete_comment,
            needs=_WRITE,
            or_needs=_OR_WRITE,
        ),
    ]


def list_all(call: Call) -> Response:
    """By id, unless `sort` is given; without it `direction` is ignored."""
    sort = inputs.one_of("sort", "", "", "created", "updated")
    direction = inputs.one_of("direction", "desc", "asc", "desc")
    after = inputs.since()
    rows = [row for row in call.service.tracker.comments.values() if row.updated_at >= after]
    if sort:
        rows.sort(
            key=lambda row: (row.updated_at if sort == "updated" else row.created_at, row.id),
            reverse=direction == "desc",
        )
    return inputs.paginated(rows, call.shapes.comment)


def list_of_issue(call: Call, number: int) -> Response:
    after = inputs.since()
    comments = call.service.tracker.issue(number).comments.values()
    return inputs.paginated(
        [comment for comment in comments if comment.updated_at >= after], call.shapes.comment
    )


def create_comment(call: Call, number: int) -> Response:
    issue = call.service.tracker.issue(number)
    body = inputs.text(inputs.read_object("body"), "body")
    comment = call.shapes.comment(call.service.tracker.add_comment(call.actor, issue, body))
    return answer(comment, 201, {"Location": comment["url"]})


def get_comment(call: Call, comment_id: int) -> Response:
    return answer(call.shapes.comment(call.service.tracker.comment(comment_id)))


def update_comment(call: Call, comment_id: int) -> Response:
    comment = call.service.tracker.comment(comment_id)
    body = inputs.text(inputs.read_object("body"), "body")
    call.service.tracker.edit_comment(call.actor, comment, body)
    return answer(call.shapes.comment(comment))


def delete_comment(call: Call, comment_id: int) -> Response:
    comment = call.service.tracker.comment(comment_id)
    call.service.tracker.delete_comment(call.actor, comment)
    return no_content()
