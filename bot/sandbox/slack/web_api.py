"""The door of the Web API and of response_urls: token, scopes, rate limits, arguments, then the
method.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request

from bot.sandbox.slack import chat_api, people_api, views_api
from bot.sandbox.slack.calls import Call, Method, Refusal
from bot.sandbox.slack.rates import RateLimits
from bot.sandbox.slack.records import Json
from bot.sandbox.slack.response_urls import respond
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace

SCOPES = (
    "chat:write",
    "commands",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)


@functools.cache
def methods() -> dict[str, Method]:
    return {**people_api.METHODS, **chat_api.METHODS, **views_api.METHODS}


def is_write(path: str) -> bool:
    """Say whether a POST to this path changes what people or the bot can see."""
    if path.startswith("/api/"):
        method = methods().get(path.removeprefix("/api/"))
        return method is not None and method.is_write
    return path.startswith(("/commands/", "/actions/"))


class WebApi:
    """Slack's HTTP surface over one workspace; runs under the emulator's lock."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        bot_token: str,
        clock: Callable[[], float],
        not_modelled: Callable[[str], Response],
        rate_limits: bool,
    ) -> None:
        self.scopes: tuple[str, ...] = SCOPES
        self._workspace = workspace
        self._token = bot_token
        self._clock = clock
        self._not_modelled = not_modelled
        self._rates = RateLimits(clock) if rate_limits else None

    def add_routes(self, app: Flask) -> None:
        app.add_url_rule("/api/<name>", "api", self._api, methods=["GET", "POST"])
        for kind in ("commands", "actions"):
            app.add_url_rule(f"/{kind}/<path:rest>", kind, self._response_url, methods=["POST"])

    def _api(self, name: str) -> Any:
        method = methods().get(name)
        if method is None:
            return self._not_modelled(f"the Web API method {name}")
        try:
            arguments = _arguments()
            self._authorize(arguments.pop("token", None), method)
            if wait := self._wait(name, method, arguments):
                return _ratelimited(wait)
            method.check_arguments(arguments)
            body = {"ok": True, **method.run(self._call(arguments))}
        except Refusal as refusal:
            body = refusal.body
        except NotModelledError as missing:
            return self._not_modelled(f"{missing} in {name}")
        answer = jsonify(body)
        answer.headers["X-OAuth-Scopes"] = ",".join(self.scopes)
        answer.headers["X-Accepted-OAuth-Scopes"] = method.scope or ""
        return answer

    def _call(self, arguments: Json) -> Call:
        return Call(
            workspace=self._workspace,
            arguments=arguments,
            url=request.host_url,
            scopes=self.scopes,
            now=self._clock(),
        )

    def _authorize(self, argument: Any, method: Method) -> None:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        token = bearer if scheme == "Bearer" else argument
        if not token:
            raise Refusal("not_authed")
        if token != self._token:
            raise Refusal("invalid_auth")
        if method.scope is not None and method.scope not in self.scopes:
            provided = ",".join(self.scopes)
            raise Refusal("missing_scope", needed=method.scope, provided=provided)

    def _wait(self, name: str, method: Method, arguments: Json) -> int:
        if self._rates is None:
            return 0
        if name == "chat.postMessage":
            channel = self._workspace.channel(str(arguments.get("channel", "")))
            wait = self._rates.wait_for_post(channel.id) if channel else 0
            if wait:
                return wait
        return self._rates.wait_for_call(name, method.per_minute)

    def _response_url(self, rest: str) -> Any:
        """Answer "ok" or 404 with used_url or expired_url."""
        del rest
        url = self._workspace.take_response_url(request.path)
        if isinstance(url, str):
            return jsonify(ok=False, error=url), 404
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return jsonify(ok=False, error="invalid_payload"), 400
        try:
            respond(self._workspace, url, body)
        except Refusal as refusal:
            return jsonify(refusal.body)
        except NotModelledError as missing:
            return self._not_modelled(f"{missing} at a response_url")
        return "ok"


def _arguments() -> Json:
    """Read a form, a query or a JSON body, as apis/web-api says all methods take them."""
    if request.is_json:
        try:
            body = json.loads(request.get_data() or b"{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        return {name: value for name, value in body.items() if value is not None}
    return {**request.args.to_dict(), **request.form.to_dict()}


def _ratelimited(wait: int) -> Response:
    answer = jsonify(ok=False, error="ratelimited")
    answer.status_code = 429
    answer.headers["Retry-After"] = str(wait)
    return answer
