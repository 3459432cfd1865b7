"""A reader of JSON Schema, draft 7, as plain as an editor's: what is wrong with a document.

It knows the keywords that our schemas use and stumbles over every other one, so that a schema in
another dialect, whose rules an editor would skip in silence, cannot pass.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}
Schema = Mapping[str, Any]
WORDS = {
    "$schema",
    "title",
    "description",
    "examples",
    "default",
    "definitions",
    "patternErrorMessage",  # of editors, not of the standard
}
"""What says nothing about a document."""


def mistakes(document: Any, schema: Schema, root: Schema | None = None, at: str = "") -> list[str]:
    """List what a schema forbids in a document, each with its path."""
    whole = root or schema
    if "$ref" in schema:
        assert set(schema) == {"$ref"}, "draft 7 reads nothing beside a reference"
        return mistakes(document, resolved(schema["$ref"], whole), whole, at)
    found: list[str] = []
    for check in dict.fromkeys(CHECKS[keyword] for keyword in schema if keyword not in WORDS):
        found += check(document, schema, whole, at)
    return found


def resolved(reference: str, root: Schema) -> Schema:
    start, _, name = reference.rpartition("/")
    assert start == "#/definitions"
    found: Schema = root["definitions"][name]
    return found


def _is(document: Any, name: str) -> bool:
    is_flag = isinstance(document, bool)
    return isinstance(document, TYPES[name]) and (name == "boolean" or not is_flag)


def _type(document: Any, schema: Schema, _root: Schema, at: str) -> Iterator[str]:
    if not _is(document, schema["type"]):
        yield f"{at}: not {schema['type']}"


def _choice(document: Any, schema: Schema, _root: Schema, at: str) -> Iterator[str]:
    if document not in schema.get("enum", [schema.get("const")]):
        yield f"{at}: not one of the words"


def _text(document: Any, schema: Schema, _root: Schema, at: str) -> Iterator[str]:
    if not isinstance(document, str):
        return
    if "pattern" in schema and not re.search(schema["pattern"], document, re.ASCII):
        yield f"{at}: not in the form"
    if not schema.get("minLength", 0) <= len(document) <= schema.get("maxLength", 10**9):
        yield f"{at}: too short or too long"


def _number(document: Any, schema: Schema, _root: Schema, at: str) -> Iterator[str]:
    low, high = schema.get("minimum", -(10**9)), schema.get("maximum", 10**9)
    if _is(document, "integer") and not low <= document <= high:
        yield f"{at}: too small or too big"


def _list(document: Any, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    if not isinstance(document, list):
        return
    if len(document) > schema.get("maxItems", 10**9):
        yield f"{at}: too many"
    for index, entry in enumerate(document):
        yield from mistakes(entry, schema.get("items", {}), root, f"{at}/{index}")


def _keys(document: Any, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    if not isinstance(document, dict):
        return
    yield from (f"{at}: no {key}" for key in schema.get("required", ()) if key not in document)
    if len(document) < schema.get("minProperties", 0):
        yield f"{at}: empty"
    for key, value in document.items():
        yield from mistakes(key, schema.get("propertyNames", {}), root, f"{at}/{key}")
        rules = [*_rules(key, schema)]
        if not rules and schema.get("additionalProperties") is False:
            yield f"{at}/{key}: unknown"
        for rule in rules or [schema.get("additionalProperties") or {}]:
            yield from mistakes(value, rule, root, f"{at}/{key}")


def _rules(key: str, schema: Schema) -> Iterator[Schema]:
    if key in schema.get("properties", {}):
        yield schema["properties"][key]
    for pattern, rule in schema.get("patternProperties", {}).items():
        if re.search(pattern, key, re.ASCII):
            yield rule


def _all(document: Any, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    for part in schema["allOf"]:
        yield from mistakes(document, part, root, at)


def _one(document: Any, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    if sum(not mistakes(document, part, root, at) for part in schema["oneOf"]) != 1:
        yield f"{at}: not exactly one"


_Check = Callable[[Any, Schema, Schema, str], Iterator[str]]
_OF_KEYS = (
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "minProperties",
)
CHECKS: Mapping[str, _Check] = {
    "type": _type,
    "enum": _choice,
    "const": _choice,
    **dict.fromkeys(("pattern", "minLength", "maxLength"), _text),
    **dict.fromkeys(("minimum", "maximum"), _number),
    **dict.fromkeys(("items", "maxItems"), _list),
    **dict.fromkeys(_OF_KEYS, _keys),
    "allOf": _all,
    "oneOf": _one,
}
