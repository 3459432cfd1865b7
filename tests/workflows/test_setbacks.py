"""Services fail while a seat is made: tried again with patience, then IT is called."""

from datetime import timedelta

import pytest

from bot import operating
from bot.domain.audit import Tag
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    RateLimited,
    StaleApproval,
    Unauthorized,
    Unavailable,
)
from bot.domain.grant import EndReason, GrantState
from bot.domain.request import RequestState
from bot.workflows.context import MAX_ATTEMPTS
from tests.workflows.office import Office

SEAT_CALLS = ("observe", "CreateUser", "Assign", "set_password")
VAULT_CALLS = ("find_item", "create_item")


def break_call(office: Office, call: str, error: Exception, *, times: int) -> None:
    fake = office.vault if call in VAULT_CALLS else office.seats
    fake.troubles.refuse(call, error, times=times)


@pytest.mark.parametrize("call", [*SEAT_CALLS, "create_item"])
def test_a_hiccup_is_tried_again_at_once(office: Office, call: str) -> None:
    break_call(office, call, Unavailable("down", service="crm"), times=2)

    grant = office.granted("crm/standard")

    assert grant.state is GrantState.ACTIVE
    assert len(office.vault.items) == 1


@pytest.mark.parametrize("call", [*SEAT_CALLS, "create_item"])
def test_an_outage_is_waited_out(office: Office, call: str) -> None:
    request = office.ask("crm/standard")
    break_call(office, call, Unavailable("down", service="crm"), times=3)
    request = office.approve(request, "bea", "gus")
    assert request.attempts == 1
    assert request.due_at == office.clock.now() + timedelta(seconds=30)
    assert Tag.REQUEST_POSTPONED in office.tags(request.id)

    office.travel(seconds=31)

    assert office.request(request.id).state is RequestState.DELIVERED
    assert len(office.vault.items) == 1


def test_an_outage_that_does_not_end_calls_it(office: Office) -> None:
    office.seats.troubles.refuse("CreateUser", Unavailable("down", service="crm"), times=999)
    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    for _ in range(MAX_ATTEMPTS):
        assert office.request(request.id).state is RequestState.PROVISIONING
        office.travel(minutes=16)
        if office.request(request.id).state is RequestState.NEEDS_IT:
            break

    stuck = office.request(request.id)
    assert (stuck.state, stuck.attempts) == (RequestState.NEEDS_IT, MAX_ATTEMPTS)
    assert "crm: down" in stuck.note
    assert office.reserved() == {}
    for owner in ("gus", "gil", "ivy", "ian"):
        assert f"card:{request.id}:owner:{owner}" in [m.key for m in office.cards(owner, request)]
    assert "crm: down" not in str(office.card("ann", request))


def test_the_waits_grow_and_are_bounded(office: Office) -> None:
    office.seats.troubles.refuse("CreateUser", Unavailable("down", service="crm"), times=999)
    request = office.approve(office.ask("crm/standard"), "bea", "gus")
    waits = []

    for _ in range(6):
        due_at = office.request(request.id).due_at
        assert due_at is not None
        waits.append((due_at - office.clock.now()).total_seconds())
        office.travel(seconds=waits[-1] + 1)

    assert waits == [30, 60, 120, 240, 480, 900]


def test_a_busy_service_says_when_to_come_back(office: Office) -> None:
    busy = RateLimited("slow down", service="crm", retry_after_s=1800)
    office.seats.troubles.refuse("CreateUser", busy)

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.due_at == office.clock.now() + timedelta(minutes=30)
    assert office.seats.troubles.calls.count("CreateUser") == 1
    office.travel(minutes=29)
    assert office.request(request.id).state is RequestState.PROVISIONING
    office.travel(minutes=2)
    assert office.request(request.id).state is RequestState.DELIVERED


