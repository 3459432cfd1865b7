"""The forms of single values in policy files, each refusing with what to write instead."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, PlainValidator, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from bot.adapters.time_zones import unknown_zone
from bot.domain.durations import PERMANENT, Duration, Unit

_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
_LOGIN = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_PERSON = r"\S+"
_FIELD = r"[A-Za-z][A-Za-z0-9_]*"
_PREFIX = r"[A-Za-z][A-Za-z0-9_]{0,14}"
_RECORD = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+#[1-9]\d*|https://[^\s/]+\S*"
_DAY = r"\d{4}-\d{2}-\d{2}"
_LOCAL_TIME = _DAY + r"T\d{2}:\d{2}"
_DURATION = r"(\d{1,6})(h|d|bd)"
_USER = re.compile(r"[a-z]+://[^\s/?#]*@", re.ASCII)
_WEB = r"https://[^\s/]+\S*|http://(127\.0\.0\.1|localhost|\[::1\])([:/]\S*)?"
# Longer ones are not a term but a way around `permanent`, and dates end in the year 9999.
MOST_DAYS = 3660
_LONGEST_NAME = 100


def _wrong_form(want: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_form", "wrong form", {"want": want})


def _wrong_value(text: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_value", "wrong value", {"text": text})


def _matching(pattern: str, want: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise _wrong_form(want)
        return value

    return check


def _address(pattern: str, want: str) -> Callable[[str], str]:
    """Check an address; a password in it is refused and not repeated, as this text is read, too."""
    check = _matching(pattern, want)

    def check_address(value: str) -> str:
        if _USER.match(value):
            raise _wrong_value(
                "this address has a user name or password in it, which does not belong into Git:"
                " write only what stands after the @"
            )
        return check(value)

    return check_address


def _term(want: str) -> Callable[[Any], Duration]:
    def parse(value: Any) -> Duration:
        found = re.fullmatch(_DURATION, value, re.ASCII) if isinstance(value, str) else None
        if found is None:
            raise _wrong_form(want)
        amount, unit = int(found[1]), Unit(found[2])
        if amount == 0:
            raise _wrong_value(f"'{value}' is too short: write at least 1h")
        if found[1].startswith("0"):
            raise _wrong_form(want)
        if (amount / 24 if unit is Unit.HOURS else amount) > MOST_DAYS:
            raise _wrong_value(f"'{value}' is longer than ten years: {want}")
        return Duration(amount, unit)

    return parse


def _longest(value: Any) -> Duration:
    if value == str(PERMANENT):
        return PERMANENT
    return _term("write 8h, 30d, 1bd or permanent")(value)


def _day(value: Any) -> date:
    want = 'write a day in quotes, such as "2026-11-02"'
    if not (isinstance(value, str) and re.fullmatch(_DAY, value, re.ASCII)):
        raise _wrong_form(want)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _wrong_value(f"there is no day '{value}': {want}") from None


def _local_time(value: Any) -> datetime:
    want = 'write a local time in quotes, such as "2026-11-02T09:00"'
    if not (isinstance(value, str) and re.fullmatch(_LOCAL_TIME, value, re.ASCII)):
        raise _wrong_form(want)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise _wrong_value(f"there is no time '{value}': {want}") from None


def _zone(value: str) -> str:
    if wrong := unknown_zone(value):
        raise _wrong_value(wrong)
    return value


def _holidays(value: str) -> str:
    from bot.adapters.policy_files.holiday_calendar import unknown_holidays

    if wrong := unknown_holidays(value):
        raise _wrong_value(wrong)
    return value


def _not_blank(value: str) -> str:
    if value and not value.strip():
        raise PydanticCustomError("string_too_short", "blank")
    return value


def _short(pattern: str) -> FieldInfo:
    """Bound a text, and tell editors its form."""
    extra: dict[str, JsonValue] = {"pattern": f"^({pattern})$"}
    field: FieldInfo = Field(max_length=_LONGEST_NAME, json_schema_extra=extra)
    return field


Text = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_not_blank)]
ShortText = Annotated[str, Field(min_length=1, max_length=150), AfterValidator(_not_blank)]
Name = Annotated[
    str,
    _short(_NAME),
    AfterValidator(_matching(_NAME, "write lower-case words joined by hyphens, such as view-only")),
]
Login = Annotated[
    str,
    _short(_LOGIN),
    AfterValidator(_matching(_LOGIN, "write a GitHub login without the @, such as octocat")),
]
FieldName = Annotated[
    str,
    _short(_FIELD),
    AfterValidator(
        _matching(_FIELD, "write letters, digits and _, such as Department or Level__c")
    ),
]
DeveloperName = Annotated[
    str,
    _short(_FIELD),
    AfterValidator(
        _matching(
            _FIELD,
            "write the API name and not the label: letters, digits and _, such as Sales_EMEA",
        )
    ),
]
Prefix = Annotated[
    str,
    _short(_PREFIX),
    AfterValidator(_matching(_PREFIX, "write the package's namespace prefix, such as SBQQ")),
]
PersonId = Annotated[
    str,
    _short(_PERSON),
    AfterValidator(_matching(_PERSON, "write a short id without spaces, such as ann")),
]
WebAddress = Annotated[
    str, AfterValidator(_address(_WEB, "write an address that starts with https://"))
]
Record = Annotated[
    str,
    AfterValidator(
        _address(_RECORD, "write where it was agreed: owner/repo#number or an https:// address")
    ),
]
Zone = Annotated[str, AfterValidator(_zone)]
Holidays = Annotated[str, AfterValidator(_holidays)]
Day = Annotated[
    date, PlainValidator(_day), WithJsonSchema({"type": "string", "pattern": f"^{_DAY}$"})
]
LocalTime = Annotated[
    datetime,
    PlainValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_LOCAL_TIME}$"}),
]
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
# How long exactly an emergency may last is checked beside the level's own rule.
EmergencyTerm = Annotated[
    Duration,
    PlainValidator(_longest),
    WithJsonSchema({"type": "string", "pattern": "^(([1-9]|1[0-9]|2[0-4])h|1d)$"}),
]
