"""Replace what is wrong in a file by harmless values, so that the rest can be checked too.

A repaired file is never put in force: its mistakes are already told.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from bot.adapters.policy_files.messages import fields_of, model_at
from bot.adapters.policy_files.models import FILE_MODELS
from bot.domain.policy_draft import KeyPath

_HARMLESS: dict[str, Any] = {
    "timezone": "UTC",
    "groups": {},
    "members": [],
    "roles": {},
    "provider": "task",
    "delivery": "sso",
    "levels": {},
    "risk": "high",
    "bundle": {},
    "by": [],
    "longest": "1h",
    "removals": {"count": 1, "percent": 1},
    "count": 1,
    "percent": 1,
}
_HARMLESS_WORD = "x"


def empty_file(kind: str) -> dict[str, Any]:
    """Stand in for a file that is missing or cannot be read."""
    needed = (name for name, field in fields_of(FILE_MODELS[kind]).items() if field.is_required())
    return {name: _harmless(name) for name in needed} | {"kind": kind}


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
        data[int(last)] = _HARMLESS_WORD
        return
    model = model_at(FILE_MODELS[kind], path[:-1])
    field = fields_of(model).get(str(last)) if model else None
    if field and field.is_required():
        data[last] = _harmless(str(last))
    else:
        data.pop(last, None)


def _harmless(name: str) -> Any:
    return deepcopy(_HARMLESS.get(name, _HARMLESS_WORD))
