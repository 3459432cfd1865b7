"""Issues filled in wrongly: what is wrong, what to write, and a good edit makes the request."""

from datetime import timedelta

import pytest

from bot.domain.request import RequestState
from tests.end_to_end.company import GUS
from tests.end_to_end.house import FORM, WHY, House

MISTAKES = {
    "salesforce/viewonly": "no level «salesforce/viewonly». Did you mean «salesforce/view-only»?",
    "view only": "no level «view only». Did you mean «salesforce/view-only»?",
    "zzz": "There is no level «zzz». Known levels: gong/listener, gong/recorder, salesforce/admin",
}


@pytest.mark.parametrize("level", MISTAKES)
def test_an_unknown_level_is_answered_and_an_edit_makes_it_good(house: House, level: str) -> None:
    team = house.team()

    number = house.ask_on_issue(team.engineer, level)
    assert MISTAKES[level] in house.replies(number)[-1]
    assert house.request_on(number) is None
    house.edit_form(team.engineer, number, level="salesforce/view-only")

    request = house.request_on(number)
    assert request is not None
    assert (request.state, request.person_id) == (
        RequestState.AWAITING_APPROVAL,
        team.engineer.id,
    )
    assert "Waiting for approval" in house.status(number)


def test_missing_fields_are_all_named_at_once(house: House) -> None:
    engineer = house.team().engineer
    github = house.world.github.person(engineer.github)

    body = "### Level\n\nsalesforce/view-only\n\n### Why\n\n_No response_"
    number = github.open_issue("Access please", body, ["access-request"]).number
    house.settle()

    (said,) = house.replies(number)
    assert "The heading «For how long» is missing. Edit the issue and add a line" in said
    assert "«Why» is empty. Edit the issue and write why this access is needed." in said
    assert house.requests_of(engineer) == []


def test_a_doubled_field_is_not_guessed_and_one_of_them_is_enough(house: House) -> None:
    engineer = house.team().engineer
    github = house.world.github.person(engineer.github)
    form = {**FORM, "Level": "salesforce/view-only"}
    body = "\n\n".join(f"### {heading}\n\n{text}" for heading, text in form.items())

    number = github.open_issue("Twice", f"{body}\n\n### Level\n\nsalesforce/admin").number
    house.settle()

    assert "«Level» is there 2 times. Edit the issue and keep one." in house.replies(number)[-1]
    assert house.requests_of(engineer) == []
    house.edit_form(engineer, number, level="salesforce/view-only")
    assert [r.level_id for r in house.requests_of(engineer)] == ["salesforce/view-only"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"how_long": "a while"}, "I cannot read «a while» as a length of time. Write for example"),
        ({"whom": "Somebody Else"}, "The roster has nobody for «Somebody Else». Write a work mail"),
    ],
)
def test_an_answer_that_cannot_be_read_is_sent_back(
    house: House, answers: dict[str, str], said: str
) -> None:
    engineer = house.team().engineer

    number = house.ask_on_issue(engineer, "salesforce/view-only", **answers)

    assert said in house.replies(number)[-1]
    assert house.requests_of(engineer) == []


def test_too_long_is_refused_by_its_rule_and_the_issue_is_closed(house: House) -> None:
    team = house.team()

    number = house.ask_on_issue(team.engineer, "salesforce/view-only", how_long="200 days")

    request, status = house.request_on(number), house.status(number)
    assert request is not None
    assert request.state is RequestState.REFUSED
    for words in ("200 days is too long for", "request.longest", "Ask for at most 90 days"):
        assert words in status
    assert house.world.github.issue(number).state == "closed"
    assert house.has_nothing(team.engineer)


def test_an_edit_voids_approvals_and_says_so(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.seller, "salesforce/standard", how_long="30 days")
    assert "Still needed: gtm-systems" in house.comment(team.manager, number, "/approve")

    house.edit_form(team.seller, number, level="salesforce/standard", how_long="90 days")

    assert "The request was changed. 1 earlier approval is void." in house.replies(number)[-1]
    assert "The approvers are asked again." in house.replies(number)[-1]
    house.travel(timedelta(seconds=2))  # GitHub tells whole seconds only
    assert "Still needed: manager" in house.comment(GUS, number, "/approve")
    assert house.has_nothing(team.seller)
    house.comment(team.manager, number, "/approve")
    assert house.has_seat(team.seller)


def test_an_edit_that_cannot_be_used_leaves_the_request_as_it_was(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")

    house.edit_form(team.engineer, number, level="salesforce/view-only", how_long="soon")
    house.edit_form(team.engineer, number, level="salesforce/admin", how_long="8h")

    unreadable, refused = house.replies(number)
    assert "I cannot use this edit. I cannot read «soon»" in unreadable
    assert "This edit would be refused." in refused
    for said in (unreadable, refused):
        assert "The request stands as the status comment shows it." in said
    request = house.request_on(number)
    assert request is not None
    assert (request.level_id, str(request.duration)) == ("salesforce/view-only", "30d")


def test_nobody_else_may_edit_a_request(house: House) -> None:
    team, bystander = house.team(), house.team().engineer
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")

    house.edit_form(bystander, number, level="salesforce/view-only", how_long="90 days")

    assert "Only the person who asked, the person it is for, or IT" in house.replies(number)[-1]
    request = house.request_on(number)
    assert request is not None
    assert str(request.duration) == "30d"


def test_an_edit_after_the_end_changes_nothing(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")
    house.comment(team.engineer, number, "/cancel")

    house.edit_form(team.engineer, number, level="salesforce/view-only", how_long="90 days")

    assert "This request is cancelled" in house.replies(number)[-1]
    assert house.world.github.issue(number).state == "closed"
    assert house.has_nothing(team.engineer)


def test_an_edited_comment_is_answered_and_not_obeyed(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")
    github = house.world.github.person(team.manager.github)

    comment = github.comment(number, f"I will look at it: {WHY}")
    github.edit_comment(comment.id, "/approve")
    house.settle()

    assert (
        "I do not follow edited comments. Write the command as a new comment."
        in (house.replies(number)[-1])
    )
    assert house.has_nothing(team.engineer)


def test_a_misspelt_command_is_answered(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")

    told = house.comment(team.manager, number, "/aprove")

    assert "I do not know this command. Did you mean `/approve`?" in told
    assert house.has_nothing(team.engineer)
