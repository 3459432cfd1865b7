"""The emulated workspace: people, channels, messages, screens, triggers. Callers hold the
emulator's lock.
"""

import hashlib
import itertools
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import inputs
from bot.sandbox.slack.records import (
    Channel,
    Json,
    Message,
    ResponseUrl,
    Screen,
    Trigger,
    User,
)

TRIGGER_LIFE_S = 3.0  # surfaces/modals; slack.md §2 row 3
RESPONSE_URL_LIFE_S = 30 * 60.0  # slack.md §2 row 6
RESPONSE_URL_USES = 5


def dm_id(user_id: str) -> str:
    """Return the id of the direct message between the app and a person, open or not."""
    return "D" + user_id[1:]


class Workspace:
    """One Slack team with one installed app."""

    def __init__(
        self, *, team_id: str, app_id: str, bot_user_id: str, clock: Callable[[], float]
    ) -> None:
        self.team_id = team_id
        self.app_id = app_id
        self.bot_user_id = bot_user_id
        self.bot_id = "B" + bot_user_id[1:]
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.screens: dict[str, Screen] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._clock = clock
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def next_ts(self) -> str:
        """Return a message timestamp: unique and growing, as Slack's are per channel."""
        self._last_ts = max(self._last_ts + 1, int(self._clock() * 1_000_000))
        seconds, micros = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def next_id(self, prefix: str) -> str:
        return f"{prefix}0{self.team_id[1:5]}{next(self._numbers):05d}"

    def token(self) -> str:
        """Return a short unguessable-looking word, the same in every run."""
        seed = f"{self.team_id}:{next(self._numbers)}"
        return hashlib.sha256(seed.encode()).hexdigest()[:12]

    def screen(self, user_id: str) -> Screen:
        return self.screens.setdefault(user_id, Screen())

    def dm(self, user_id: str) -> Channel:
        """Return the direct message between the app and a person, opening it at first."""
        channel_id = dm_id(user_id)
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(
                id=channel_id, name="directmessage", members={user_id, self.bot_user_id}, is_im=True
            )
        return self.channels[channel_id]

    def channel(self, name_or_id: str) -> Channel | None:
        """Find a conversation as chat.postMessage does: by id, by #name, or a person's id for the
        DM.
        """
        if name_or_id in self.users:
            return self.dm(name_or_id)
        if name_or_id in self.channels:
            return self.channels[name_or_id]
        name = name_or_id.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def post(self, channel: Channel, user: str, text: str, **more: Any) -> Message:
        more["blocks"] = self.completed(more.get("blocks") or [])
        message = Message(channel=channel.id, ts=self.next_ts(), user=user, text=text, **more)
        self.messages.append(message)
        return message

    def find_message(self, channel_id: str, ts: str, *, ephemeral: bool = False) -> Message | None:
        for message in self.messages:
            if (message.channel, message.ts) == (channel_id, ts):
                return message if ephemeral or message.ephemeral_for is None else None
        return None

    def completed(self, blocks: list[Json]) -> list[Json]:
        """Fill in what Slack fills in: block_id, action_id, emoji and verbatim."""
        done = deepcopy(blocks)
        for block in done:
            if not block.get("block_id"):
                block["block_id"] = self.token()[:5]
        for _, element, _ in kit.elements(done):
            if not element.get("action_id"):
                element["action_id"] = self.token()[:5]
        _complete_texts(done)
        return done

    def new_trigger(self, user_id: str, view_id: str | None = None) -> str:
        trigger_id = f"{next(self._numbers)}.{int(self._clock() * 1000)}.{self.token()}"
        self.triggers[trigger_id] = Trigger(user=user_id, made_at=self._clock(), view_id=view_id)
        return trigger_id

    def take_trigger(self, trigger_id: str) -> Trigger | str:
        """Use a trigger up, or return Slack's error word."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            return "invalid_trigger_id"
        if trigger.is_used:
            return "exchanged_trigger_id"
        if self._clock() - trigger.made_at > TRIGGER_LIFE_S:
            return "expired_trigger_id"
        trigger.is_used = True
        return trigger

    def new_response_path(
        self, kind: str, user_id: str, channel_id: str, origin: Message | None
    ) -> str:
        path = f"/{kind}/{self.team_id}/{next(self._numbers)}/{self.token()}"
        self.response_urls[path] = ResponseUrl(
            user=user_id, channel=channel_id, made_at=self._clock(), origin=origin
        )
        return path

    def take_response_url(self, path: str) -> ResponseUrl | str:
        """Count one use of a response_url, or return Slack's error word."""
        url = self.response_urls.get(path)
        if url is None:
            return "invalid_url"
        if self._clock() - url.made_at > RESPONSE_URL_LIFE_S:
            return "expired_url"
        if url.uses >= RESPONSE_URL_USES:
            return "used_url"
        url.uses += 1
        return url

    def new_view(
        self, view: Json, *, root: Json | None = None, previous: Json | None = None
    ) -> Json:
        """Return the stored form of a view (as views.open answers it and payloads carry it)."""
        view_id = self.next_id("V")
        return self._view_with_ids(view, view_id) | {
            "root_view_id": root["id"] if root else view_id,
            "previous_view_id": previous["id"] if previous else None,
        }

    def replace_view(self, old: Json, view: Json) -> None:
        """Change a stored view in place: new content and hash, same id, typed values kept."""
        fresh = self._view_with_ids(view, old["id"], before=old["state"]["values"])
        old.update(fresh)

    def find_view(self, *, view_id: str | None, external_id: str | None) -> Json | None:
        for screen in self.screens.values():
            for view in [*screen.modals, *([screen.home] if screen.home else [])]:
                if (view_id and view["id"] == view_id) or (
                    external_id and view["external_id"] == external_id
                ):
                    return view
        return None

    def _view_with_ids(self, view: Json, view_id: str, *, before: Json | None = None) -> Json:
        blocks = self.completed(view["blocks"])
        texts = {name: deepcopy(view.get(name)) for name in ("title", "close", "submit")}
        _complete_texts(list(texts.values()))
        return {
            "id": view_id,
            "team_id": self.team_id,
            "type": view["type"],
            "blocks": blocks,
            "private_metadata": view.get("private_metadata") or "",
            "callback_id": view.get("callback_id") or "",
            "state": {"values": inputs.initial_state(blocks, before)},
            "hash": f"{int(self._clock())}.{self.token()[:8]}",
            **texts,
            "clear_on_close": view.get("clear_on_close", False),
            "notify_on_close": view.get("notify_on_close", False),
            "app_id": self.app_id,
            "external_id": view.get("external_id") or "",
            "app_installed_team_id": self.team_id,
            "bot_id": self.bot_id,
        }


def _complete_texts(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _complete_texts(one)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str) and value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        if isinstance(value.get("text"), str) and value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for part in value.values():
            _complete_texts(part)
