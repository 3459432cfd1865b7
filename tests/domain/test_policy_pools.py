"""Pools of seats have one name each, in policy and in code."""

from dataclasses import replace

from bot.domain.policy import Bundle, Pool
from bot.domain.policy_pools import (
    Feature,
    feature_pool,
    is_named_by_bundle,
    is_system_counted,
    package_pool,
    pools_of,
    seats_bought,
    with_bought,
)
from bot.domain.seats import UNLIMITED, PoolCount
from tests.factories import policy

ALL_KINDS = Bundle(
    licence="Salesforce",
    profile="P",
    permission_sets=("A",),
    permission_set_licences=("CPQPsl", "Salesforce"),
    packages=("SBQQ",),
    features=("Marketing", "Support"),
    role="Sales",
    groups=("All",),
    queues=("Leads",),
)


def test_a_bundle_draws_once_on_each_pool_that_it_names() -> None:
    assert pools_of(ALL_KINDS) == (
        "Salesforce",
        "CPQPsl",
        "package SBQQ",
        "feature Marketing",
        "feature Support",
    )
    assert pools_of(Bundle(by_hand=("Do it",))) == ()


def test_only_feature_licences_are_not_counted_by_the_system() -> None:
    packages, features, licence = package_pool("SBQQ"), feature_pool(Feature.CONTENT), "Salesforce"

    assert [is_system_counted(name) for name in (licence, packages, features)] == [
        True,
        True,
        False,
    ]
    assert [is_named_by_bundle(name) for name in (licence, packages, features)] == [
        False,
        True,
        True,
    ]


def test_a_pool_that_nobody_counts_has_the_seats_that_policy_says() -> None:
    pools = {"feature Marketing": Pool(seats=3), "Salesforce": Pool(seats=9)}
    marketing = PoolCount(name="feature Marketing", total=UNLIMITED, used=2)
    others = (
        PoolCount(name="feature Support", total=UNLIMITED, used=5),
        PoolCount(name="Salesforce", total=UNLIMITED, used=5),
        PoolCount(name="feature Marketing", total=2, used=1),
    )

    assert tuple(with_bought((marketing, *others), pools)) == (replace(marketing, total=3), *others)


def test_seats_are_those_that_are_written_down() -> None:
    made = policy()
    pools = {"Crm": Pool(seats=0), "Mail": Pool(keep_free=1)}
    made = replace(made, systems={"crm": replace(made.systems["crm"], pools=pools)})

    assert seats_bought(made) == {("crm", "Crm"): 0}
