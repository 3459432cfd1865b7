"""What an unfinished run left behind is taken away, told about, and can be tried again."""

from dataclasses import replace
from typing import Any

import pytest

from bot import operating
from bot.domain.audit import Entry, Tag
from bot.domain.changes import Part
from bot.domain.errors import Conflict, InvalidRequest, SeatsExhausted, StaleApproval
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.plan import Seat
from bot.domain.request import Request, RequestState
from tests.workflows.office import Office


@pytest.fixture
def request_(office: Office) -> Request:
    """Ann's request, back in line after half a seat was made for it."""
    gone = SeatsExhausted("none left", service="crm", pool="Inbox")
    office.seats.troubles.refuse("Assign", gone)
    return office.approve(office.ask("crm/sales"), "bea", "gus")


def void(office: Office) -> None:
    """Let policy change what was approved, so that everybody is asked again."""
    office.change_level("crm/sales", says="Something else now.")
    office.travel(minutes=11)


def leftover_of(office: Office, request: Request) -> Grant:
    (found,) = (grant for grant in office.grants() if grant.request_id == request.id)
    return found


def test_a_leftover_that_is_stuck_is_told_to_those_who_can_mend_it(
    office: Office, request_: Request
) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker", service="crm"))

    void(office)

    leftover = leftover_of(office, request_)
    assert (leftover.state, leftover.end_reason) == (GrantState.NEEDS_IT, EndReason.ABANDONED)
    assert office.request(request_.id).state is RequestState.AWAITING_APPROVAL
    notes = str(office.card("ivy", request_).notes)
    assert "a blocker" in notes
    assert f"usher requests retry {leftover.id}" in notes
    assert "Waiting for approval" in office.card("bea", request_).headline


@pytest.mark.parametrize("by", ["request", "grant"])
def test_a_leftover_that_is_stuck_is_tried_again_by_either_id(
    office: Office, request_: Request, by: str
) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker", service="crm"))
    void(office)
    leftover = leftover_of(office, request_)

    operating.retry(office.ctx, request_.id if by == "request" else leftover.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request_).state is GrantState.ENDED
    assert "a blocker" not in str(office.card("ivy", request_).notes)
    with pytest.raises(StaleApproval, match="nothing is stuck"):
        operating.retry(office.ctx, leftover.id, actor="cli:ivy")
    with pytest.raises(InvalidRequest, match="There is no"):
        operating.retry(office.ctx, f"{request_.id}-99", actor="cli:ivy")


def with_stored_log_in(office: Office) -> Request:
    """Let Ann's log-in be stored, and the seat be lost before that can be written down."""
    request = office.approve(office.ask("crm/standard"), "bea")
    office.vault.on_create = office.break_database
    office.approve(request, "gus")
    office.mend_database()
    office.vault.on_create = lambda: None
    gone = SeatsExhausted("none left", service="crm", pool="Crm")
    office.seats.troubles.refuse("observe", gone)
    office.travel(minutes=11)
    assert office.request(request.id).state is RequestState.AWAITING_SEAT
    return request


def test_a_leftover_takes_the_log_in_of_its_request_away_and_the_next_try_makes_another(
    office: Office,
) -> None:
    request = with_stored_log_in(office)
    (old,) = office.vault.items

    office.change_level("crm/standard", says="Something else now.")
    office.travel(minutes=11)
    assert office.vault.items == {}
    office.approve(request, "bea", "gus")

    assert office.request(request.id).state is RequestState.DELIVERED
    grant = office.grant(request.id)
    assert grant is not None
    assert list(office.vault.items) == [grant.item_id]
    assert grant.item_id != old
    assert office.vault.items[grant.item_id].password == office.seats.passwords[grant.account]


