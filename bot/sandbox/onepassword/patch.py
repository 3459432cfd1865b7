"""The part of JSON Patch that Connect speaks: add, remove, replace, and fields by their id."""

import copy
from typing import Any

from bot.sandbox.onepassword.answers import NotModelledError, bad_request
from bot.sandbox.onepassword.state import Document

_OPERATIONS = frozenset({"add", "remove", "replace"})
_ATTRIBUTES = frozenset({"title", "favorite", "tags", "urls", "sections", "fields"})
_FIELD_ATTRIBUTES = frozenset(
    {"section", "type", "purpose", "label", "value", "generate", "recipe"}
)


def apply(item: Document, operations: Any) -> Document:
    """Return a changed copy of the item, still to be checked; one bad operation refuses all."""
    if not isinstance(operations, list):
        raise bad_request("Invalid patch: a list of operations is expected")
    changed = copy.deepcopy(item)
    for operation in operations:
        changed = _apply_one(changed, operation)
    return changed


def _apply_one(item: Document, operation: Any) -> Document:
    if not isinstance(operation, dict) or operation.get("op") not in _OPERATIONS:
        # The OpenAPI says that this endpoint supports these three operations only.
        raise bad_request("Invalid patch: op must be add, remove or replace")
    op, path = operation["op"], operation.get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        raise bad_request("Invalid patch: path must be a JSON pointer")
    if op != "remove" and "value" not in operation:
        raise bad_request(f"Invalid patch: {op} needs a value")
    if path == "/":
        return _whole(item, op, operation.get("value"))
    head, *rest = [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    if head not in _ATTRIBUTES:
        raise NotModelledError(f"a patch of /{head}")
    if head == "fields":
        _patch_fields(item, op, rest, operation.get("value"))
    elif rest:
        _patch_list(item, op, head, rest, operation.get("value"))
    elif op == "remove":
        item.pop(head, None)
    else:
        item[head] = operation["value"]
    return item


def _whole(item: Document, op: str, value: Any) -> Document:
    """Replace everything: "Equivalent to a PUT request" (OpenAPI example ReplaceAllAttributes)."""
    if op != "replace":
        raise NotModelledError(f"{op} of a whole item")
    if not isinstance(value, dict):
        raise bad_request("Invalid patch: an item is expected")
    # The vendor's example of a whole replacement names neither vault nor category, so both stay.
    return {"vault": item["vault"], "category": item["category"], **value}


def _patch_list(item: Document, op: str, head: str, rest: list[str], value: Any) -> None:
    """Change one place of tags, urls or sections (OpenAPI example: remove /tags/1)."""
    entries = item[head] if isinstance(item.get(head), list) else []
    if len(rest) > 1:
        raise NotModelledError(f"a patch inside one of the {head}")
    place = len(entries) if rest[0] == "-" and op == "add" else _index(rest[0])
    if place >= len(entries) + (op == "add"):
        raise bad_request(f"Invalid patch: there is no /{head}/{rest[0]}")
    if op == "add":
        entries.insert(place, value)
        item[head] = entries
    elif op == "replace":
        entries[place] = value
    else:
        del entries[place]


def _index(step: str) -> int:
    if not (step.isascii() and step.isdigit()) or len(step) > 4:
        raise bad_request(f"Invalid patch: {step!r} is not a place in a list")
    return int(step)


def _patch_fields(item: Document, op: str, rest: list[str], value: Any) -> None:
    fields = item.get("fields")
    if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
        raise bad_request("Invalid patch: fields must be a list of objects")
    if not rest or rest == ["-"]:
        _patch_all_fields(item, op, rest, value)
        return
    place = next((i for i, field in enumerate(fields) if field.get("id") == rest[0]), None)
    if place is None:
        raise bad_request(f"The item doesn't have a {rest[0]} field.")
    if len(rest) == 1:
        _patch_field(fields, place, op, value)
    else:
        _patch_field_attribute(fields[place], op, rest[1:], value)


def _patch_all_fields(item: Document, op: str, rest: list[str], value: Any) -> None:
    """Add one field to the rest (OpenAPI example PatchItemField), or put all fields anew."""
    if op == "add":
        if not isinstance(value, dict):
            raise NotModelledError("adding anything but one field to /fields")
        item["fields"].append(value)
    elif rest:
        raise bad_request("Invalid patch: /fields/- is only for add")
    else:
        item["fields"] = value if op == "replace" else []


def _patch_field(fields: list[Document], place: int, op: str, value: Any) -> None:
    if op == "remove":
        del fields[place]
    elif op == "add":
        raise NotModelledError("adding a field under an id that is taken")
    elif isinstance(value, dict):
        fields[place] = {**value, "id": fields[place]["id"]}
    else:
        raise bad_request("Invalid patch: a field must be an object")


def _patch_field_attribute(field: Document, op: str, steps: list[str], value: Any) -> None:
    name = steps[0]
    if len(steps) > 1 or name not in _FIELD_ATTRIBUTES:
        raise NotModelledError(f"a patch of a field's /{'/'.join(steps)}")
    if op == "remove":
        field.pop(name, None)
    else:
        field[name] = value
