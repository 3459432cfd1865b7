"""How Slack reaches the bot: signed POSTs, three seconds, and for events a retry schedule."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from bot.sandbox.slack.records import BotAnswer, Json, SandboxUseError

ACK_TIMEOUT_S = 3.0  # slack.md §2 row 1
RETRY_AFTER_S = (0.0, 60.0, 300.0)  # apis/events-api: at once, after a minute, after five
TIMED_OUT = "operation_timeout"  # what a person sees after three seconds
FAILED = "dispatch_failed"  # … and when the bot is unreachable or answers with an error


def sign(signing_secret: str, timestamp: int, body: bytes) -> str:
    """Return the v0 signature (docs.slack.dev/authentication/verifying-requests-from-slack)."""
    text = b"v0:%d:%s" % (timestamp, body)
    return "v0=" + hmac.new(signing_secret.encode(), text, hashlib.sha256).hexdigest()


@dataclass(kw_only=True)
class EventDelivery:
    """One event on its way: when it is due again, how often it was tried, how each try ended."""

    payload: Json
    due_at: float | None
    answers: list[BotAnswer] = field(default_factory=list)

    @property
    def event_id(self) -> str:
        return str(self.payload["event_id"])

    @property
    def is_done(self) -> bool:
        return self.due_at is None


class Delivery:
    """Sends to one bot. Never called with the emulator's lock held: the bot calls back while it
    answers.
    """

    def __init__(
        self, *, signing_secret: str, clock: Callable[[], float], ack_timeout_s: float
    ) -> None:
        self.bot_url = ""
        self.events: list[EventDelivery] = []
        self._secret = signing_secret
        self._clock = clock
        self._timeout_s = ack_timeout_s

    def send_form(self, form: dict[str, str]) -> BotAnswer:
        """Send a slash command."""
        return self._post(urlencode(form).encode(), "application/x-www-form-urlencoded")

    def send_interaction(self, payload: Json) -> BotAnswer:
        """Send block_actions, view_submission, view_closed or block_suggestion; never retried."""
        return self.send_form({"payload": json.dumps(payload)})

    def send_json(self, payload: Json) -> BotAnswer:
        """Send something that is no event_callback, such as url_verification."""
        return self._post(json.dumps(payload).encode(), "application/json")

    def send_event(self, payload: Json) -> BotAnswer:
        """Make the first attempt; a failure puts the event on the retry schedule."""
        delivery = EventDelivery(payload=payload, due_at=self._clock())
        self.events.append(delivery)
        return self._attempt(delivery)

    def retry_due(self) -> list[BotAnswer]:
        """Make one further attempt for every event whose retry is due by the clock."""
        now = self._clock()
        due = [e for e in self.events if e.due_at is not None and e.due_at <= now]
        return [self._attempt(event) for event in due]

    def _attempt(self, delivery: EventDelivery) -> BotAnswer:
        delivery.due_at = None  # under way: nobody else sends it meanwhile
        retries = len(delivery.answers)
        headers = {}
        if delivery.answers:
            headers["X-Slack-Retry-Num"] = str(retries)
            headers["X-Slack-Retry-Reason"] = _reason(delivery.answers[-1])
        body = json.dumps(delivery.payload).encode()
        answer = self._post(body, "application/json", headers, retries=retries)
        delivery.answers.append(answer)
        # apis/events-api: a 2xx is an acknowledgement, X-Slack-No-Retry: 1 asks to give up
        gives_up = answer.headers.get("x-slack-no-retry") == "1"
        if not answer.ok and not gives_up and retries < len(RETRY_AFTER_S):
            delivery.due_at = self._clock() + RETRY_AFTER_S[retries]
        return answer

    def _post(
        self, body: bytes, content_type: str, more: dict[str, str] | None = None, retries: int = 0
    ) -> BotAnswer:
        if not self.bot_url:
            raise SandboxUseError("connect(bot_url) first: Slack does not know the bot's address")
        timestamp = int(self._clock())
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": sign(self._secret, timestamp, body),
            **(more or {}),
        }
        began = time.monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy, no netrc: this is loopback
                answer = session.post(
                    f"{self.bot_url}/slack/events",
                    data=body,
                    headers=headers,
                    timeout=self._timeout_s,
                    allow_redirects=False,
                )
        except requests.Timeout:
            return _nothing(began, retries, TIMED_OUT)
        except requests.ConnectionError:
            return _nothing(began, retries, FAILED)
        return BotAnswer(
            status=answer.status_code,
            body=_body(answer),
            took_s=time.monotonic() - began,
            retries=retries,
            error=None if answer.ok and answer.status_code < 300 else FAILED,
            headers={name.lower(): value for name, value in answer.headers.items()},
        )


def _nothing(began: float, retries: int, error: str) -> BotAnswer:
    return BotAnswer(
        status=None,
        body=None,
        took_s=time.monotonic() - began,
        retries=retries,
        timed_out=error == TIMED_OUT,
        error=error,
    )


def _body(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.text)
    except ValueError:
        return answer.text


def _reason(answer: BotAnswer) -> str:
    """Return X-Slack-Retry-Reason (apis/events-api)."""
    if answer.timed_out:
        return "http_timeout"
    return "connection_failed" if answer.status is None else "http_error"
