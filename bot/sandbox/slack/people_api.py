"""auth.test, users.* and conversations.*: who is there and what was said."""

import base64
import binascii
import datetime as dt
import math
import zoneinfo
from typing import Any

from bot.sandbox.slack import rates
from bot.sandbox.slack.calls import Call, Method, Refusal
from bot.sandbox.slack.records import Channel, Json, Message, User
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace, dm_id

HISTORY_LIMIT, HISTORY_LIMIT_MAX = 100, 999  # methods/conversations.history


def auth_test(call: Call) -> Json:
    space = call.workspace
    return {
        "url": "https://acme.slack.com/",
        "team": "Acme",
        "user": space.users[space.bot_user_id].handle,
        "team_id": space.team_id,
        "user_id": space.bot_user_id,
        "bot_id": space.bot_id,
        "is_enterprise_install": False,
    }


def users_info(call: Call) -> Json:
    """Unknown ids are user_not_found; a deactivated person is there, with `deleted`
    (methods/users.info).
    """
    user = call.workspace.users.get(call.required("user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user_object(user, now=call.now)}


def users_lookup_by_email(call: Call) -> Json:
    """Deactivated people, bots and strangers are users_not_found (slack.md §2 row 32)."""
    mail = call.required("email").lower()
    for user in call.workspace.users.values():
        is_member = not (user.deleted or user.is_bot or user.is_stranger)
        if is_member and user.mail.lower() == mail:
            return {"user": user_object(user, now=call.now)}
    raise Refusal("users_not_found")


def user_object(user: User, *, now: float) -> Json:
    """Return the object of users.info (docs.slack.dev/reference/objects/user-object)."""
    short: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.handle,
        "deleted": user.deleted,
        "profile": _profile(user),
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
    }
    if user.deleted:
        return short  # Slack leaves the rest out for deactivated people
    zone = zoneinfo.ZoneInfo(user.timezone)
    local = dt.datetime.fromtimestamp(now, zone)
    offset = local.utcoffset() or dt.timedelta()
    return short | {
        "real_name": user.name,
        "color": "9f69e7",
        "tz": user.timezone,
        "tz_label": local.tzname(),
        "tz_offset": int(offset.total_seconds()),
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_email_confirmed": True,
        "who_can_share_contact_card": "EVERYONE",
        **({"is_stranger": True} if user.is_stranger else {}),
    }


def _profile(user: User) -> Json:
    first, _, last = user.name.partition(" ")
    return {
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": user.handle,
        "display_name_normalized": user.handle,
        "first_name": first,
        "last_name": last,
        "email": user.mail,
        "team": user.team_id,
    }


def conversations_open(call: Call) -> Json:
    """Open the direct message with one person (methods/conversations.open)."""
    users = call.text("users")
    if "," in users or call.text("channel"):
        raise NotModelledError("group messages and resuming by channel in conversations.open")
    if not users:
        raise Refusal("users_list_not_supplied")
    user = call.workspace.users.get(users)
    if user is None:
        raise Refusal("user_not_found")
    if user.deleted:
        raise Refusal("user_disabled")
    if user.is_bot:
        raise Refusal("cannot_dm_bot")
    is_open = dm_id(user.id) in call.workspace.channels
    channel = call.workspace.dm(user.id)
    shown = _im_object(channel, user, call.now) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shown} | ({"no_op": True, "already_open": True} if is_open else {})


def _im_object(channel: Channel, user: User, now: float) -> Json:
    return {
        "id": channel.id,
        "created": int(now),
        "is_im": True,
        "is_org_shared": False,
        "user": user.id,
        "is_open": True,
    }


def conversations_history(call: Call) -> Json:
    """Return messages, newest first; thread replies are not part of it
    (methods/conversations.history).
    """
    channel = joined(call.workspace, call.required("channel"))
    first, last = _window(call)
    shown = [
        m
        for m in reversed(call.workspace.messages)
        if m.channel == channel.id
        and m.ephemeral_for is None
        and m.thread_ts in (None, m.ts)
        and first <= _micros(m.ts) <= last
    ]
    return _page(shown, call) | {"pin_count": 0, "channel_actions_count": 0}


