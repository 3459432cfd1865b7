"""The payloads Slack sends: slash commands, interactions and events, in the shapes of recorded
ones.
"""

from copy import deepcopy
from typing import Any

from bot.sandbox.slack.people_api import message_object
from bot.sandbox.slack.records import Json, Message, User
from bot.sandbox.slack.state import Workspace

VERIFICATION_TOKEN = "sandbox-verification-token"  # deprecated at Slack, still in every payload
DOMAIN = "acme"


def command(
    space: Workspace, user: User, *, channel_id: str, name: str, text: str, response_url: str
) -> dict[str, str]:
    """Return the form of a slash command (interactivity/implementing-slash-commands)."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": user.team_id,
        "team_domain": DOMAIN,
        "channel_id": channel_id,
        "channel_name": space.channels[channel_id].name,
        "user_id": user.id,
        "user_name": user.handle,
        "command": name,
        "text": text,
        "api_app_id": space.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": space.new_trigger(user.id),
    }


def _interaction(space: Workspace, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.handle,
            "name": user.handle,
            "team_id": user.team_id,
        },
        "api_app_id": space.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": user.team_id, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(
    space: Workspace, user: User, message: Message, action: Json, response_url: str
) -> Json:
    """Return block_actions from a message; an ephemeral one is not part of the payload."""
    channel = space.channels[message.channel]
    is_ephemeral = message.ephemeral_for is not None
    payload = _interaction(space, user, "block_actions") | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        },
        "trigger_id": space.new_trigger(user.id),
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }
    if not is_ephemeral:
        payload["message"] = deepcopy(message_object(space, message))
    return payload


def view_action(space: Workspace, user: User, view: Json, action: Json) -> Json:
    """Return block_actions from a modal or the Home tab."""
    modal_id = view["id"] if view["type"] == "modal" else None
    return _interaction(space, user, "block_actions") | {
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": space.new_trigger(user.id, modal_id),
        "view": _view(view, user),
        "actions": [action],
    }


def suggestion(
    space: Workspace, user: User, view: Json, *, block_id: str, action_id: str, value: str
) -> Json:
    return _interaction(space, user, "block_suggestion") | {
        "container": {"type": "view", "view_id": view["id"]},
        "action_id": action_id,
        "block_id": block_id,
        "value": value,
        "view": _view(view, user),
    }


def submission(space: Workspace, user: User, view: Json) -> Json:
    return _interaction(space, user, "view_submission") | {
        "trigger_id": space.new_trigger(user.id, view["id"]),
        "view": _view(view, user),
        "response_urls": [],
    }


def closed(space: Workspace, user: User, view: Json, *, is_cleared: bool) -> Json:
    return _interaction(space, user, "view_closed") | {
        "view": _view(view, user),
        "is_cleared": is_cleared,
        "response_urls": [],
    }


def _view(view: Json, user: User) -> Json:
    # A stranger's view carries the stranger's team, and the installed one beside it (recorded
    # payload).
    return deepcopy(view) | {"team_id": user.team_id}


def event(space: Workspace, body: Json, *, at: float) -> Json:
    """Wrap an event as apis/events-api sends it."""
    event_id = space.next_id("Ev")
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": space.team_id,
        "api_app_id": space.app_id,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": space.team_id,
                "user_id": space.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def direct_message(message: Message, *, team_id: str) -> Json:
    """Return the message.im event of something a person wrote to the bot."""
    return {
        "client_msg_id": message.client_msg_id,
        "type": "message",
        "text": message.text,
        "user": message.user,
        "ts": message.ts,
        "team": team_id,
        "channel": message.channel,
        "event_ts": message.ts,
        "channel_type": "im",
    }


def home_opened(user_id: str, channel_id: str, ts: str, view: Json | None) -> Json:
    body: dict[str, Any] = {
        "type": "app_home_opened",
        "user": user_id,
        "channel": channel_id,
        "tab": "home",
        "event_ts": ts,
    }
    return body | ({"view": deepcopy(view)} if view is not None else {})
