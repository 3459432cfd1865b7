"""Access that people hold: upgrades, give-backs, and accounts half-made or there before."""

from datetime import timedelta

from bot.domain.cards import CardAction
from bot.domain.grant import EndReason, GrantState
from bot.domain.request import RequestState
from bot.sandbox.example import Colleague
from bot.sandbox.salesforce.seed import _person
from tests.end_to_end.company import GUS
from tests.end_to_end.house import House


def test_an_upgrade_changes_the_same_account_and_ends_the_older_level(house: House) -> None:
    team = house.team()
    older = house.grant_view_only(team.seller, team.manager)
    before = house.user(team.seller)
    assert before is not None

    newer = house.grant_standard(team.seller, team.manager)

    user, ended = house.user(team.seller), house.grant(older.id)
    assert user is not None
    assert ended is not None
    assert (user.id, user.profile) == (before.id, "Standard User")
    assert user.permission_sets == ("AcmeCrmUser",)
    assert (ended.state, ended.end_reason) == (GrantState.ENDED, EndReason.REPLACED)
    assert house.has_seat(team.seller)
    assert user.passwords_set == 1
    assert house.text(team.seller, older.id).startswith("Access has ended")
    assert CardAction.GIVE_BACK not in str(house.card(team.seller, older.id).blocks)
    assert house.text(team.seller, newer.id).startswith("Access is ready")


def test_a_short_upgrade_falls_back_to_the_longer_level_with_the_same_log_in(
    house: House,
) -> None:
    team = house.team()
    older = house.grant_view_only(team.seller, team.manager)
    house.grant_standard(team.seller, team.manager, how_long="7d")

    house.travel(timedelta(days=8))

    user, held = house.user(team.seller), house.grant(older.id)
    assert user is not None
    assert held is not None
    assert (user.is_active, user.is_frozen, user.profile) == (True, False, "Read Only")
    assert user.permission_sets == ()
    assert (held.state, len(house.items(team.seller))) == (GrantState.ACTIVE, 1)
    assert house.has_seat(team.seller)


def test_the_log_in_stays_with_a_short_upgrade_when_the_longer_level_is_given_back(
    house: House,
) -> None:
    team = house.team()
    older = house.grant_view_only(team.seller, team.manager)
    newer = house.grant_standard(team.seller, team.manager, how_long="7d")

    house.press(team.seller, older.id, CardAction.GIVE_BACK)

    user, kept = house.user(team.seller), house.grant(newer.id)
    assert user is not None
    assert kept is not None
    assert (user.is_active, user.profile) == (True, "Standard User")
    assert [item.id for item in house.items(team.seller)] == [kept.item_id]

    house.travel(timedelta(days=8))

    assert house.has_nothing(team.seller)


def test_giving_an_upgrade_back_takes_account_and_item(house: House) -> None:
    team = house.team()
    house.grant_view_only(team.seller, team.manager)
    newer = house.grant_standard(team.seller, team.manager)

    house.press(team.seller, newer.id, CardAction.GIVE_BACK)

    user = house.user(team.seller)
    assert user is not None
    assert (user.is_active, user.permission_sets) == (False, ())
    assert house.has_nothing(team.seller)


def test_an_upgrade_that_fails_and_is_cancelled_falls_back_to_what_was_held(house: House) -> None:
    team, org = house.team(), house.world.salesforce.org
    older = house.grant_view_only(team.seller, team.manager)
    org.require_validation_rule("Not today")
    newer = house.grant_standard(team.seller, team.manager)
    org.clear_validation_rule()
    assert newer.state is RequestState.NEEDS_IT

    assert "Cancelled." in house.comment(team.seller, newer.issue_number or 0, "/cancel")

    user, held = house.user(team.seller), house.grant(older.id)
    assert user is not None
    assert held is not None
    assert (user.is_active, user.is_frozen, user.profile) == (True, False, "Read Only")
    assert user.permission_sets == ()
    assert held.state is GrantState.ACTIVE
    assert house.has_seat(team.seller)


def test_the_end_of_one_systems_access_leaves_the_others_alone(house: House) -> None:
    team = house.team()
    house.grant_view_only(team.engineer, team.manager)
    listener = house.ask(team.engineer, "gong/listener", how_long="90d")
    house.press(team.manager, listener.id, CardAction.APPROVE)
    house.tick(GUS, listener.issue_number or 0)

    house.travel(timedelta(days=31))

    user, held = house.user(team.engineer), house.grant(listener.id)
    assert user is not None
    assert held is not None
    assert not user.is_active
    assert held.state is GrantState.ACTIVE


