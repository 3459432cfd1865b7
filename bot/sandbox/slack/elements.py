"""Block Kit's composition objects and elements with their limits.

Numbers: reference/slack.md §2 rows 11-16 and the pages under docs.slack.dev/reference/block-kit
named at each
rule; the wording of the refusals is Slack's as seen in public issues, ours where none was found.
"""

import datetime as dt
from typing import Any

from bot.sandbox.slack.shapes import (
    Check,
    Problems,
    Shape,
    boolean,
    choice,
    integer,
    items,
    matching,
    one_of_types,
    problem,
    string,
)

ACTION_ID = string(255, least=1)  # composition: block-elements, every interactive element
STYLE = choice("primary", "danger")  # block-elements/button-element


def text(most: int, *kinds: str, least: int = 1) -> Check:
    """Return the check of a text object (composition-objects/text-object)."""
    plain = Shape({"text": string(most, least=least), "emoji": boolean}, required=("text",))
    mrkdwn = Shape({"text": string(most, least=least), "verbatim": boolean}, required=("text",))
    by_type = {"plain_text": plain, "mrkdwn": mrkdwn}
    return one_of_types({kind: by_type[kind] for kind in kinds or ("plain_text",)})


def _is_date(value: str) -> bool:
    try:
        return len(value) == len("2026-01-31") and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def _is_time(value: str) -> bool:
    try:
        return len(value) == len("23:59") and dt.time.fromisoformat(value) is not None
    except ValueError:
        return False


# composition-objects/confirmation-dialog-object
CONFIRM = Shape(
    {
        "title": text(100),
        "text": text(300, "plain_text", "mrkdwn"),
        "confirm": text(30),
        "deny": text(30),
        "style": STYLE,
    },
    required=("title", "text", "confirm", "deny"),
)


def _option(*kinds: str, has_url: bool = False) -> Shape:
    """Option text 75, value 150, description 75 (composition-objects/option-object; wire.md §2)."""
    fields: dict[str, Check] = {
        "text": text(75, *kinds),
        "value": string(150),
        "description": text(75, *kinds),
    }
    if has_url:
        fields["url"] = string(3000)
    return Shape(fields, required=("text", "value"))


OPTION = _option("plain_text")
RICH_OPTION = _option("plain_text", "mrkdwn")  # only checkboxes and radio buttons may use mrkdwn
OPTIONS = items(
    OPTION, least=1, most=100
)  # static-select: 1 to 100 options (wire.md §2: "0 options")
OPTION_GROUP = Shape({"label": text(75), "options": OPTIONS}, required=("label", "options"))
OPTION_GROUPS = items(OPTION_GROUP, least=1, most=100)


def all_options(element: dict[str, Any]) -> list[Any]:
    groups = element.get("option_groups") or []
    return [
        *(element.get("options") or []),
        *(o for g in groups if isinstance(g, dict) for o in g.get("options") or []),
    ]


def _needs_options(value: dict[str, Any], pointer: str) -> Problems:
    """Exactly one of options and option_groups; initial options are among them (static-select)."""
    has_both = "options" in value and "option_groups" in value
    if has_both:
        return [problem("only one of options and option_groups is allowed", pointer)]
    if value.get("options") is None and value.get("option_groups") is None:
        return [problem("missing required field: options", pointer)]
    return _initial_is_offered(value, pointer)


def _initial_is_offered(value: dict[str, Any], pointer: str) -> Problems:
    offered = [_key(o) for o in all_options(value)]
    initial = value.get("initial_option")
    wanted = [initial] if initial is not None else value.get("initial_options") or []
    name = "initial_option" if initial is not None else "initial_options"
    if all(_key(o) in offered for o in wanted):
        return []
    return [problem(f"{name} must exactly match one of the options", f"{pointer}/{name}")]


def _key(option: Any) -> Any:
    if not isinstance(option, dict):
        return option
    label = option.get("text")
    return option.get("value"), label.get("text") if isinstance(label, dict) else label


def _select(own: dict[str, Check], *required: str, whole: Check | None = None) -> Shape:
    shared: dict[str, Check] = {
        "action_id": ACTION_ID,
        "placeholder": text(150),
        "confirm": CONFIRM,
        "focus_on_load": boolean,
    }
    return Shape(shared | own, required=required, whole=whole)


