"""How many seats are free, and which pool binds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.seats import (
    UNLIMITED,
    Availability,
    PoolCount,
    availability,
    not_counted_free,
)

NAMES = ("Salesforce", "CrmPsl", "InboxPsl")
amounts = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5))
pools = st.lists(
    st.builds(
        PoolCount,
        name=st.sampled_from(NAMES),
        total=st.just(UNLIMITED) | st.integers(0, 12),
        used=st.integers(0, 15),
        is_active=st.booleans(),
        counted=st.integers(0, 15),
    ),
    max_size=3,
    unique_by=lambda pool: pool.name,
)


def free_of(pool: PoolCount, reserved: dict[str, int], keep_free: dict[str, int]) -> int | None:
    """Say the rule once more in other words."""
    if not pool.is_active:
        return 0
    if pool.total == UNLIMITED:
        return None
    used = max(pool.counted, pool.used)
    taken = used + reserved.get(pool.name, 0) + keep_free.get(pool.name, 0)
    return pool.total - taken if taken < pool.total else 0


@given(pools, amounts, amounts)
def test_the_pool_with_the_fewest_free_seats_binds(
    counts: list[PoolCount], reserved: dict[str, int], keep_free: dict[str, int]
) -> None:
    found = availability(counts, reserved=reserved, keep_free=keep_free)

    limits = [free for pool in counts if (free := free_of(pool, reserved, keep_free)) is not None]
    assert found.free == min(limits, default=None)
    assert found.free is None or found.free >= 0
    if limits:
        binding = next(pool for pool in counts if pool.name == found.pool)
        assert free_of(binding, reserved, keep_free) == found.free
        assert (found.total, found.used) == (binding.total, binding.taken)


@given(pools, amounts, st.sampled_from(NAMES))
def test_one_more_reservation_never_frees_a_seat(
    counts: list[PoolCount], reserved: dict[str, int], name: str
) -> None:
    before = availability(counts, reserved=reserved, keep_free={})
    more = {**reserved, name: reserved.get(name, 0) + 1}

    after = availability(counts, reserved=more, keep_free={})

    assert before.free is None or after.free <= before.free


@pytest.mark.parametrize(
    ("pool", "free"),
    [
        (PoolCount(name="Salesforce", total=10, used=4), 3),
        (PoolCount(name="Salesforce", total=5, used=10), 0),
        (PoolCount(name="Salesforce", total=10, used=1, counted=5), 2),
        (PoolCount(name="Salesforce", total=UNLIMITED, used=10), None),
        (PoolCount(name="Salesforce", total=10, used=0, is_active=False), 0),
    ],
)
def test_free_is_what_neither_used_reserved_nor_kept(pool: PoolCount, free: int | None) -> None:
    found = availability([pool], reserved={"Salesforce": 2}, keep_free={"Salesforce": 1})

    assert found.free == free


def test_without_pools_nothing_limits() -> None:
    found = availability([], reserved={}, keep_free={})

    assert found == Availability(pool="", free=None, total=UNLIMITED, used=0)
    assert found.is_free


@pytest.mark.parametrize(("free", "is_free"), [(None, True), (1, True), (0, False)])
def test_a_pool_is_free_when_something_is_left(free: int | None, *, is_free: bool) -> None:
    assert Availability(pool="Salesforce", free=free, total=5, used=5).is_free is is_free


@pytest.mark.parametrize(
    ("was", "now", "is_named"),
    [(5, 4, False), (5, 5, True), (5, 6, True), (0, 0, False)],
)
def test_a_counter_that_has_not_moved_is_told(was: int, now: int, *, is_named: bool) -> None:
    """Nought is no lag: nothing was counted there to begin with."""
    before = [PoolCount(name="Salesforce", total=9, used=was)]
    after = [
        PoolCount(name="Salesforce", total=9, used=now),
        PoolCount(name="CrmPsl", total=9, used=3),
    ]

    found = not_counted_free({"Salesforce", "CrmPsl"}, before, after)

    assert [pool.name for pool in found] == (["Salesforce"] if is_named else [])
