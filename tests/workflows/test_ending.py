"""Access is taken away: frozen first, stripped, inactive, the log-in gone, and never half."""

from dataclasses import replace

import pytest

from bot import operating
from bot.domain.audit import Tag
from bot.domain.changes import Change, Part
from bot.domain.errors import (
    Conflict,
    InvalidRequest,
    RateLimited,
    StaleApproval,
    Unauthorized,
    Unavailable,
)
from bot.domain.grant import EndReason, Grant, GrantState
from bot.workflows.context import MAX_ATTEMPTS
from tests.factories import NOW
from tests.factories import grant as some_grant
from tests.workflows.office import Office

CALLS = ("observe", "Freeze", "Remove", "Deactivate")


@pytest.fixture
def grant(office: Office) -> Grant:
    return office.granted("crm/sales")


def forget_ann(office: Office) -> None:
    """Let the next export of the roster lack Ann's line."""
    office.people.file = type(office.people.file)(p for p in office.people.file if p.id != "ann")


def now(office: Office, grant: Grant) -> Grant:
    found = office.grant(grant.id)
    assert found is not None
    return found


def test_log_in_is_stopped_before_anything_else(office: Office, grant: Grant) -> None:
    made: list[Change] = []
    office.seats.on_apply = made.append

    office.comment("ann", 1, "/revoke")

    assert [type(change).__name__ for change in made] == [
        "Freeze",
        "Remove",
        "Deactivate",
    ]
    assert office.seats.used("Crm") == office.seats.used("Inbox") == 0
    assert office.vault.items == {}
    assert office.tags(grant.id)[-4:] == [
        Tag.GRANT_ENDING,
        Tag.SEAT_CHANGING,
        Tag.ITEM_REMOVED,
        Tag.GRANT_ENDED,
    ]


def test_a_step_by_hand_that_nobody_did_does_not_keep_the_issue_open(
    office: Office, grant: Grant
) -> None:
    assert office.records.issues[1].is_open

    office.comment("ann", 1, "/revoke")

    assert not office.records.issues[1].is_open


@pytest.mark.parametrize("call", CALLS)
def test_an_outage_is_waited_out(office: Office, grant: Grant, call: str) -> None:
    office.seats.troubles.refuse(call, Unavailable("down", service="crm"), times=3)
    office.comment("ann", 1, "/revoke")
    assert (now(office, grant).state, now(office, grant).attempts) == (GrantState.ENDING, 1)

    office.travel(minutes=1)

    assert now(office, grant).state is GrantState.ENDED


@pytest.mark.parametrize("call", CALLS)
def test_a_lost_answer_has_one_effect(office: Office, grant: Grant, call: str) -> None:
    office.seats.troubles.lose(call)

    office.comment("ann", 1, "/revoke")

    assert now(office, grant).state is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active


def test_a_vault_that_is_down_keeps_the_ending_open(office: Office, grant: Grant) -> None:
    office.vault.troubles.refuse("delete_item", Unavailable("down", service="1password"), times=3)
    office.comment("ann", 1, "/revoke")
    assert now(office, grant).state is GrantState.ENDING
    assert not office.seats.seats["ann"].is_active

    office.travel(minutes=1)

    assert now(office, grant).state is GrantState.ENDED
    assert office.vault.items == {}


def test_a_busy_service_says_when_to_come_back(office: Office, grant: Grant) -> None:
    busy = RateLimited("slow down", service="crm", retry_after_s=1800)
    office.seats.troubles.refuse("Freeze", busy)
    office.comment("ann", 1, "/revoke")

    office.travel(minutes=29)
    assert now(office, grant).state is GrantState.ENDING
    office.travel(minutes=2)
    assert now(office, grant).state is GrantState.ENDED


@pytest.mark.parametrize(
    "error", [Conflict("a blocker"), Unauthorized("no right"), KeyError("ours")]
)
def test_what_cannot_be_taken_away_calls_it_and_goes_on_when_mended(
    office: Office, grant: Grant, error: Exception
) -> None:
    office.seats.troubles.refuse("Deactivate", error)
    office.comment("ann", 1, "/revoke")
    assert now(office, grant).state is GrantState.NEEDS_IT
    assert Tag.GRANT_FAILED in office.tags(grant.id)
    assert office.records.issues[1].is_open
    assert "could not be taken away" in office.card("ivy", office.request(grant.id)).headline

    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert now(office, grant).state is GrantState.ENDED
    assert not office.records.issues[1].is_open


def test_an_outage_that_does_not_end_calls_it(office: Office, grant: Grant) -> None:
    office.seats.troubles.refuse("Freeze", Unavailable("down"), times=999)
    office.comment("ann", 1, "/revoke")

    for _ in range(MAX_ATTEMPTS):
        office.travel(minutes=16)

    assert now(office, grant).state is GrantState.NEEDS_IT


def test_access_that_is_stuck_in_ending_is_not_ended_twice(office: Office, grant: Grant) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker"))
    office.comment("ann", 1, "/revoke")

    answer = office.comment("bea", 1, "/revoke")

    assert "could not be taken away yet" in answer
    assert f"usher requests retry {grant.id}" in answer
    assert now(office, grant).end_reason is EndReason.GIVEN_BACK


