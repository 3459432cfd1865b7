"""The Chat port over Slack's Web API: cards in direct messages, found again by their metadata."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.adapters.slack.blocks import MAX_TEXT, escaped, render
from bot.adapters.slack.client import is_slacks, make_webhook
from bot.adapters.slack.errors import SERVICE, answer_error, translated
from bot.domain.cards import Card
from bot.domain.errors import NotFound

EVENT_TYPE = "usher_card"
_SKEW = timedelta(minutes=5)
_PAGE = 200
_OK, _REFUSED, _TOO_MANY, _BROKEN = 200, 400, 429, 500


class SlackChat:
    """Messages to people as direct messages from the app; a handle is «channel:ts»."""

    def __init__(
        self,
        client: WebClient,
        *,
        issue_url: Callable[[int], str],
    ) -> None:
        self._client = client
        self._issue_url = issue_url
        self._channels: dict[str, str] = {}

    def find_message(self, slack_id: str, key: str, since: datetime) -> str | None:
        """Return the handle of our message with this key in the person's DM, posted since then."""
        channel = self._channel(slack_id)
        # Slack's clock stamps the messages and ours gave `since`; the key alone decides.
        oldest = f"{(since - _SKEW).timestamp():.6f}"
        for message in self._history(channel, oldest):
            if _key_of(message) == key:
                return f"{channel}:{message['ts']}"
        return None

    def post(self, slack_id: str, card: Card, key: str) -> str:
        """Send a card to a person and return its handle. Not idempotent: look first."""
        channel = self._channel(slack_id)
        text, blocks = render(card, self._issue_url)
        with translated(is_write=True):
            answer = self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                metadata=_metadata(key),
                unfurl_links=False,
                unfurl_media=False,
            )
        return f"{channel}:{answer['ts']}"

    def update(self, handle: str, card: Card, key: str) -> None:
        """Make the message say what the card says now; idempotent."""
        channel, _, ts = handle.partition(":")
        text, blocks = render(card, self._issue_url)
        with translated(is_write=True):
            self._client.chat_update(
                channel=channel, ts=ts, text=text, blocks=blocks, metadata=_metadata(key)
            )

    def whisper(self, slack_id: str, text: str, response_url: str = "") -> None:
        """Answer a click where only the person sees it.

        A response_url that is used up, too old or not Slack's gives way to an ephemeral message.
        """
        shown = escaped(text, MAX_TEXT)
        if response_url and self._respond(response_url, shown):
            return
        channel = self._channel(slack_id)
        with translated(is_write=True):
            self._client.chat_postEphemeral(channel=channel, user=slack_id, text=shown)

    def _channel(self, slack_id: str) -> str:
        """Return the DM with a person; opening it twice is opening it once: it counts as a read."""
        if slack_id not in self._channels:
            with translated(is_write=False):
                answer = self._client.conversations_open(users=slack_id)
            channel = (answer.get("channel") or {}).get("id")
            if not channel:
                raise NotFound("Slack opened no direct message.", service=SERVICE)
            self._channels[slack_id] = str(channel)
        return self._channels[slack_id]

    def _history(self, channel: str, oldest: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            with translated(is_write=False):
                page = self._client.conversations_history(
                    channel=channel,
                    oldest=oldest,
                    inclusive=True,
                    include_all_metadata=True,
                    limit=_PAGE,
                    cursor=cursor,
                )
            yield from page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def _respond(self, response_url: str, text: str) -> bool:
        if not is_slacks(response_url, self._client.base_url):
            return False
        with translated(is_write=True):
            answer = make_webhook(response_url, tls=self._client.ssl).send(
                text=text, response_type="ephemeral", replace_original=False
            )
        if answer.status_code == _OK:
            return '"ok":false' not in answer.body.replace(" ", "")
        if _REFUSED <= answer.status_code < _BROKEN and answer.status_code != _TOO_MANY:
            return False  # used_url, expired_url
        raise answer_error(answer.status_code, "", answer.headers, is_write=True)


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def _key_of(message: dict[str, Any]) -> str | None:
    """Return the key of one of our cards; only apps can set metadata, people cannot."""
    metadata = message.get("metadata") or {}
    if not message.get("bot_id") or metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None
