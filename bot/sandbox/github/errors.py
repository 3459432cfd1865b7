"""The errors GitHub answers with, as bodies and statuses (docs: "Troubleshooting the REST API")."""

from typing import Any

DOCS = "https://docs.github.com"
BODY_LIMIT = 65_536
TITLE_LIMIT = 256
LABEL_NAME_LIMIT = 50
LIMITS_PAGE = "rest/using-the-rest-api/rate-limits-for-the-rest-api"


class GitHubError(Exception):
    """An answer other than success; a person's action in the browser raises it too."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        docs: str = "rest",
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {message} {errors or ''}".strip())
        self.status = status
        self.message = message
        self.docs = docs
        self.errors = errors
        self.headers = headers or {}

    def body(self, docs: str | None = None) -> dict[str, Any]:
        """Return the JSON body; `docs` is the endpoint's page, for errors that have none."""
        page = docs if docs and self.docs == "rest" else self.docs
        listed = {} if self.errors is None else {"errors": self.errors}
        return {
            "message": self.message,
            **listed,
            "documentation_url": f"{DOCS}/{page}",
            "status": str(self.status),
        }


def not_found(message: str = "Not Found") -> GitHubError:
    """Docs: "404 Not Found for an existing resource": also for what the caller may not see."""
    return GitHubError(404, message)


def bad_credentials() -> GitHubError:
    return GitHubError(401, "Bad credentials")


def not_accessible() -> GitHubError:
    """Docs: "Resource not accessible": the App's installation lacks the permission."""
    return GitHubError(403, "Resource not accessible by integration")


def must_have_rights() -> GitHubError:
    return GitHubError(403, "Must have admin rights to Repository.")


def gone() -> GitHubError:
    return GitHubError(410, "This issue was deleted", docs="rest/issues/issues")


def invalid(resource: str, field: str, code: str, **more: Any) -> GitHubError:
    """Docs "Validation Failed": missing_field, invalid, already_exists, unprocessable, custom."""
    error = {"resource": resource, "code": code, "field": field, **more}
    return GitHubError(422, "Validation Failed", errors=[error])


def malformed(what: str) -> GitHubError:
    """The answer of the schema check that comes before validation."""
    return GitHubError(422, f"Invalid request.\n\n{what}")


def check_title(title: str) -> None:
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    if len(title) > TITLE_LIMIT:
        text = f"title is too long (maximum is {TITLE_LIMIT} characters)"
        raise invalid("Issue", "title", "custom", message=text)


def check_issue_body(body: str | None) -> None:
    if body is not None and len(body) > BODY_LIMIT:
        text = f"body is too long (maximum is {BODY_LIMIT} characters)"
        raise invalid("Issue", "body", "custom", message=text)


def check_label_name(name: str) -> None:
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > LABEL_NAME_LIMIT:
        text = f"name is too long (maximum is {LABEL_NAME_LIMIT} characters)"
        raise invalid("Label", "name", "custom", message=text)


def check_comment_body(body: str) -> None:
    """A comment's body is checked elsewhere at GitHub than an issue's: other code and field."""
    if not body.strip():
        text = "Body cannot be blank"
        raise invalid("IssueComment", "data", "unprocessable", message=text)
    if len(body) > BODY_LIMIT:
        text = f"Body is too long (maximum is {BODY_LIMIT} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message=text)
