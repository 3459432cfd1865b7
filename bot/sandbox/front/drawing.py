"""Block Kit as parts that a template draws: texts, buttons and fields."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from bot.sandbox.front.fields import Field, Json, new_field
from bot.sandbox.front.links import Links
from bot.sandbox.front.mrkdwn import Mrkdwn
from bot.sandbox.slack.blocks import elements

_NOTHING = Markup()


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button; with `href` it is a link, with `confirm` it asks first.

    `block_id` is set where action id and value do not say which button of a message is meant.
    """

    index: int
    label: str
    action_id: str
    value: str
    block_id: str
    style: str
    href: str | None
    confirm: dict[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One block; `kind` is its type, `unknown` for what this page does not draw."""

    kind: str
    text: Markup = _NOTHING
    columns: tuple[Markup, ...] = ()
    buttons: tuple[Button, ...] = ()
    fields: tuple[Field, ...] = ()


class Drawing:
    """Draws blocks for one reader: who is mentioned, and where links lead."""

    def __init__(self, links: Links, members: Mapping[str, str]) -> None:
        self._links = links
        self._members = members
        self._mrkdwn = Mrkdwn(links, members)

    def mrkdwn(self, text: str) -> Markup:
        return self._mrkdwn.draw(text)

    def parts(
        self, blocks: list[Json], *, state: Json | None = None, errors: Json | None = None
    ) -> list[Part]:
        """Draw blocks; a view brings the `state` of its inputs and its inline errors."""
        touched = list(enumerate(elements(blocks)))
        alike = Counter(name for _, (_, element, _) in touched for name in _names(element))
        parts = []
        for block in blocks:
            own = [(n, element) for n, (around, element, _) in touched if around is block]
            buttons = [
                self._button(block, element, n, is_one=_is_one(element, alike))
                for n, element in own
                if element["type"] == "button"
            ]
            fields = [
                new_field(
                    block,
                    element,
                    n,
                    state=state or {},
                    members=self._members,
                    error=(errors or {}).get(block["block_id"], ""),
                )
                for n, element in own
                if element["type"] != "button"
            ]
            parts.append(self._part(block, tuple(buttons), tuple(fields)))
        return parts

    def _part(self, block: Json, buttons: tuple[Button, ...], fields: tuple[Field, ...]) -> Part:
        match block["type"]:
            case "header" | "section":
                columns = tuple(self._text(one) for one in block.get("fields") or ())
                text = self._text(block.get("text"))
                return Part(
                    kind=block["type"], text=text, columns=columns, buttons=buttons, fields=fields
                )
            case "context":
                shown = tuple(self._text(one) for one in block["elements"])
                return Part(kind="context", columns=shown)
            case "actions" | "input":
                return Part(kind=block["type"], buttons=buttons, fields=fields)
            case "divider":
                return Part(kind="divider")
            case "image":
                return Part(kind="image", text=escape(block["alt_text"]))
            case "markdown":
                return Part(kind="section", text=escape(block["text"]))
            case _:
                return Part(kind="unknown", text=escape(block["type"]))

    def _text(self, text: Json | None) -> Markup:
        match text:
            case {"type": "mrkdwn", "text": str(words)}:
                return self.mrkdwn(words)
            case {"type": "image", "alt_text": str(words)}:
                return escape(words)
            case {"text": str(words)}:
                return escape(words)
        return _NOTHING

    def _button(self, block: Json, element: Json, index: int, *, is_one: bool) -> Button:
        asks: dict[str, Any] | None = element.get("confirm")
        return Button(
            index=index,
            label=element["text"]["text"],
            action_id=element["action_id"],
            value=element.get("value", ""),
            block_id="" if is_one else block["block_id"],
            style=element.get("style", ""),
            href=self._links.target(element["url"]) if element.get("url") else None,
            confirm={name: asks[name]["text"] for name in ("title", "text", "confirm", "deny")}
            if asks
            else None,
        )


def _names(element: Json) -> tuple[Any, Any]:
    return element["action_id"], (element["action_id"], element.get("value"))


def _is_one(element: Json, alike: Counter[Any]) -> bool:
    by_action, by_value = (alike[name] for name in _names(element))
    return by_action == 1 or (by_value == 1 and bool(element.get("value")))
