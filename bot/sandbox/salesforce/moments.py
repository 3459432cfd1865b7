"""Dates and times as the REST API writes and reads them (REST guide, "Valid Date and DateTime
Formats").
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)


def parse_moment(text: str) -> datetime | None:
    """Read a dateTime with a zone (Z, +hh:mm or +hhmm); None when it is not one."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    day, clock, millis, zone = match.groups()
    try:
        naive = datetime.fromisoformat(f"{day}T{clock}")  # the zone follows
    except ValueError:
        return None
    moment = naive.replace(tzinfo=_zone(zone)) + timedelta(
        milliseconds=int((millis or "0").ljust(3, "0"))
    )
    return moment.astimezone(UTC)


def parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def render_moment(moment: datetime) -> str:
    """Write UTC with milliseconds, as in 2026-07-01T12:00:00.000+0000."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def _zone(text: str) -> timezone:
    if text.upper() == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