def test_what_a_cancelled_request_left_behind_is_taken_away(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    house.rewrite(team.engineer, handoff_vault="")
    house.press(team.manager, request.id, CardAction.APPROVE)
    half_made = house.user(team.engineer)
    assert half_made is not None
    assert half_made.is_active

    house.press(team.engineer, request.id, CardAction.CANCEL)

    user = house.user(team.engineer)
    assert user is not None
    assert not user.is_active
    assert house.request(request.id).state is RequestState.CANCELLED
    assert house.has_nothing(team.engineer)


def test_nobody_gives_back_what_somebody_else_holds(house: House) -> None:
    team, thief = house.team(), house.team()
    held = house.grant_view_only(team.engineer, team.manager)
    own = house.grant_view_only(thief.engineer, thief.manager)
    _forge_buttons(house, thief.engineer, own.id, held.id)

    told = house.press(thief.engineer, own.id, CardAction.GIVE_BACK)

    assert "their manager, the system's owners or IT may take it away. Ask one of them." in told
    assert house.has_seat(team.engineer)
    assert house.has_seat(thief.engineer)


def test_giving_back_twice_is_told_once_done(house: House) -> None:
    team = house.team()
    number = house.grant_view_only(team.engineer, team.manager).issue_number or 0

    first = house.comment(team.engineer, number, "/revoke")
    second = house.comment(team.engineer, number, "/revoke")

    assert "Taking the access away now" in first
    assert "This access has ended already. Nothing more to do." in second
    assert house.has_nothing(team.engineer)


def test_a_user_who_is_surely_the_same_person_is_adopted(house: House) -> None:
    team = house.team()
    user_id = _existing_user(house, team.engineer, mail=team.engineer.mail)

    house.grant_view_only(team.engineer, team.manager)

    user = house.user(team.engineer)
    assert user is not None
    assert (user.id, user.profile) == (user_id, "Read Only")
    assert house.has_seat(team.engineer)


def test_nobody_is_adopted_by_mail_alone(house: House) -> None:
    team = house.team()
    user_id = _existing_user(
        house, team.engineer, mail=team.engineer.mail, username="old@acme.example.crm"
    )
    before = house.world.salesforce.org.user(user_id)

    house.grant_view_only(team.engineer, team.manager)

    user = house.user(team.engineer)
    assert user is not None
    assert user.id != user_id
    assert house.world.salesforce.org.user(user_id) == before


def test_a_user_name_with_another_mail_is_for_it_to_look_at(house: House) -> None:
    team = house.team()
    user_id = _existing_user(house, team.engineer, mail="somebody@else.example")
    before = house.world.salesforce.org.user(user_id)

    request = house.grant_view_only(team.engineer, team.manager)

    assert request.state is RequestState.NEEDS_IT
    assert "has this user name but another mail address" in house.text(GUS, request.id)
    assert house.world.salesforce.org.user(user_id) == before
    house.comment(team.engineer, request.issue_number or 0, "/cancel")
    assert house.world.salesforce.org.user(user_id) == before


def _existing_user(house: House, who: Colleague, *, mail: str, username: str = "") -> str:
    """Put a user into the org by hand, as an admin did years ago, without a person id."""
    database = house.world.salesforce.org.database
    name = username or f"{who.mail.partition('@')[0]}@acme.example.crm"
    with house.world.salesforce.lock:
        profiles = database.store.rows(database.entity("Profile"))
        profile_id = next(row["Id"] for row in profiles if row["Name"] == "Standard User")
        return _person(database, who.name, name, profile_id, Email=mail)


def _forge_buttons(house: House, who: Colleague, own: str, other: str) -> None:
    """Let somebody's card carry another request's id, as a modified client could send it."""
    for message in house.world.slack.workspace.messages:
        if message.channel != house.world.slack.dm(who.slack_id)[0].channel:
            continue
        for block in message.blocks:
            for element in block.get("elements", []):
                if str(element.get("value", "")).startswith(f"{own}:"):
                    element["value"] = f"{other}:"
