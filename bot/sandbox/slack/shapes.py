"""Small checks from which the Block Kit rules are put together; each finds problems in Slack's
words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Problems = list[str]
"""Sentences such as "must be less than 76 characters [json-pointer:/blocks/0/text/text]"."""

Check = Callable[[Any, str], Problems]
"""Takes a value and its JSON pointer, returns what Slack would complain about."""


class NotModelledError(Exception):
    """The original has this and the sandbox does not: the door answers 501 with the text."""


def problem(message: str, pointer: str) -> str:
    return f"{message} [json-pointer:{pointer}]"


@dataclass(frozen=True)
class Shape:
    """The properties an object may have, those it must have, and a rule over the whole."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()
    whole: Check | None = None
    not_modelled: frozenset[str] = frozenset()

    def __call__(self, value: Any, pointer: str) -> Problems:
        if not isinstance(value, dict):
            return [problem("must provide an object", pointer)]
        found = [
            problem(f"missing required field: {name}", pointer)
            for name in self.required
            if value.get(name) is None
        ]
        for name, part in value.items():
            if name in self.not_modelled:
                raise NotModelledError(f"the property {name} at {pointer}")
            if name == "type":
                continue
            check = self.fields.get(name)
            if check is None:
                found.append(problem(f"invalid additional property: {name}", pointer))
            elif part is not None:
                found += check(part, f"{pointer}/{name}")
        if self.whole is not None:
            found += self.whole(value, pointer)
        return found


def string(most: int | None = None, *, least: int = 0) -> Check:
    def check(value: Any, pointer: str) -> Problems:
        if not isinstance(value, str):
            return [problem("must be a string", pointer)]
        # JavaScript counts UTF-16 units, Slack's validator characters: a character is what Python
        # counts.
        if len(value) < least:
            return [problem(f"must be more than {least - 1} characters", pointer)]
        if most is not None and len(value) > most:
            return [problem(f"must be less than {most + 1} characters", pointer)]
        return []

    return check


def boolean(value: Any, pointer: str) -> Problems:
    return [] if isinstance(value, bool) else [problem("must be a boolean", pointer)]


def integer(least: int | None = None, most: int | None = None) -> Check:
    def check(value: Any, pointer: str) -> Problems:
        if not isinstance(value, int) or isinstance(value, bool):
            return [problem("must be an integer", pointer)]
        if least is not None and value < least:
            return [problem(f"must be greater than or equal to {least}", pointer)]
        if most is not None and value > most:
            return [problem(f"must be less than or equal to {most}", pointer)]
        return []

    return check


def choice(*allowed: str) -> Check:
    def check(value: Any, pointer: str) -> Problems:
        if value in allowed:
            return []
        return [problem(f"must be one of: {', '.join(allowed)}", pointer)]

    return check


def matching(predicate: Callable[[str], bool], message: str) -> Check:
    def check(value: Any, pointer: str) -> Problems:
        if isinstance(value, str) and predicate(value):
            return []
        return [problem(message, pointer)]

    return check


def items(check_one: Check, *, least: int = 1, most: int | None = None) -> Check:
    def check(value: Any, pointer: str) -> Problems:
        if not isinstance(value, list):
            return [problem("must be an array", pointer)]
        found: Problems = []
        if len(value) < least:
            found.append(problem(f"no fewer than {least} items allowed", pointer))
        if most is not None and len(value) > most:
            found.append(problem(f"no more than {most} items allowed", pointer))
        for index, one in enumerate(value):
            found += check_one(one, f"{pointer}/{index}")
        return found

    return check


def one_of_types(shapes: Mapping[str, Check], *, real: frozenset[str] = frozenset()) -> Check:
    """Choose the check by the object's `type`; `real` are types that Slack has and the sandbox has
    not.
    """

    def check(value: Any, pointer: str) -> Problems:
        if not isinstance(value, dict):
            return [problem("must provide an object", pointer)]
        kind = value.get("type")
        if kind is None:
            return [problem("missing required field: type", pointer)]
        if kind in real:
            raise NotModelledError(f"the Block Kit type {kind} at {pointer}")
        if not isinstance(kind, str) or kind not in shapes:
            return [problem(f"unsupported type: {kind}", f"{pointer}/type")]
        return shapes[kind](value, pointer)

    return check
