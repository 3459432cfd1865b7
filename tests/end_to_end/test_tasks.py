"""Steps by hand: a checklist on the issue, ticked by the system's owners and nobody else."""

from bot.domain.cards import CardAction
from bot.domain.grant import GrantState
from bot.domain.request import Request, RequestState
from tests.end_to_end.company import GUS, Team
from tests.end_to_end.house import House

STEP = "- [ ] Assign a Gong collaborator seat"


def test_a_level_without_an_api_is_delivered_when_its_owner_has_ticked_the_step(
    house: House,
) -> None:
    team = house.team()
    request = _approved_listener(house, team)
    number = request.issue_number or 0
    assert house.text(team.engineer, request.id).startswith("Waiting for a step by hand")
    assert STEP in house.status(number)

    house.tick(GUS, number)

    assert house.request(request.id).state is RequestState.DELIVERED
    assert f"- [x] Assign a Gong collaborator seat — done by {GUS.name}" in house.status(number)
    assert "Open Gong from your single sign-on page" in house.text(team.engineer, request.id)
    assert house.world.github.issue(number).state == "closed"
    assert house.user(team.engineer) is None


def test_a_tick_by_somebody_else_is_put_back_and_answered(house: House) -> None:
    team = house.team()
    request = _approved_listener(house, team)
    number = request.issue_number or 0

    house.tick(team.engineer, number)

    assert "Only the system's owners or IT may tick these steps." in house.replies(number)[-1]
    assert STEP in house.status(number)
    assert house.request(request.id).state is RequestState.PROVISIONING
    assert house.grant(request.id) is None


def test_words_written_into_the_status_comment_are_put_back(house: House) -> None:
    team = house.team()
    number = _approved_listener(house, team).issue_number or 0
    before = house.status(number)

    house.tick(GUS, number, box="Waiting for a step by hand", mark="Access is ready")

    assert house.status(number) == before


def test_the_end_of_such_access_is_a_step_too(house: House) -> None:
    team = house.team()
    request = _approved_listener(house, team)
    number = request.issue_number or 0
    house.tick(GUS, number)

    house.press(team.engineer, request.id, CardAction.GIVE_BACK)
    assert f"- [ ] Remove {team.engineer.name} ({team.engineer.mail}) from Gong" in (
        house.status(number)
    )
    assert house.world.github.issue(number).state == "open"
    house.tick(GUS, number)

    grant = house.grant(request.id)
    assert grant is not None
    assert grant.state is GrantState.ENDED
    assert house.text(team.engineer, request.id).startswith("Access has ended")
    assert house.world.github.issue(number).state == "closed"


def test_a_hand_step_beside_an_account_keeps_the_issue_open_until_it_is_ticked(
    house: House,
) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/sales", how_long="90d")
    number = request.issue_number or 0

    house.comment(team.manager, number, "/approve")
    house.comment(GUS, number, "/approve")

    user = house.user(team.seller)
    assert user is not None
    assert user.permission_sets == ("AcmeCrmUser", "InboxWithEinsteinActivityCapture")
    assert house.has_seat(team.seller)
    assert "- [ ] Add the user to the Einstein Activity Capture" in house.status(number)
    assert house.world.github.issue(number).state == "open"
    house.tick(GUS, number)
    assert house.world.github.issue(number).state == "closed"


def _approved_listener(house: House, team: Team) -> Request:
    request = house.ask(team.engineer, "gong/listener")
    house.press(team.manager, request.id, CardAction.APPROVE)
    return house.request(request.id)
