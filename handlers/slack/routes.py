"""The route that Slack calls: bounded in what it reads, nothing slow on the event loop."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future

from fastapi import APIRouter, Request, Response
from slack_bolt import BoltRequest, BoltResponse
from starlette.concurrency import run_in_threadpool

from bot.domain.errors import Unavailable
from bot.ports import INBOX_TIMEOUT_S
from handlers.slack.app import SlackApp

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
    found = app.read(body, headers)
    if isinstance(found, BoltResponse):
        return found
    if isinstance(found, BoltRequest):
        return await run_in_threadpool(app.dispatch, found)
    # Events come in crowds and wait for the disk only: no thread each, and they share its syncs.
    try:
        if (kept := app.take(found)) is not None:
            await _durable(kept)
    except Exception as error:  # noqa: BLE001  # the edge has an answer to everything
        return app.on_error(error, found)
    return BoltResponse(status=200, body="")


async def _durable(kept: Future[bool]) -> None:
    try:
        async with asyncio.timeout(INBOX_TIMEOUT_S):
            await asyncio.wrap_future(kept)  # gives `kept` up with itself
    except TimeoutError as exc:
        raise Unavailable("The database is too slow to take this.", service="database") from exc
