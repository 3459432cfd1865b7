"""What will change is shown before anybody approves; what goes beyond it is not done silently."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot import operating
from bot.domain.changes import Change, Part
from bot.domain.errors import Unauthorized, Unavailable
from bot.domain.plan import Seat
from bot.domain.request import Request, RequestState
from bot.workflows.context import TELL
from tests.factories import hire
from tests.workflows.office import Office

DOWN = Unavailable("the org is down", service="crm")


def looks(office: Office) -> int:
    return office.seats.troubles.calls.count("observe")


def issue(office: Office, request: Request) -> str:
    return str(office.status(request).content)


def account(office: Office, **changed: Any) -> None:
    """Let an admin make, or change, Ann's account by hand."""
    seat = office.seats.seats.get("ann") or Seat(
        user_id="005-ann",
        username="ann@crm.example",
        is_active=True,
        is_frozen=False,
        licence="Crm",
        profile="Read Only",
        person_id=None,
    )
    office.seats.seats["ann"] = replace(seat, **changed)


# ---- shown --------------------------------------------------------------------------------------


def test_a_plan_is_on_the_issue_before_anybody_approves(office: Office) -> None:
    request = office.ask("crm/standard")

    said = issue(office, request)
    assert "What will change in CRM:" in said
    assert "create the user" in said
    assert "CrmUser" in said
    assert "3 of 3 free" in said
    assert office.seats.seats == {}


def test_approvers_see_numbers_and_the_requester_none_of_it(office: Office) -> None:
    request = office.ask("crm/standard")

    approver, requester = office.card("bea", request), office.card("ann", request)
    assert "2 changes, 2 API calls" in str(approver.facts)
    assert "3 of 3 free" in str(approver.facts)
    assert "create the user" not in str(approver)
    assert "create the user" not in str(requester)
    assert "API call" not in str(requester)


def test_there_is_one_look_for_an_asking_however_often_it_is_told(office: Office) -> None:
    request = office.ask("crm/standard")
    for _ in range(3):
        office.touch("ivy", request.issue_number, "labeled")
    assert looks(office) == 1

    office.reply_to(office.form(request.issue_number or 0, level="crm/view", is_edit=True), 1)

    assert looks(office) == 2
    assert "«Read Only»" in issue(office, request)
    assert "«Standard User»" not in issue(office, request)


def test_a_look_that_is_lost_is_made_up_for(office: Office) -> None:
    request_id = office.submit("crm/standard")
    office.run_next("handle")
    office.lose_runs(TELL)

    office.travel(minutes=1)

    assert "create the user" in issue(office, office.request(request_id))


def test_what_people_do_by_hand_has_no_plan(office: Office) -> None:
    request = office.ask("phone/desk")

    assert office.request(request.id).shown_plan is None
    assert looks(office) == 0


def test_a_system_that_cannot_be_read_delays_nobody(office: Office) -> None:
    office.seats.troubles.refuse("observe", DOWN, times=3)

    request = office.ask("crm/standard")

    assert "could not be read yet (the org is down)" in issue(office, request)
    assert "could not be read yet" in str(office.card("bea", request).facts)
    office.travel(minutes=1)
    assert "create the user" in issue(office, request)
    assert "could not be read" not in issue(office, request)


def test_one_that_stays_unreadable_does_not_keep_people_from_approving(office: Office) -> None:
    office.seats.troubles.refuse("observe", Unauthorized("refused", service="crm"))
    request = office.ask("crm/standard")

    office.approve(request, "bea", "gus")

    done = office.request(request.id)
    assert done.state is RequestState.DELIVERED
    assert "create the user" in issue(office, done)  # shown at the latest when it was done


def test_what_the_system_does_not_know_is_said_before_anybody_approves(office: Office) -> None:
    office.seats.sets.discard("CrmUser")

    request = office.ask("crm/standard")

    assert "CRM does not know: CrmUser" in issue(office, request)
    office.travel(minutes=1)
    assert looks(office) == 1


def test_an_account_that_must_not_be_touched_is_told_before_anybody_approves(
    office: Office,
) -> None:
    office.seats.refusals["ann"] = "This is the bot's own account."

    assert "the bot's own account." in issue(office, office.ask("crm/standard"))


def test_a_level_that_policy_lost_meanwhile_is_not_looked_at(office: Office) -> None:
    office.submit()
    office.run_next("handle")
    office.policies.now = replace(office.policies.now, systems={})

    office.run_next(TELL)

    assert looks(office) == 0


# ---- beyond what was shown ----------------------------------------------------------------------


