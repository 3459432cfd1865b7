"""Turn pydantic's errors into one sentence per mistake, each at the key or value to blame."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.adapters.policy_files.models import FILE_MODELS, Closed
from bot.domain.policy_draft import KeyPath
from bot.domain.spelling import closest, did_you_mean

_KEY = "[key]"
_MOST_SHOWN = 60


@dataclass(frozen=True)
class Mistake:
    """One mistake in a file; `also` are paths that are broken by the same mistake."""

    path: KeyPath
    message: str
    at_key: bool = False
    also: tuple[KeyPath, ...] = ()


def model_at(annotation: Any, path: KeyPath) -> type[Closed] | None:
    """Return the model whose keys stand at this path of a file, or None for names and lists."""
    if isinstance(annotation, type) and issubclass(annotation, Closed):
        if not path:
            return annotation
        field = fields_of(annotation).get(str(path[0]))
        return model_at(field.annotation, path[1:]) if field else None
    if get_origin(annotation) in (dict, tuple):
        entry = get_args(annotation)[1 if get_origin(annotation) is dict else 0]
        return model_at(entry, path[1:]) if path else None
    found = (model_at(choice, path) for choice in get_args(annotation))
    return next((model for model in found if model), None)


def fields_of(model: type[Closed]) -> Mapping[str, FieldInfo]:
    """Map the keys as written in files to the model's fields."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def mistakes_of(kind: str, data: Any, errors: Iterable[ErrorDetails]) -> list[Mistake]:
    """Translate the errors of one file; a misspelt key and the key it should be are one mistake."""
    by_type: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        by_type.setdefault(error["type"], []).append(error)
    # The first element is the union's tag, which is the file's kind.
    missing: dict[KeyPath, list[str]] = {}
    for error in by_type.pop("missing", ()):
        missing.setdefault(error["loc"][1:-1], []).append(str(error["loc"][-1]))
    unknown: dict[KeyPath, list[KeyPath]] = {}
    for error in by_type.pop("extra_forbidden", ()):
        unknown.setdefault(error["loc"][1:-1], []).append(error["loc"][1:])
    found: list[Mistake] = []
    for block, paths in unknown.items():
        wanted = missing.get(block, [])
        is_pair = len(paths) == len(wanted) == 1
        for path in paths:
            meant = wanted[0] if is_pair else closest(str(path[-1]), wanted)
            found.append(_unknown_key(kind, data, path, meant))
            if meant:
                wanted.remove(meant)
    lost = ((*block, name) for block, names in missing.items() for name in names)
    found += [Mistake(path, f"'{_dotted(path)}' is required") for path in lost]
    found += [_wrong_value(error) for group in by_type.values() for error in group]
    return found


def _unknown_key(kind: str, data: Any, path: KeyPath, meant: str | None) -> Mistake:
    """Judge a key; `meant` is the one that the block must have instead."""
    parent, key = path[:-1], str(path[-1])
    model = model_at(FILE_MODELS[kind], parent)
    names = fields_of(model) if model else {}
    if meant:
        hint = did_you_mean(key, (meant,)) or f", and '{meant}' is missing: write {meant}"
        text = f"unknown key {shown(key)}{hint}"
        return Mistake(path, text, at_key=True, also=((*parent, meant),))
    present = _keys_at(data, parent)
    unused = [name for name in names if name not in present]
    hint = did_you_mean(key, unused) or f" (known: {', '.join(names)})"
    return Mistake(path, f"unknown key {shown(key)}{hint}", at_key=True)


def _keys_at(data: Any, path: KeyPath) -> Collection[str]:
    for step in path:
        data = data[step]
    return cast("Collection[str]", data)


def empty_value(path: KeyPath) -> Mistake:
    """Refuse a key without a value: what was meant to stand there would be missing silently."""
    return Mistake(path, f"{_dotted(path)} is empty: write a value or remove the key")


def _wrong_value(error: ErrorDetails) -> Mistake:
    path, at_key = error["loc"][1:], False
    if path and path[-1] == _KEY:
        path, at_key = path[:-1], True
    sentence = _SENTENCES.get(error["type"], _unusable)
    text = sentence(_dotted(path), error["input"], error.get("ctx", {}))
    if error["input"] is None:
        return empty_value(path)
    return Mistake(path, printable(text), at_key=at_key)


# ---- words --------------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """Show a value of a file on one line, text in quotes."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)[:_MOST_SHOWN]
    clean = printable(value)
    return f"'{clean[:_MOST_SHOWN]}…'" if len(clean) > _MOST_SHOWN else f"'{clean}'"


def printable(text: str) -> str:
    """Replace what would break a line or turn its direction around."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _dotted(path: KeyPath) -> str:
    return shown(".".join(str(step) for step in path) or "the file").strip("'")


def kind_of(value: Any) -> str:
    """Name what a value is, in words of somebody who writes YAML."""
    match value:
        case bool():
            return f"the switch {shown(value)}"
        case int():
            return f"the number {shown(value)}"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a block of keys"
        case _:
            return "nothing"


def _text(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    quotes = f' (write it in quotes: "{shown(value)}")' if isinstance(value, int) else ""
    return f"{path} must be text, not {kind_of(value)}{quotes}"


def _listed(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    example = f"[{shown(value)[1:-1]}]" if isinstance(value, str) else "[one, two]"
    return f"{path} must be a list, not {kind_of(value)} (write {example})"


def _block(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    return f"{path} must be a block of keys, not {kind_of(value)} (write key: value)"


def _choice(path: str, value: Any, facts: Mapping[str, Any]) -> str:
    words = [word for word in str(facts["expected"]).split("'") if word.isidentifier()]
    hint = did_you_mean(value, words) if isinstance(value, str) else ""
    return f"{path}: {shown(value)} is not one of {facts['expected']}{hint}"


def _form(path: str, value: Any, facts: Mapping[str, Any]) -> str:
    return f"{shown(value)} is not in the right form for {path} ({facts['want']})"


def _switch(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    return f"{path} must be true or false, not {kind_of(value)}"


def _too_long(path: str, value: Any, facts: Mapping[str, Any]) -> str:
    return f"{path} has {len(value):,} characters: write {facts['max_length']:,} at most"


def _unusable(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    return f"{path}: {shown(value)} cannot be used here"


_SENTENCES: Mapping[str, Callable[[str, Any, Mapping[str, Any]], str]] = {
    "string_type": _text,
    "string_too_long": _too_long,
    "string_too_short": lambda path, _value, _facts: f"{path} may not be empty",
    "int_type": lambda path, value, _facts: f"{path} must be a number, not {kind_of(value)}",
    "greater_than_equal": lambda path, _value, facts: f"{path} must be at least {facts['ge']}",
    "less_than_equal": lambda path, _value, facts: f"{path} must be at most {facts['le']}",
    "bool_type": _switch,
    "tuple_type": _listed,
    "dict_type": _block,
    "model_type": _block,
    "enum": _choice,
    "wrong_form": _form,
    "wrong_value": lambda path, _value, facts: f"{path}: {facts['text']}",
}
