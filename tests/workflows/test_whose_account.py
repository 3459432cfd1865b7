"""What ends is the account that was granted, and whom somebody else has shut out stays out."""

from dataclasses import replace
from typing import Any

import pytest

from bot import operating
from bot.domain.changes import Part
from bot.domain.errors import RateLimited, Unauthorized, Unavailable
from bot.domain.grant import Grant, GrantState
from bot.domain.plan import Seat
from tests.factories import NOW
from tests.factories import grant as some_grant
from tests.workflows.office import Office

LONG, SHORT = "005000000000001AAA", "005000000000001"


def now(office: Office, grant: Grant) -> Grant:
    found = office.grant(grant.id)
    assert found is not None
    return found


def let_it_go_on(office: Office, grant: Grant) -> None:
    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()


# ---- the account that was granted ---------------------------------------------------------------


def test_an_account_that_is_not_found_any_more_has_not_ended(office: Office) -> None:
    grant = office.granted()
    office.seats.seats["nobody"] = office.seats.seats.pop("ann")  # an admin changed its keys

    office.comment("bea", 1, "/revoke")

    stuck = now(office, grant)
    assert stuck.state is GrantState.NEEDS_IT
    assert f"The account {grant.account}" in stuck.note
    assert "may still be active" in stuck.note
    office.seats.seats["ann"] = office.seats.seats.pop("nobody")
    let_it_go_on(office, grant)
    assert now(office, grant).state is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active


def test_another_account_under_the_persons_id_is_not_stripped_instead(office: Office) -> None:
    grant = office.granted()
    other = replace(office.seats.seats["ann"], user_id="005-other")
    office.seats.seats["ann"] = other

    office.comment("bea", 1, "/revoke")

    assert now(office, grant).state is GrantState.NEEDS_IT
    assert "lead to another one, 005-other" in now(office, grant).note
    assert office.seats.seats["ann"] == other


@pytest.mark.parametrize(("kept", "found"), [(SHORT, LONG), (LONG, SHORT)])
def test_an_id_of_15_characters_is_the_one_of_18(office: Office, kept: str, found: str) -> None:
    grant = office.granted()
    with office.store.begin() as tx:
        tx.grants.save(replace(grant, account=kept), was=grant)
    office.seats.seats["ann"] = replace(office.seats.seats["ann"], user_id=found)

    office.comment("bea", 1, "/revoke")

    assert now(office, grant).state is GrantState.ENDED


# ---- outages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [Unavailable("down"), Unauthorized("expired"), RateLimited("slow down", retry_after_s=60)],
    ids=["down", "expired", "busy"],
)
def test_an_outage_of_days_keeps_nobody_in_for_good(office: Office, error: Exception) -> None:
    grant = office.granted()
    office.seats.troubles.refuse("observe", error, times=999)
    office.comment("bea", 1, "/revoke")
    for _ in range(12):
        office.travel(hours=6)
    assert now(office, grant).state is GrantState.NEEDS_IT
    assert "could not be taken away" in office.card("ivy", office.request(grant.id)).headline

    office.seats.troubles.clear()
    office.travel(days=1)

    assert now(office, grant).state is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active


def test_who_says_when_to_come_back_is_not_asked_before(office: Office) -> None:
    grant = office.granted()
    stuck = replace(grant, state=GrantState.ENDING, attempts=7, run=1, due_at=office.clock.now())
    with office.store.begin() as tx:
        tx.grants.save(stuck, was=grant)
    office.seats.troubles.refuse("observe", RateLimited("slow down", retry_after_s=7200))

    office.travel(minutes=1)

    failed = now(office, grant)
    assert failed.state is GrantState.NEEDS_IT
    assert failed.due_at is not None
    assert (failed.due_at - office.clock.now()).total_seconds() == 7200


# ---- shut out by somebody else ------------------------------------------------------------------


def expire_onto_another(office: Office, **changed: Any) -> Seat:
    """Let security change Ann's account, and then the shorter of her two grants expire."""
    office.granted("crm/view", how_long="30 days")
    shorter = office.granted("crm/standard", how_long="5 days")
    office.seats.seats["ann"] = replace(office.seats.seats["ann"], **changed)

    office.travel(days=6)

    assert now(office, shorter).state is GrantState.ENDED
    assert "stays stopped" in now(office, shorter).note
    return office.seats.seats["ann"]


def test_who_was_frozen_stays_frozen_as_access_falls_back(office: Office) -> None:
    seat = expire_onto_another(office, is_frozen=True)

    assert (seat.is_active, seat.is_frozen, seat.profile) == (True, True, "Read Only")
    assert seat.held(Part.SET) == frozenset()


def test_who_was_deactivated_stays_so_as_access_falls_back(office: Office) -> None:
    seat = expire_onto_another(office, is_active=False, is_frozen=True)

    assert (seat.is_active, seat.is_frozen, seat.profile) == (False, True, "Read Only")
    assert seat.held(Part.SET) == frozenset()


def test_whom_this_very_ending_froze_it_lets_in_again(office: Office) -> None:
    grant = office.granted("crm/sales")
    office.seats.troubles.refuse("Remove", Unavailable("down"), times=3)
    office.comment("ann", 1, "/revoke")
    assert office.seats.seats["ann"].is_frozen
    other = some_grant(
        id="r-other", level_id="crm/standard", account=grant.account, since=NOW, item_id=""
    )
    with office.store.begin() as tx:
        tx.grants.add(other)

    office.travel(minutes=1)

    seat = office.seats.seats["ann"]
    assert now(office, grant).state is GrantState.ENDED
    assert (seat.is_active, seat.is_frozen) == (True, False)
    assert seat.held(Part.SET) == {"CrmUser"}
