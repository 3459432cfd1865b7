"""The slash command /access and the Home tab's button: open the form, or show what somebody has."""

from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.domain.inbound import MAX_FIELD
from bot.domain.text import clean
from bot.ports import Desk
from handlers.slack import mine, views
from handlers.slack.actions import COMMAND, FormAction, HomeAction
from handlers.slack.listeners import listener
from handlers.slack.payloads import actor

TOO_SLOW = f"Slack did not open the form in time. Please type {COMMAND} again."

log = structlog.get_logger(__name__)


class AccessCommand:
    """Reads only: the form and the list change nothing."""

    def __init__(self, *, client: WebClient, desk: Desk, issue_url: Callable[[int], str]) -> None:
        self._client = client
        self._desk = desk
        self._issue_url = issue_url

    def register(self, app: App) -> None:
        app.command(COMMAND)(listener(self.on_command))
        app.options(FormAction.LEVEL.value)(listener(self.on_search))
        app.action(HomeAction.ASK.value)(listener(self.on_home_ask))

    def on_command(self, ack: Ack, body: dict[str, Any]) -> None:
        words = clean(str(body.get("text") or ""), MAX_FIELD)
        match words.casefold():
            case "help":
                ack(text=views.HELP, response_type="ephemeral")
            case "mine":
                self._show_mine(ack, body)
            case _:
                if self._open_form(body, words):
                    ack()
                else:
                    ack(text=TOO_SLOW, response_type="ephemeral")

    def on_home_ask(self, ack: Ack, body: dict[str, Any]) -> None:
        self._open_form(body, "")
        ack()

    def on_search(self, ack: Ack, body: dict[str, Any]) -> None:
        words = clean(str(body.get("value") or ""), MAX_FIELD)
        found = self._desk.search_levels(words, views.MAX_OPTIONS)
        ack(options=[views.option(level) for level in found[: views.MAX_OPTIONS]])

    def _show_mine(self, ack: Ack, body: dict[str, Any]) -> None:
        text, blocks = mine.render(self._desk.mine(actor(body)), self._issue_url)
        ack(text=text, blocks=blocks, response_type="ephemeral")

    def _open_form(self, body: dict[str, Any], words: str) -> bool:
        best = next(iter(self._desk.search_levels(words, 1)), None) if words else None
        form = views.request_form(user_id=actor(body).slack_id, best=best, words=words)
        return opened(self._client, str(body["trigger_id"]), form)


def opened(client: WebClient, trigger_id: str, view: dict[str, Any]) -> bool:
    """Open a modal; False when Slack was too slow or refused, which only trying again can mend."""
    try:
        client.views_open(trigger_id=trigger_id, view=view)
    except (SlackClientError, OSError, HTTPException) as error:
        log.warning("slack_form_not_opened", error=_word(error))
        return False
    return True


def _word(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("error")) if response is not None else type(error).__name__
