"""Block Kit as Slack accepts it: blocks, messages, views and option answers. Pure functions.

Each rule names its page under docs.slack.dev/reference (or reference/slack.md §2, wire.md §2).
"""

import json
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.elements import (
    BUTTONS,
    IMAGE,
    OPTION_GROUPS,
    OPTIONS,
    PICKERS,
    REAL_ELEMENTS,
    SELECTS,
    TYPED,
    text,
)
from bot.sandbox.slack.shapes import (
    Check,
    Problems,
    Shape,
    boolean,
    items,
    one_of_types,
    problem,
    string,
)

MESSAGE_BLOCKS_MAX = 50  # block-kit: up to 50 blocks in each message
VIEW_BLOCKS_MAX = 100  # block-kit: up to 100 blocks in modals or Home tabs
MESSAGE_CHARACTERS_MAX = 13_200  # undocumented: msg_blocks_too_long near it (bolt-js issue 2509)
VIEW_BYTES_MAX = 250_000  # views.open: view_too_large over 250kb

_INTERACTIVE = SELECTS | PICKERS | BUTTONS
_REAL_BLOCKS = frozenset(
    {
        "alert",
        "call",
        "card",
        "carousel",
        "container",
        "context_actions",
        "data_visualization",
        "file",
        "plan",
        "rich_text",
        "table",
        "task_card",
        "video",
    }
)


def _section_has_text(value: dict[str, Any], pointer: str) -> Problems:
    if value.get("text") is None and value.get("fields") is None:
        return [problem("missing required field: text", pointer)]
    return []


def _block(own: dict[str, Check], *required: str, whole: Check | None = None) -> Shape:
    return Shape({"block_id": string(255)} | own, required=required, whole=whole)


_BLOCKS: dict[str, Check] = {
    "section": _block(  # blocks/section-block: text 3000; 10 fields of 2000
        {
            "text": text(3000, "plain_text", "mrkdwn"),
            "fields": items(text(2000, "plain_text", "mrkdwn"), most=10),
            "accessory": one_of_types(_INTERACTIVE | {"image": IMAGE}, real=REAL_ELEMENTS),
            "expand": boolean,
        },
        whole=_section_has_text,
    ),
    "actions": _block(  # blocks/actions-block: 25 elements
        {"elements": items(one_of_types(_INTERACTIVE, real=REAL_ELEMENTS), most=25)}, "elements"
    ),
    "context": _block(  # blocks/context-block: 10 elements
        {
            "elements": items(
                one_of_types(
                    {
                        "image": IMAGE,
                        "plain_text": text(3000, "plain_text"),
                        "mrkdwn": text(3000, "mrkdwn"),
                    }
                ),
                most=10,
            )
        },
        "elements",
    ),
    "divider": _block({}),
    "header": _block({"text": text(150)}, "text"),  # blocks/header-block: 150
    "image": Shape(  # blocks/image-block: url 3000, alt_text 2000, title 2000
        {
            "block_id": string(255),
            "image_url": string(3000),
            "alt_text": string(2000),
            "title": text(2000),
        },
        required=("image_url", "alt_text"),
        not_modelled=frozenset({"slack_file"}),
    ),
    "input": _block(  # blocks/input-block: label and hint 2000
        {
            "label": text(2000),
            "hint": text(2000),
            "optional": boolean,
            "dispatch_action": boolean,
            "element": one_of_types(TYPED | SELECTS | PICKERS, real=REAL_ELEMENTS),
        },
        "label",
        "element",
    ),
}
_ONLY_IN_MESSAGES: dict[str, Check] = {  # blocks/markdown-block: 12,000 for all of them together
    "markdown": _block({"text": string(12_000, least=1)}, "text"),
}

_MESSAGE_BLOCKS = items(
    one_of_types(_BLOCKS | _ONLY_IN_MESSAGES, real=_REAL_BLOCKS), least=0, most=MESSAGE_BLOCKS_MAX
)
_VIEW_BLOCKS = items(one_of_types(_BLOCKS, real=_REAL_BLOCKS), least=0, most=VIEW_BLOCKS_MAX)