def adopt(office: Office) -> None:
    account(office)


def freeze(office: Office) -> None:
    account(office, is_frozen=True)


def deactivate(office: Office) -> None:
    account(office, is_active=False)


def promote(office: Office) -> None:
    account(office, profile="Admin")


def equip(office: Office) -> None:
    account(office, parts={Part.SET: frozenset({"InboxUser"})})


def keyed(office: Office) -> None:
    account(office, person_id="ann")


@pytest.mark.parametrize(
    ("before", "meanwhile", "says"),
    [
        (None, adopt, "take over the account «005-ann»"),
        (keyed, freeze, "let «005-ann» log in again"),
        (keyed, deactivate, "activate the account «005-ann» again"),
        (keyed, promote, "change the profile of «005-ann» from «Admin»"),
        (keyed, equip, "remove the «permission set InboxUser»"),
    ],
)
def test_what_goes_beyond_what_was_shown_is_left_to_it(
    office: Office,
    before: Callable[[Office], None] | None,
    meanwhile: Callable[[Office], None],
    says: str,
) -> None:
    if before is not None:
        before(office)
    request = office.ask("crm/standard")
    meanwhile(office)
    was, made = office.seats.seats["ann"], watch(office)

    stuck = office.approve(request, "bea", "gus")

    assert stuck.state is RequestState.NEEDS_IT
    assert says in stuck.note
    assert (office.seats.seats["ann"], made) == (was, [])
    assert office.reserved() == {}
    card = str(office.card("ivy", stuck).notes)
    assert "What was to change in CRM when it was asked:" in card
    assert "What will change in CRM:" in card
    assert says not in str(office.card("ann", stuck))


def watch(office: Office) -> list[Change]:
    made: list[Change] = []
    office.seats.on_apply = made.append
    return made


def test_a_retry_accepts_the_plan_that_is_shown_then(office: Office) -> None:
    request = office.ask("crm/standard")
    adopt(office)
    office.approve(request, "bea", "gus")

    operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    assert office.request(request.id).state is RequestState.DELIVERED
    assert office.seats.seats["ann"].person_id == "ann"


def test_a_retry_does_not_accept_what_came_after_it_was_shown(office: Office) -> None:
    request = office.ask("crm/standard")
    adopt(office)
    office.approve(request, "bea", "gus")
    freeze(office)

    operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    stuck = office.request(request.id)
    assert stuck.state is RequestState.NEEDS_IT
    assert "let «005-ann» log in again" in stuck.note


def test_less_than_was_shown_goes_on(office: Office) -> None:
    account(office, person_id="ann", parts={Part.SET: frozenset({"InboxUser"})})
    request = office.ask("crm/standard")
    account(office, parts={})

    assert office.approve(request, "bea", "gus").state is RequestState.DELIVERED


def test_what_nobody_could_be_shown_is_not_done_to_an_account_that_is_there(
    office: Office,
) -> None:
    adopt(office)
    office.seats.troubles.refuse("observe", Unauthorized("refused", service="crm"))
    request = office.ask("crm/view")

    stuck = office.approve(request, "bea")

    assert stuck.state is RequestState.NEEDS_IT
    assert "take over the account" in stuck.note


def test_what_comes_with_a_role_is_not_asked_and_shown_when_it_is_done(office: Office) -> None:
    office.desk.onboard(hire())
    office.travel(days=8)

    (request,) = (r for r in office.requests() if r.level_id == "crm/standard")
    assert request.state is RequestState.DELIVERED
    assert "create the user" in issue(office, request)


# ---- what Usher has done itself -----------------------------------------------------------------


def test_another_level_that_was_granted_meanwhile_is_no_surprise(office: Office) -> None:
    first, second = office.ask("crm/view"), office.ask("crm/standard")
    office.approve(first, "bea")

    done = office.approve(second, "bea", "gus")

    assert done.state is RequestState.DELIVERED


def test_access_that_ended_meanwhile_is_no_surprise(office: Office) -> None:
    grant = office.granted("crm/view")
    request = office.ask("crm/standard")
    office.comment("ann", office.request(grant.id).issue_number, "/revoke")
    assert not office.seats.seats["ann"].is_active

    assert office.approve(request, "bea", "gus").state is RequestState.DELIVERED


def test_an_account_that_an_admin_shut_out_after_that_stays_shut_out(office: Office) -> None:
    office.granted("crm/view")
    request = office.ask("crm/standard")
    deactivate(office)

    assert office.approve(request, "bea", "gus").state is RequestState.NEEDS_IT