def test_an_account_of_somebody_else_is_not_stripped(office: Office, grant: Grant) -> None:
    office.seats.refusals["ann"] = "This user is another person now."

    office.comment("ann", 1, "/revoke")

    assert now(office, grant).state is GrantState.NEEDS_IT
    assert office.seats.seats["ann"].is_active


def test_what_another_grant_of_the_same_system_gives_stays(office: Office, grant: Grant) -> None:
    other = some_grant(
        id="r-other", level_id="crm/standard", account=grant.account, since=NOW, item_id=""
    )
    with office.store.begin() as tx:
        tx.grants.add(other)

    office.comment("ann", 1, "/revoke")

    seat = office.seats.seats["ann"]
    assert seat.is_active
    assert not seat.is_frozen
    assert seat.held(Part.SET) == {"CrmUser"}
    assert seat.held(Part.SET_LICENCE) == frozenset()


def test_a_log_in_that_a_newer_one_has_outdated_goes_too(office: Office, grant: Grant) -> None:
    office.seats.troubles.refuse("Deactivate", Conflict("a blocker"))
    office.comment("ann", 1, "/revoke")
    newer = office.granted("crm/view")
    assert len(office.vault.items) == 2

    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert now(office, grant).state is GrantState.ENDED
    assert list(office.vault.items) == [newer.item_id]
    assert office.seats.seats["ann"].profile == "Read Only"
    assert office.seats.seats["ann"].is_active


def test_falling_back_to_a_longer_level_keeps_the_one_log_in(office: Office) -> None:
    longer = office.granted("crm/view", how_long="30 days")
    shorter = office.granted("crm/standard", how_long="5 days")
    assert (longer.item_id, shorter.item_id) == (*office.vault.items, "")

    office.travel(days=6)

    assert now(office, shorter).state is GrantState.ENDED
    assert now(office, longer).state is GrantState.ACTIVE
    assert office.seats.seats["ann"].profile == "Read Only"
    assert list(office.vault.items) == [longer.item_id]


def test_giving_the_longer_level_back_hands_the_log_in_down(office: Office) -> None:
    longer = office.granted("crm/view", how_long="30 days")
    shorter = office.granted("crm/standard", how_long="5 days")

    office.comment("ann", office.request(longer.id).issue_number, "/revoke")

    assert now(office, shorter).item_id == longer.item_id
    assert list(office.vault.items) == [longer.item_id]
    assert office.seats.seats["ann"].profile == "Standard User"
    office.comment("ann", office.request(shorter.id).issue_number, "/revoke")
    assert office.vault.items == {}
    assert not office.seats.seats["ann"].is_active


def test_a_change_that_does_not_take_is_noticed(office: Office, grant: Grant) -> None:
    office.seats.ignored.add("Remove")

    office.comment("ann", 1, "/revoke")

    assert now(office, grant).state is GrantState.NEEDS_IT
    assert "still to do: remove permission set" in now(office, grant).note


def test_somebody_who_is_no_longer_in_the_roster_loses_everything(
    office: Office, grant: Grant
) -> None:
    forget_ann(office)

    operating.revoke_grant(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert now(office, grant).state is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert office.vault.items == {}


def test_a_step_by_hand_names_also_somebody_who_is_no_longer_in_the_roster(office: Office) -> None:
    phone = office.approve(office.ask("phone/desk"), "bea")
    office.tick("ivy", phone.issue_number, 0, 1)
    forget_ann(office)

    operating.revoke_grant(office.ctx, phone.id, actor="cli:ivy")
    office.work()

    ending = office.grant(phone.id)
    assert ending is not None
    assert [task.text for task in ending.tasks] == ["Remove ann from Phones (phone/desk)"]


def test_a_system_that_policy_has_lost_calls_it(office: Office, grant: Grant) -> None:
    systems = {k: v for k, v in office.policies.now.systems.items() if k != "crm"}
    office.policies.now = replace(office.policies.now, systems=systems)

    operating.revoke_grant(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert now(office, grant).state is GrantState.NEEDS_IT
    assert "crm is no longer known" in now(office, grant).note


def test_operators_are_told_what_cannot_be_done(office: Office, grant: Grant) -> None:
    operating.revoke_grant(office.ctx, grant.id, actor="cli:ivy")

    with pytest.raises(StaleApproval, match="already"):
        operating.revoke_grant(office.ctx, grant.id, actor="cli:ivy")
    with pytest.raises(StaleApproval, match="in place already"):
        operating.cancel_request(office.ctx, grant.id, actor="cli:ivy")
    for act in (operating.revoke_grant, operating.cancel_request, operating.retry):
        with pytest.raises(InvalidRequest, match="There is no"):
            act(office.ctx, "nothing", actor="cli:ivy")


def test_an_operator_cancels_a_request(office: Office) -> None:
    request = office.ask()

    assert operating.cancel_request(office.ctx, request.id, actor="cli:ivy") == "Cancelled."

    assert office.request(request.id).ended_by == "cli:ivy"