def test_a_leftover_leaves_the_log_in_that_its_request_has_delivered_since(
    office: Office,
) -> None:
    grant = office.granted("crm/standard")
    stuck = replace(
        grant,
        id=f"{grant.id}-1",
        state=GrantState.NEEDS_IT,
        end_reason=EndReason.ABANDONED,
        account="",
        item_id="",
    )
    with office.store.begin() as tx:
        tx.grants.add(stuck)

    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert office.grant(stuck.id) not in (None, stuck)
    assert list(office.vault.items) == [grant.item_id]
    assert office.grant(grant.id) == grant
    assert office.seats.seats["ann"].is_active


def test_a_leftover_of_somebody_who_has_left_the_roster_goes_too(office: Office) -> None:
    request = with_stored_log_in(office)
    stored = Entry(
        at=office.clock.now(),
        tag=Tag.ITEM_STORED,
        subject=request.id,
        actor="usher",
        facts={"vault": "vault-ann"},
    )
    (item_id,) = office.vault.items
    with office.store.begin() as tx:
        tx.writes.settle(f"item:{request.id}", item_id, "")
        tx.audit.write(stored)
    office.people.file = type(office.people.file)(p for p in office.people.file if p.id != "ann")

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request).state is GrantState.ENDED
    assert office.vault.items == {}


def test_a_leftover_keeps_the_issue_of_a_refused_request_open(
    office: Office, request_: Request
) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker", service="crm"))
    level = office.policies.now.level("crm/sales")
    assert level is not None
    assert level.request is not None
    office.change_level("crm/sales", request=replace(level.request, by=("csm",)))
    office.travel(minutes=11)

    assert office.request(request_.id).state is RequestState.REFUSED
    assert office.records.issues[1].is_open


# ---- accounts that were there before ------------------------------------------------------------


def account(office: Office, **changed: Any) -> Seat:
    """Let Ann have an account that an admin made before there was Usher."""
    seat = Seat(
        user_id="005-ann",
        username="ann@crm.example",
        is_active=True,
        is_frozen=False,
        licence="Crm",
        profile="Read Only",
        person_id="ann",
    )
    office.seats.seats["ann"] = replace(seat, **changed)
    return office.seats.seats["ann"]


def test_a_request_that_has_changed_nothing_takes_nothing_away(office: Office) -> None:
    account(office)
    request = office.ask("crm/standard")
    before = account(office, profile="Admin")
    assert office.approve(request, "bea", "gus").state is RequestState.NEEDS_IT

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert office.request(request.id).state is RequestState.CANCELLED
    assert office.seats.seats["ann"] == before
    assert office.grants() == []


def test_an_account_that_was_there_before_is_left_to_it_and_its_log_in_goes(
    office: Office,
) -> None:
    account(office)
    request = with_stored_log_in(office)

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    stuck = leftover_of(office, request)
    assert (stuck.state, stuck.due_at) == (GrantState.NEEDS_IT, None)
    assert "005-ann was there before this request" in stuck.note
    before = office.seats.seats["ann"]
    assert (before.is_active, before.is_frozen) == (True, False)
    assert office.vault.items == {}

    operating.retry(office.ctx, stuck.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request).state is GrantState.ENDED
    assert office.seats.seats["ann"] == before


def test_one_that_was_there_and_is_stripped_by_hand_needs_nobody(office: Office) -> None:
    account(office)
    request = with_stored_log_in(office)
    account(office, is_active=False)

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request).state is GrantState.ENDED


def test_one_that_was_inactive_before_is_inactive_again(office: Office) -> None:
    account(office, is_active=False)
    request = with_stored_log_in(office)
    assert office.seats.seats["ann"].is_active

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request).state is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active


def test_a_log_in_for_an_account_that_needed_no_change_goes_alone(office: Office) -> None:
    sets = {Part.SET: frozenset({"CrmUser"})}
    before = account(office, profile="Standard User", parts=sets)
    request = with_stored_log_in(office)

    operating.cancel_request(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert leftover_of(office, request).state is GrantState.ENDED
    assert office.vault.items == {}
    assert office.seats.seats["ann"] == before
