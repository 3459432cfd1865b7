"""Requests come in from Slack and from issues, understood or answered with what to write."""

from typing import Any

import pytest

from bot.domain.audit import Tag
from bot.domain.errors import Unavailable
from bot.domain.inbound import Submission
from bot.domain.request import RequestState
from tests.factories import person
from tests.workflows.office import WHY, Office, on_slack


def test_a_request_from_slack_gets_an_issue_a_status_and_cards(office: Office) -> None:
    request = office.ask()

    assert request.state is RequestState.AWAITING_APPROVAL
    assert office.records.issues[1].labels == {"access: awaiting approval"}
    assert office.status(request).content
    assert [len(office.cards(who, request)) for who in ("ann", "bea", "gus")] == [1, 1, 0]
    assert office.tags(request.id) == [
        Tag.REQUEST_SUBMITTED,
        Tag.DECISION_MADE,
        Tag.REQUEST_ASKED,
    ]


def test_a_request_from_an_issue_keeps_that_issue(office: Office) -> None:
    number = office.records.open_by_hand()

    office.reply_to(office.form(number), number)

    (request,) = office.requests()
    assert request.issue_number == number
    assert list(office.records.issues) == [number]


def test_the_same_delivery_four_times_makes_one_request(office: Office) -> None:
    message = Submission(actor=on_slack("ann"), level="crm/view", how_long="7d", why=WHY)

    for _ in range(4):
        office.send(message, "same")
    office.work()

    assert len(office.requests()) == 1


def test_a_second_submission_for_an_issue_that_has_a_request_changes_nothing(
    office: Office,
) -> None:
    number = office.records.open_by_hand()
    office.reply_to(office.form(number), number)
    before = office.requests()

    answer = office.reply_to(office.form(number, why="Another reason"), number)

    assert answer == ""
    assert office.requests() == before


def test_what_policy_refuses_is_a_refused_request_that_names_the_rule(office: Office) -> None:
    request = office.ask(how_long="200 days")

    assert request.state is RequestState.REFUSED
    assert "crm/view request.longest" in request.note
    assert not office.records.issues[1].is_open
    assert office.seats.seats == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"level": "crm/vieww"}, "Did you mean «crm/view»?"),
        ({"how_long": "a while"}, "Write for example 8h"),
        ({"how_long": "0 days"}, "Write for example 8h"),
        ({"why": "🙏🙏"}, "no words in it"),
        ({"why": "a" * 1001}, "1001 characters"),
        ({"for_whom": "nobody.at.all@acme.example"}, "The roster has nobody for"),
        ({"problems": ("The heading Why is there twice.",)}, "Why is there twice"),
    ],
)
def test_words_that_cannot_be_understood_are_answered_on_the_issue(
    office: Office, words: dict[str, Any], said: str
) -> None:
    number = office.records.open_by_hand()

    answer = office.reply_to(office.form(number, **words), number)

    assert said in answer
    assert answer.startswith("@octo-ann ")
    assert office.requests() == []


def test_a_name_that_two_people_share_is_not_guessed(office: Office) -> None:
    office.people.file = type(office.people.file)(
        [*office.people.file, person("kim", name="Kim Lee"), person("kit", name="Kim Lee")]
    )

    request_id = office.submit(for_whom="Kim Lee")
    office.work()

    assert "several people" in office.chat.whispers[-1][1]
    assert request_id not in [r.id for r in office.requests()]


def test_a_manager_asks_for_a_report_and_a_colleague_may_not(office: Office) -> None:
    by_manager = office.ask(by="bea", for_whom="ann@acme.example")
    by_colleague = office.ask("crm/standard", by="sam", for_whom="octo-ann")

    assert (by_manager.person_id, by_manager.requester_id) == ("ann", "bea")
    # her own manager asks, so the backup answers
    assert by_manager.decision is not None
    assert "bea" not in by_manager.decision.needs[0].from_
    assert by_colleague.state is RequestState.REFUSED


def test_somebody_the_roster_does_not_know_is_told_so(office: Office) -> None:
    office.submit(by="eve")
    office.work()

    assert office.requests() == []
    assert "no line of the roster has your Slack id" in office.chat.whispers[-1][1]
    assert office.tags("d-1") == [Tag.MESSAGE_REJECTED]


def test_a_guest_is_refused_before_anything_is_made(office: Office) -> None:
    office.members.refused["UANN"] = "Guest accounts cannot use Usher."

    office.submit()
    office.work()

    assert office.requests() == []
    assert office.chat.whispers == [("UANN", "Guest accounts cannot use Usher.", "")]


def test_while_slack_cannot_vouch_for_a_person_the_message_waits(office: Office) -> None:
    office.members.troubles.refuse("refusal", Unavailable("down", service="slack"))
    office.submit()
    office.work()
    assert office.requests() == []

    office.travel(minutes=2)

    assert [r.state for r in office.requests()] == [RequestState.AWAITING_APPROVAL]


def test_a_level_is_asked_for_once_at_a_time(office: Office) -> None:
    office.ask()

    second = office.ask()

    assert second.state is RequestState.REFUSED
    assert "has already asked for crm/view" in second.note
