"""Events: somebody writes to the bot or opens its Home tab. Kept durably, answered with help."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any

import structlog
from slack_bolt import App, BoltContext
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.inbound import Chatter
from bot.ports import Inbox
from handlers.slack import views
from handlers.slack.listeners import listener
from handlers.slack.payloads import PENDING, actor, envelope

MESSAGE, MENTION, HOME = "message.im", "app_mention", "app_home_opened"
EVENTS = (HOME, MENTION, MESSAGE)

_ANY_EVENT = re.compile("")
_QUIET_FOR = timedelta(hours=1)
_MOST_AT_ONCE = 4
_MOST_REMEMBERED = 10_000

log = structlog.get_logger(__name__)


class Conversations:
    """Takes every event in; help is a courtesy, once an hour and never in the way."""

    def __init__(self, *, client: WebClient, inbox: Inbox, now: Callable[[], datetime]) -> None:
        self._client = client
        self._inbox = inbox
        self._now = now
        self._helped: dict[tuple[str, str], datetime] = {}
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._run: Callable[..., object] | None = None

    def register(self, app: App) -> None:
        self._run = app.listener_runner.listener_executor.submit
        app.event(_ANY_EVENT)(listener(self.on_event))

    def on_event(self, body: dict[str, Any], context: BoltContext) -> None:
        """Keep the event before it is acknowledged; a known delivery is only acknowledged."""
        event = body["event"]
        kind = _kind(event)
        if kind is None:
            return
        chatter = Chatter(
            actor=actor(body), event_type=kind, text_length=len(str(event.get("text") or ""))
        )
        message, waited_for = envelope(body, context, chatter), context.get(PENDING)
        if waited_for is None:
            if self._inbox.receive(message):
                self._offer_help(kind, event)
            return
        kept = self._inbox.post(message)
        kept.add_done_callback(partial(self._once_kept, kind, event))
        waited_for.append(kept)

    def _once_kept(self, kind: str, event: dict[str, Any], kept: Future[bool]) -> None:
        if not kept.cancelled() and kept.exception() is None and kept.result():
            self._offer_help(kind, event)

    def _offer_help(self, kind: str, event: dict[str, Any]) -> None:
        now, key = self._now(), (str(event["user"]), kind)
        last = self._helped.get(key)
        if (last is not None and now - last < _QUIET_FOR) or not self._free.acquire(blocking=False):
            return
        if len(self._helped) >= _MOST_REMEMBERED:
            self._helped.clear()
        self._helped[key] = now
        if self._run is not None:
            self._run(self._help, kind, event)

    def _help(self, kind: str, event: dict[str, Any]) -> None:
        user, channel = str(event["user"]), str(event.get("channel") or "")
        try:
            if kind == HOME:
                self._client.views_publish(user_id=user, view=views.home())
            elif kind == MENTION:
                self._client.chat_postEphemeral(channel=channel, user=user, text=views.HELP)
            else:
                self._client.chat_postMessage(channel=channel, text=views.HELP)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("slack_help_not_sent", kind=kind, error=type(error).__name__)
        finally:
            self._free.release()


def _kind(event: dict[str, Any]) -> str | None:
    """Return what a person did, or None for what is none of our business.

    Bots (we too) write messages, and every change of a card of ours is a message event as well.
    """
    if event.get("bot_id") or not isinstance(event.get("user"), str):
        return None
    match event.get("type"):
        case "message" if event.get("channel_type") == "im" and not event.get("subtype"):
            return MESSAGE
        case "app_mention":
            return MENTION
        case "app_home_opened" if event.get("tab") == "home":
            return HOME
        case _:
            return None
