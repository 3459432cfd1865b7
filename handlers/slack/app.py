"""The Slack doorway: one Bolt app that verifies before it parses."""

import json
import logging
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_sdk import WebClient

from bot.ports import Desk, Inbox
from handlers.slack.buttons import Buttons
from handlers.slack.chatter import Conversations
from handlers.slack.client import make_client
from handlers.slack.command import AccessCommand
from handlers.slack.edge import Edge, OwnTeamOnly
from handlers.slack.forms import Forms
from handlers.slack.listeners import listener
from handlers.slack.payloads import SIGNATURE_KEY, event_id
from handlers.slack.signature import SignatureCheck

log = structlog.get_logger(__name__)

Event = dict[str, Any]
"""The verified body of an event callback."""


class SlackApp(App):
    """A Bolt app that reads HTTP by itself; `dispatch` alone does not verify and takes no event.

    Events do not go through Bolt: they come in crowds, nobody chooses among listeners for them, and
    its way to a listener takes as long as the sync to disk that they wait for (bench/ack).
    """

    def __init__(
        self,
        *,
        check: SignatureCheck,
        client: WebClient,
        team_id: str | None,
        bot_token: str,
        inbox: Inbox,
        now: Callable[[], datetime],
        edge: Edge,
    ) -> None:
        super().__init__(
            name="usher",
            logger=_bolt_logger(),
            client=client,
            authorize=_OneTeam(bot_token, team_id),
            # the listener finishes before the answer: durable first, then acknowledged
            process_before_response=True,
            token_verification_enabled=False,
            request_verification_enabled=False,  # `answer` does it, on the raw bytes
            ignoring_self_events_enabled=False,  # all bots are ignored, not only ourselves
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
            ssl_check_enabled=False,
        )
        self._check = check
        self._edge = edge
        self._team_only = OwnTeamOnly(team_id, edge)
        self.use(self._team_only)
        self.error(listener(edge.on_error))
        self._conversations = Conversations(
            client=client, inbox=inbox, now=now, run=self.listener_runner.listener_executor.submit
        )

    def read(self, body: bytes, headers: Mapping[str, str]) -> Event | BoltRequest | BoltResponse:
        """Verify and parse one HTTP request, or refuse it; header names are lower-case."""
        signature = headers.get("x-slack-signature", "")
        flaw = self._check.flaw(
            body, timestamp=headers.get("x-slack-request-timestamp", ""), signature=signature
        )
        if flaw is not None:
            log.warning("slack_signature_refused", flaw=flaw.value)
            return BoltResponse(status=401, body={"error": "invalid request"})
        try:
            text = body.decode()
            if text.lstrip().startswith("{") and (event := _event(json.loads(text))) is not None:
                return event
            return BoltRequest(
                body=text,
                # the signature does not cover headers: Bolt gets only the one that it needs
                headers={"content-type": headers.get("content-type", "")},
                context={SIGNATURE_KEY: signature},
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            log.warning("slack_body_unreadable")
            return BoltResponse(status=400, body={"error": "unreadable"})

    def take(self, event: Event) -> Future[bool] | None:
        """Begin to keep an event; None for one that is none of our business."""
        return self._conversations.take(event) if self._team_only.is_own(event) else None

    def on_error(self, error: Exception, event: Event) -> BoltResponse:
        """Answer for an event that could not be kept."""
        return self._edge.on_error(error, event)


class _OneTeam(Authorize):
    """Says who we are without asking Slack: there is one token and one team."""

    def __init__(self, bot_token: str, team_id: str | None) -> None:
        self._result = AuthorizeResult(enterprise_id=None, team_id=team_id, bot_token=bot_token)

    def __call__(self, **_context: Any) -> AuthorizeResult:
        return self._result


def make_slack_app(
    *,
    signing_secret: str,
    bot_token: str,
    api_url: str,
    team_id: str | None,
    inbox: Inbox,
    desk: Desk,
    public_issue_url: Callable[[int], str],
    now: Callable[[], datetime],
    tls: ssl.SSLContext | None = None,
) -> SlackApp:
    """Build the app without asking Slack; teams other than `team_id`, if given, are refused."""
    client = make_client(token=bot_token, api_url=api_url, tls=tls)
    edge = Edge(tls)
    app = SlackApp(
        check=SignatureCheck(signing_secret, now),
        client=client,
        team_id=team_id,
        bot_token=bot_token,
        inbox=inbox,
        now=now,
        edge=edge,
    )
    Buttons(client=client, inbox=inbox).register(app)
    Forms(desk=desk, inbox=inbox).register(app)
    AccessCommand(client=client, desk=desk, issue_url=public_issue_url).register(app)
    return app


def _event(body: Event) -> Event | None:
    if body.get("type") != "event_callback":
        return None
    if not event_id(body):
        raise ValueError("an event without an id")
    return body


def _bolt_logger() -> logging.Logger:
    """Silence what Bolt says below an error, such as which of two tokens it prefers."""
    logger = logging.getLogger("usher.slack_bolt")
    logger.setLevel(logging.ERROR)
    return logger
