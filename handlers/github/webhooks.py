"""POST /github/webhooks: verify, translate, keep durably, answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from bot.domain.errors import ConnectorError
from bot.ports import Inbox
from handlers.github import payloads
from handlers.github.policy_events import (
    POLICY_EVENTS,
    PUSH,
    PullEvent,
    PushEvent,
    translate_pull,
    translate_push,
)
from handlers.github.signature import HEADER, signature_problem
from handlers.github.translate import (
    Doorway,
    Ignored,
    Outcome,
    translate_comment,
    translate_issue,
)

MAX_BODY_BYTES = 5_000_000
RETRY_AFTER_S = 30
REQUEST_EVENTS = frozenset({"issues", "issue_comment"})
EVENTS = REQUEST_EVENTS | POLICY_EVENTS
"""What the App subscribes to; anything else is acknowledged and ignored."""

Model = TypeVar("Model", bound=BaseModel)

_MAX_GUID = 100
_TOO_LARGE = f"A webhook of more than {MAX_BODY_BYTES} bytes is not read."


def github_routes(
    *,
    secret: str,
    repo: str,
    policy_repo: str,
    label: str = "access-request",
    bot_login: Callable[[], str],
    inbox: Inbox,
) -> APIRouter:
    """Return the webhook route for the repository of requests and that of policies.

    `bot_login` may ask GitHub, so it comes late.
    """
    router = APIRouter(tags=["github"])
    intake = _Intake(
        repo=repo, policy_repo=policy_repo, label=label, bot_login=bot_login, inbox=inbox
    )

    async def verified(request: Request) -> bytes:
        signature = request.headers.get(HEADER)
        # Unsigned bodies are not even read.
        body = await _read(request) if signature else b""
        if problem := signature_problem(body, signature, secret):
            raise HTTPException(401, problem)
        return body

    @router.post("/github/webhooks", status_code=202, summary="Take a webhook from GitHub")
    def receive(request: Request, body: Annotated[bytes, Depends(verified)]) -> JSONResponse:
        event, guid = _headers(request)
        data = _json(request, body)
        if event == "ping":
            return JSONResponse({"status": "pong"})
        try:
            return intake.take(event, guid, data)
        except ConnectorError as exc:
            raise _come_back(exc) from exc

    return router


@dataclass(frozen=True, kw_only=True)
class _Intake:
    repo: str
    policy_repo: str
    label: str
    bot_login: Callable[[], str]
    inbox: Inbox

    def take(self, event: str, guid: str, data: dict[str, Any]) -> JSONResponse:
        """Keep what the event says, once."""
        outcome = self._translate(event, guid, data)
        if isinstance(outcome, Ignored):
            return _answer("ignored", outcome.why)
        if self.inbox.receive(outcome):
            return _answer("accepted", f"kept as {outcome.delivery_id}")
        return _answer("known", f"{outcome.delivery_id} was here before")

    def _translate(self, event: str, guid: str, data: dict[str, Any]) -> Outcome:
        if event not in EVENTS:
            return Ignored(why=f"Usher does not use the event {event}")
        repository = _parsed(payloads.Anything, data).repository
        expected = self.policy_repo if event in POLICY_EVENTS else self.repo
        if repository is None or repository.full_name.casefold() != expected.casefold():
            return Ignored(why=f"not about the repository {expected}")
        if event in POLICY_EVENTS:
            return _policy_news(event, guid, data)
        door = Doorway(label=self.label, bot_login=self.bot_login())
        if event == "issues":
            return translate_issue(_parsed(payloads.IssueEvent, data), guid, door)
        return translate_comment(_parsed(payloads.CommentEvent, data), door)


def _policy_news(event: str, guid: str, data: dict[str, Any]) -> Outcome:
    if event == PUSH:
        return translate_push(_parsed(PushEvent, data), guid)
    return translate_pull(_parsed(PullEvent, data), guid)


async def _read(request: Request) -> bytes:
    """Read the body, but never more than fits."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, _TOO_LARGE)
    return bytes(body)


def _headers(request: Request) -> tuple[str, str]:
    event = request.headers.get("X-GitHub-Event", "")
    guid = request.headers.get("X-GitHub-Delivery", "")
    if not event or not guid:
        raise HTTPException(
            400, "A webhook needs the headers X-GitHub-Event and X-GitHub-Delivery."
        )
    if len(guid) > _MAX_GUID or not guid.isprintable():
        raise HTTPException(400, "X-GitHub-Delivery is not a delivery id of GitHub.")
    return event, guid


def _json(request: Request, body: bytes) -> dict[str, Any]:
    if "json" not in request.headers.get("Content-Type", ""):
        raise HTTPException(400, "Set the webhook's content type to application/json in GitHub.")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise HTTPException(400, "The webhook's body is not JSON.") from exc
    if not isinstance(data, dict):
        raise HTTPException(400, "The webhook's body is not a JSON object.")
    return data


def _parsed(model: type[Model], data: dict[str, Any]) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, error["loc"]))
        raise HTTPException(400, f"The webhook cannot be read: {place}: {error['msg']}.") from exc


def _answer(status: str, why: str) -> JSONResponse:
    return JSONResponse({"status": status, "why": why}, 202)


def _come_back(exc: ConnectorError) -> HTTPException:
    return HTTPException(
        503,
        f"Usher cannot take this now ({exc.detail or 'its database is away'}). Deliver it again.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