@pytest.mark.parametrize(
    "error",
    [
        Conflict("a validation rule says no", service="crm"),
        Unauthorized("the token is refused", service="crm"),
        NotFound("no such vault", service="1password"),
        KeyError("a mistake of ours"),
    ],
)
@pytest.mark.parametrize("call", ["observe", "CreateUser", "create_item"])
def test_what_trying_again_cannot_help_calls_it_at_once(
    office: Office, call: str, error: Exception
) -> None:
    request = office.ask("crm/standard")
    break_call(office, call, error, times=1)

    request = office.approve(request, "bea", "gus")

    assert request.state is RequestState.NEEDS_IT
    detail = error.detail if isinstance(error, ConnectorError) else "unexpected KeyError"
    assert detail in request.note
    assert Tag.REQUEST_FAILED in office.tags(request.id)


@pytest.mark.parametrize("call", ["CreateUser", "Assign", "set_password", "create_item"])
def test_a_lost_answer_has_one_effect(office: Office, call: str) -> None:
    fake = office.vault if call == "create_item" else office.seats
    fake.troubles.lose(call)

    grant = office.granted("crm/standard")

    (item_id,) = office.vault.items
    assert grant.item_id == item_id
    assert office.vault.items[item_id].password == office.seats.passwords[grant.account]


def test_a_lost_answer_of_a_vault_that_may_not_be_read_leaves_a_dead_item(office: Office) -> None:
    office.vault.is_write_only = True
    office.vault.troubles.lose("create_item")

    grant = office.granted("crm/standard")

    dead, alive = office.vault.items.values()
    assert office.vault.items[grant.item_id] == alive
    assert alive.password == office.seats.passwords[grant.account] != dead.password


def test_it_mends_it_and_lets_it_try_again(office: Office) -> None:
    office.seats.troubles.refuse("Assign", Conflict("no", service="crm"))
    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    said = operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert said.startswith("Trying again")
    assert office.request(request.id).state is RequestState.DELIVERED
    with pytest.raises(StaleApproval, match="nothing is stuck"):
        operating.retry(office.ctx, request.id, actor="cli:ivy")


@pytest.mark.parametrize("call", ["Assign", "set_password", "create_item"])
def test_cancelling_what_is_stuck_takes_the_half_made_seat_away(office: Office, call: str) -> None:
    break_call(office, call, Conflict("no", service="crm"), times=1)
    request = office.approve(office.ask("crm/standard"), "bea", "gus")
    assert office.seats.seats["ann"].is_active

    office.comment("ivy", request.issue_number, "/cancel")

    assert office.request(request.id).state is RequestState.CANCELLED
    assert not office.seats.seats["ann"].is_active
    grant = office.grant(request.id)
    assert grant is not None
    assert (grant.state, grant.end_reason) == (GrantState.ENDED, EndReason.ABANDONED)


def test_cancelling_what_is_stuck_takes_a_stored_log_in_away_too(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")
    office.vault.on_create = office.break_database
    office.approve(request, "gus")
    office.mend_database()
    office.change_level("crm/standard", says="Something else now.")
    office.travel(minutes=15)
    assert office.request(request.id).state is RequestState.NEEDS_IT
    assert len(office.vault.items) == 1

    office.comment("ivy", request.issue_number, "/cancel")

    assert office.vault.items == {}


def test_an_account_that_is_not_ours_is_left_alone_also_when_cancelling(office: Office) -> None:
    office.seats.refusals["ann"] = "This user name belongs to somebody else."
    request = office.approve(office.ask("crm/standard"), "bea", "gus")
    assert "belongs to somebody else" in request.note

    office.comment("ivy", request.issue_number, "/cancel")

    assert office.grants(GrantState.ACTIVE, GrantState.ENDING, GrantState.NEEDS_IT) == []
    assert office.seats.seats == {}


def test_a_name_the_system_does_not_know_calls_it(office: Office) -> None:
    office.seats.sets.clear()

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.state is RequestState.NEEDS_IT
    assert "CRM does not know: CrmUser." in request.note


def test_a_person_without_a_vault_calls_it(office: Office) -> None:
    office.replace_person("ann", handoff_vault=None)

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.state is RequestState.NEEDS_IT
    assert "has no hand-off vault" in request.note


def test_a_change_that_does_not_take_is_noticed(office: Office) -> None:
    office.seats.ignored.add("Assign")

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.state is RequestState.NEEDS_IT
    assert "Read back, there is still to do: assign permission set" in request.note
    assert office.vault.items == {}
