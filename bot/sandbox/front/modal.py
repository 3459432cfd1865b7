"""Modals as HTML forms: what was typed and not sent yet, and which options were found."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from bot.sandbox.front.drawing import Drawing, Part
from bot.sandbox.front.fields import NOTHING, Choice, Field, choice
from bot.sandbox.slack import Person, SandboxUseError, View
from bot.sandbox.slack.blocks import elements

_SEARCHED = {"external_select", "multi_external_select"}


@dataclass(frozen=True, kw_only=True)
class Modal:
    """The modal on top as a form; `seen` changes whenever its blocks do."""

    title: str
    submit: str | None
    close: str
    seen: str
    parts: list[Part]


@dataclass
class Draft:
    """What a person typed into one view and searched in it, between two requests of the browser."""

    view_id: str
    values: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    offers: dict[str, list[Choice]] = field(default_factory=dict)
    known: dict[str, dict[str, Choice]] = field(default_factory=dict)


class Modals:
    """The drafts of all people; a draft lives as long as its view is on top."""

    def __init__(self) -> None:
        self._drafts: dict[str, Draft] = {}

    def draw(self, person: Person, drawing: Drawing) -> Modal | None:
        view = person.view
        if view is None:
            return None
        draft = self._draft(person.id, view)
        parts = drawing.parts(view.blocks, state=view.state, errors=person.view_errors)
        return Modal(
            title=view.title,
            submit=view.submit,
            close=view.close or "Close",
            seen=seen(view),
            parts=[
                replace(part, fields=tuple(_with_draft(one, draft) for one in part.fields))
                for part in parts
            ],
        )

    def keep(self, person: Person, values: Mapping[str, Any]) -> None:
        """Remember what was typed, for the next drawing."""
        if view := person.view:
            self._draft(person.id, view).values = dict(values)

    def forget(self, person: Person) -> None:
        """Forget what was typed, because the view holds it now."""
        self.keep(person, {})

    def search(self, person: Person, block_id: str, query: str) -> None:
        """Ask the bot for the options of an external select; raises SandboxUseError."""
        view = person.view
        if view is None:
            raise SandboxUseError("no form is open")
        action_id = next(
            element["action_id"]
            for block, element, _ in elements(view.blocks)
            if block["block_id"] == block_id
        )
        found = [choice(one) for one in person.suggest(block_id, action_id, query)]
        draft = self._draft(person.id, view)
        draft.queries[block_id], draft.offers[block_id] = query, found
        draft.known.setdefault(block_id, {}).update({one.value: one for one in found})

    def open_menus(self, person: Person) -> None:
        """Fill the menus that ask for no words first, as if each had been opened once."""
        view = person.view
        if view is None:
            return
        draft = self._draft(person.id, view)
        for block, element, _ in elements(view.blocks):
            is_asked_at_once = element["type"] in _SEARCHED and element.get("min_query_length") == 0
            if is_asked_at_once and block["block_id"] not in draft.offers:
                self.search(person, block["block_id"], "")

    def _draft(self, user_id: str, view: View) -> Draft:
        draft = self._drafts.get(user_id)
        if draft is None or draft.view_id != view.id:
            draft = self._drafts[user_id] = Draft(view.id)
        return draft


def seen(view: View) -> str:
    return f"{view.id} {view.hash}"


def typed(form: MultiDict[str, str], blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Read what a browser sent for the fields of these blocks, by block_id."""
    values: dict[str, Any] = {}
    for block, element, _ in elements(blocks):
        sent = form.getlist(f"value:{block['block_id']}")
        if element["type"] == "button" or not sent:
            continue
        if NOTHING in sent:
            values[block["block_id"]] = [one for one in sent if one != NOTHING]
        else:
            values[block["block_id"]] = sent[0].replace("\r\n", "\n")
    return values


def _with_draft(drawn: Field, draft: Draft) -> Field:
    if drawn.block_id in draft.values:
        value = draft.values[drawn.block_id]
        kept = value if isinstance(value, list) else [value] if value else []
        drawn = replace(drawn, values=tuple(kept))
    if drawn.query is None:
        return drawn
    known = {one.value: one for one in drawn.choices} | draft.known.get(drawn.block_id, {})
    offered = draft.offers.get(drawn.block_id, [])
    there = {one.value for one in offered}
    chosen = [known[one] for one in drawn.values if one in known and one not in there]
    query = draft.queries.get(drawn.block_id, "")
    is_searched = drawn.block_id in draft.offers
    return replace(drawn, choices=(*chosen, *offered), query=query, is_searched=is_searched)
