"""Those who may not: unknown, guests, bots, other companies, and colleagues who were not asked."""

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.company import Team
from tests.end_to_end.house import WHY, House

OUTSIDERS = {
    "a guest": ({"is_restricted": True}, "Guest accounts cannot use Usher. Ask your manager"),
    "a single-channel guest": ({"is_ultra_restricted": True}, "Guest accounts cannot use Usher."),
}


def test_a_slack_user_whom_the_roster_does_not_know_reads_so_in_the_form(house: House) -> None:
    house.world.slack.add_user("U0NOBODY01", name="Nobody", mail="nobody@acme.example")
    nobody = house.world.slack.person("U0NOBODY01")
    before = house.count("requests")

    nobody.command("/access", "salesforce view-only")
    nobody.submit({"why": WHY})
    house.settle()

    (said,) = nobody.view_errors.values()
    assert "I do not know who you are: no line of the roster has your Slack id." in said
    assert "Ask IT to add it, then try again." in said
    assert house.count("requests") == before


@pytest.mark.parametrize("who", OUTSIDERS)
def test_somebody_on_the_roster_but_no_member_is_told_why_not(house: House, who: str) -> None:
    flags, sentence = OUTSIDERS[who]
    engineer = house.team().engineer
    house.world.slack.add_user(
        engineer.slack_id,
        name=engineer.name,
        mail=engineer.mail,
        **flags,  # type: ignore[arg-type]  # flags by name
    )

    house.fill_in(engineer, "salesforce/view-only")

    assert [sentence in said for said in house.whispers(engineer)] == [True]
    assert house.requests_of(engineer) == []
    assert house.has_nothing(engineer)


def test_somebody_of_another_workspace_does_not_even_get_the_form(house: House) -> None:
    engineer = house.team().engineer
    house.world.slack.add_user(
        engineer.slack_id,
        name=engineer.name,
        mail=engineer.mail,
        team_id="T0OTHERCO1",
        is_stranger=True,
    )
    stranger = house.world.slack.person(engineer.slack_id)

    answer = stranger.command("/access", "salesforce view-only")
    house.settle()

    told = [str(answer.body), *house.whispers(engineer)]
    assert any("Only members of this company's own workspace" in said for said in told)
    assert stranger.view is None
    assert house.has_nothing(engineer)


def test_a_bot_gets_nothing_and_cannot_even_be_written_to(house: House) -> None:
    engineer = house.team().engineer
    house.world.slack.add_user(
        engineer.slack_id, name=engineer.name, mail=engineer.mail, is_bot=True
    )

    house.fill_in(engineer, "salesforce/view-only")

    assert house.requests_of(engineer) == []
    assert house.has_nothing(engineer)


def test_a_guest_cannot_approve_even_when_the_roster_names_them(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    manager = team.manager
    house.world.slack.add_user(
        manager.slack_id, name=manager.name, mail=manager.mail, is_restricted=True
    )

    told = house.press(manager, request.id, CardAction.APPROVE)

    assert "Guest accounts cannot use Usher." in told
    assert house.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert house.has_nothing(team.engineer)


def test_a_stranger_with_write_access_cannot_approve_on_the_issue(house: House) -> None:
    number = _ask(house, team := house.team())
    house.world.github.add_user("passer-by", permission="write").comment(number, "/approve")
    house.settle()

    assert house.replies(number)[-1].startswith("@passer-by I do not know who you are")
    assert "no line of the roster has your GitHub login. Ask IT" in house.replies(number)[-1]
    _still_waits(house, number, team)


@pytest.mark.parametrize("verb", ["/approve", "/deny too risky"])
def test_a_colleague_who_was_not_asked_reads_who_is(house: House, verb: str) -> None:
    number = _ask(house, team := house.team())
    bystander = house.team().manager

    told = house.comment(bystander, number, verb)

    assert f"@{bystander.github} You are not one of those who may answer this request." in told
    assert "(rule: salesforce/view-only request.approve, policies/systems/salesforce.yml:" in told
    assert "It needs: manager." in told
    _still_waits(house, number, team)


def test_a_colleague_can_neither_cancel_nor_take_away_what_is_not_theirs(house: House) -> None:
    team, bystander = house.team(), house.team().engineer
    waiting = _ask(house, team)
    held = house.grant_standard(team.seller, team.manager).issue_number or 0

    no_cancel = house.comment(bystander, waiting, "/cancel")
    no_revoke = house.comment(bystander, held, "/revoke")

    assert "Only the person who asked, the person it is for, or IT may cancel" in no_cancel
    assert "Approvers can /deny it with a reason." in no_cancel
    assert "their manager, the system's owners or IT may take it away. Ask one of them." in (
        no_revoke
    )
    assert house.has_seat(team.seller)
    _still_waits(house, waiting, team)


def test_a_stranger_who_closes_an_issue_cancels_nothing(house: House) -> None:
    number = _ask(house, team := house.team())

    house.world.github.person(house.team().engineer.github).close(number)
    house.settle()

    assert "Only the person who asked" in house.replies(number)[-1]
    assert house.world.github.issue(number).state == "open"
    _still_waits(house, number, team)


def _ask(house: House, team: Team) -> int:
    number = house.ask(team.engineer, "salesforce/view-only").issue_number
    assert number is not None
    return number


def _still_waits(house: House, number: int, team: Team) -> None:
    request = house.request_on(number)
    assert request is not None
    assert request.state is RequestState.AWAITING_APPROVAL
    assert request.approvals == ()
    assert house.has_nothing(team.engineer)
