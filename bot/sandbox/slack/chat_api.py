"""chat.*: posting, changing and deleting messages."""

from typing import Any

from bot.sandbox.slack import rates
from bot.sandbox.slack.calls import Call, Method, Refusal
from bot.sandbox.slack.people_api import joined, message_object
from bot.sandbox.slack.records import Channel, Json, Message
from bot.sandbox.slack.shapes import NotModelledError

TEXT_MAX = (
    40_000  # methods/chat.postMessage: longer text is cut or msg_too_long; here always refused
)
UPDATE_TEXT_MAX = 4_000  # methods/chat.update: msg_too_long over 4,000 characters


def post_message(call: Call) -> Json:
    channel = _posting_channel(call, call.required("channel"))
    text, blocks = _content(call, TEXT_MAX)
    message = call.workspace.post(
        channel,
        call.workspace.bot_user_id,
        text,
        blocks=blocks,
        metadata=_metadata(call),
        # Undocumented as an argument: kept so that a client can find its own message, never de-
        # duplicated.
        client_msg_id=call.text("client_msg_id") or None,
        thread_ts=_thread(call, channel),
    )
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": _with_metadata(call, message),
    }


def post_ephemeral(call: Call) -> Json:
    """Show a message to one person; it is in no history and no method can change it."""
    channel = _posting_channel(call, call.required("channel"))
    user = call.required("user")
    if user not in call.workspace.users:
        raise Refusal("user_not_found")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = _content(call, TEXT_MAX)
    message = call.workspace.post(
        channel,
        call.workspace.bot_user_id,
        text,
        blocks=blocks,
        ephemeral_for=user,
        thread_ts=_thread(call, channel),
    )
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """Change an own message: text without blocks removes the blocks (slack.md §2 row 21)."""
    message = _own(call, "cant_update_message")
    text, blocks = _content(call, UPDATE_TEXT_MAX)
    has_text = bool(call.text("text"))
    if has_text:
        message.text = text
    if blocks is not None:
        message.blocks = call.workspace.completed(blocks)
    elif has_text:
        message.blocks = []
    # methods/chat.update: «(edited)» is shown for text only, not when blocks are used
    if blocks is None:
        message.edited = {"user": message.user, "ts": call.workspace.next_ts()}
    if "metadata" in call.arguments:  # left out: kept; an empty object: removed
        message.metadata = _metadata(call)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": _with_metadata(call, message),
    }


def delete(call: Call) -> Json:
    message = _own(call, "cant_delete_message")
    call.workspace.messages.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _posting_channel(call: Call, name: str) -> Channel:
    channel = call.workspace.channel(name)
    if channel is None:
        raise Refusal("channel_not_found")
    others = [call.workspace.users[one] for one in channel.members if channel.is_im]
    if any(u.deleted or (u.is_bot and u.id != call.workspace.bot_user_id) for u in others):
        # An app cannot write to other bots, nor to people who are gone (Slack's word for these is
        # not documented).
        raise Refusal("channel_not_found")
    return joined(call.workspace, channel.id)


def _own(call: Call, error: str) -> Message:
    channel_id = call.required("channel")
    if channel_id not in call.workspace.channels:
        raise Refusal(
            "channel_not_found"
        )  # an id of a person is no channel here (methods/chat.update)
    message = call.workspace.find_message(channel_id, call.required("ts"))
    if message is None:
        raise Refusal("message_not_found")
    if message.user != call.workspace.bot_user_id:
        raise Refusal(error)
    return message


def _content(call: Call, text_max: int) -> tuple[str, list[Json] | None]:
    text, blocks = call.text("text"), call.blocks()
    if not text and not blocks:
        raise Refusal("no_text")
    if len(text) > text_max:
        raise Refusal("msg_too_long")
    return text, blocks


def _metadata(call: Call) -> Json | None:
    """Return {event_type, event_payload} (docs.slack.dev/messaging/message-metadata)."""
    metadata = call.structure("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    is_complete = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not is_complete:
        raise Refusal("invalid_metadata_format")
    if set(metadata) != {"event_type", "event_payload"}:
        raise NotModelledError("metadata with more than event_type and event_payload")
    return dict(metadata)


def _thread(call: Call, channel: Channel) -> str | None:
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    parent = call.workspace.find_message(channel.id, thread_ts)
    if parent is None:
        raise NotModelledError("a thread_ts of a message that is not there")
    return parent.thread_ts or parent.ts


def _with_metadata(call: Call, message: Message) -> Json:
    shown = message_object(call.workspace, message)
    return shown | ({"metadata": message.metadata} if message.metadata else {})


_FALSE: tuple[Any, ...] = (False, "false", "0", 0)
_ONLY: dict[str, tuple[Any, ...]] = {
    # Unfurling and name linking happen at Slack's end: only their absence is modelled.
    "link_names": _FALSE,
    "parse": ("none",),
    "unfurl_links": _FALSE,
    "unfurl_media": _FALSE,
}
_CONTENT = frozenset({"channel", "text", "blocks", "mrkdwn"})


def _method(run: Any, arguments: frozenset[str], per_minute: int) -> Method:
    return Method(run, arguments, "chat:write", per_minute, is_write=True, only=_ONLY)


METHODS = {
    "chat.postMessage": _method(
        post_message,
        _CONTENT | {"metadata", "client_msg_id", "thread_ts"},
        rates.POSTS_PER_MINUTE,
    ),
    "chat.postEphemeral": _method(post_ephemeral, _CONTENT | {"user", "thread_ts"}, rates.TIER_4),
    "chat.update": _method(update, _CONTENT | {"ts", "metadata"}, rates.TIER_3),
    "chat.delete": _method(delete, frozenset({"channel", "ts"}), rates.TIER_3),
}
