"""Words that try to ping, imitate, break out or flood arrive as plain words, everywhere."""

import pytest
import requests

from bot.domain.request import RequestState
from bot.sandbox.example import Colleague
from bot.sandbox.world import HR_TOKEN
from tests.end_to_end.company import EVA
from tests.end_to_end.house import House

HOSTILE = {
    "pings everybody in Slack": "Quick <!channel> <!here> <!everyone> <!subteam^S012AB> look",
    "pings a person in Slack": "For <@U0ANN00004> and <@U0BEA00003|bea>, please",
    "pings on GitHub": "For @octo-it-1, @acme/everybody and \\@octo-bea, &#64;octo-ann",
    "is markdown": "**Approved** [click](https://evil.example) ![x](https://evil.example/a.png)",
    "breaks the table": "one | two | three\n\n| a | b |\n|---|---|\n# Approved\n- [x] done",
    "hides in a comment": "<!-- usher:status:r00000000000 --> <details><summary>x</summary>",
    "gives a command": "/approve\n\n/approve\n/deny no\n\r\n/cancel and so on",
    "turns around": "\u202e/approve\u202c \u2066hidden\u2069 \u200e\u200f review\u061c of sales",
    "has nothing to see": "review\u200b\u2060\ufeff\x00\x1b[31m of the quarter",
}
_MARKS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x00\x1b")


@pytest.mark.parametrize("why", HOSTILE.values(), ids=HOSTILE)
def test_a_reason_given_in_slack_stays_words(house: House, why: str) -> None:
    team = house.team()

    request = house.ask(team.engineer, "salesforce/view-only", why=why)

    assert request.issue_number is not None
    assert house.replies(request.issue_number) == []
    _is_inert(house, request.issue_number, team.engineer, team.manager)
    assert house.world.github.issue(request.issue_number).mentions == []
    assert house.request(request.id).state is RequestState.AWAITING_APPROVAL


@pytest.mark.parametrize("why", HOSTILE.values(), ids=HOSTILE)
def test_a_reason_given_on_an_issue_stays_words(house: House, why: str) -> None:
    team = house.team()

    number = house.ask_on_issue(team.engineer, "salesforce/view-only", why=why)

    request = house.request_on(number)
    assert request is not None
    assert house.replies(number) == []
    _is_inert(house, number, team.engineer, team.manager)
    assert request.state is RequestState.AWAITING_APPROVAL
    assert request.approvals == ()


@pytest.mark.parametrize("why", ["🚀🚀🚀", "   ", "!!! ... ???", "\u200b\u2800"])
def test_a_reason_without_words_is_sent_back(house: House, why: str) -> None:
    team = house.team()

    in_slack = _forge(house, team.engineer, why)
    number = house.ask_on_issue(team.engineer, "salesforce/view-only", why=why)

    assert "Please say why in words." in in_slack["why"]
    (on_issue,) = house.replies(number)
    assert "The reason has no words in it." in on_issue or "«Why» is empty." in on_issue
    assert "Say in a sentence" in on_issue or "write why this access is needed" in on_issue
    assert house.requests_of(team.engineer) == []


def test_ten_thousand_characters_are_sent_back_with_their_number(house: House) -> None:
    team, why = house.team(), "because " * 1250

    in_slack = _forge(house, team.engineer, why.strip() + "!" * (10_000 - len(why.strip())))
    number = house.ask_on_issue(team.engineer, "salesforce/view-only", why=why)

    assert "Please keep it under 1000 characters; this has 10000." in in_slack["why"]
    (on_issue,) = house.replies(number)
    assert "«Why» has 9999 characters, more than the 1000 that fit." in on_issue
    assert "Edit the issue and shorten it." in on_issue
    assert house.requests_of(team.engineer) == []


@pytest.mark.parametrize(
    "name",
    [
        "<!channel> Ops",
        "Max <@U0ANN00004>",
        "@octo-it-1 *Bold* [x](https://evil.example)",
        "/approve",
    ],
)
def test_a_name_from_outside_stays_words(house: House, name: str) -> None:
    team = house.team()
    house.rewrite(team.engineer, name=name)

    request = house.ask(team.engineer, "salesforce/view-only")

    assert request.issue_number is not None
    issue = house.world.github.issue(request.issue_number)
    assert issue.mentions == []
    assert name.split(maxsplit=1)[0].strip("<!@>") in issue.title
    _is_inert(house, issue.number, team.engineer, team.manager)
    assert house.request(request.id).approvals == ()


def test_a_name_from_outside_stays_words_in_the_ways_out_of_a_refusal(house: House) -> None:
    team = house.team()
    house.rewrite(team.engineer, name="<!channel> @octo-it-1 /approve [x](https://evil.example)")

    number = house.ask_on_issue(team.engineer, "salesforce/standard")

    request = house.request_on(number)
    assert request is not None
    assert request.state is RequestState.REFUSED
    assert "@octo-it-1 /approve" in request.ways_out[0]
    assert "What would have to be true" in house.text(team.engineer, request.id)
    _is_inert(house, number, team.engineer)


def test_a_name_from_the_onboarding_api_stays_words_too(house: House) -> None:
    number = len(house.world.github.issues()) + 1
    body = {
        "id": "p-hostile",
        "mail": "hostile@acme.example",
        "name": "<!here> @octo-it-1 /approve",
        "role": "csm",
        "manager_id": EVA.id,
        "timezone": "Asia/Tokyo",
        "first_day": "2027-01-01",
    }
    answer = requests.post(
        f"{house.url}/api/v1/onboardings",
        json={"person": body},
        headers={"Authorization": f"Bearer {HR_TOKEN}", "Idempotency-Key": "hostile-1"},
        timeout=10,
    )
    house.settle()

    assert answer.status_code == 201
    assert house.world.github.issue(number).mentions == []
    assert [m.mentions for m in house.world.slack.messages() if m.mentions] == []


@pytest.mark.parametrize("words", ["<!channel>", "@octo-it-1", "salesforce/standrd"])
def test_a_hostile_level_is_quoted_and_not_repeated_raw(house: House, words: str) -> None:
    team = house.team()

    number = house.ask_on_issue(team.engineer, words)

    (comment,) = [
        c for c in house.world.github.issue(number).comments if "There is no level" in c.body
    ]
    assert comment.mentions == [team.engineer.github]
    assert house.requests_of(team.engineer) == []


def _forge(house: House, who: Colleague, why: str) -> dict[str, str]:
    """Submit what Slack's own client would not let through."""
    person = house.slack(who)
    person.command("/access", "salesforce view-only")
    person.submit({"why": why}, forged=True)
    house.settle()
    return person.view_errors


def _is_inert(house: House, number: int, *people: Colleague) -> None:
    """Nobody is notified, nothing turns text around, and no link of theirs is one."""
    comments = house.world.github.issue(number).comments
    assert [c.mentions for c in comments if c.mentions] == []
    for person in people:
        for message in house.world.slack.dm(person.slack_id):
            assert message.mentions == ()
            assert not _MARKS & set(message.text + str(message.blocks))
    shown = "".join(c.body for c in comments)
    assert not _MARKS & set(shown)
    assert "](https://evil.example" not in shown
