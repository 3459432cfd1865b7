"""Turn pydantic's errors into one sentence per mistake, each at the key or value to blame."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.adapters.policy_files.models import FILE_MODELS, LATER_KEYS, Closed
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
    if get_origin(annotation) is dict:
        return model_at(get_args(annotation)[1], path[1:]) if path else None
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
    missing = {error["loc"][1:] for error in by_type.pop("missing", ())}
    found: list[Mistake] = []
    for error in by_type.pop("extra_forbidden", ()):
        mistake = _unknown_key(kind, data, error["loc"][1:], missing)
        missing.difference_update(mistake.also)
        found.append(mistake)
    found += [Mistake(path, f"'{_dotted(path)}' is required") for path in missing]
    found += [_wrong_value(error) for group in by_type.values() for error in group]
    return found


def _unknown_key(kind: str, data: Any, path: KeyPath, missing: set[KeyPath]) -> Mistake:
    parent, key = path[:-1], str(path[-1])
    if not parent and key in LATER_KEYS.get(kind, ()):
        text = f"this version of Usher does not know '{key}' yet: remove it (it would do nothing)"
        return Mistake(path, text, at_key=True)
    model = model_at(FILE_MODELS[kind], parent)
    names = fields_of(model) if model else {}
    wanted = [str(lost[-1]) for lost in missing if lost[:-1] == parent]
    meant = closest(key, wanted)
    if meant:
        text = f"unknown key {shown(key)} - did you mean '{meant}'?"
        return Mistake(path, text, at_key=True, also=((*parent, meant),))
    present = _keys_at(data, parent)
    unused = [name for name in names if name not in present]
    hint = did_you_mean(key, unused) or f" (known: {', '.join(names)})"
    return Mistake(path, f"unknown key {shown(key)}{hint}", at_key=True)


def _keys_at(data: Any, path: KeyPath) -> Sequence[str]:
    for step in path:
        data = data[step]
    return list(data)


def _wrong_value(error: ErrorDetails) -> Mistake:
    path, at_key = error["loc"][1:], False
    if path and path[-1] == _KEY:
        path, at_key = path[:-1], True
    sentence = _SENTENCES.get(error["type"], _unusable)
    text = sentence(_dotted(path), error["input"], error.get("ctx", {}))
    if error["input"] is None:
        text = f"{_dotted(path)} is empty: write a value or remove the key"
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


def _unusable(path: str, value: Any, _facts: Mapping[str, Any]) -> str:
    return f"{path}: {shown(value)} cannot be used here"


_SENTENCES: Mapping[str, Callable[[str, Any, Mapping[str, Any]], str]] = {
    "string_type": _text,
    "string_too_short": lambda path, _value, _facts: f"{path} may not be empty",
    "int_type": lambda path, value, _facts: f"{path} must be a number, not {kind_of(value)}",
    "greater_than_equal": lambda path, _value, facts: f"{path} must be at least {facts['ge']}",
    "less_than_equal": lambda path, _value, facts: f"{path} must be at most {facts['le']}",
    "tuple_type": _listed,
    "dict_type": _block,
    "model_type": _block,
    "enum": _choice,
    "wrong_form": _form,
    "wrong_value": lambda path, _value, facts: f"{path}: {facts['text']}",
}
