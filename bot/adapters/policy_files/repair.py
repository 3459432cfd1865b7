"""Replace what is wrong in a file by harmless values, so that the rest can be checked too.

A repaired file is never put in force: its mistakes are already told.
"""

from collections.abc import Iterable
from copy import deepcopy
from datetime import date
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from bot.adapters.policy_files.messages import fields_of, model_at
from bot.adapters.policy_files.models import FILE_MODELS, Closed
from bot.domain.durations import Duration
from bot.domain.policy_draft import KeyPath

_HARMLESS_WORD = "x"
# Texts of which not any word will do, and words that more hangs on than on others.
_HARMLESS: dict[str, str] = {
    "timezone": "UTC",
    "record": "x/x#1",
    "provider": "task",
    "delivery": "sso",
    "features": "Avantgo",
}
_HARMLESS_VALUES: dict[type, Any] = {int: 1, Duration: "1h", date: "2026-01-01"}


def empty_file(kind: str) -> dict[str, Any]:
    """Stand in for a file that is missing or cannot be read."""
    return _empty(FILE_MODELS[kind])


def repaired(kind: str, data: dict[str, Any], broken: Iterable[KeyPath]) -> dict[str, Any]:
    """Return a copy without the broken parts; what is required and wrong becomes harmless."""
    copy = deepcopy(data)
    # The deepest first: a part that is removed later takes its own repairs along.
    for path in sorted(broken, key=len, reverse=True):
        _repair(kind, copy, path)
    return copy


def _repair(kind: str, data: Any, path: KeyPath) -> None:
    for step in path[:-1]:
        data = data[step]
    last = path[-1]
    if isinstance(data, list):
        entry = model_at(FILE_MODELS[kind], path)
        word = _HARMLESS.get(str(path[-2]), _HARMLESS_WORD)
        data[int(last)] = _empty(entry) if entry else word
        return
    model = model_at(FILE_MODELS[kind], path[:-1])
    field = fields_of(model).get(str(last)) if model else None
    if field and field.is_required():
        data[last] = _harmless(str(last), field)
    else:
        data.pop(last, None)


def _empty(model: type[Closed]) -> dict[str, Any]:
    """Write what a block must have, and nothing else."""
    fields = fields_of(model).items()
    return {name: _harmless(name, field) for name, field in fields if field.is_required()}


def _harmless(name: str, field: FieldInfo) -> Any:
    wanted = field.annotation
    if name in _HARMLESS:
        return _HARMLESS[name]
    if isinstance(wanted, type):
        return _harmless_of(wanted)
    if get_origin(wanted) is Literal:
        return get_args(wanted)[0]
    return {} if get_origin(wanted) is dict else []


def _harmless_of(wanted: type) -> Any:
    if issubclass(wanted, Closed):
        return _empty(wanted)
    if issubclass(wanted, Enum):
        return next(iter(wanted)).value
    return _HARMLESS_VALUES.get(wanted, _HARMLESS_WORD)
