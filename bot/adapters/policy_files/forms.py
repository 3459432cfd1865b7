"""The forms of single values in policy files, each refusing with what to write instead."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from bot.adapters.time_zones import unknown_zone
from bot.domain.durations import PERMANENT, Duration, Unit

_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
_LOGIN = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_DURATION = r"(\d{1,6})(h|d|bd)"
_WEB = r"https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])([:/]\S*)?"
# Longer ones are not a term but a way around `permanent`, and dates end in the year 9999.
_MOST_DAYS = 3660


def _wrong_form(want: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_form", "wrong form", {"want": want})


def _wrong_value(text: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_value", "wrong value", {"text": text})


def _matching(pattern: str, want: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise _wrong_form(want)
        return value

    return check


def _term(want: str) -> Callable[[Any], Duration]:
    def parse(value: Any) -> Duration:
        found = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
        if found is None:
            raise _wrong_form(want)
        amount, unit = int(found[1]), Unit(found[2])
        if amount == 0:
            raise _wrong_value(f"'{value}' is too short: write at least 1h")
        if (amount / 24 if unit is Unit.HOURS else amount) > _MOST_DAYS:
            raise _wrong_value(f"'{value}' is longer than ten years: {want}")
        return Duration(amount, unit)

    return parse


def _longest(value: Any) -> Duration:
    if value == str(PERMANENT):
        return PERMANENT
    return _term("write 8h, 30d, 1bd or permanent")(value)


def _zone(value: str) -> str:
    if wrong := unknown_zone(value):
        raise _wrong_value(wrong)
    return value


def _holidays(value: str) -> str:
    from bot.adapters.policy_files.holiday_calendar import unknown_holidays

    if wrong := unknown_holidays(value):
        raise _wrong_value(wrong)
    return value


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[
    str,
    AfterValidator(_matching(_NAME, "write lower-case words joined by hyphens, such as view-only")),
]
Login = Annotated[
    str, AfterValidator(_matching(_LOGIN, "write a GitHub login without the @, such as octocat"))
]
WebAddress = Annotated[
    str, AfterValidator(_matching(_WEB, "write an address that starts with https://"))
]
Zone = Annotated[str, AfterValidator(_zone)]
Holidays = Annotated[str, AfterValidator(_holidays)]
Term = Annotated[
    Duration,
    PlainValidator(_term("write 8h, 30d or 1bd")),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION}$"}),
]
TermOrPermanent = Annotated[
    Duration,
    PlainValidator(_longest),
    WithJsonSchema({"type": "string", "pattern": f"^({_DURATION}|permanent)$"}),
]
