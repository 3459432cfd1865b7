"""SOQL's date literals as spans of time.

Source: SOQL and SOSL reference, "Date Formats and Date Literals in WHERE": days start at midnight
in the running user's time zone, weeks by the locale's first day (Sunday for en_US).
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.salesforce.errors import NotModelled

Span = tuple[datetime, datetime]
"""From (inside) to (outside), both in UTC."""

_N = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S")
_AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO")
_ONE = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)")
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def span(name: str, count: int | None, now: datetime, zone: ZoneInfo) -> Span | None:
    """Return the time that a date literal covers, or None when it is none."""
    name, today = name.upper(), now.astimezone(zone).date()
    if "FISCAL" in name:
        raise NotModelled(f"the fiscal date literal {name}")
    days = _plain(name, today) if count is None else _counted(name, count, today)
    if days is None:
        return None
    return _midnight(days[0], zone), _midnight(days[1], zone)


def _plain(name: str, today: date) -> tuple[date, date] | None:
    if name in _DAYS:
        return _units("DAY", today, _DAYS[name], 1)
    if name == "LAST_90_DAYS":
        return _units("DAY", today, -90, 91)
    if name == "NEXT_90_DAYS":
        return _units("DAY", today, 1, 90)
    match = _ONE.fullmatch(name)
    if match is None:
        return None
    return _units(match[2], today, {"LAST": -1, "THIS": 0, "NEXT": 1}[match[1]], 1)


def _counted(name: str, count: int, today: date) -> tuple[date, date] | None:
    ago, match = _AGO.fullmatch(name), _N.fullmatch(name)
    if ago is not None:
        return _units(ago[1], today, -count, 1)
    if match is None:
        return None
    if match[1] == "NEXT":
        return _units(match[2], today, 1, count)
    # LAST_N_DAYS goes on to the end of today; the longer units end with the unit before this one.
    return _units(match[2], today, -count, count + (match[2] == "DAY"))


def _units(unit: str, today: date, offset: int, length: int) -> tuple[date, date]:
    return _start(unit, today, offset), _start(unit, today, offset + length)


def _start(unit: str, today: date, offset: int) -> date:
    """Return the first day of the unit that lies `offset` units from the one with today."""
    match unit:
        case "DAY":
            return today + timedelta(days=offset)
        case "WEEK":
            return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=offset)
        case "MONTH":
            return _month(today.year * 12 + today.month - 1 + offset)
        case "QUARTER":
            return _month((today.year * 4 + (today.month - 1) // 3 + offset) * 3)
        case _:
            return date(today.year + offset, 1, 1)


def _month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
