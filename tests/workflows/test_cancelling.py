"""Requests are cancelled and access is taken back: by whom, and what closing the issue means."""

import pytest

from bot.domain.grant import EndReason, GrantState
from bot.domain.inbound import TasksTicked, Verb
from bot.domain.request import RequestState
from tests.workflows.office import Office, on_github


@pytest.mark.parametrize("by", ["ann", "ivy"])
def test_the_person_and_it_may_cancel(office: Office, by: str) -> None:
    request = office.ask()

    answer = office.comment(by, request.issue_number, "/cancel")

    assert "Cancelled." in answer
    cancelled = office.request(request.id)
    assert cancelled.state is RequestState.CANCELLED
    assert cancelled.ended_by == f"{by.capitalize()} Doe"
    assert not office.records.issues[1].is_open


def test_access_in_place_is_not_cancelled_but_revoked(office: Office) -> None:
    grant = office.granted()

    answer = office.comment("ann", 1, "/cancel")

    assert "Use /revoke to take it away." in answer
    assert office.grant(grant.id) == grant


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("ann", EndReason.GIVEN_BACK),
        ("bea", EndReason.REVOKED),
        ("gil", EndReason.REVOKED),
        ("ian", EndReason.REVOKED),
    ],
)
def test_holder_manager_owner_and_it_may_take_access_away(
    office: Office, by: str, reason: EndReason
) -> None:
    grant = office.granted()

    answer = office.comment(by, 1, "/revoke")

    assert "Taking the access away now" in answer
    ended = office.grant(grant.id)
    assert ended is not None
    assert (ended.state, ended.end_reason, ended.ended_by) == (GrantState.ENDED, reason, by)
    assert not office.seats.seats["ann"].is_active
    assert office.vault.items == {}


def test_a_colleague_may_not_take_access_away(office: Office) -> None:
    grant = office.granted()

    answer = office.comment("sam", 1, "/revoke")

    assert "Ask one of them." in answer
    assert office.grant(grant.id) == grant


def test_access_is_given_back_with_a_button_once(office: Office) -> None:
    grant = office.granted()

    first = office.press("ann", grant.id, Verb.REVOKE)
    second = office.press("ann", grant.id, Verb.REVOKE)

    assert "Taking the access away now" in first
    assert "This access has ended already" in second


def test_closing_the_issue_of_a_running_request_cancels_it(office: Office) -> None:
    request = office.ask()

    answer = office.touch("ann", request.issue_number, "closed")

    assert "Cancelled." in answer
    assert office.request(request.id).state is RequestState.CANCELLED


@pytest.mark.parametrize("by", ["sam", "eve"])
def test_an_issue_closed_by_somebody_who_may_not_is_opened_again(office: Office, by: str) -> None:
    request = office.ask()

    answer = office.touch(by, request.issue_number, "closed")

    assert "Only the person" in answer or "I do not know who you are" in answer
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert office.records.issues[1].is_open


def test_an_issue_reopened_after_the_end_is_closed_again(office: Office) -> None:
    request = office.ask()
    office.comment("ann", request.issue_number, "/cancel")

    answer = office.touch("ann", request.issue_number, "reopened")

    assert "so I close the issue again" in answer
    assert not office.records.issues[1].is_open


def test_labels_changed_by_hand_are_put_right_without_a_word(office: Office) -> None:
    request = office.ask()
    office.records.issues[1].labels = {"access: delivered", "theirs"}

    answer = office.touch("sam", request.issue_number, "labeled")

    assert answer == ""
    assert office.records.issues[1].labels == {"access: awaiting approval", "theirs"}


def test_what_happens_on_an_issue_that_is_none_of_ours_is_ignored(office: Office) -> None:
    number = office.records.open_by_hand()

    assert office.touch("ann", number, "closed") == ""
    ticks = TasksTicked(
        actor=on_github("ann"), issue_number=number, done=(0,), comment_id=1, boxes=1
    )
    assert office.reply_to(ticks, number) == ""
