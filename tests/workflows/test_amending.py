"""Somebody edits the issue's fields: the request is amended, and earlier approvals are void."""

from typing import Any

import pytest

from bot.domain.audit import Tag
from bot.domain.inbound import Submission
from bot.domain.request import Request, RequestState
from tests.workflows.office import WHY, Office, on_github


def edit(office: Office, request: Request, *, by: str = "ann", **words: Any) -> str:
    assert request.issue_number is not None
    usual = {"level": "crm/standard", "how_long": "7 days", "why": WHY}
    message = Submission(
        actor=on_github(by), issue_number=request.issue_number, is_edit=True, **usual | words
    )
    return office.reply_to(message, request.issue_number)


@pytest.fixture
def request_(office: Office) -> Request:
    """Ann waits for crm/standard, and Bea has said yes."""
    return office.approve(office.ask("crm/standard"), "bea")


def test_an_edit_voids_approvals_and_asks_again(office: Office, request_: Request) -> None:
    answer = edit(office, request_, why="For the year's review instead")

    assert "1 earlier approval is void" in answer
    amended = office.request(request_.id)
    assert amended.reason == "For the year's review instead"
    assert amended.state is RequestState.AWAITING_APPROVAL
    assert Tag.REQUEST_AMENDED in office.tags(request_.id)
    office.approve(request_, "gus")
    assert office.request(request_.id).state is RequestState.AWAITING_APPROVAL
    assert office.approve(request_, "bea").state is RequestState.DELIVERED


def test_an_edit_that_changes_nothing_keeps_the_approvals(
    office: Office, request_: Request
) -> None:
    answer = edit(office, request_)

    assert answer == ""
    assert office.approve(request_, "gus").state is RequestState.DELIVERED


@pytest.mark.parametrize(
    ("by", "words", "said"),
    [
        ("ann", {"how_long": "soon"}, "I cannot use this edit"),
        ("ann", {"problems": ("The heading Why is missing.",)}, "The heading Why is missing."),
        ("ann", {"level": "crm/nothing"}, "This edit would be refused"),
        ("ann", {"level": "crm/view", "how_long": "200 days"}, "This edit would be refused"),
        ("sam", {"why": "Because Sam says so"}, "may change a request"),
        ("eve", {"why": "Because Eve says so"}, "I do not know who you are"),
    ],
)
def test_an_edit_that_cannot_be_used_leaves_the_request_as_it_was(
    office: Office, request_: Request, by: str, words: dict[str, Any], said: str
) -> None:
    answer = edit(office, request_, by=by, **words)

    assert said in answer
    assert office.request(request_.id) == request_


def test_it_may_edit_for_somebody(office: Office, request_: Request) -> None:
    edit(office, request_, by="ivy", level="crm/view")

    amended = office.request(request_.id)
    assert (amended.level_id, amended.requester_id) == ("crm/view", "ann")


def test_an_edit_of_an_ended_request_is_too_late(office: Office, request_: Request) -> None:
    office.comment("ann", request_.issue_number, "/cancel")

    answer = edit(office, request_, why="Changed my mind")

    assert "This request is cancelled" in answer
    assert office.request(request_.id).reason == WHY
