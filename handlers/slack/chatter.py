"""Events: somebody writes to the bot or opens its Home tab. Kept durably, answered with help."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.inbound import Chatter
from bot.ports import Inbox
from handlers.slack import views
from handlers.slack.payloads import Body, actor, envelope

MESSAGE, MENTION, HOME = "message.im", "app_mention", "app_home_opened"
EVENTS = (HOME, MENTION, MESSAGE)

_QUIET_FOR = timedelta(hours=1)
_MOST_AT_ONCE = 4
_MOST_REMEMBERED = 10_000

log = structlog.get_logger(__name__)


class Conversations:
    """Takes every event in; help is a courtesy, once an hour and never in the way."""

    def __init__(
        self,
        *,
        client: WebClient,
        inbox: Inbox,
        now: Callable[[], datetime],
        run: Callable[..., object],
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._now = now
        self._run = run
        self._helped: dict[tuple[str, str], datetime] = {}
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def take(self, body: Body) -> Future[bool] | None:
        """Begin to keep an event, if it is one of ours; its answer waits for the future."""
        event = body.get("event")
        if not isinstance(event, dict) or (kind := _kind(event)) is None:
            return None
        chatter = Chatter(
            actor=actor(body), event_type=kind, text_length=len(str(event.get("text") or ""))
        )
        kept = self._inbox.post(envelope(body, {}, chatter))
        kept.add_done_callback(partial(self._once_kept, kind, event))
        return kept

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
