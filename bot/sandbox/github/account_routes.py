"""The App, its installation, users, the repository and rate limits over REST."""

from typing import Any

from flask import Response

from bot.sandbox.github import auth, errors, inputs
from bot.sandbox.github.endpoints import Call, Endpoint, View, answer
from bot.sandbox.github.state import Permission, User, timestamp

_REPO = "/repos/<owner>/<repo>"
_APPS = "rest/apps/apps"
_COLLABORATORS = "rest/collaborators/collaborators"
_NO_ACCESS_TO_REPOSITORY = (
    "There is at least one repository that does not exist or is not accessible to the parent"
    " installation."
)


def account_endpoints() -> list[Endpoint]:
    return [
        *_app_endpoints(),
        Endpoint(
            route=f"GET {_REPO}",
            docs="rest/repos/repos#get-a-repository",
            view=get_repository,
            needs=("metadata", "read"),
        ),
        Endpoint(
            route=f"GET {_REPO}/collaborators/<login>/permission",
            docs=f"{_COLLABORATORS}#get-repository-permissions-for-a-user",
            view=get_permission,
            needs=("metadata", "read"),
        ),
        Endpoint(
            route="GET /user", docs="rest/users/users#get-the-authenticated-user", view=get_myself
        ),
        Endpoint(route="GET /users/<login>", docs="rest/users/users#get-a-user", view=get_user),
        Endpoint(
            route="GET /rate_limit",
            docs="rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user",
            view=get_rate_limit,
            is_free=True,
        ),
    ]


def _app_endpoints() -> list[Endpoint]:
    one = "/app/installations/<int:installation_id>"
    endpoints: list[tuple[str, str, View]] = [
        ("GET /app", "get-the-authenticated-app", get_app),
        (f"GET {one}", "get-an-installation-for-the-authenticated-app", get_installation),
        (
            f"GET {_REPO}/installation",
            "get-a-repository-installation-for-the-authenticated-app",
            get_repository_installation,
        ),
        (
            f"POST {one}/access_tokens",
            "create-an-installation-access-token-for-an-app",
            create_token,
        ),
    ]
    listing = Endpoint(
        route="GET /app/installations",
        docs=f"{_APPS}#list-installations-for-the-authenticated-app",
        view=list_installations,
        as_app=True,
        query=inputs.PAGE_QUERY,
    )
    return [
        listing,
        *(
            Endpoint(route=route, docs=f"{_APPS}#{anchor}", view=view, as_app=True)
            for route, anchor, view in endpoints
        ),
    ]


def get_app(call: Call) -> Response:
    app = call.service.app
    return answer({**call.shapes.app(), "client_id": app.client_id, "installations_count": 1})


def list_installations(call: Call) -> Response:
    return inputs.paginated([call.service.app], lambda _app: call.shapes.installation())


def get_installation(call: Call, installation_id: int) -> Response:
    if installation_id != call.service.app.installation_id:
        raise errors.not_found()
    return answer(call.shapes.installation())


def get_repository_installation(call: Call) -> Response:
    return answer(call.shapes.installation())


def create_token(call: Call, installation_id: int) -> Response:
    if installation_id != call.service.app.installation_id:
        raise errors.not_found()
    fields = inputs.read_object("permissions", "repositories", "repository_ids")
    _check_repositories(call, fields)
    wanted = fields.get("permissions") or {}
    if not isinstance(wanted, dict):
        raise errors.malformed("For 'properties/permissions', the value is not an object.")
    issued = call.service.credentials.issue_token(wanted)
    body = {
        "token": issued.token,
        "expires_at": timestamp(issued.expires_at),
        "permissions": dict(issued.permissions),
        "repository_selection": "selected",
    }
    return answer(body, 201)


def get_repository(call: Call) -> Response:
    actor, shapes = call.actor, call.shapes
    body = {
        **shapes.repository(call.service.tracker.open_issues),
        "organization": shapes.user(call.service.repository.owner),
        "permissions": shapes.permissions_of(actor.permission),
        "network_count": 0,
        "subscribers_count": 0,
    }
    return answer(body)


def get_permission(call: Call, login: str) -> Response:
    user = call.service.accounts.find(login)
    if user is None:
        raise errors.not_found(f"{login} is not a user")
    role = user.permission
    # The legacy field knows four values: maintain counts as write and triage as read.
    legacy = Permission.READ if role is Permission.TRIAGE else role
    body = {
        "permission": legacy.value,
        "role_name": role.value,
        "user": {
            **call.shapes.user(user),
            "permissions": call.shapes.permissions_of(role),
            "role_name": role.value,
        },
    }
    return answer(body)


def get_myself(call: Call) -> Response:
    if call.caller.is_app or call.caller.permissions is not None:
        raise errors.not_accessible()
    return answer(_profile(call, call.actor))


def get_user(call: Call, login: str) -> Response:
    user = call.service.accounts.find(login)
    if user is None:
        raise errors.not_found()
    return answer(_profile(call, user))


def get_rate_limit(call: Call) -> Response:
    core = call.service.limits.core(call.caller.principal)
    # Search has a budget of its own, which nothing modelled here spends.
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"]}
    return answer({"resources": {"core": core, "search": search}, "rate": core})


def _profile(call: Call, user: User) -> dict[str, Any]:
    """A public profile: no mail address, as for everybody who keeps it private."""
    created = timestamp(call.service.repository.created_at)
    empty = ("company", "location", "email", "hireable", "bio", "twitter_username")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **call.shapes.user(user),
        "name": user.name,
        "blog": "",
        **dict.fromkeys(empty),
        **dict.fromkeys(counts, 0),
        "created_at": created,
        "updated_at": created,
    }


def _check_repositories(call: Call, fields: dict[str, Any]) -> None:
    repository = call.service.repository
    by_name = inputs.names(fields.get("repositories") or [], "repositories")
    others = {name.lower() for name in by_name} - {repository.name.lower()}
    if others or set(fields.get("repository_ids") or []) - {repository.id}:
        raise errors.GitHubError(422, _NO_ACCESS_TO_REPOSITORY, docs=auth.TOKENS_PAGE)
