"""JSON Schema for editors, one for each kind of policy file, made from the models that load them.

Draft 7, which is what yaml-language-server reads: pydantic writes 2020-12, so it is rewritten here.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.adapters.policy_files.models import FILE_MODELS
from bot.adapters.policy_files.schema_words import FILES, HINTS, KEYS, MODELS

DIALECT = "http://json-schema.org/draft-07/schema#"
FOLDER = "schema"
"""Where the schemas lie, below the policy directory; no policy file is read from there."""

_OLD_REFERENCE, _REFERENCE = "#/$defs/", "#/definitions/"

Schema = dict[str, Any]


def schema_file(kind: str) -> str:
    return f"{kind}.schema.json"


def first_line(kind: str, file: str) -> str:
    """Return the comment by which editors find the schema of a policy file, from where it lies."""
    up = "../" * file.count("/")
    return f"# yaml-language-server: $schema={up}{FOLDER}/{schema_file(kind)}"


def schema_files() -> dict[str, str]:
    """Return all schemas as files, by name."""
    return {schema_file(kind): as_text(schema(kind)) for kind in FILE_MODELS}


def write_schemas(folder: Path, kinds: Iterable[str]) -> list[Path]:
    """Write the schemas of these kinds, over those that lie there; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in kinds:
        path = folder / schema_file(kind)
        path.write_text(as_text(schema(kind)), "utf-8")
        written.append(path)
    return written


def as_text(content: Schema) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def schema(kind: str) -> Schema:
    """Return the schema of one kind of file."""
    model = FILE_MODELS[kind]
    made = model.model_json_schema(by_alias=True)
    definitions = {
        _short(name): _defined(name, part) for name, part in made.pop("$defs", {}).items()
    }
    root = _defined(model.__name__, made)
    return {
        "$schema": DIALECT,
        "title": f"Usher policy: {kind}",
        **root,
        "description": FILES[kind],
        **({"definitions": definitions} if definitions else {}),
    }


def described_models() -> Iterator[type[BaseModel]]:
    """List the models that files consist of, each once; their keys need words."""
    seen: dict[type[BaseModel], None] = {}
    waiting: list[Any] = [*FILE_MODELS.values()]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel):
            if found not in seen:
                seen[found] = None
                waiting += [field.annotation for field in found.model_fields.values()]
        else:
            waiting += getattr(found, "__args__", ())
    return iter(seen)


def _defined(name: str, part: Schema) -> Schema:
    """Rewrite a model or an enum, with the words for its keys."""
    rewritten: Schema = _rewritten(part)
    if name in MODELS:
        rewritten["description"] = MODELS[name]
    for key, words in KEYS.get(name, {}).items():
        field = rewritten["properties"][key]
        field["description"] = words.says
        if words.pattern:
            field |= _hinted({"pattern": words.pattern})
        if words.examples:
            field["examples"] = list(words.examples)
    return rewritten


def _rewritten(part: Any) -> Any:
    if isinstance(part, list):
        return [_rewritten(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: _value(key, value) for key, value in part.items() if not _is_noise(key, value)}
    if "patternProperties" in found:
        # A name in another form is a mistake, and draft 7 lets it pass unless told.
        found.setdefault("additionalProperties", False)
    if reference := found.pop("$ref", None):
        # Beside a reference draft 7 reads nothing else.
        name = _short(reference.removeprefix(_OLD_REFERENCE))
        found["allOf"] = [{"$ref": f"{_REFERENCE}{name}"}]
    return _hinted(found)


def _hinted(part: Schema) -> Schema:
    """Add what to write instead, which editors show where others show the bare pattern."""
    hint = HINTS.get(part.get("pattern", ""))
    return {**part, "patternErrorMessage": hint} if hint else part


def _value(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties"):
        # Below these the keys are names, which may be called «title» as well.
        return {name: _rewritten(one) for name, one in value.items()}
    return _rewritten(value)


def _is_noise(key: str, value: object) -> bool:
    """Say whether a part tells people nothing: names made of names, and defaults that are empty."""
    return key == "title" or (key == "default" and value in ("", []))


def _short(name: str) -> str:
    return name.removesuffix("Model")
