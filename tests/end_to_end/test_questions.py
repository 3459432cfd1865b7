"""A level that asks something of its own: the form grows, the issue needs a heading more."""

from collections.abc import Iterator

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from bot.sandbox.example import Colleague
from tests.end_to_end.house import FORM, WHY, House

ASKS = "The address of your LinkedIn profile"
VIEW_ONLY = "request: { by: [everyone], not: [consultant], approve: [manager], longest: 90d }"
ASKING = f"""request:
      by: [everyone]
      approve: [manager]
      longest: 90d
      questions:
        - {{ id: linkedin, asks: "{ASKS}", form: link }}
        - {{ id: desk, asks: "Which desk?", required: false }}"""
LINK = "https://linkedin.example/in/somebody"
HOSTILE = "<!channel> *@octo-ann* [x](https://evil.example) `/approve`"


@pytest.fixture
def house(house: House) -> Iterator[House]:
    with house.policy_changed("systems/salesforce.yml", VIEW_ONLY, ASKING):
        yield house


def body(**more: str) -> str:
    form = {**FORM, "Level": "salesforce/view-only", **more}
    return "\n\n".join(
        f"### {heading}\n\n{text or '_No response_'}" for heading, text in form.items()
    )


def open_issue(house: House, who: Colleague, **more: str) -> int:
    github = house.world.github.person(who.github)
    number = github.open_issue("Access please", body(**more), ["access-request"]).number
    house.settle()
    return number


def test_in_slack_the_form_asks_and_the_approver_reads_the_answers(house: House) -> None:
    team = house.team()
    person = house.slack(team.engineer)

    assert house.fill_in(team.engineer, "salesforce/view-only") == {}
    assert person.view is not None
    assert [block["label"]["text"] for block in person.view.blocks[-2:]] == [ASKS, "Which desk?"]
    person.submit({"question:linkedin": "my profile"})
    assert "this is no link" in person.view_errors["question:linkedin"]
    person.submit({"question:linkedin": LINK, "question:desk": HOSTILE})
    house.settle()

    assert person.view is None
    (request,) = house.requests_of(team.engineer)
    assert (request.answers, request.reason) == ({"linkedin": LINK, "desk": HOSTILE}, WHY)
    shown = house.card(team.manager, request.id)
    for text in (shown.text, house.status(request.issue_number or 0)):
        assert LINK in text.replace("\u2024", ".")
    assert shown.mentions == ()
    assert house.world.github.issue(request.issue_number or 0).mentions == []
    house.press(team.manager, request.id, CardAction.APPROVE)
    assert house.has_seat(team.engineer)


def test_on_an_issue_the_missing_heading_is_named_and_an_edit_makes_it_good(house: House) -> None:
    team = house.team()

    number = open_issue(house, team.engineer)
    assert (
        f"Edit the issue and add a line «### {ASKS}» with the answer below it"
        in (house.replies(number)[-1])
    )
    assert house.request_on(number) is None
    house.world.github.person(team.engineer.github).edit_issue(number, body=body(**{ASKS: LINK}))
    house.settle()

    request = house.request_on(number)
    assert request is not None
    assert request.answers == {"linkedin": LINK}
    assert request.state is RequestState.AWAITING_APPROVAL


def test_an_edited_answer_is_another_request_to_approve(house: House) -> None:
    team = house.team()
    number = open_issue(house, team.engineer, **{ASKS: LINK})
    request = house.request_on(number)
    assert request is not None

    other = body(**{ASKS: f"{LINK}/other"})
    house.world.github.person(team.engineer.github).edit_issue(number, body=other)
    house.settle()

    assert "The request was changed." in house.replies(number)[-1]
    changed = house.request(request.id)
    assert changed.digest != request.digest
    assert changed.answers == {"linkedin": f"{LINK}/other"}
    assert f"{LINK}/other" in house.text(team.manager, request.id).replace("\u2024", ".")


@pytest.mark.parametrize("answer", ["see attachment", f"{LINK}/{'x' * 400}"])
def test_an_answer_in_the_wrong_form_makes_no_request(house: House, answer: str) -> None:
    engineer = house.team().engineer

    number = open_issue(house, engineer, **{ASKS: answer})

    assert ASKS in house.replies(number)[-1]
    assert house.request_on(number) is None
