"""Steps that people do by hand: listed on the issue, ticked by those who may, never forgotten."""

from dataclasses import replace

import pytest

from bot import operating
from bot.domain.audit import Tag
from bot.domain.cards import Card, TaskLine
from bot.domain.errors import Unavailable
from bot.domain.grant import GrantState
from bot.domain.request import Request, RequestState
from tests.workflows.office import Office


@pytest.fixture
def phone(office: Office) -> Request:
    """Ann's approved request for a phone: it waits for two steps by hand."""
    return office.approve(office.ask("phone/desk"), "bea")


def shown_tasks(office: Office, request: Request) -> tuple[TaskLine, ...]:
    content = office.status(request).content
    assert isinstance(content, Card)
    return content.tasks


def test_the_steps_are_listed_and_access_waits_for_all_of_them(
    office: Office, phone: Request
) -> None:
    assert phone.state is RequestState.PROVISIONING
    assert [line.text for line in shown_tasks(office, phone)] == [
        "Plug the phone in",
        "Assign a number",
    ]

    office.tick("ivy", phone.issue_number, 0)

    assert office.request(phone.id).state is RequestState.PROVISIONING
    assert [line.done_by for line in shown_tasks(office, phone)] == ["Ivy Doe", None]


def test_the_last_tick_delivers(office: Office, phone: Request) -> None:
    office.tick("ivy", phone.issue_number, 0)
    office.tick("ian", phone.issue_number, 0, 1)

    assert office.request(phone.id).state is RequestState.DELIVERED
    assert [task.done_by for task in office.request(phone.id).tasks] == ["Ivy Doe", "Ian Doe"]
    assert office.tags(phone.id).count(Tag.TASK_DONE) == 2
    assert not office.records.issues[1].is_open
    assert office.vault.items == {}


def test_a_tick_can_be_taken_back_before_the_end(office: Office, phone: Request) -> None:
    office.tick("ivy", phone.issue_number, 0)
    office.tick("ivy", phone.issue_number)

    assert [task.done_by for task in office.request(phone.id).tasks] == [None, None]


@pytest.mark.parametrize("by", ["ann", "eve"])
def test_ticks_of_somebody_who_may_not_are_really_put_back(
    office: Office, phone: Request, by: str
) -> None:
    office.status(phone).content = "the list with both boxes ticked, as GitHub has it now"

    answer = office.tick(by, phone.issue_number, 0, 1)

    assert "may tick these steps" in answer or "I do not know who you are" in answer
    assert [line.done_by for line in shown_tasks(office, phone)] == [None, None]


def test_a_run_lost_after_the_last_tick_is_found_by_the_sweep(
    office: Office, phone: Request
) -> None:
    office.tick("ivy", phone.issue_number, 0)
    office.send_ticks("ivy", phone.issue_number, 0, 1)
    office.lose_runs("advance")

    office.travel(minutes=15)

    assert office.request(phone.id).state is RequestState.DELIVERED


def test_steps_of_a_system_with_an_api_do_not_hold_up_the_log_in(office: Office) -> None:
    grant = office.granted("crm/sales")

    request = office.request(grant.id)
    assert request.state is RequestState.DELIVERED
    assert office.records.issues[1].is_open  # until the step is done
    office.tick("gus", request.issue_number, 0)
    assert not office.records.issues[1].is_open


def test_taking_away_by_hand_is_a_step_too(office: Office, phone: Request) -> None:
    office.tick("ivy", phone.issue_number, 0, 1)

    office.comment("ann", phone.issue_number, "/revoke")

    grant = office.grant(phone.id)
    assert grant is not None
    assert grant.state is GrantState.ENDING
    assert office.records.issues[1].is_open
    assert "Remove Ann Doe" in shown_tasks(office, phone)[2].text
    office.tick("ivy", phone.issue_number, 0, 1, 2)
    ended = office.grant(phone.id)
    assert ended is not None
    assert ended.state is GrantState.ENDED
    assert not office.records.issues[1].is_open


def test_a_run_lost_after_the_last_tick_of_an_ending_is_found_by_the_sweep(
    office: Office, phone: Request
) -> None:
    office.tick("ivy", phone.issue_number, 0, 1)
    office.comment("ann", phone.issue_number, "/revoke")
    office.send_ticks("ivy", phone.issue_number, 0, 1, 2)
    office.lose_runs("end")

    office.travel(minutes=15)

    grant = office.grant(phone.id)
    assert grant is not None
    assert grant.state is GrantState.ENDED


def test_ticking_holds_also_while_github_cannot_show_it(office: Office, phone: Request) -> None:
    office.records.troubles.refuse(
        "update_comment", Unavailable("down", service="github"), times=99
    )

    office.tick("ivy", phone.issue_number, 0, 1)

    assert office.request(phone.id).state is RequestState.DELIVERED
    office.records.troubles.clear()
    office.travel(minutes=20)
    assert all(line.done_by for line in shown_tasks(office, phone))


def test_a_system_that_is_not_connected_calls_its_owners(office: Office) -> None:
    office.ctx = replace(office.ctx, services={})
    office.bind()
    request = office.approve(office.ask(), "bea")

    assert request.state is RequestState.NEEDS_IT
    assert "CRM is not connected" in request.note


def test_steps_that_nobody_does_are_shown_to_the_owners_and_then_call_it(
    office: Office, phone: Request
) -> None:
    office.tick("ivy", phone.issue_number, 0)
    assert office.cards("ian", phone) == []

    office.travel(days=2)
    assert office.request(phone.id).state is RequestState.PROVISIONING
    assert "still to be done: Assign a number" in str(office.card("ian", phone).notes)
    office.travel(days=6)

    stuck = office.request(phone.id)
    assert stuck.state is RequestState.NEEDS_IT
    assert "Nobody ticked in time: Assign a number" in stuck.note


def test_steps_that_nobody_did_can_be_tried_again_or_cancelled(
    office: Office, phone: Request
) -> None:
    office.travel(days=2)
    office.travel(days=6)

    operating.retry(office.ctx, phone.id, actor="cli:ivy")
    office.work()
    assert office.request(phone.id).state is RequestState.PROVISIONING
    office.travel(days=2)
    office.travel(days=6)
    assert office.request(phone.id).state is RequestState.NEEDS_IT
    office.comment("ann", phone.issue_number, "/cancel")

    assert office.request(phone.id).state is RequestState.CANCELLED


def test_steps_that_were_done_late_deliver_after_all(office: Office, phone: Request) -> None:
    office.travel(days=2)

    office.tick("ivy", phone.issue_number, 0, 1)

    assert office.request(phone.id).state is RequestState.DELIVERED
