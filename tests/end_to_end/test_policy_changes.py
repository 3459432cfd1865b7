"""The policy changes while requests wait: approvals fit what is in force or do not count."""

from datetime import timedelta

import requests

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.company import GUS
from tests.end_to_end.house import House

SALESFORCE = "systems/salesforce.yml"
VIEW_ONLY = "bundle: { licence: Salesforce, profile: Read Only }"
WIDER = "bundle: { licence: Salesforce, profile: Standard User }"


def test_an_approval_after_the_level_changed_does_not_count_and_is_asked_for_again(
    house: House,
) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    with house.policy_changed(SALESFORCE, VIEW_ONLY, WIDER):
        told = house.press(team.manager, request.id, CardAction.APPROVE)
        assert "The rules for this level changed after the request was shown to you." in told
        assert "read it again and answer again" in told
        assert house.has_nothing(team.engineer)
        assert "earlier approvals are void and everybody is asked again" in (
            house.text(team.manager, request.id)
        )
        again = house.press(team.manager, request.id, CardAction.APPROVE)

    assert "Approved." in again
    user = house.user(team.engineer)
    assert user is not None
    assert user.profile == "Standard User"


def test_a_change_between_two_approvals_voids_the_first(house: House) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/standard")
    number = request.issue_number or 0
    house.comment(team.manager, number, "/approve")

    with house.policy_changed(
        SALESFORCE, "Create and edit accounts", "Create, edit and delete accounts"
    ):
        told = house.comment(GUS, number, "/approve")
        assert "The rules for this level changed" in told
        assert "Said yes" not in house.status(number)
        house.travel(timedelta(seconds=2))  # GitHub tells whole seconds only
        assert "Still needed: manager." in house.comment(GUS, number, "/approve")
        assert house.has_nothing(team.seller)


def test_a_level_that_is_no_longer_for_them_is_refused_at_the_approval(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    with house.policy_changed(SALESFORCE, "not: [consultant]", "not: [consultant, engineer]"):
        told = house.press(team.manager, request.id, CardAction.APPROVE)

    assert "Policy no longer allows this request." in told
    assert "salesforce/view-only is not for engineer." in told
    assert house.request(request.id).state is RequestState.REFUSED
    assert "salesforce/view-only request.not" in house.text(team.engineer, request.id)
    assert house.has_nothing(team.engineer)


def test_a_broken_policy_changes_nothing_and_readyz_says_what_is_wrong(house: House) -> None:
    team = house.team()

    with house.policy_changed(SALESFORCE, "risk: low", "risk: lowest"):
        ready = requests.get(f"{house.url}/readyz", timeout=10)
        request = house.ask(team.engineer, "salesforce/view-only")
        house.press(team.manager, request.id, CardAction.APPROVE)

    assert ready.status_code == 503
    assert "salesforce.yml:14:" in ready.text
    assert house.has_seat(team.engineer)
    assert requests.get(f"{house.url}/readyz", timeout=10).status_code == 200


def test_a_broken_roster_changes_nothing_either(house: House) -> None:
    team, good = house.team(), house.people_file.read_bytes()

    house.people_file.write_bytes(good + b"p001,not-a-mail,,,,,,,,,,,\n")
    ready = requests.get(f"{house.url}/readyz", timeout=10)
    request = house.grant_view_only(team.engineer, team.manager)
    house.people_file.write_bytes(good)

    assert ready.status_code == 503
    assert "people.csv:" in ready.text
    assert request.state is RequestState.DELIVERED
    assert house.has_seat(team.engineer)
