"""What the bot shows in Slack, through slack_sdk's models and the limits that those do not know.

Limits: docs.slack.dev/reference, pages block-kit, blocks/*, block-elements/* and
composition-objects/option.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.sandbox.wire import Exchange

MAX_OPTION_TEXT, MAX_OPTION_VALUE, MAX_OPTIONS = 75, 150, 100
MAX_MESSAGE_BLOCKS, MAX_VIEW_BLOCKS = 50, 100

Json = dict[str, Any]


def shown(exchanges: list[Exchange]) -> Iterator[tuple[str, list[Json] | None, Json | None]]:
    """Yield call, blocks and view of each request that shows something."""
    for exchange in exchanges:
        body = _body(exchange)
        blocks, view = _loaded(body.get("blocks")), _loaded(body.get("view"))
        if blocks or view:
            yield exchange.path, blocks, view


def problems_of(blocks: list[Json] | None, view: Json | None) -> list[str]:
    """Return what Slack would refuse."""
    found: list[str] = []
    if view is not None:
        found += _refused(lambda: View(**view).to_dict())
        found += _view_problems(view)
    inside = blocks or (view or {}).get("blocks", [])
    for block in inside:
        found += _refused(lambda block=block: _parsed(block))
    most = MAX_MESSAGE_BLOCKS if view is None else MAX_VIEW_BLOCKS
    if len(inside) > most:
        found.append(f"{len(inside)} blocks, {most} are allowed")
    return found + _id_problems(inside) + _option_problems(inside)


def _body(exchange: Exchange) -> Json:
    text = exchange.request_body.decode()
    if text and "json" in exchange.request_headers.get("Content-Type", ""):
        loaded = json.loads(text)
        return loaded if isinstance(loaded, dict) else {}
    return {name: values[0] for name, values in parse_qs(text).items()}


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _parsed(block: Json) -> Json:
    parsed = Block.parse(block)
    if parsed is None or type(parsed) is Block:
        raise SlackObjectFormationError(f"unknown block type {block.get('type')}")
    return parsed.to_dict()


def _refused(build: Any) -> list[str]:
    try:
        build()
    except SlackObjectFormationError as error:
        return [str(error)]
    return []


def _view_problems(view: Json) -> list[str]:
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if view["type"] == "modal" and has_input and not view.get("submit"):
        return ["a modal with an input and without submit"]
    return []


def _id_problems(blocks: list[Json]) -> list[str]:
    block_ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    found = [f"block_id {name} is there {n} times" for name, n in block_ids.items() if n > 1]
    for block in blocks:
        ids = Counter(e["action_id"] for e in _elements(block) if "action_id" in e)
        found += [f"action_id {name} is there {n} times" for name, n in ids.items() if n > 1]
    return found


def _option_problems(blocks: list[Json]) -> list[str]:
    found = []
    for element in (e for block in blocks for e in _elements(block)):
        options = element.get("options")
        if options is None:
            continue
        if not 1 <= len(options) <= MAX_OPTIONS:
            found.append(f"{len(options)} options")
        for option in options:
            if len(option["text"]["text"]) > MAX_OPTION_TEXT:
                found.append(f"option text of {len(option['text']['text'])} characters")
            if len(option.get("value", "")) > MAX_OPTION_VALUE:
                found.append(f"option value of {len(option['value'])} characters")
    return found


def _elements(block: Json) -> Iterator[Json]:
    yield from block.get("elements", ())
    for place in ("element", "accessory"):
        if place in block:
            yield block[place]


BAD: tuple[tuple[list[Json] | None, Json | None], ...] = (
    ([{"type": "divider", "block_id": "one"}, {"type": "divider", "block_id": "one"}], None),
    ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], None),
    ([{"type": "nonsense"}], None),
    ([{"type": "actions", "elements": [{"type": "static_select", "options": []}]}], None),
)
"""What must be found wrong; a checker that lets one pass is broken itself."""
