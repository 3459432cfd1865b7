"""The values of a policy: how long, until when, and which line says so."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.durations import PERMANENT, Calendar, Duration, Unit
from bot.domain.policy import Where
from tests.factories import CHICAGO, NOW, level, policy

THANKSGIVING = date(2026, 11, 26)
CALENDAR = Calendar(CHICAGO, frozenset({THANKSGIVING}))
instants = st.timedeltas(timedelta(days=-300), timedelta(days=300)).map(lambda ago: NOW - ago)


def chicago(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo(CHICAGO))


@pytest.mark.parametrize(
    ("length", "written", "said"),
    [
        (Duration(8, Unit.HOURS), "8h", "8 hours"),
        (Duration(1, Unit.HOURS), "1h", "1 hour"),
        (Duration(30), "30d", "30 days"),
        (Duration(1, Unit.BUSINESS_DAYS), "1bd", "1 business day"),
        (PERMANENT, "permanent", "for good"),
    ],
)
def test_a_duration_as_policy_writes_it_and_as_people_say_it(
    length: Duration, written: str, said: str
) -> None:
    assert (str(length), length.in_words()) == (written, said)
    assert length.is_permanent is (length is PERMANENT)


@pytest.mark.parametrize(
    ("length", "end"),
    [
        (Duration(8, Unit.HOURS), NOW + timedelta(hours=8)),
        (Duration(30), NOW + timedelta(days=30)),
        (PERMANENT, None),
        (Duration(1, Unit.BUSINESS_DAYS), chicago(3)),
        (Duration(5, Unit.BUSINESS_DAYS), chicago(9)),
    ],
)
def test_when_a_duration_ends(length: Duration, end: datetime | None) -> None:
    assert length.after(NOW, CALENDAR) == end


def test_business_days_leave_out_weekends_and_holidays() -> None:
    wednesday, friday = chicago(25), chicago(27)

    assert CALENDAR.add_business_days(wednesday, 1) == friday
    assert CALENDAR.add_business_days(friday, 1) == chicago(30)
    assert CALENDAR.add_business_days(chicago(28), 1) == chicago(30)


def test_business_days_are_the_companys_and_keep_its_time_of_day_over_a_clock_change() -> None:
    friday = datetime(2026, 10, 30, 23, 30, tzinfo=ZoneInfo("America/Chicago"))

    assert CALENDAR.add_business_days(friday.astimezone(UTC), 1) == chicago(2, 23) + timedelta(
        minutes=30
    )


@given(instants, st.integers(0, 30))
def test_a_term_in_business_days_ends_on_one_of_them_and_no_sooner(
    start: datetime, days: int
) -> None:
    end = CALENDAR.add_business_days(start, days)

    assert days == 0 or CALENDAR.is_business_day(end.date())
    first = start.astimezone(ZoneInfo(CHICAGO)).date()
    passed = [first + timedelta(days=n) for n in range(1, (end.date() - first).days + 1)]
    assert sum(map(CALENDAR.is_business_day, passed)) == days


@given(instants, st.sampled_from(Unit), st.integers(1, 60))
def test_longer_terms_end_later(start: datetime, unit: Unit, amount: int) -> None:
    shorter, longer = (Duration(n, unit).after(start, CALENDAR) for n in (amount, amount + 1))

    assert shorter
    assert longer
    assert start < shorter < longer


def test_a_place_is_shown_as_file_and_line() -> None:
    assert str(Where("policies/roles.yml", 3, 56)) == "policies/roles.yml:3"


def test_a_level_knows_its_name_and_where_each_key_of_its_rule_stands() -> None:
    one, unasked = level("view-only"), level(request=None)

    assert one.name == "view-only"
    assert str(one.mark("approve")) == "policies/systems/crm.yml:14"
    assert one.mark("exception") == one.where
    assert unasked.mark("approve") == unasked.where


@pytest.mark.parametrize("unknown", ["", "crm", "crm/", "/standard", "gong/standard", "crm/a/b"])
def test_a_policy_finds_levels_by_system_and_name_only(unknown: str) -> None:
    rules = policy(level(), level("admin"))

    assert [one.id for one in rules.levels] == ["crm/standard", "crm/admin"]
    assert rules.level("crm/admin") is rules.levels[1]
    assert rules.system_of(rules.levels[1]).id == "crm"
    assert rules.level(unknown) is None


def test_a_policy_finds_groups_by_name() -> None:
    assert policy().group("it") is not None
    assert policy().group("manager") is None
