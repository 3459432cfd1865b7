"""What a POST to a response_url does (docs.slack.dev/interactivity/handling-user-interaction)."""

from bot.sandbox.slack.calls import Refusal, checked_blocks
from bot.sandbox.slack.chat_api import TEXT_MAX
from bot.sandbox.slack.records import Json, ResponseUrl
from bot.sandbox.slack.shapes import NotModelledError
from bot.sandbox.slack.state import Workspace

_KNOWN = {
    "text",
    "blocks",
    "response_type",
    "replace_original",
    "delete_original",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
}


def respond(space: Workspace, url: ResponseUrl, body: Json) -> None:
    """Post, replace or delete; raises Refusal as Slack would."""
    if unknown := set(body) - _KNOWN:
        raise NotModelledError(f"{sorted(unknown)} in a response_url message")
    if body.get("unfurl_links") or body.get("unfurl_media"):
        raise NotModelledError("unfurling")
    wants_original = body.get("replace_original") or body.get("delete_original")
    if wants_original and url.origin is None:
        raise NotModelledError("replacing or deleting the answer to a slash command")
    if body.get("delete_original"):
        if url.origin in space.messages:
            space.messages.remove(url.origin)
        return
    if wants_original:
        _replace(space, url, body)
    else:
        say(space, url.user, url.channel, body)


def say(space: Workspace, user_id: str, channel_id: str, body: Json) -> None:
    """Post an answer: to the one person alone unless response_type says in_channel."""
    text, blocks = _content(body)
    response_type = body.get("response_type", "ephemeral")
    if response_type not in {"ephemeral", "in_channel"}:
        raise NotModelledError(f"response_type {response_type!r}")
    space.post(
        space.channels[channel_id],
        space.bot_user_id,
        text,
        blocks=blocks,
        ephemeral_for=user_id if response_type == "ephemeral" else None,
    )


def _replace(space: Workspace, url: ResponseUrl, body: Json) -> None:
    text, blocks = _content(body)
    message = url.origin
    if message is None or message not in space.messages:
        raise Refusal("message_not_found")
    message.text, message.blocks = text, space.completed(blocks)


def _content(body: Json) -> tuple[str, list[Json]]:
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if not isinstance(text, str) or not isinstance(blocks, list):
        raise Refusal("invalid_payload")
    if not text and not blocks:
        raise Refusal("no_text")
    if len(text) > TEXT_MAX:
        raise Refusal("msg_too_long")
    return text, checked_blocks(blocks)
