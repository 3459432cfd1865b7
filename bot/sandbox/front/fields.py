"""What a person fills in or chooses: Block Kit's inputs and selects as fields of an HTML form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.elements import all_options
from bot.sandbox.slack.inputs import held

Json = dict[str, Any]

_TYPED = {
    "plain_text_input": "text",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "text",
    "datepicker": "date",
    "timepicker": "time",
}
_ONE = {"static_select", "external_select", "users_select", "overflow", "radio_buttons"}
_MANY = {"multi_static_select", "multi_external_select", "multi_users_select", "checkboxes"}
_SEARCHED = {"external_select", "multi_external_select"}
NOTHING = "_nothing_"
"""Sent by every field of several choices, because browsers send nothing for none."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One option, as it is sent and as it is read."""

    value: str
    label: str
    below: str = ""

    @property
    def line(self) -> str:
        return f"{self.label} — {self.below}" if self.below else self.label


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form; `kind` is how it is drawn, `values` what it holds now."""

    block_id: str
    action_id: str
    index: int
    kind: str
    type: str
    label: str
    hint: str = ""
    placeholder: str = ""
    is_optional: bool = False
    is_dispatched: bool = False
    values: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    query: str | None = None
    is_searched: bool = False
    max_length: int | None = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"value:{self.block_id}"

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def is_many(self) -> bool:
        return self.type in _MANY


def new_field(
    block: Json,
    element: Json,
    index: int,
    *,
    state: Json,
    members: Mapping[str, str],
    **more: Any,
) -> Field:
    """Draw an element that holds what `state` ({block_id: {action_id: …}}) says."""
    kind = _kind(element)
    entry = state.get(block["block_id"], {}).get(element.get("action_id"))
    value = held(element, entry) if entry and kind != "unknown" else None
    kept = value if isinstance(value, list) else [value] if value not in (None, "") else []
    return Field(
        block_id=block["block_id"],
        action_id=element["action_id"],
        index=index,
        kind=kind,
        type=element["type"],
        label=_label(block, element),
        hint=(block.get("hint") or {}).get("text", ""),
        placeholder=(element.get("placeholder") or {}).get("text", ""),
        is_optional=bool(block.get("optional")),
        is_dispatched=block["type"] != "input" or bool(block.get("dispatch_action")),
        values=tuple(one["value"] if isinstance(one, dict) else str(one) for one in kept),
        choices=_choices(element, members, kept),
        max_length=element.get("max_length"),
        query="" if element["type"] in _SEARCHED else None,
        **more,
    )


def choice(option: Json) -> Choice:
    below = (option.get("description") or {}).get("text", "")
    return Choice(value=option["value"], label=option["text"]["text"], below=below)


def _kind(element: Json) -> str:
    kind = str(element["type"])
    if kind == "plain_text_input" and element.get("multiline"):
        return "textarea"
    if kind in _TYPED:
        return _TYPED[kind]
    if kind in {"radio_buttons", "checkboxes"}:
        return kind
    return "select" if kind in _ONE | _MANY else "unknown"


def _label(block: Json, element: Json) -> str:
    said = block.get("label") or element.get("placeholder") or block.get("text") or {}
    return str(said.get("text") or "Choose")


def _choices(element: Json, members: Mapping[str, str], kept: list[Any]) -> tuple[Choice, ...]:
    if element["type"] in {"users_select", "multi_users_select"}:
        return tuple(Choice(value=key, label=name) for key, name in members.items())
    if element["type"] in _SEARCHED:
        return tuple(choice(one) for one in kept)
    return tuple(choice(one) for one in all_options(element))