_SHARED_VIEW: dict[str, Check] = {  # surfaces/views: private_metadata 3000, callback_id 255
    "blocks": _VIEW_BLOCKS,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_VIEWS: dict[str, Check] = {
    "modal": Shape(  # views/modal-views: title, submit and close 24
        _SHARED_VIEW
        | {
            "title": text(24),
            "submit": text(24),
            "close": text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
        },
        required=("title", "blocks"),
    ),
    "home": Shape(_SHARED_VIEW, required=("blocks",)),  # views/home-tab-views
}


def message_problems(blocks: Any) -> Problems:
    """Return what chat.* would complain about in these blocks.

    Raises NotModelledError for a block that exists in Slack and not here.
    """
    return [*_MESSAGE_BLOCKS(blocks, "/blocks"), *_markdown_total(blocks), *_ids(blocks, "/blocks")]


def view_problems(view: Any, *, kind: str | None = None) -> Problems:
    """Return what views.* would complain about; `kind` is the only type this method takes."""
    shapes = _VIEWS if kind is None else {kind: _VIEWS[kind]}
    found = one_of_types(shapes, real=frozenset({"workflow_step"}))(view, "/view")
    if not isinstance(view, dict):
        return found
    blocks = view.get("blocks")
    return [*found, *_ids(blocks, "/view/blocks"), *_submit(view), *_one_focus(blocks)]


def answer_problems(answer: Any) -> Problems:
    """Return what is wrong with a block_suggestion answer (block-elements/external-select)."""
    if not isinstance(answer, dict) or not ({"options", "option_groups"} & set(answer)):
        return [problem("missing required field: options", "")]
    if "option_groups" in answer:
        return OPTION_GROUPS(answer["option_groups"], "/option_groups")
    # Zero options are a legal answer: the client shows "No results".
    return OPTIONS(answer["options"], "/options") if answer["options"] else []


def is_view_too_large(view: dict[str, Any]) -> bool:
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES_MAX


def elements(blocks: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Yield (block, element, pointer below the block) for everything a person can touch."""
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, dict):
            continue
        for name in ("accessory", "element"):
            if isinstance(block.get(name), dict) and block[name].get("type") != "image":
                yield block, block[name], f"/{name}"
        if block.get("type") == "actions" and isinstance(block.get("elements"), list):
            for index, element in enumerate(block["elements"]):
                if isinstance(element, dict):
                    yield block, element, f"/elements/{index}"


def text_length(value: Any) -> int:
    """Count the characters of all text in blocks."""
    if isinstance(value, list):
        return sum(text_length(one) for one in value)
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(text_length(part) for part in value.values())


def _markdown_total(blocks: Any) -> Problems:
    texts = [
        b.get("text") for b in blocks or [] if isinstance(b, dict) and b.get("type") == "markdown"
    ]
    total = sum(len(t) for t in texts if isinstance(t, str))
    if len(texts) > 1 and total > 12_000:
        return [problem("markdown blocks must be less than 12001 characters together", "/blocks")]
    return []


def _ids(blocks: Any, pointer: str) -> Problems:
    """Refuse a block_id twice, and an action_id twice in one block (block-kit; wire.md §2)."""
    if not isinstance(blocks, list):
        return []
    found: Problems = []
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if block_id in seen:
            message = f'`block_id` "{block_id}" already exists'
            found.append(problem(message, f"{pointer}/{index}/block_id"))
        if block_id:
            seen.add(block_id)
        found += _action_ids(block, f"{pointer}/{index}")
    return found


def _action_ids(block: Any, pointer: str) -> Problems:
    found: Problems = []
    seen: set[str] = set()
    for _, element, below in elements([block]):
        action_id = element.get("action_id")
        if action_id in seen:
            message = f'`action_id` "{action_id}" already exists'
            found.append(problem(message, f"{pointer}{below}/action_id"))
        if isinstance(action_id, str):
            seen.add(action_id)
    return found


def _submit(view: dict[str, Any]) -> Problems:
    """An input in a modal needs a submit button (node-slack-sdk issue 875; wire.md §2)."""
    blocks = view.get("blocks")
    if view.get("type") != "modal" or view.get("submit") or not isinstance(blocks, list):
        return []
    return [
        problem(
            "must define `submit` to use an `input` block in modals", f"/view/blocks/{index}/input"
        )
        for index, block in enumerate(blocks)
        if isinstance(block, dict) and block.get("type") == "input"
    ]


def _one_focus(blocks: Any) -> Problems:
    """Only one element of a view may have focus_on_load (block-elements)."""
    focused = [element for _, element, _ in elements(blocks) if element.get("focus_on_load")]
    if len(focused) > 1:
        return [problem("only one element can have `focus_on_load`", "/view/blocks")]
    return []
