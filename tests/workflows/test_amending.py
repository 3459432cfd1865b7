"""Somebody edits the issue's fields: the request is amended, and earlier approvals are void."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.audit import Tag
from bot.domain.inbound import Actor, Submission, Surface, TypedAnswer
from bot.domain.policy import Question, Where
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
    now = office.request(request_.id)
    assert now == replace(request_, read_digest=now.read_digest)


def test_it_may_edit_for_somebody(office: Office, request_: Request) -> None:
    edit(office, request_, by="ivy", level="crm/view")

    amended = office.request(request_.id)
    assert (amended.level_id, amended.requester_id) == ("crm/view", "ann")


def test_an_edit_of_an_ended_request_is_too_late(office: Office, request_: Request) -> None:
    office.comment("ann", request_.issue_number, "/cancel")

    answer = edit(office, request_, why="Changed my mind")

    assert "This request is cancelled" in answer
    assert office.request(request_.id).reason == WHY


# ---- what a listing tells again and again -------------------------------------------------------

SOMEBODY = Actor(surface=Surface.GITHUB, name="somebody on GitHub")


def listed(office: Office, number: int, **words: Any) -> str:
    """Let a listing show the issue once more: GitHub does not say there who edited it."""
    form = office.form(number, **{"level": "crm/standard", "how_long": "7 days"} | words)
    return office.reply_to(replace(form, actor=SOMEBODY, is_edit=True), number)


@pytest.fixture
def number(office: Office) -> int:
    """Ann asks for crm/standard by the issue form."""
    number = office.records.open_by_hand()
    form = office.form(number, level="crm/standard", how_long="7 days")
    office.reply_to(form, number)
    return number


def test_an_edit_by_nobody_known_is_answered_once(office: Office, number: int) -> None:
    answers = [listed(office, number, why="For something else") for _ in range(3)]

    assert "I was away" in answers[0]
    assert answers[1:] == ["", ""]


def test_what_was_refused_is_not_refused_again_by_a_listing(office: Office, number: int) -> None:
    words = {"level": "crm/nothing"}
    form = office.form(number, how_long="7 days", is_edit=True, **words)

    assert "This edit would be refused" in office.reply_to(form, number)
    assert listed(office, number, **words) == ""
    assert "This edit would be refused" in office.reply_to(form, number)


def test_an_edit_that_only_a_listing_has_told_of_still_counts_from_its_author(
    office: Office, number: int
) -> None:
    words = {"level": "crm/standard", "how_long": "9 days"}
    assert "I was away" in listed(office, number, **words)

    said = office.reply_to(office.form(number, is_edit=True, **words), number)

    assert "The request was changed" in said
    assert listed(office, number, **words) == ""


def test_other_words_for_the_same_are_known_from_then_on(office: Office, number: int) -> None:
    assert listed(office, number, how_long="1 week") == ""
    office.change_level("crm/standard", request=None)

    assert listed(office, number, how_long="1 week") == ""


def test_a_policy_that_asks_for_more_is_no_edit(office: Office, number: int) -> None:
    level = office.policies.now.level("crm/standard")
    assert level is not None
    assert level.request is not None
    asked = Question(id="ticket", asks="Which ticket", where=Where("policies/systems/crm.yml", 9))
    words = {"answers": (TypedAnswer("Which tickets", "CRM-1"),)}
    before = listed(office, number, **words)
    office.change_level(
        "crm/standard", request=replace(level.request, questions=(asked,), by=("csm",))
    )

    assert before == ""
    assert listed(office, number, **words) == ""


def test_an_edit_of_an_ended_request_is_answered_once(office: Office, number: int) -> None:
    office.comment("ann", number, "/cancel")
    late = office.form(number, level="crm/standard", how_long="9 days", is_edit=True)

    assert "This request is cancelled" in office.reply_to(late, number)
    assert office.reply_to(late, number) == ""
    assert listed(office, number, how_long="9 days") == ""


def test_taking_a_refused_edit_back_changes_nothing(office: Office, number: int) -> None:
    office.reply_to(office.form(number, by="eve", level="crm/view", is_edit=True), number)
    (before,) = office.requests()

    said = office.reply_to(
        office.form(number, level="crm/standard", how_long="7 days", is_edit=True), number
    )

    (after,) = office.requests()
    assert (said, after.edition, after.revision) == ("", before.edition, before.revision)
    assert "I was away" in listed(office, number, level="crm/view", how_long="30 days")
