"""Seats are scarce: who waits, who goes first, and what is given back when it does not work out."""

from dataclasses import replace
from datetime import timedelta

from bot import operating
from bot.domain.errors import SeatsExhausted, Unavailable
from bot.domain.grant import GrantState
from bot.domain.policy import Pool, WhenFull
from bot.domain.request import RequestState
from tests.workflows.office import Office


def fill(office: Office, seats: int) -> None:
    """Leave this many seats of the CRM."""
    office.seats.totals["Crm"] = office.seats.used("Crm") + seats


def test_a_full_pool_makes_a_request_wait_and_says_so_once(office: Office) -> None:
    fill(office, 0)

    request = office.approve(office.ask(), "bea")

    assert request.state is RequestState.AWAITING_SEAT
    assert "seats of Crm are taken" in request.note
    revision = request.revision
    office.travel(minutes=11)
    assert office.request(request.id).revision == revision
    assert office.reserved() == {}


def test_a_freed_seat_is_taken_by_the_next_look(office: Office) -> None:
    fill(office, 0)
    request = office.approve(office.ask(), "bea")

    fill(office, 1)
    office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.DELIVERED


def test_outages_while_waiting_do_not_add_up_over_the_weeks(office: Office) -> None:
    fill(office, 0)
    request = office.approve(office.ask(how_long="90 days"), "bea")

    for _ in range(10):
        office.seats.troubles.refuse("observe", Unavailable("down", service="crm"), times=3)
        office.travel(minutes=11)
        office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.AWAITING_SEAT


def test_a_seat_on_its_way_is_spoken_for(office: Office) -> None:
    fill(office, 1)
    office.seats.troubles.refuse("CreateUser", Unavailable("down", service="crm"), times=3)
    first = office.approve(office.ask(), "bea")
    assert office.reserved() == {"Crm": 1}

    second = office.ask(by="gus")
    second = office.approve(second, "bea")

    assert first.state is RequestState.PROVISIONING
    assert second.state is RequestState.AWAITING_SEAT
    assert "spoken for" in second.note


def test_seats_kept_free_are_for_those_who_join(office: Office) -> None:
    fill(office, 1)
    crm = office.policies.now.systems["crm"]
    kept = replace(crm, pools={"Crm": Pool(keep_free=1)})
    office.policies.now = replace(
        office.policies.now, systems={**office.policies.now.systems, "crm": kept}
    )

    request = office.approve(office.ask(), "bea")

    assert request.state is RequestState.AWAITING_SEAT


def test_a_seat_that_was_counted_but_is_gone_lets_the_request_wait_in_line(office: Office) -> None:
    office.seats.troubles.refuse(
        "CreateUser", SeatsExhausted("none left", service="crm", pool="Crm")
    )

    request = office.approve(office.ask(), "bea")

    assert request.state is RequestState.AWAITING_SEAT
    assert "No seat was free in Crm when it was needed." in request.note
    assert office.reserved() == {}
    office.travel(minutes=11)
    assert office.request(request.id).state is RequestState.DELIVERED


def test_a_seat_half_made_when_another_pool_ran_out_goes_away_with_the_request(
    office: Office,
) -> None:
    gone = SeatsExhausted("none left", service="crm", pool="Inbox")
    office.seats.troubles.refuse("Assign", gone)
    request = office.approve(office.ask("crm/sales"), "bea", "gus")
    assert request.state is RequestState.AWAITING_SEAT
    assert office.seats.seats["ann"].is_active

    office.comment("ann", request.issue_number, "/cancel")

    assert not office.seats.seats["ann"].is_active


def test_a_seat_half_made_goes_away_when_policy_changes_its_mind(office: Office) -> None:
    gone = SeatsExhausted("none left", service="crm", pool="Inbox")
    office.seats.troubles.refuse("Assign", gone)
    request = office.approve(office.ask("crm/sales"), "bea", "gus")

    level = office.policies.now.level("crm/sales")
    assert level is not None
    assert level.request is not None
    office.change_level("crm/sales", request=replace(level.request, by=("csm",)))
    office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.REFUSED
    assert not office.seats.seats["ann"].is_active


def test_somebody_with_a_seat_needs_no_second_one(office: Office) -> None:
    office.granted("crm/view")
    fill(office, 0)

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.state is RequestState.DELIVERED
    assert len(office.vault.items) == 1
    assert [g.level_id for g in office.grants(GrantState.ACTIVE)] == ["crm/standard"]


def test_first_come_first_served(office: Office) -> None:
    office.granted(by="gil")
    fill(office, 0)
    first = office.approve(office.ask(), "bea")
    office.clock.travel(timedelta(minutes=1))
    second = office.approve(office.ask(by="gus"), "bea")
    assert first.note.endswith("You are 1st in line.")
    assert second.note.endswith("You are 2nd in line.")

    fill(office, 1)
    office.save(second, due_at=office.clock.now())
    office.travel(seconds=1)
    assert office.request(second.id).state is RequestState.AWAITING_SEAT
    office.travel(minutes=11)

    assert office.request(first.id).state is RequestState.DELIVERED
    assert office.request(second.id).note.endswith("You are 1st in line.")


def test_a_seat_that_comes_free_is_offered_at_once(office: Office) -> None:
    held = office.granted(by="gus")
    fill(office, 0)
    waiting = office.approve(office.ask(), "bea")

    operating.revoke_grant(office.ctx, held.id, actor="cli:ivy")
    office.work()
    office.travel(seconds=1)

    assert office.request(waiting.id).state is RequestState.DELIVERED


def test_who_waits_for_another_pool_is_not_ahead(office: Office) -> None:
    office.seats.totals["Inbox"] = 0
    office.granted("crm/view")
    fill(office, 1)
    earlier = office.approve(office.ask("crm/sales"), "bea", "gus")

    later = office.approve(office.ask(by="gus"), "bea")

    assert "seats of Inbox are taken" in earlier.note
    assert later.state is RequestState.DELIVERED


def test_a_full_pool_that_must_be_bought_for_calls_the_owners(office: Office) -> None:
    crm = office.policies.now.systems["crm"]
    asking = replace(crm, pools={"Crm": Pool(when_full=WhenFull.ASK)})
    office.policies.now = replace(
        office.policies.now, systems={**office.policies.now.systems, "crm": asking}
    )
    fill(office, 0)

    request = office.approve(office.ask(), "bea")

    card = office.card("gus", request)
    assert "waiting for a free seat" in card.headline
    assert "get more seats" in str(card.notes)
    assert "get more seats" not in str(office.card("ann", request).notes)
    fill(office, 1)
    office.travel(minutes=11)
    assert "Access is ready" in office.card("gus", request).headline


def test_a_full_pool_that_is_waited_for_calls_nobody(office: Office) -> None:
    fill(office, 0)

    request = office.approve(office.ask(), "bea")

    assert office.cards("gus", request) == []
