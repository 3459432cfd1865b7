"""`usher reconcile` beside the running bot: what it tells, what it leaves alone, what it mends."""

from collections.abc import Iterator

import pytest

from bot.domain.audit import Tag
from bot.sandbox.faults import Fault, FaultKind
from tests.end_to_end.house import House
from tests.end_to_end.shell import usher

NO, WRONG_USE, BROKEN = 1, 2, 3
STRAY = "AcmeCrmReports"
Drifted = tuple[House, str, str]
"""The house, the seller's user name and person id."""


@pytest.fixture
def drifted(house: House) -> Iterator[Drifted]:
    """Let an administrator give a seller a set that nobody granted."""
    team = house.team()
    house.grant_standard(team.seller, team.manager)
    user = house.user(team.seller)
    assert user is not None
    house.world.salesforce.admin.assign_set(user.username, STRAY)
    yield house, user.username, team.seller.id
    if STRAY in getattr(house.user(team.seller), "permission_sets", ()):
        house.world.salesforce.admin.unassign_set(user.username, STRAY)


def _sets(house: House, username: str) -> tuple[str, ...]:
    user = house.world.salesforce.org.user(username)
    assert user is not None
    return tuple(user.permission_sets)


def test_a_plan_tells_what_differs_and_by_whom_and_writes_nothing(
    drifted: Drifted,
) -> None:
    house, username, _ = drifted
    before = sum(exchange.is_write for exchange in house.world.salesforce.exchanges)

    told = usher(house.environ, "reconcile", "--system", "salesforce", "--plan")

    lines = told.out.splitlines()
    assert told.code == NO
    assert "surplus_set (1): A permission set is assigned that nobody granted." in lines
    (line,) = [one for one in lines if STRAY in one and username in one and " | " in one]
    assert "by gus.hale@acme.example.crm on " in line
    assert any(one.startswith("unknown_active (") for one in lines)
    assert "users read with" in lines[-1]
    assert before == sum(exchange.is_write for exchange in house.world.salesforce.exchanges)
    assert STRAY in _sets(house, username)


def test_as_json_for_scripts(drifted: Drifted) -> None:
    house, username, _ = drifted

    told = usher(house.environ, "reconcile", "--plan", "--json")

    assert told.code == NO
    found = told.json
    assert found["is_complete"] is True
    assert found["counts"]["surplus_set"] == 1
    (stray,) = [one for one in found["findings"] if one["kind"] == "surplus_set"]
    assert (stray["username"], stray["what"]) == (username, STRAY)
    assert (stray["is_healable"], stray["by"]) == (True, "gus.hale@acme.example.crm")
    assert found["started"] is False
    assert 0 < found["calls"] <= 8
    # one of very few people governed here is more than the five in a hundred of the policy
    assert [one["username"] for one in found["held_back"]] == [username]
    assert found["must_look"] == "gtm-systems"


def test_the_breaker_holds_it_back_until_the_policy_allows_it(drifted: Drifted) -> None:
    house, username, person_id = drifted

    held = usher(house.environ, "reconcile")
    house.settle()
    still = _sets(house, username)
    with house.policy_changed("company.yml", "percent: 5", "percent: 100"):
        mending = usher(house.environ, "reconcile")
        house.settle()

    assert (held.code, mending.code) == (NO, NO)
    assert "limits.removals allows 0: nothing is taken away. gtm-systems must look." in held.out
    assert STRAY in still
    assert f"is being mended: {username}: remove permission set" in mending.out
    assert STRAY not in _sets(house, username)
    entries = [entry for entry in house.audit(person_id) if entry.tag is Tag.DRIFT_HEALED]
    assert [entry.facts["account"] for entry in entries] == [username]


def test_an_org_that_cannot_be_read_is_no_org_without_drift(house: House) -> None:
    lost = Fault(route="POST /services/data/v62.0/composite", kind=FaultKind.DROP_BEFORE, times=50)
    house.world.salesforce.faults.add(lost)

    told = usher(house.environ, "reconcile", "--plan")

    assert (told.code, told.out) == (BROKEN, "")
    assert told.err.startswith("salesforce: ")


def test_a_system_that_nobody_can_read_is_refused(house: House) -> None:
    told = usher(house.environ, "reconcile", "--plan", "--system", "gong")

    assert told.code == NO
    assert "gong is no system that Usher can read." in told.err
