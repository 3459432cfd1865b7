"""How a Slack client keeps the state of a view: an entry per touchable element, by the element's
type.

Shapes from interactivity/handling-user-interaction (state.values) and the recorded payloads.
"""

from copy import deepcopy
from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.elements import all_options
from bot.sandbox.slack.records import Json, SandboxUseError

REQUIRED = "Please complete this required field."

# element type → (property in the state, property with the initial value)
_FIELDS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
_OFFERED_BY_BOT = {"external_select", "multi_external_select"}
_STATIC = {"static_select", "multi_static_select", "radio_buttons", "checkboxes"}


def is_many(kind: str) -> bool:
    return _FIELDS[kind][0] in {
        "selected_options",
        "selected_users",
        "selected_conversations",
        "selected_channels",
    }


def entry(element: Json, value: Any) -> Json:
    """Return the state entry of an element that holds this value."""
    kind = element["type"]
    empty = value in (None, "", [])
    if empty:
        value = [] if is_many(kind) else None
    return {"type": kind, _FIELDS[kind][0]: deepcopy(value)}


def initial_state(blocks: list[Json], before: Json | None = None) -> Json:
    """Return the state of a fresh view; entries `before` an update survive under equal ids.

    surfaces/modals: an updated view keeps what was typed where block_id and action_id stay the
    same.
    """
    values: Json = {}
    for block, element, _ in kit.elements(blocks):
        if element["type"] not in _FIELDS:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        kept = (before or {}).get(block_id, {}).get(action_id)
        if kept is None or kept["type"] != element["type"]:
            kept = entry(element, element.get(_FIELDS[element["type"]][1]))
        values.setdefault(block_id, {})[action_id] = kept
    return values


def held(element: Json, state_entry: Json) -> Any:
    return state_entry[_FIELDS[element["type"]][0]]


def fill(view: Json, values: dict[str, Any], offered: dict[tuple[str, str], list[Json]]) -> None:
    """Type values into a view's state as a client lets a person do it.

    Raises SandboxUseError for an unknown block or a choice that is not on offer.
    """
    touchable = {
        block["block_id"]: element
        for block, element, _ in kit.elements(view["blocks"])
        if element["type"] in _FIELDS
    }
    for block_id, value in values.items():
        if block_id not in touchable:
            raise SandboxUseError(f"the view has no input {block_id!r}, it has {sorted(touchable)}")
        element = touchable[block_id]
        place = view["state"]["values"][block_id]
        known = [*offered.get((block_id, element["action_id"]), ()), *_preset(place, element)]
        place[element["action_id"]] = entry(element, chosen(element, value, known))


def chosen(element: Json, value: Any, known: list[Json]) -> Any:
    """Return the value a client would send for this choice."""
    kind = element["type"]
    if value in (None, "", []):
        return value
    if is_many(kind):
        one = value if isinstance(value, list) else [value]
        return [_choice(element, v, known) for v in one]
    return _choice(element, value, known)


def _choice(element: Json, value: Any, known: list[Json]) -> Any:
    kind = element["type"]
    if kind in _STATIC:
        return _pick(all_options(element), value, element["action_id"])
    if kind in _OFFERED_BY_BOT:
        return _pick(known, value, element["action_id"])
    if isinstance(value, (dict, list)):
        raise SandboxUseError(f"a {kind} takes a plain value, not {value!r}")
    most = element.get("max_length")
    if kind == "plain_text_input" and most is not None and len(str(value)) > most:
        raise SandboxUseError(f"the client stops typing after {most} characters")
    return value


def _pick(options: list[Json], value: Any, action_id: str) -> Json:
    wanted = value["value"] if isinstance(value, dict) else value
    for option in options:
        if option["value"] == wanted:
            return option
    raise SandboxUseError(
        f"{wanted!r} is not among the options shown for {action_id!r}: "
        f"{[o['value'] for o in options]} (an external select shows what suggest() brought)"
    )


def _preset(place: Json, element: Json) -> list[Json]:
    held_now = held(element, place[element["action_id"]])
    if isinstance(held_now, dict):
        return [held_now]
    return [v for v in held_now if isinstance(v, dict)] if isinstance(held_now, list) else []


def missing(view: Json) -> dict[str, str]:
    """Return the client's own complaints about empty or too short inputs (blocks/input-block)."""
    complaints: dict[str, str] = {}
    for block, element, _ in kit.elements(view["blocks"]):
        if block["type"] != "input":
            continue
        value = held(element, view["state"]["values"][block["block_id"]][element["action_id"]])
        if value in (None, []) and not block.get("optional", False):
            complaints[block["block_id"]] = REQUIRED
        least = element.get("min_length", 0)
        if isinstance(value, str) and len(value) < least:
            complaints[block["block_id"]] = f"Please enter at least {least} characters."
    return complaints