def _multi(own: dict[str, Check], *, whole: Check | None = None) -> Shape:
    return _select({"max_selected_items": integer(1)} | own, whole=whole)


_STATIC: dict[str, Check] = {"options": OPTIONS, "option_groups": OPTION_GROUPS}
_IDS = items(string(), least=0)

SELECTS: dict[str, Check] = {
    "static_select": _select(_STATIC | {"initial_option": OPTION}, whole=_needs_options),
    "external_select": _select({"initial_option": OPTION, "min_query_length": integer(0)}),
    "users_select": _select({"initial_user": string()}),
    "conversations_select": _select(
        {
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
        }
    ),
    "channels_select": _select({"initial_channel": string(), "response_url_enabled": boolean}),
    "multi_static_select": _multi(
        _STATIC | {"initial_options": items(OPTION)}, whole=_needs_options
    ),
    "multi_external_select": _multi(
        {"initial_options": items(OPTION), "min_query_length": integer(0)}
    ),
    "multi_users_select": _multi({"initial_users": _IDS}),
    "multi_conversations_select": _multi(
        {"initial_conversations": _IDS, "default_to_current_conversation": boolean}
    ),
    "multi_channels_select": _multi({"initial_channels": _IDS}),
}

_DATE = matching(_is_date, "must be a valid date in the format YYYY-MM-DD")
_TIME = matching(_is_time, "must be a valid time in the format HH:mm")

# block-elements: the three pickers; checkboxes and radio-button-group take 10 options
PICKERS: dict[str, Check] = {
    "datepicker": _select({"initial_date": _DATE}),
    "timepicker": _select({"initial_time": _TIME, "timezone": string()}),
    "datetimepicker": _select({"initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "checkboxes": _select(
        {"options": items(RICH_OPTION, most=10), "initial_options": items(RICH_OPTION)},
        "options",
        whole=_initial_is_offered,
    ),
    "radio_buttons": _select(
        {"options": items(RICH_OPTION, most=10), "initial_option": RICH_OPTION},
        "options",
        whole=_initial_is_offered,
    ),
}

# block-elements/button-element, block-elements/overflow-menu-element (5 options)
BUTTONS: dict[str, Check] = {
    "button": Shape(
        {
            "text": text(75),
            "action_id": ACTION_ID,
            "url": string(3000),
            "value": string(2000),
            "style": STYLE,
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
        required=("text",),
    ),
    "overflow": Shape(
        {
            "action_id": ACTION_ID,
            "options": items(_option("plain_text", has_url=True), most=5),
            "confirm": CONFIRM,
        },
        required=("options",),
    ),
}

# block-elements/image-element; 3,000 and 2,000 as in slack_sdk.models.blocks.block_elements
IMAGE = Shape(
    {"image_url": string(3000), "alt_text": string(2000)},
    required=("image_url", "alt_text"),
    not_modelled=frozenset({"slack_file"}),
)

_DISPATCH = Shape({"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"))})


def _typed(own: dict[str, Check], *required: str, whole: Check | None = None) -> Shape:
    shared: dict[str, Check] = {
        "action_id": ACTION_ID,
        "initial_value": string(),
        "placeholder": text(150),
        "dispatch_action_config": _DISPATCH,
        "focus_on_load": boolean,
    }
    return Shape(shared | own, required=required, whole=whole)


def _initial_fits(value: dict[str, Any], pointer: str) -> Problems:
    initial, most = value.get("initial_value"), value.get("max_length")
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        return [problem(f"must be less than {most + 1} characters", f"{pointer}/initial_value")]
    return []


# block-elements: plain-text-input (min_length ≤ 3000, max_length 1 to 3000), email-, url-, number-
# input
TYPED: dict[str, Check] = {
    "plain_text_input": _typed(
        {
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        whole=_initial_fits,
    ),
    "email_text_input": _typed({}),
    "url_text_input": _typed({}),
    "number_input": _typed(
        {"is_decimal_allowed": boolean, "min_value": string(), "max_value": string()},
        "is_decimal_allowed",
    ),
}

REAL_ELEMENTS = frozenset(
    {"rich_text_input", "file_input", "workflow_button", "feedback_buttons", "icon_button"}
)
