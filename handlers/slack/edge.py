"""The edge: whatever went wrong inside, the person gets a plain answer, and we get one log line."""

import secrets
import ssl
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import structlog
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.middleware import Middleware
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.domain.errors import RequestRejected, Unavailable
from bot.domain.text import clean, escape_mrkdwn
from handlers.slack.client import TIMEOUT_S, is_loopback, quiet
from handlers.slack.payloads import Body, teams

MAX_ERROR = 500

NOT_SAVED = "Nothing was saved: our database does not answer. Please try again in a minute."
OTHER_TEAM = "Only members of this company's own workspace can use Usher."
_UNKNOWN = "Something went wrong on our side. If it happens again, tell IT the reference {}."
_LOST = (SlackClientError, OSError, HTTPException)

log = structlog.get_logger(__name__)


class Edge:
    """Turns errors and refusals into the answer that this kind of request allows."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    def on_error(self, error: BaseException, body: dict[str, Any]) -> BoltResponse:
        """Answer for a listener that failed; the only place that catches everything."""
        if isinstance(error, RequestRejected):
            return self.say(body, error.sentence())
        if isinstance(error, Unavailable):
            log.warning("slack_not_saved", service=error.service, kind=_kind(body))
            if _kind(body) == "event_callback":
                return BoltResponse(status=503, body="")  # Slack sends the event again
            return self.say(body, NOT_SAVED)
        reference = secrets.token_hex(4)
        log.error("slack_failed", reference=reference, kind=_kind(body), exc_info=error)
        if _kind(body) == "event_callback":
            return BoltResponse(status=500, body="")
        return self.say(body, _UNKNOWN.format(reference))

    def say(self, body: Body, text: str) -> BoltResponse:
        """Tell the person something, in place and to them alone."""
        match _kind(body):
            case "command":
                answer: Any = {"response_type": "ephemeral", "text": escape_mrkdwn(text)}
            case "view_submission":
                answer = _in_the_form(body, text)
            case "block_suggestion":
                answer = {"options": []}
            case "block_actions":
                self._whisper(body, text)
                answer = ""
            case _:
                answer = ""
        return BoltResponse(status=200, body=answer)

    def _whisper(self, body: Body, text: str) -> None:
        url = body.get("response_url")
        if not isinstance(url, str):  # a press on the Home tab has no place to answer in
            return
        webhook = WebhookClient(
            url=url, timeout=TIMEOUT_S, ssl=self._tls, retry_handlers=[], logger=quiet()
        )
        if is_loopback(url):
            webhook.proxy = None
        try:
            webhook.send(
                text=escape_mrkdwn(text), response_type="ephemeral", replace_original=False
            )
        except _LOST as error:
            log.warning("slack_answer_lost", error=type(error).__name__)


class OwnTeamOnly(Middleware):
    """Refuses whoever comes from another workspace, politely and without asking anybody."""

    def __init__(self, team_id: str | None, edge: Edge) -> None:
        self._team_id = team_id
        self._edge = edge

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,
        next: Callable[[], BoltResponse],  # noqa: A002  # Bolt's name
    ) -> BoltResponse | None:
        del resp
        return next() if self.is_own(req.body) else self._edge.say(req.body, OTHER_TEAM)

    def is_own(self, body: Body) -> bool:
        """Say whether everybody in it belongs to our workspace."""
        is_own = self._team_id is None or teams(body) <= {self._team_id}
        if not is_own:
            log.info("slack_other_team", kind=_kind(body))
        return is_own


def _kind(body: Body) -> str:
    return "command" if "command" in body else str(body.get("type", ""))


def _in_the_form(body: Body, text: str) -> Any:
    """Show a text at the last input, nearest to the button; what was typed stays."""
    blocks = body["view"].get("blocks") or []
    inputs = [block["block_id"] for block in blocks if block.get("type") == "input"]
    if not inputs:
        return ""
    return {"response_action": "errors", "errors": {inputs[-1]: clean(text, MAX_ERROR)}}
