"""How many calls Usher may spend on what can wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.quota import Quota, bulk_calls, is_low, may_read_bulk

counts = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("used", "reserved", "calls"),
    [
        (0, 20, 7500),
        (7000, 20, 500),
        (7499, 20, 1),
        (7500, 20, 0),
        (9000, 20, 0),
        (12_000, 20, 0),
        (0, 0, 9500),
        (0, 95, 0),
        (0, 100, 0),
        (0, 400, 0),
        (0, -50, 9500),
    ],
)
def test_reads_of_the_whole_org_stop_before_the_others_share(
    used: int, reserved: int, calls: int
) -> None:
    quota = Quota(used, 10_000)

    assert bulk_calls(quota, reserved_percent=reserved) == calls
    assert may_read_bulk(quota, calls, reserved_percent=reserved) is (calls > 0)
    assert not may_read_bulk(quota, calls + 1, reserved_percent=reserved)


def test_an_org_without_an_allowance_is_not_read() -> None:
    assert not may_read_bulk(Quota(0, 0), 1)
    assert is_low(Quota(0, 0))


@pytest.mark.parametrize(("used", "low"), [(0, False), (8000, False), (8001, True), (99_999, True)])
def test_less_than_the_others_share_is_low(used: int, low: bool) -> None:  # noqa: FBT001  # a table
    assert is_low(Quota(used, 10_000)) is low


@given(used=counts, total=counts, reserved=st.integers(0, 100), calls=counts)
def test_no_read_ever_touches_the_others_share(
    used: int, total: int, reserved: int, calls: int
) -> None:
    if may_read_bulk(Quota(used, total), calls, reserved_percent=reserved):
        left = total - used - calls
        assert left * 100 >= total * reserved


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 200)), max_size=60))
def test_a_day_of_reads_and_other_programs_leaves_the_share(day: list[tuple[int, int]]) -> None:
    """Others may use up everything; Usher's reads never add to what is above the line."""
    used, ours, total = 0, 0, 5_000
    for wanted, others in day:
        used += others
        if may_read_bulk(Quota(used, total), wanted):
            used += wanted
            ours += wanted
            assert used <= total * 80 // 100

    assert ours <= total * 75 // 100
