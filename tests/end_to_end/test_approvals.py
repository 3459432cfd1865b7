"""Approvals that must not count, each with its answer; and how a no and a cancel end it."""

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.company import GUS, IVY
from tests.end_to_end.house import House

NOT_YOURSELF = "Nobody approves their own request."


def test_the_requester_cannot_approve_in_any_spelling_of_their_login(house: House) -> None:
    team = house.team()
    house.rewrite(team.engineer, github=team.engineer.github.upper())
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")

    told = house.comment(team.engineer, number, "/APPROVE")

    assert NOT_YOURSELF in told
    assert "(rule: salesforce/view-only request.approve, policies/systems/" in told
    assert "Somebody else must answer; they have been asked." in told
    assert house.has_nothing(team.engineer)


def test_a_manager_who_asked_for_somebody_cannot_approve_it_and_it_steps_in(house: House) -> None:
    team = house.team()
    errors = house.fill_in(team.manager, "salesforce/view-only", whom=team.engineer.slack_id)
    (request,) = house.requests_of(team.engineer)
    number = request.issue_number or 0
    assert errors == {}

    told = house.comment(team.manager, number, "/approve")
    assert NOT_YOURSELF in told
    assert house.has_nothing(team.engineer)

    assert "Approved." in house.comment(IVY, number, "/approve")
    assert house.has_seat(team.engineer)


def test_an_approver_who_has_left_meanwhile_does_not_count_and_their_backup_does(
    house: House,
) -> None:
    team = house.team()
    number = house.ask(team.engineer, "salesforce/view-only").issue_number or 0
    house.rewrite(team.manager, last_day="2024-12-31")

    told = house.comment(team.manager, number, "/approve")

    assert "has left the company" in told
    assert house.has_nothing(team.engineer)
    assert "Approved." in house.comment(IVY, number, "/approve")
    assert house.has_seat(team.engineer)


def test_those_who_step_in_for_somebody_who_left_are_asked(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.rewrite(team.manager, last_day="2024-12-31")

    house.comment(team.manager, request.issue_number or 0, "/approve")

    assert CardAction.APPROVE in str(house.card(IVY, request.id).blocks)
    assert f"manager ({IVY.name} or " in house.status(request.issue_number or 0)


def test_one_person_counts_once(house: House) -> None:
    team = house.team()
    number = house.ask(team.seller, "salesforce/standard").issue_number or 0

    first = house.comment(team.manager, number, "/approve")
    second = house.comment(team.manager, number, "/approve")

    assert "Thank you. Still needed: gtm-systems." in first
    assert "You have already said yes." in second
    assert house.has_nothing(team.seller)
    assert "Approved." in house.comment(GUS, number, "/approve")


def test_high_risk_is_answered_on_the_issue_only(house: House) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/standard")
    low = house.ask(team.engineer, "salesforce/view-only")
    card = house.card(team.manager, request.id)

    assert CardAction.APPROVE not in str(card.blocks)
    assert "This level is answered on the GitHub issue" in card.text
    assert CardAction.APPROVE in str(house.card(team.manager, low.id).blocks)


def test_one_no_ends_it_and_a_no_needs_a_reason(house: House) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/standard")
    number = request.issue_number or 0

    assert "A no needs a reason. Write `/deny` and why" in house.comment(GUS, number, "/deny")
    house.comment(team.manager, number, "/approve")
    house.comment(GUS, number, "/deny use the weekly report")

    card = house.card(team.seller, request.id).text
    assert card.startswith("Denied")
    assert f"{GUS.name} said no: use the weekly report" in card
    assert "You can ask again with /access" in card
    late = house.comment(team.manager, number, "/approve")
    assert f"This request is already denied by {GUS.name}." in late
    assert house.has_nothing(team.seller)


def test_an_approval_after_a_cancel_is_answered_with_what_happened(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    number = request.issue_number or 0

    assert "Cancelled." in house.comment(team.engineer, number, "/cancel")
    told = house.comment(team.manager, number, "/approve")

    assert f"This request is already cancelled by {team.engineer.name}." in told
    assert "Nothing is waiting for your answer." in told
    assert house.world.github.issue(number).state == "closed"
    assert house.card(team.manager, request.id).text.startswith("Cancelled")
    assert house.has_nothing(team.engineer)


def test_closing_the_issue_cancels_and_reopening_it_does_not_bring_it_back(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    number = request.issue_number or 0
    github = house.world.github.person(team.engineer.github)

    github.close(number)
    house.settle()
    assert house.request(request.id).state is RequestState.CANCELLED
    github.reopen(number)
    house.settle()

    assert "This request has ended, so I close the issue again." in house.replies(number)[-1]
    assert house.world.github.issue(number).state == "closed"


def test_labels_changed_by_hand_are_put_right(house: House) -> None:
    team = house.team()
    number = house.ask(team.engineer, "salesforce/view-only").issue_number or 0
    github = house.world.github.person(team.engineer.github)

    github.unlabel(number, "access: awaiting approval")
    github.label(number, "access: delivered")
    house.settle()

    assert house.world.github.issue(number).labels == ["access: awaiting approval"]
    assert house.has_nothing(team.engineer)
