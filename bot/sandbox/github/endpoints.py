"""One endpoint of the REST API, and the door every request goes through before it gets there."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from bot.sandbox.github import errors
from bot.sandbox.github.auth import Caller
from bot.sandbox.github.code_shapes import CodeShapes
from bot.sandbox.github.pull_shapes import PullShapes
from bot.sandbox.github.service import Service
from bot.sandbox.github.shapes import Shapes
from bot.sandbox.github.state import Permission, PullRecord, User

_OTHER_MEDIA = (".raw", ".html", ".text", ".full", ".diff", ".patch", ".sha", ".object")


class NotModelledError(Exception):
    """GitHub has it and this emulator does not: 501."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that was let in."""

    service: Service
    caller: Caller
    shapes: Shapes

    @property
    def actor(self) -> User:
        if self.caller.user is None:
            raise errors.GitHubError(401, "Requires authentication")
        return self.caller.user

    @property
    def code_shapes(self) -> CodeShapes:
        return self.service.code_shapes(self.shapes.base)

    @property
    def pull_shapes(self) -> PullShapes:
        return self.service.pull_shapes(self.shapes.base)


View = Callable[..., Response]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A method and path with GitHub's page about it (`docs`) and what a caller needs.

    `needs` is the permission of an installation token, `or_needs` another one that does for what
    belongs to a pull request, `as_app` means that only the App's JWT will do, `query` lists the
    modelled parameters, `creates_content` counts for the secondary rate limit, `is_free` for none.
    """

    route: str
    docs: str
    view: View
    needs: tuple[str, str] | None = None
    or_needs: tuple[str, str] | None = None
    as_app: bool = False
    query: frozenset[str] = frozenset()
    creates_content: bool = False
    is_free: bool = False

    @property
    def method(self) -> str:
        return self.route.split()[0]

    @property
    def path(self) -> str:
        return self.route.split()[1]


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(data, ensure_ascii=False)
    return Response(text, status, headers, content_type="application/json; charset=utf-8")


def no_content() -> Response:
    return Response(status=204)


class Door:
    """Lets requests in: who calls, how often, for which repository, with which permission."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def serve(self, endpoint: Endpoint, arguments: dict[str, Any]) -> Response:
        caller = Caller(principal="anonymous")
        try:
            caller = self._service.credentials.caller(request.headers.get("Authorization"))
            self._admit(endpoint, caller, arguments)
            base = request.host_url.rstrip("/")
            call = Call(service=self._service, caller=caller, shapes=self._service.shapes(base))
            response = endpoint.view(call, **arguments)
        except errors.GitHubError as error:
            response = answer(error.body(endpoint.docs), error.status, error.headers)
        return self._finish(endpoint, caller, response)

    def _admit(self, endpoint: Endpoint, caller: Caller, arguments: dict[str, Any]) -> None:
        if not request.headers.get("User-Agent"):  # docs "User agent required"
            raise errors.GitHubError(
                403, "Request forbidden by administrative rules. A User-Agent header is required."
            )
        if not endpoint.is_free:
            self._service.limits.spend(
                caller.principal,
                is_read=endpoint.method == "GET",
                creates_content=endpoint.creates_content,
            )
        if endpoint.as_app and not caller.is_app:
            raise errors.GitHubError(401, "A JSON web token could not be decoded")
        if "owner" in arguments:
            self._enter_repository(endpoint, caller, arguments)
        _refuse_unmodelled(endpoint)

    def _enter_repository(
        self, endpoint: Endpoint, caller: Caller, arguments: dict[str, Any]
    ) -> None:
        """Answer 404 to whoever may not read the private repository, 403 without the permission."""
        named = f"{arguments.pop('owner')}/{arguments.pop('repo')}"
        if named.lower() != self._service.repository.full_name.lower():
            raise errors.not_found()
        if endpoint.as_app:
            return
        if (
            caller.is_app
        ):  # a JWT opens the App's own endpoints only (docs "Authenticating as a GitHub App")
            raise errors.not_accessible()
        if caller.user is None or not caller.user.permission.covers(Permission.READ):
            raise errors.not_found()
        if endpoint.needs is None or caller.may(*endpoint.needs):
            return
        if endpoint.or_needs is None or not caller.may(*endpoint.or_needs):
            raise errors.not_accessible()
        if not self._is_about_pull(arguments):
            raise errors.not_accessible()

    def _is_about_pull(self, arguments: dict[str, Any]) -> bool:
        """Say whether this is no plain issue's; the docs name both permissions without saying so.

        A number or comment that is not there gets its 404 later.
        """
        tracker = self._service.tracker
        number = arguments.get("number")
        if (comment := tracker.comments.get(arguments.get("comment_id", 0))) is not None:
            number = comment.issue_number
        issue = None if number is None else tracker.issues.get(number)
        return issue is None or isinstance(issue, PullRecord)

    def _finish(self, endpoint: Endpoint, caller: Caller, response: Response) -> Response:
        limits = self._service.limits
        if endpoint.method == "GET" and response.status_code == 200:
            # docs "Best practices for using the REST API": conditional requests
            response.set_etag(hashlib.sha256(response.get_data()).hexdigest(), weak=True)
            response.make_conditional(request.environ)
            del response.headers["Date"]  # set on the way, and again by the server
            if response.status_code == 304 and not endpoint.is_free:
                limits.refund(caller.principal)
        response.headers.update(limits.headers(caller.principal))
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        response.headers["X-GitHub-Request-Id"] = secrets.token_hex(8).upper()
        if version := request.headers.get("X-GitHub-Api-Version"):
            response.headers["X-GitHub-Api-Version-Selected"] = version
        if endpoint.needs is not None:
            sets = filter(None, (endpoint.needs, endpoint.or_needs))
            accepted = "; ".join("=".join(one) for one in sets)
            response.headers["X-Accepted-GitHub-Permissions"] = accepted
        if caller.user is not None and caller.permissions is None:
            response.headers["X-OAuth-Scopes"] = "repo"
        return response


def _refuse_unmodelled(endpoint: Endpoint) -> None:
    if unknown := set(request.args) - endpoint.query:
        raise NotModelledError(f"the query parameters {sorted(unknown)} of {endpoint.route}")
    accept = request.headers.get("Accept", "")
    if any(f"{kind}+json" in accept or accept.endswith(kind) for kind in _OTHER_MEDIA):
        raise NotModelledError(f"the media type {accept}")
