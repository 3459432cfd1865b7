"""Buttons on cards: each press is kept durably with what the card showed, then acknowledged."""

from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient

from bot.domain.cards import CardAction
from bot.domain.errors import InvalidRequest
from bot.domain.inbound import Press, Verb
from bot.ports import Inbox
from handlers.slack.command import opened
from handlers.slack.listeners import listener
from handlers.slack.payloads import actor, button, envelope
from handlers.slack.views import deny_form

_VERBS = {
    CardAction.APPROVE: Verb.APPROVE,
    CardAction.CANCEL: Verb.CANCEL,
    CardAction.GIVE_BACK: Verb.REVOKE,
}


class Buttons:
    """One listener per action id: Bolt runs only the first that fits."""

    def __init__(self, *, client: WebClient, inbox: Inbox) -> None:
        self._client = client
        self._inbox = inbox

    def register(self, app: App) -> None:
        for action in _VERBS:
            app.action(action.value)(listener(self.on_press))
        app.action(CardAction.DENY.value)(listener(self.on_deny))
        app.action(CardAction.OPEN_ISSUE.value)(listener(self.on_link))

    def on_press(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        pressed = button(body)
        press = Press(
            actor=actor(body),
            verb=_VERBS[CardAction(body["actions"][0]["action_id"])],
            request_id=pressed.request_id,
            digest=pressed.digest,
            response_url=str(body.get("response_url") or ""),
        )
        self._inbox.receive(envelope(body, context, press))
        ack()

    def on_deny(self, ack: Ack, body: dict[str, Any]) -> None:
        """Ask for the reason first; the form carries what the card showed, and no more."""
        form = deny_form(button(body).to_metadata())
        if not opened(self._client, str(body["trigger_id"]), form):
            raise InvalidRequest(
                "Slack did not open the form in time.", next_step="Please press Deny again."
            )
        ack()

    def on_link(self, ack: Ack) -> None:
        """The client has opened the link already; Slack only wants to hear that we heard."""
        ack()