def conversations_replies(call: Call) -> Json:
    """Return a thread, oldest first, its parent at the head (methods/conversations.replies)."""
    channel = joined(call.workspace, call.required("channel"))
    parent = call.workspace.find_message(channel.id, call.required("ts"))
    if parent is None:
        raise Refusal("thread_not_found")
    shown = [
        m
        for m in call.workspace.messages
        if m.channel == channel.id and (m is parent or m.thread_ts == parent.ts)
    ]
    if call.text("cursor") or len(shown) > call.whole("limit", 1000):
        raise NotModelledError("paging in conversations.replies")
    return {"messages": [_message(m, call) for m in shown], "has_more": False}


def joined(space: Workspace, channel_id: str) -> Channel:
    """Return a conversation the app is in, or refuse as Slack does."""
    channel = space.channels.get(channel_id)
    if channel is None:
        raise Refusal("channel_not_found")
    if space.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def message_object(space: Workspace, message: Message) -> Json:
    """Return a message as history, chat.* answers and payloads carry it."""
    is_own = message.user == space.bot_user_id
    shown: Json = {
        "user": message.user,
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "team": space.team_id,
    }
    if is_own:
        shown |= {"bot_id": space.bot_id, "app_id": space.app_id}
    optional = {
        "blocks": message.blocks or None,
        "edited": message.edited,
        "thread_ts": message.thread_ts,
        "client_msg_id": message.client_msg_id,
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def _message(message: Message, call: Call) -> Json:
    shown = message_object(call.workspace, message)
    if call.flag("include_all_metadata") and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def _micros(ts: str) -> int:
    seconds, _, micros = ts.partition(".")
    if not seconds.isdecimal() or (micros and not micros.isdecimal()):
        raise ValueError(ts)
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6] or 0)


def _bound(call: Call, name: str) -> int | None:
    value = call.text(name)
    if not value:
        return None
    try:
        return _micros(value)
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _window(call: Call) -> tuple[float, float]:
    """Return the first and last microsecond that oldest, latest and inclusive let through."""
    edge = 0 if call.flag("inclusive") else 1
    oldest, latest = _bound(call, "oldest"), _bound(call, "latest")
    first = -math.inf if oldest is None else oldest + edge
    return first, math.inf if latest is None else latest - edge


def _page(messages: list[Message], call: Call) -> Json:
    limit = min(call.whole("limit", HISTORY_LIMIT) or HISTORY_LIMIT, HISTORY_LIMIT_MAX)
    start = 0
    if cursor := call.text("cursor"):
        next_ts = _read_cursor(cursor)
        start = sum(1 for m in messages if _micros(m.ts) > next_ts)
    page, rest = messages[start : start + limit], messages[start + limit :]
    answer: Json = {"messages": [_message(m, call) for m in page], "has_more": bool(rest)}
    if rest:
        text = f"next_ts:{_micros(rest[0].ts)}"
        cursor = base64.b64encode(text.encode()).decode()
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_cursor") from None
    name, _, number = text.partition(":")
    if name != "next_ts" or not number.isdecimal():
        raise Refusal("invalid_cursor")
    return int(number)


def _history(run: Any, *more: str) -> Method:
    names = {"channel", "limit", "oldest", "latest", "inclusive", "include_all_metadata", "cursor"}
    return Method(run, frozenset(names | set(more)), "im:history", rates.TIER_3)


METHODS = {
    "auth.test": Method(auth_test, frozenset(), None, rates.SPECIAL_AUTH_TEST),
    "users.info": Method(
        users_info, frozenset({"user"}), "users:read", rates.TIER_4, only={"include_locale": (0,)}
    ),
    "users.lookupByEmail": Method(
        users_lookup_by_email, frozenset({"email"}), "users:read.email", rates.TIER_3
    ),
    # Not marked as a write: opening a direct message twice is opening it once, and nobody sees it
    # happen.
    "conversations.open": Method(
        conversations_open,
        frozenset({"users", "channel", "return_im"}),
        "im:write",
        rates.TIER_3,
    ),
    "conversations.history": _history(conversations_history),
    "conversations.replies": _history(conversations_replies, "ts"),
}
