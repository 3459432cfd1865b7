"""Policy changes while a request is on its way: only what still stands is done."""

from dataclasses import replace
from datetime import date

import pytest

from bot import operating
from bot.domain.audit import Tag
from bot.domain.errors import Conflict
from bot.domain.grant import GrantState
from bot.domain.inbound import Verb
from bot.domain.policy import Risk
from bot.domain.request import RequestState
from tests.factories import hire
from tests.workflows.office import Office


def refuse_engineers(office: Office, level_id: str) -> None:
    level = office.policies.now.level(level_id)
    assert level is not None
    assert level.request is not None
    office.change_level(level_id, request=replace(level.request, by=("csm",)))


def test_a_level_that_changed_after_the_first_yes_is_asked_about_again(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")
    office.change_level("crm/standard", says="Now with exports too.")

    answer = office.comment("gus", request.issue_number, "/approve")

    assert "The rules for this level changed" in answer
    assert Tag.APPROVAL_VOIDED in office.tags(request.id)
    waiting = office.request(request.id)
    assert waiting.state is RequestState.AWAITING_APPROVAL
    assert waiting.digest != request.digest
    assert office.approve(request, "bea", "gus").state is RequestState.DELIVERED


def test_a_click_on_the_old_card_after_a_change_does_not_count(office: Office) -> None:
    request = office.ask()
    office.change_level("crm/view", says="Now with exports too.")

    answer = office.press("bea", request.id, Verb.APPROVE, digest=request.digest)

    assert "The rules for this level changed" in answer
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert office.card("bea", request).digest == office.request(request.id).digest


def test_policy_that_takes_the_level_away_refuses_what_waits(office: Office) -> None:
    request = office.ask()
    refuse_engineers(office, "crm/view")

    office.comment("bea", request.issue_number, "/approve")

    refused = office.request(request.id)
    assert refused.state is RequestState.REFUSED
    assert "may be asked for by csm" in refused.note
    assert office.seats.seats == {}


@pytest.mark.parametrize("state", [RequestState.REFUSED, RequestState.AWAITING_APPROVAL])
def test_policy_is_asked_again_while_waiting_for_a_seat(
    office: Office, state: RequestState
) -> None:
    office.seats.totals["Crm"] = 0
    request = office.approve(office.ask(), "bea")
    if state is RequestState.REFUSED:
        refuse_engineers(office, "crm/view")
    else:
        office.change_level("crm/view", risk=Risk.HIGH)
    office.seats.totals["Crm"] = 1

    office.travel(minutes=11)

    assert office.request(request.id).state is state
    assert office.seats.seats == {}
    assert office.reserved() == {}


def test_what_it_retries_much_later_is_judged_by_the_policy_of_then(office: Office) -> None:
    office.seats.troubles.refuse("CreateUser", Conflict("no", service="crm"))
    request = office.approve(office.ask(), "bea")
    refuse_engineers(office, "crm/view")

    operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    stuck = office.request(request.id)
    assert stuck.state is RequestState.NEEDS_IT
    assert "Policy changed since this was approved" in stuck.note
    assert office.seats.seats == {}


def test_a_level_that_is_gone_refuses_what_waits_and_ends_nothing(office: Office) -> None:
    held = office.granted("crm/view")
    waiting = office.ask("crm/standard")
    crm = office.policies.now.systems["crm"]
    left = {name: level for name, level in crm.levels.items() if name == "sales"}
    systems = {**office.policies.now.systems, "crm": replace(crm, levels=left)}
    office.policies.now = replace(office.policies.now, systems=systems)

    office.travel(hours=5)

    assert office.request(waiting.id).state is RequestState.REFUSED
    assert office.grant(held.id) == held
    office.comment("ann", office.request(held.id).issue_number, "/revoke")
    assert not office.seats.seats["ann"].is_active


def test_what_comes_with_a_role_follows_policy_until_the_first_day(office: Office) -> None:
    status = office.desk.onboard(hire())
    office.work()
    office.change_level("crm/standard", says="Other words for the same.")

    office.travel(days=8)

    states = {r.level_id: r.state for r in office.requests()}
    assert states["crm/standard"] is RequestState.DELIVERED
    assert office.seats.seats["new"].is_active
    assert len(status.items) == 2


def test_what_no_longer_comes_with_the_role_is_not_given(office: Office) -> None:
    office.desk.onboard(hire())
    roles = office.policies.now.roles
    csm = replace(roles["csm"], birthright=("phone/desk",))
    office.policies.now = replace(office.policies.now, roles={**roles, "csm": csm})

    office.travel(days=8)

    states = {r.level_id: r.state for r in office.requests()}
    assert states["crm/standard"] is RequestState.REFUSED
    assert "new" not in office.seats.seats


def test_somebody_who_left_before_the_seat_was_made_gets_none(office: Office) -> None:
    office.seats.totals["Crm"] = 0
    request = office.approve(office.ask(), "bea")
    office.replace_person("ann", last_day=date(2026, 11, 1))
    office.seats.totals["Crm"] = 1

    office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.REFUSED
    assert office.grants(GrantState.ACTIVE) == []
