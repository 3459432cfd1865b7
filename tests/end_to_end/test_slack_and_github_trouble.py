"""Slack or GitHub unwilling: the others are told at once, and the rest is made up for."""

import json
from datetime import timedelta

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from bot.sandbox.faults import Fault, FaultKind
from tests.end_to_end.house import House

POST = "POST /api/chat.postMessage"
SECONDARY = json.dumps(
    {
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before "
        "you try again.",
        "documentation_url": "https://docs.github.com/rest",
    }
)


def test_slack_429_for_one_person_delays_nobody_else(house: House) -> None:
    team = house.team()
    slow = Fault(route=POST, kind=FaultKind.STATUS, status=429, retry_after=20, times=1)

    house.world.slack.faults.add(slow)
    request = house.ask(team.engineer, "salesforce/view-only")

    assert house.cards(team.engineer, request.id) == []
    assert len(house.cards(team.manager, request.id)) == 1
    assert "Waiting for approval" in house.status(request.issue_number or 0)
    house.travel(timedelta(seconds=90))
    assert "Waiting for approval" in house.text(team.engineer, request.id)
    assert len(house.cards(team.manager, request.id)) == 1


def test_slack_429_for_everybody_is_made_up_for(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    slow = Fault(
        route="POST /api/chat.*", kind=FaultKind.STATUS, status=429, retry_after=30, times=99
    )

    house.world.slack.faults.add(slow)
    house.comment(team.manager, request.issue_number or 0, "/approve")
    assert house.has_seat(team.engineer)
    house.world.slack.faults.clear()
    house.travel(timedelta(minutes=2))

    assert house.text(team.engineer, request.id).startswith("Access is ready")
    assert house.text(team.manager, request.id).startswith("Access is ready")


def test_somebody_whom_slack_does_not_find_is_noted_and_the_others_are_told(house: House) -> None:
    team = house.team()
    body = json.dumps({"ok": False, "error": "channel_not_found"})
    gone = Fault(route=POST, kind=FaultKind.STATUS, status=200, body=body, nth=2)

    house.world.slack.faults.add(gone)
    request = house.ask(team.engineer, "salesforce/view-only")

    assert "Waiting for approval" in house.text(team.engineer, request.id)
    assert house.cards(team.manager, request.id) == []
    (missed,) = [e for e in house.audit(request.id) if e.tag == "message:undeliverable"]
    assert missed.facts["to"] == team.manager.id
    assert "channel_not_found" in missed.facts["why"]
    house.comment(team.manager, request.issue_number or 0, "/approve")
    assert house.has_seat(team.engineer)
    assert house.text(team.engineer, request.id).startswith("Access is ready")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(
            route="*", kind=FaultKind.STATUS, status=403, retry_after=60, body=SECONDARY, times=99
        ),
        Fault(route="*", kind=FaultKind.STATUS, status=502, times=99),
        Fault(route="*", kind=FaultKind.DROP_BEFORE, times=99),
    ],
    ids=["secondary limit", "5xx", "down"],
)
def test_without_github_people_hear_in_slack_and_the_issue_is_made_later(
    house: House, fault: Fault
) -> None:
    team = house.team()
    before = len(house.world.github.issues())

    house.world.github.faults.add(fault)
    request = house.ask(team.engineer, "salesforce/view-only")

    assert request.issue_number is None
    assert "Waiting for approval" in house.text(team.engineer, request.id)
    assert CardAction.APPROVE in str(house.card(team.manager, request.id).blocks)
    house.press(team.manager, request.id, CardAction.APPROVE)
    assert house.has_seat(team.engineer)
    house.world.github.faults.clear()
    house.travel(timedelta(minutes=16))
    (issue,) = house.world.github.issues()[before:]
    assert house.request(request.id).issue_number == issue.number
    assert issue.state == "closed"
    assert "Access is ready" in house.status(issue.number)


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HTML])
def test_an_issue_whose_answer_was_lost_is_found_again(house: House, kind: FaultKind) -> None:
    team = house.team()
    before = len(house.world.github.issues())

    house.world.github.faults.add(Fault(route="POST /repos/*/issues", kind=kind))
    house.world.github.faults.add(Fault(route="POST /repos/*/comments", kind=kind))
    request = house.ask(team.engineer, "salesforce/view-only")
    house.travel(timedelta(minutes=2))

    (issue,) = house.world.github.issues()[before:]
    assert house.request(request.id).issue_number == issue.number
    assert "Waiting for approval" in house.status(issue.number)


def test_a_reply_that_github_did_not_take_is_sent_later_and_once(house: House) -> None:
    team = house.team()
    number = house.ask(team.engineer, "salesforce/view-only").issue_number or 0
    slow = Fault(
        route="POST /repos/*/comments", kind=FaultKind.STATUS, status=403, body=SECONDARY, times=99
    )

    house.world.github.faults.add(slow)
    assert house.comment(team.engineer, number, "/approve") == ""
    house.world.github.faults.clear()
    for _ in range(2):
        house.travel(timedelta(minutes=2))

    (reply,) = house.replies(number)
    assert "Nobody approves their own request." in reply
    request = house.request_on(number)
    assert request is not None
    assert request.state is RequestState.AWAITING_APPROVAL
