"""Leaving for good, on real wires: access gone at once, records handed over, the seat free."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.domain.grant import GrantState
from bot.domain.request import Request
from bot.operating import retry
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.salesforce.blockers import Blocker
from bot.sandbox.wire import Exchange
from tests.end_to_end.company import GUS, IVY, Team
from tests.end_to_end.house import House

GUS_USER = "gus.hale@acme.example.crm"
GIVE = "PATCH /services/data/*/composite/sobjects"
ALL = ("Opportunity", "Lead", "Case", "Account", "Contact", "Task", "Event")


@pytest.fixture
def rules(house: House) -> Iterator[None]:
    """Everything but contacts and events goes to the owners of Salesforce: to Gus, who is in it."""
    kinds = ", ".join(f"{kind}: gtm-systems" for kind in ALL if kind not in ("Contact", "Event"))
    old = "on_leave: { hand_over: { Opportunity: manager, Lead: gtm-systems } }"
    new = f"on_leave: {{ hand_over: {{ {kinds} }} }}"
    with house.policy_changed("systems/salesforce.yml", old, new):
        yield


def leaver(house: House, count: int, *kinds: str) -> tuple[Team, Request]:
    """Let an engineer have access, and records."""
    team = house.team()
    request = house.grant_view_only(team.engineer, team.manager)
    assert house.has_seat(team.engineer)
    house.world.salesforce.org.seed_records(team.engineer.id, count, kinds or ALL)
    return team, request


def revoke(house: House, team: Team, request: Request) -> int:
    number = request.issue_number
    assert number is not None
    house.comment(team.manager, number, "/revoke")
    house.travel(timedelta(seconds=2))  # GitHub tells whole seconds only
    return number


def owned(house: House, who: str) -> dict[str, int]:
    counted = house.world.salesforce.org.owned(who)
    return {kind: number for kind, number in counted.items() if number}


def used(house: House) -> dict[str, int]:
    return {pool.name: pool.used for pool in house.world.salesforce.org.pools()}


def gave(house: House) -> list[Exchange]:
    """List the calls that changed owners."""
    return [e for e in house.world.salesforce.exchanges if "/composite/sobjects" in e.call]


@pytest.mark.usefixtures("rules")
def test_one_yes_moves_what_policy_names_and_frees_the_seat(house: House) -> None:
    baseline, gus = used(house), owned(house, GUS_USER)
    team, request = leaver(house, 205)
    house.world.salesforce.exchanges.clear()

    number = revoke(house, team, request)
    user = house.user(team.engineer)
    assert user is not None
    assert user.is_active
    assert user.is_frozen
    assert owned(house, team.engineer.id) == dict.fromkeys(ALL, 205)
    status = house.status(number)
    assert "205 Opportunities → «Gus Hale», of gtm-systems" in status
    assert "205 Contacts, 205 Events stay where they are" in status
    assert "/approve hand-over" in house.text(GUS, request.id)
    house.comment(IVY, number, "/approve hand-over")

    assert owned(house, team.engineer.id) == {"Contact": 205, "Event": 205}
    moved = [kind for kind in ALL if kind not in ("Contact", "Event")]
    assert owned(house, GUS_USER) == gus | {kind: gus.get(kind, 0) + 205 for kind in moved}
    assert len([e for e in gave(house) if e.call.startswith("PATCH")]) == 2 * len(moved)
    assert "1025 of 1025 handed over" in house.status(number)
    user = house.user(team.engineer)
    assert user is not None
    assert not user.is_active
    assert used(house) == baseline
    assert "Free again, as Salesforce counts it: «Salesforce»" in house.status(number)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.HTML])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_in_the_middle_moves_everything_once(
    house: House, kind: FaultKind, nth: int
) -> None:
    team, request = leaver(house, 450, "Task")
    number = revoke(house, team, request)
    house.world.salesforce.faults.add(Fault(route=GIVE, kind=kind, nth=nth))

    house.comment(IVY, number, "/approve hand-over")
    house.travel(timedelta(minutes=2))

    assert owned(house, team.engineer.id) == {}
    assert "450 of 450 handed over" in house.status(number)
    assert house.audit(request.id)[-1].tag == "grant:ended"


def test_a_manager_without_a_user_is_a_question_until_there_is_one(house: House) -> None:
    team, request = leaver(house, 3, "Opportunity")
    number = revoke(house, team, request)
    assert "3 Opportunities: who gets them?" in house.status(number)
    house.comment(GUS, number, "/approve hand-over")
    assert "not clear yet" in house.replies(number)[-1]

    username = f"{team.manager.mail.partition('@')[0]}@acme.example.crm"
    house.world.salesforce.admin.create_user(username, Usher_Person_Id__c=team.manager.id)
    house.travel(timedelta(minutes=61))

    assert "3 Opportunities → «Manager Nr" in house.status(number)
    house.travel(timedelta(seconds=2))
    house.comment(GUS, number, "/approve hand-over")
    assert owned(house, team.manager.id) == {"Opportunity": 3}


@pytest.mark.usefixtures("rules")
def test_without_an_answer_the_seat_is_freed_in_the_end_and_nothing_is_moved(house: House) -> None:
    team, request = leaver(house, 3, "Lead")
    number = revoke(house, team, request)

    for _ in range(25):
        house.travel(timedelta(hours=1))

    user = house.user(team.engineer)
    assert user is not None
    assert not user.is_active
    assert owned(house, team.engineer.id) == {"Lead": 3}
    assert "Nobody answered in time: nothing was handed over" in house.status(number)


@pytest.mark.usefixtures("rules")
def test_a_stranger_and_the_leaver_cannot_say_yes(house: House) -> None:
    team, request = leaver(house, 1, "Lead")
    number = revoke(house, team, request)

    for who in (team.engineer, team.manager, team.seller):
        house.comment(who, number, "/approve hand-over")

    assert owned(house, team.engineer.id) == {"Lead": 1}
    assert all("may answer" in r or "own records" in r for r in house.replies(number)[-3:])
    house.comment(GUS, number, "/approve hand-over")
    assert "getting records themselves" in house.replies(number)[-1]
    assert owned(house, team.engineer.id) == {"Lead": 1}


# ---- blocked ------------------------------------------------------------------------------------


def test_a_blocked_deactivation_ends_frozen_and_goes_on_by_itself(house: House) -> None:
    team, request = leaver(house, 1, "Account")
    blockers = house.world.salesforce.org.blockers
    blockers.put(Blocker.DEFAULT_CASE_OWNER, team.engineer.id)
    blockers.schedule_job(team.engineer.id, "Nightly @everyone sync")

    number = revoke(house, team, request)

    user = house.user(team.engineer)
    assert user is not None
    assert (user.is_active, user.is_frozen) == (True, True)
    grant = house.grant(request.id)
    assert grant is not None
    assert grant.state is GrantState.NEEDS_IT
    status = house.status(number)
    assert "default case owner: change it in Support Settings" in status
    assert "/lightning/setup/CaseSettings/home>" in status
    assert "Scheduled jobs run as this user" in status
    assert "@everyone" not in status
    assert "Support Settings" in house.text(GUS, request.id)
    assert "Free again" not in status
    assert "Support Settings" not in house.text(team.engineer, request.id)

    blockers.clear(Blocker.DEFAULT_CASE_OWNER)
    house.travel(timedelta(minutes=16))
    user = house.user(team.engineer)
    assert user is not None
    assert not user.is_active
    assert "Free again" in house.status(number)
    assert "Support Settings" not in house.status(number)


def test_a_hierarchy_field_is_known_with_its_holder_and_a_retry_ends_it(house: House) -> None:
    team, request = leaver(house, 1, "Account")
    user = house.user(team.engineer)
    assert user is not None
    admin = house.world.salesforce.admin
    admin.change_user("tom.reyes@acme.example.crm", Team_Lead__c=user.id)

    number = revoke(house, team, request)
    assert "Tom Reyes꞉ TeamˍLeadˍˍc" in house.status(number)

    admin.change_user("tom.reyes@acme.example.crm", Team_Lead__c=None)
    retry(house.usher.context, request.id, actor="cli:test")
    house.settle()
    user = house.user(team.engineer)
    assert user is not None
    assert not user.is_active
