"""Lengths of time as policy writes them, and the calendar that business days come from."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Unit(StrEnum):
    """Units of a duration: elapsed hours and days, or business days of the company's calendar."""

    HOURS = "h"
    DAYS = "d"
    BUSINESS_DAYS = "bd"


@dataclass(frozen=True)
class Calendar:
    """The company's business days: Monday to Friday but for `holidays`, in its own time zone."""

    timezone: str
    holidays: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays  # noqa: PLR2004  # Monday is 0

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """Return the same local time `days` business days later."""
        local = start.astimezone(ZoneInfo(self.timezone))
        day = local.date()
        for _ in range(days):
            day += timedelta(days=1)
            while not self.is_business_day(day):
                day += timedelta(days=1)
        return datetime.combine(day, time(local.hour, local.minute, local.second), local.tzinfo)


@dataclass(frozen=True)
class Duration:
    """A length of time as policy writes it: 8h, 30d, 2bd, or permanent (no amount)."""

    amount: int | None
    unit: Unit = Unit.DAYS

    def __str__(self) -> str:
        return "permanent" if self.amount is None else f"{self.amount}{self.unit}"

    @property
    def is_permanent(self) -> bool:
        return self.amount is None

    def after(self, start: datetime, calendar: Calendar) -> datetime | None:
        """Return the instant this long after `start`; None means never."""
        if self.amount is None:
            return None
        if self.unit is Unit.BUSINESS_DAYS:
            return calendar.add_business_days(start, self.amount)
        return start + (
            timedelta(hours=self.amount) if self.unit is Unit.HOURS else timedelta(days=self.amount)
        )

    def in_words(self) -> str:
        if self.amount is None:
            return "for good"
        noun = {Unit.HOURS: "hour", Unit.DAYS: "day", Unit.BUSINESS_DAYS: "business day"}[self.unit]
        return f"{self.amount} {noun}{'' if self.amount == 1 else 's'}"


PERMANENT = Duration(None)
