"""What time does to requests and access: reminders, escalation, lapse, expiry."""

from datetime import timedelta

from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from tests.end_to_end.company import GUS, IVY
from tests.end_to_end.house import House


def test_nobody_answers_so_people_are_reminded_then_backups_called_in_and_it_lapses(
    house: House,
) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    number = request.issue_number or 0

    house.travel(timedelta(hours=5))
    assert "Reminder: this is still waiting for an answer." in house.text(team.manager, request.id)
    house.travel(timedelta(days=5))
    escalated = house.text(team.manager, request.id)
    assert "This has waited longer than promised." in escalated
    assert "backups that policy names may answer too" in escalated
    assert "Waiting for approval" in house.text(GUS, request.id)
    house.travel(timedelta(days=3))

    assert house.request(request.id).state is RequestState.LAPSED
    assert house.text(team.engineer, request.id).startswith("Lapsed: nobody answered in time")
    assert "You can ask again" in house.text(team.engineer, request.id)
    assert house.world.github.issue(number).state == "closed"
    late = house.comment(team.manager, number, "/approve")
    assert "This request is already lapsed. Nothing is waiting for your answer." in late
    assert house.has_nothing(team.engineer)


def test_a_backup_may_answer_once_it_has_waited_too_long_but_not_before(house: House) -> None:
    team = house.team()
    number = house.ask(team.seller, "salesforce/standard").issue_number or 0
    house.comment(team.manager, number, "/approve")

    early = house.comment(IVY, number, "/approve")
    house.travel(timedelta(hours=5))
    house.travel(timedelta(days=5))
    late = house.comment(IVY, number, "/approve")

    assert "You are not one of those who may answer this request." in early
    assert "Approved." in late
    assert house.has_seat(team.seller)


def test_access_ends_by_itself_when_its_time_is_up(house: House) -> None:
    team = house.team()
    request = house.grant_view_only(team.engineer, team.manager)

    house.travel(timedelta(days=31))

    user = house.user(team.engineer)
    assert user is not None
    assert (user.is_active, user.permission_sets) == (False, ())
    assert house.has_nothing(team.engineer)
    told = house.text(team.engineer, request.id)
    assert told.startswith("Access has ended")
    assert "Its time was up." in told


def test_access_that_cannot_be_taken_away_calls_the_owners_at_once(house: House) -> None:
    team = house.team()
    request = house.grant_view_only(team.engineer, team.manager)
    org = house.world.salesforce.org

    org.add_blocker(team.engineer.id, "This user is the default lead owner.")
    house.travel(timedelta(days=31))
    stuck = house.grant(request.id)
    told = house.text(GUS, request.id)
    org.remove_blocker(team.engineer.id)

    assert stuck is not None
    assert stuck.state is GrantState.NEEDS_IT
    assert told.startswith("Access could not be taken away yet, and IT has been called")
    assert f"usher requests retry {request.id}" in told
    user = house.user(team.engineer)
    assert user is not None
    assert user.is_frozen
    assert house.world.github.issue(request.issue_number or 0).state == "open"
