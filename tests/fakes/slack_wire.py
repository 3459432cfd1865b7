"""Signed requests as Slack sends them, and a bot on loopback to send them to."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI

from handlers.slack.app import SlackApp, make_slack_app
from handlers.slack.routes import slack_routes
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox

SECRET = "sandbox-signing-secret"
TOKEN = "xoxb-sandbox-bot"
TEAM = "T0ACME0001"
Found = TypeVar("Found")
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def issue_url(number: int) -> str:
    return f"https://github.example/acme/access/issues/{number}"


def signed(
    body: bytes, *, at: datetime = NOW, secret: str = SECRET, kind: str = "application/json"
) -> dict[str, str]:
    """Return the headers Slack would send with this body."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return {
        "content-type": kind,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest.hexdigest()}",
    }


def form(payload: dict[str, Any]) -> bytes:
    """Encode an interaction."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def direct_message(event_id: str = "Ev1", **event: Any) -> bytes:
    """Encode the event of somebody who writes to the bot."""
    inner = {
        "type": "message",
        "channel_type": "im",
        "channel": "D0ANN00004",
        "user": "U0ANN00004",
        "team": TEAM,
        "text": "hello",
        "ts": "1.000001",
    }
    body = {
        "type": "event_callback",
        "team_id": TEAM,
        "event_id": event_id,
        "event": inner | event,
    }
    return json.dumps(body).encode()


def slack_app(
    inbox: FakeInbox, desk: FakeDesk, *, api_url: str = "http://127.0.0.1:9/api/", **changes: Any
) -> SlackApp:
    """Build the doorway over fakes; nobody listens on the default API address."""
    given: dict[str, Any] = {
        "signing_secret": SECRET,
        "bot_token": TOKEN,
        "api_url": api_url,
        "team_id": TEAM,
        "inbox": inbox,
        "desk": desk,
        "public_issue_url": issue_url,
        "now": lambda: NOW,
    }
    return make_slack_app(**given | changes)


class Stage:
    """Passes requests on to the doorway of the day: a server starts once, doorways change."""

    def __init__(self) -> None:
        self.url = ""
        self._web: FastAPI | None = None

    def play(self, app: SlackApp) -> None:
        self._web = FastAPI()
        self._web.include_router(slack_routes(app))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert self._web is not None, "play() first"
        await self._web(scope, receive, send)


@contextmanager
def staged() -> Iterator[Stage]:
    """Serve a stage on loopback."""
    stage = Stage()
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(stage, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        stage.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield stage
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


def wait_for(look: Callable[[], Found]) -> Found:
    """Wait until something that happens in the background is there, and no longer."""
    pause = threading.Event()
    for _ in range(500):
        found = look()
        if found:
            return found
        pause.wait(0.01)
    raise AssertionError("it did not happen within five seconds")
