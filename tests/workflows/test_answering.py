"""Approvers answer, by comment and by button; every answer that does not count is explained."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.audit import Tag
from bot.domain.inbound import IssueCommand, Press, Surface, Verb
from bot.domain.people import Roster
from bot.domain.request import RequestState, Verdict
from tests.workflows.office import Office, on_github, on_slack


def test_one_yes_of_two_is_not_enough(office: Office) -> None:
    request = office.ask("crm/standard")

    answer = office.comment("bea", request.issue_number, "/approve")

    assert "Still needed: crm-owners." in answer
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert office.seats.seats == {}


def test_a_low_risk_request_is_approved_with_a_button(office: Office) -> None:
    request = office.ask()

    answer = office.press("bea", request.id, Verb.APPROVE, digest=request.digest)

    assert answer == "Approved. Usher sets it up now."
    delivered = office.request(request.id)
    assert delivered.state is RequestState.DELIVERED
    (approval,) = delivered.approvals
    assert (approval.person_id, approval.verdict, approval.surface) == (
        "bea",
        Verdict.YES,
        Surface.SLACK,
    )
    assert Tag.APPROVAL_GIVEN in office.tags(request.id)


def test_a_high_risk_request_is_not_approved_with_a_button(office: Office) -> None:
    request = office.ask("crm/standard")

    answer = office.press("bea", request.id, Verb.APPROVE)

    assert "can only be answered on the GitHub issue" in answer
    assert office.request(request.id).approvals == ()


@pytest.mark.parametrize(
    ("by", "words", "said"),
    [
        ("ann", "/approve", "Nobody approves their own request"),
        ("ANN", "/approve", "Nobody approves their own request"),
        ("sam", "/approve", "You are not one of those who may answer"),
        ("eve", "/approve", "I do not know who you are"),
        ("bea", "/deny", "A no needs a reason"),
        ("bea", "/aprove", "Did you mean `/approve`?"),
        ("bea", "/help", "I understand `/approve`"),
        ("sam", "/cancel", "may cancel a request"),
        ("ann", "/revoke", "There is no access to take away"),
    ],
)
def test_what_does_not_count_is_explained_and_changes_nothing(
    office: Office, by: str, words: str, said: str
) -> None:
    request = office.ask()

    answer = office.comment(by, request.issue_number, words)

    assert said in answer
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert office.request(request.id).approvals == ()


def test_a_second_yes_of_one_person_counts_once(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")

    answer = office.comment("bea", request.issue_number, "/approve")

    assert "You have already said yes" in answer
    assert len(office.request(request.id).approvals) == 1


def test_one_no_ends_it_also_after_a_yes_of_the_same_person(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")

    office.comment("bea", request.issue_number, "/deny not this quarter")

    denied = office.request(request.id)
    assert denied.state is RequestState.DENIED
    assert "not this quarter" in denied.note
    assert not office.records.issues[1].is_open
    assert "not this quarter" in str(office.card("ann", request).notes)


def test_an_edited_comment_is_answered_and_not_obeyed(office: Office) -> None:
    request = office.ask()
    command = IssueCommand(
        actor=on_github("bea"),
        issue_number=1,
        comment_id=5,
        verb=Verb.APPROVE,
        is_edited=True,
    )

    answer = office.reply_to(command, 1)

    assert "I do not follow edited comments" in answer
    assert office.request(request.id).approvals == ()


def test_a_command_on_an_issue_without_a_request_is_answered(office: Office) -> None:
    number = office.records.open_by_hand()

    answer = office.comment("ann", number, "/approve")

    assert "I have no request for this issue" in answer


def test_a_click_on_a_card_that_shows_something_else_is_stale(office: Office) -> None:
    request = office.ask()

    answer = office.press("bea", request.id, Verb.APPROVE, digest="what was shown before")

    assert "The request changed after this card was made" in answer
    assert office.request(request.id).approvals == ()


def test_a_click_for_a_request_nobody_knows_is_answered(office: Office) -> None:
    answer = office.press("bea", "r-nothing", Verb.APPROVE)

    assert "I do not find this request" in answer


@pytest.mark.parametrize("ending", ["/cancel", "/deny no", "lapse"])
def test_an_answer_after_the_end_says_how_it_ended(office: Office, ending: str) -> None:
    request = office.ask()
    if ending == "lapse":
        for _ in range(3):
            office.travel(days=8)
    else:
        office.comment("ann" if ending == "/cancel" else "bea", 1, ending)

    answer = office.comment("bea", 1, "/approve")

    assert "This request is already" in answer
    assert office.request(request.id).is_over
    assert office.seats.seats == {}


def test_two_answers_that_come_in_together_are_both_weighed(office: Office) -> None:
    request = office.ask("crm/standard")
    for name in ("bea", "gus"):
        command = IssueCommand(
            actor=on_github(name), issue_number=1, comment_id=1, verb=Verb.APPROVE
        )
        office.send(command)

    office.work()

    assert office.request(request.id).state is RequestState.DELIVERED
    assert len(office.grants()) == 1


def test_an_approver_who_has_left_may_not_answer_and_others_are_asked(office: Office) -> None:
    request = office.ask("crm/standard")
    gone = [
        replace(p, last_day=date(2026, 10, 30)) if p.id == "bea" else p for p in office.people.file
    ]
    office.people.file = Roster(gone)

    answer = office.comment("bea", request.issue_number, "/approve")

    assert "Bea Doe has left the company" in answer
    assert office.request(request.id).approvals == ()
    office.travel(hours=5)
    assert office.cards("ivy", request) != []  # nobody is left as manager, so IT steps in


def test_the_reply_to_a_click_goes_where_the_click_came_from(office: Office) -> None:
    request = office.ask()
    press = Press(
        actor=on_slack("bea"),
        verb=Verb.APPROVE,
        request_id=request.id,
        response_url="https://hooks.slack.example/1",
    )

    office.send(press)
    office.work()

    assert office.chat.whispers[-1][2] == "https://hooks.slack.example/1"
