"""The route that Slack calls: bounded in what it reads, nothing slow on the event loop."""

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from fastapi import APIRouter, Request, Response
from slack_bolt import BoltResponse
from starlette.concurrency import run_in_threadpool

from bot.domain.errors import Unavailable
from bot.ports import INBOX_TIMEOUT_S
from handlers.slack.app import SlackApp
from handlers.slack.payloads import PENDING

PATH = "/slack/events"
MAX_BODY_BYTES = 1024 * 1024
"""A view is at most 250 kB; nothing that Slack sends comes near this."""


def slack_routes(app: SlackApp) -> APIRouter:
    """Return a router with POST /slack/events for events, commands, interactions and options."""
    router = APIRouter()

    async def receive(request: Request) -> Response:
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        answer = await _answer(app, body, request.headers)
        return Response(
            content=answer.body,
            status_code=answer.status,
            headers=answer.first_headers_without_set_cookie(),
        )

    # a plain route: FastAPI's own would look for parameters and models on every request
    router.add_route(PATH, receive, methods=["POST"], include_in_schema=False)
    return router


async def _read(request: Request) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


async def _answer(app: SlackApp, body: bytes, headers: Mapping[str, str]) -> BoltResponse:
    request = app.read(body, headers)
    if isinstance(request, BoltResponse):
        return request
    if request.body.get("type") != "event_callback":
        return await run_in_threadpool(app.dispatch, request)
    # Events come in crowds and wait for the disk only: no thread each, and they share its syncs.
    pending: list[Future[bool]] = []
    request.context[PENDING] = pending
    answer = app.dispatch(request)
    problem = await _problem(pending)
    return answer if problem is None else app.not_kept(problem, request)


async def _problem(pending: Iterable[Future[bool]]) -> BaseException | None:
    for kept in map(asyncio.wrap_future, pending):
        await asyncio.wait([kept], timeout=INBOX_TIMEOUT_S)
        if not kept.done():
            kept.cancel()
            return Unavailable("The database is too slow to take this.", service="database")
        if (error := kept.exception()) is not None:
            return error
    return None
