"""The same thing twice, or two things at once: one effect each."""

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.company import GUS
from tests.end_to_end.house import FORM, House, at_once


def test_two_approvals_in_the_same_millisecond_are_one_grant(house: House) -> None:
    team = house.team()
    request = house.ask(team.seller, "salesforce/standard")
    number = request.issue_number or 0
    house.hold_webhooks()
    for approver in (team.manager, GUS):
        house.world.github.person(approver.github).comment(number, "/approve")
    first, second = house.held()

    at_once([lambda: house.post(first), lambda: house.post(second)])
    house.settle()

    done = house.request(request.id)
    assert done.state is RequestState.DELIVERED
    assert {a.person_id for a in done.approvals} == {team.manager.id, GUS.id}
    said = sorted(reply.partition(" ")[2][:6] for reply in house.replies(number))
    assert said == ["Approv", "Thank "]
    _has_exactly_one(house, team.seller.id)
    assert house.has_seat(team.seller)


def test_an_approval_and_a_cancel_at_once_end_in_one_of_the_two(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    number = request.issue_number or 0
    house.hold_webhooks()
    house.world.github.person(team.manager.github).comment(number, "/approve")
    house.world.github.person(team.engineer.github).comment(number, "/cancel")
    first, second = house.held()

    at_once([lambda: house.post(first), lambda: house.post(second)])
    house.settle()

    state = house.request(request.id).state
    assert len(house.replies(number)) == 2
    if state is RequestState.CANCELLED:
        assert house.has_nothing(team.engineer)
    else:
        assert state is RequestState.DELIVERED
        assert house.has_seat(team.engineer)


def test_twenty_presses_at_once_are_one_decision(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    card, person = house.card(team.manager, request.id), house.slack(team.manager)

    at_once([lambda: person.press(card, CardAction.APPROVE)] * 20)
    house.settle()

    done = house.request(request.id)
    assert done.state is RequestState.DELIVERED
    assert [a.person_id for a in done.approvals] == [team.manager.id]
    approved = [said for said in house.whispers(team.manager) if said.startswith("Approved.")]
    assert len(approved) == 1
    _has_exactly_one(house, team.engineer.id)
    assert house.has_seat(team.engineer)


def test_the_same_webhook_four_times_is_one_request_and_one_answer(house: House) -> None:
    team = house.team()
    house.hold_webhooks()
    form = {**FORM, "Level": "salesforce/view-only"}
    number = house.world.github.person(team.engineer.github).open_form(form).number
    deliveries = house.held()

    for delivery in deliveries:
        assert {house.post(delivery) for _ in range(4)} == {202}
    house.settle()
    house.hold_webhooks()
    house.world.github.person(team.manager.github).comment(number, "/approve")
    (approval,) = house.held()
    at_once([lambda: house.post(approval)] * 4)
    house.settle()

    assert len(house.requests_of(team.engineer)) == 1
    assert len(house.replies(number)) == 1
    _has_exactly_one(house, team.engineer.id)


def test_a_redelivery_by_hand_or_under_a_new_id_repeats_nothing(house: House) -> None:
    team = house.team()
    number = house.ask_on_issue(team.engineer, "salesforce/view-only")
    house.comment(team.manager, number, "/approve")
    sent = [
        d
        for d in house.world.github.deliveries
        if d.payload.get("issue", {}).get("number") == number
    ]

    for delivery in sent:
        house.world.github.redeliver(delivery.guid)
        house.post(delivery, guid=f"again-{delivery.guid}")
    house.settle()

    assert len(house.replies(number)) == 1
    assert len(house.requests_of(team.engineer)) == 1
    _has_exactly_one(house, team.engineer.id)
    assert house.world.github.issue(number).state == "closed"


def test_asking_twice_for_the_same_level_is_told_in_the_form(house: House) -> None:
    team = house.team()
    house.ask(team.engineer, "salesforce/view-only")

    errors = house.fill_in(team.engineer, "salesforce/view-only")

    assert f"{team.engineer.name} has already asked for salesforce/view-only." in errors["level"]
    assert "See /access mine for how it stands." in errors["level"]
    assert len(house.requests_of(team.engineer)) == 1


def _has_exactly_one(house: House, person_id: str) -> None:
    """One user, made by one upsert, with one password set."""
    user = house.world.salesforce.org.user(person_id)
    assert user is not None
    assert user.passwords_set == 1
    upserts = [
        exchange
        for exchange in house.world.salesforce.exchanges
        if exchange.method == "PATCH" and exchange.path.endswith(f"/{person_id}")
    ]
    assert len(upserts) == 1
