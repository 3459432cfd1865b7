"""What a plan says about access held, the seats it takes, and who hears of it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.durations import PERMANENT, Duration
from bot.domain.grant import Basis, Grant, GrantState
from bot.domain.policy import (
    Bundle,
    Policy,
    Pool,
    Separation,
    SeparationException,
    Where,
)
from bot.domain.policy_plan_values import PoolNeed
from bot.domain.seats import UNLIMITED, PoolCount
from tests.domain.plan_making import compare, made
from tests.factories import (
    NOW,
    grant,
    level,
    person,
    policy,
    role,
    roster,
)

WHERE = Where("policies/separation.yml", 4)
FULL = Bundle(licence="Full", permission_set_licences=("Inbox",))


# ---- access held --------------------------------------------------------------------------------


def gone(base: Policy, head: Policy, *held: Grant, **facts: Any) -> dict[str, str]:
    return {
        change.grant_id: change.why for change in compare(base, head, grants=held, **facts).grants
    }


def test_access_that_the_new_policy_would_not_give_is_listed_with_why() -> None:
    base = policy(level(longest=PERMANENT), level("view"), roles=(role("engineer", "crm/view"),))
    held = grant(id="asked", until=None)
    given = grant(id="given", level_id="crm/view", basis=Basis.BIRTHRIGHT)

    assert gone(base, policy(level(), level("view")), held, given) == {
        "asked": "it lasts longer than 30d",
        "given": "it does not come with the role",
    }
    assert gone(base, policy(level(by=("csm",)), level("view")), held) == {
        "asked": "it may not be asked for"
    }
    assert gone(base, policy(level("view")), held) == {"asked": "there is no such level"}
    assert gone(base, policy(level(request=None)), held) == {"asked": "it may not be asked for"}


def test_what_was_asked_for_may_as_well_come_with_the_role() -> None:
    head = policy(level(by=("csm",)), roles=(role("engineer", "crm/standard"),))

    assert gone(policy(level()), head, grant()) == {}


def test_access_of_strangers_or_that_is_over_or_was_wrong_before_is_no_news() -> None:
    base, head = policy(level()), policy(level(by=("csm",)))

    assert gone(base, head, grant(person_id="stranger")) == {}
    assert gone(base, head, grant(state=GrantState.ENDED)) == {}
    assert gone(head, policy(level(by=("consultant",))), grant()) == {}
    assert gone(base, base, grant(until=None)) == {}


def kept_apart(one: Policy, exception: SeparationException | None = None) -> Policy:
    rule = Separation(
        id="both",
        never_both=("crm/standard", "crm/view"),
        why="Too much.",
        where=WHERE,
        exception=exception,
    )
    return replace(one, separations=(rule,))


def test_a_new_separation_takes_from_those_who_hold_a_side() -> None:
    base = policy(level(), level("view"), level("other"))
    held = (
        grant(id="a1"),
        grant(id="a2", level_id="crm/view"),
        grant(id="b1", person_id="bea"),
    )

    found = compare(base, kept_apart(base), grants=held)

    assert {change.grant_id for change in found.grants} == {"a1", "a2"}
    assert {(s.level_id, s.is_gain, s.people) for s in found.shifts} == {
        ("crm/standard", False, ("ann",)),
        ("crm/view", False, ("ann", "bea")),
    }


def test_an_exception_asks_more_people_and_limits_the_time() -> None:
    base = policy(level(longest=PERMANENT), level("view"))
    exception = SeparationException(approve=("security",), longest=Duration(3), where=WHERE)
    held = (grant(id="a1", until=None), grant(id="a2", level_id="crm/view", until=NOW))

    found = compare(base, kept_apart(base, exception), grants=held)

    assert {change.grant_id: change.why for change in found.grants} == {
        "a1": "it lasts longer than 3d"
    }
    assert [(change.level_id, change.people) for change in found.approvers] == [
        ("crm/standard", 1),
        ("crm/view", 1),
    ]


def test_an_exception_does_not_limit_those_who_hold_one_side() -> None:
    base = policy(level(longest=PERMANENT), level("view"), level("other"))
    exception = SeparationException(approve=("security",), longest=Duration(3), where=WHERE)
    held = (grant(id="a1", until=None), grant(id="a2", level_id="crm/other"))

    assert gone(base, kept_apart(base, exception), *held) == {}


# ---- seats, and who hears of it -----------------------------------------------------------------


def csms(*ids: str) -> Any:
    return roster(*(person(id_, role="csm") for id_ in ids))


SEATED = policy(level("sales", bundle=FULL), level("view", bundle=FULL), roles=(role("csm"),))
GIVING = policy(
    level("sales", bundle=FULL),
    level("view", bundle=FULL),
    roles=(role("csm", "crm/sales", "crm/view"),),
)


def test_new_birthrights_take_a_seat_for_each_person_who_has_none() -> None:
    held = (grant(person_id="ann", level_id="crm/view"),)

    found = compare(SEATED, GIVING, roster=csms("ann", "bea", "ivy"), grants=held)

    assert found.pools == (
        PoolNeed(system="crm", pool="Full", needed=2, free=None),
        PoolNeed(system="crm", pool="Inbox", needed=2, free=None),
    )


@pytest.mark.parametrize(
    ("count", "free", "is_short"),
    [
        (PoolCount(name="Full", total=10, used=9), 1, True),
        (PoolCount(name="Full", total=10, used=8), 2, False),
        (PoolCount(name="Full", total=1, used=9), 0, True),
        (PoolCount(name="Full", total=10, used=0, is_active=False), 0, True),
        (PoolCount(name="Full", total=UNLIMITED, used=9), None, False),
        (PoolCount(name="Other", total=10, used=9), None, False),
    ],
)
def test_seats_are_held_against_what_is_free(
    count: PoolCount, free: int | None, *, is_short: bool
) -> None:
    found = compare(SEATED, GIVING, roster=csms("ann", "bea"), seats={"crm": (count,)})

    assert (found.pools[0].free, found.pools[0].is_short) == (free, is_short)


def test_a_feature_licence_has_the_seats_that_policy_says_were_bought() -> None:
    market = level("market", bundle=Bundle(licence="Full", features=("Marketing",)))
    pools = {"feature Marketing": Pool(seats=3)}

    def with_pool(*birthright: str) -> Policy:
        made = policy(market, roles=(role("csm", *birthright),))
        return replace(made, systems={"crm": replace(made.systems["crm"], pools=pools)})

    counts = {"crm": (PoolCount(name="feature Marketing", total=UNLIMITED, used=2),)}
    found = compare(with_pool(), with_pool("crm/market"), roster=csms("ann", "bea"), seats=counts)

    assert found.pools[1] == PoolNeed(system="crm", pool="feature Marketing", needed=2, free=1)


def test_whoever_gets_or_loses_something_or_must_answer_hears_of_it_once() -> None:
    base = policy(level(approve=("security",)), level("view"), roles=(role("csm"),))
    head = policy(
        level(approve=("crm-owners",)),
        level("view", by=("csm",)),
        roles=(role("csm", "crm/view"),),
    )
    people = roster(person("ivy", role="csm"), person("ian", role="csm"))
    held = (
        grant(id="g1", person_id="ian", level_id="crm/view"),
        grant(id="g2", person_id="sue", level_id="crm/view"),
    )
    asked = (made(base, requester_id="bea"),)

    messages = compare(base, head, roster=people, grants=held, requests=asked).messages

    assert messages.birthrights == ("ivy",)
    assert messages.grants == ("sue",)
    assert messages.requests == ("ann", "bea")
    assert messages.approvers == ("gil", "gus")
    assert messages.people == ("ann", "bea", "gil", "gus", "ivy", "sue")


def test_without_the_database_the_plan_says_so() -> None:
    assert not compare(SEATED, SEATED, grants=None, requests=None).knows_access
    assert compare(SEATED, SEATED).knows_access
