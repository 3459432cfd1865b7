"""Access that nobody has to approve: by a criterion of security's, and in an emergency."""

from collections.abc import Iterator

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import RequestState
from tests.end_to_end.company import IVY, OTTO
from tests.end_to_end.house import House
from tests.end_to_end.shell import usher

AUTO = """
auto_approve:
  - id: renew-view-only
    levels: [view-only]
    when: { already_had: true, longest: 30d }
    approved_by: security
    approved_on: "2026-11-02"
    record: acme/access#4821
"""
VIEW_ONLY = "request: { by: [everyone], not: [consultant], approve: [manager], longest: 90d }"
GLASS = f"""{VIEW_ONLY}
    break_glass: {{ by: [it], longest: 4h }}"""


@pytest.fixture
def house(house: House) -> Iterator[House]:
    end = "request: { by: [gtm-systems-lead], approve: [manager, gtm-systems], longest: 8h }\n"
    with (
        house.policy_changed("systems/salesforce.yml", end, end + AUTO),
        house.policy_changed("systems/salesforce.yml", VIEW_ONLY, GLASS),
    ):
        yield house


def test_whoever_had_it_gets_it_again_without_asking_and_the_manager_hears_of_it(
    house: House,
) -> None:
    team = house.team()
    first = house.grant_view_only(team.engineer, team.manager)
    house.press(team.engineer, first.id, CardAction.GIVE_BACK)

    again = house.ask(team.engineer, "salesforce/view-only")

    assert again.state is RequestState.DELIVERED
    assert house.has_seat(team.engineer)
    rule = "salesforce auto_approve.renew-view-only"
    for text in (house.text(team.engineer, again.id), house.status(again.issue_number or 0)):
        assert f"Nobody had to approve this, by the rule {rule}" in text
    heard = [m.text for m in house.world.slack.dm(team.manager.slack_id)]
    assert [text for text in heard if "Given without asking you" in text and rule in text]
    assert house.cards(team.manager, again.id) == []


def test_an_emergency_is_given_at_once_for_hours_and_told_to_all(house: House) -> None:
    request = house.ask(OTTO, "salesforce/view-only", how_long="30d")
    number = request.issue_number or 0
    assert request.state is RequestState.AWAITING_APPROVAL

    said = house.comment(OTTO, number, "/break-glass The nightly sync deletes accounts")

    assert "You get salesforce/view-only now, for 4 hours" in said
    assert house.request(request.id).state is RequestState.DELIVERED
    assert house.has_seat(OTTO)
    assert "Emergency" in house.status(number)
    heard = [m.text for m in house.world.slack.dm(IVY.slack_id)]
    assert [text for text in heard if "Emergency access" in text and "nightly sync" in text]


def test_whom_policy_does_not_name_goes_on_waiting(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    said = house.comment(team.engineer, request.issue_number or 0, "/break-glass I want it")

    assert "Policy does not let you break the glass for salesforce/view-only" in said
    assert house.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert house.has_nothing(team.engineer)


def test_all_of_it_is_decided_again_from_the_log_alone(house: House) -> None:
    team = house.team()
    house.grant_view_only(team.engineer, team.manager)

    told = usher(house.environ, "audit", "replay")
    as_json = usher(house.environ, "audit", "replay", "--limit", "2", "--json")

    assert told.code == 0, told.out + told.err
    assert "all came out the same" in told.out
    assert (as_json.code, as_json.json["ok"], as_json.json["decisions"]) == (0, True, 2)


def test_what_was_changed_in_the_log_behind_ushers_back_is_listed(house: House) -> None:
    team = house.team()
    request = house.grant_view_only(team.engineer, team.manager)
    with house.usher.ledger.begin() as tx:
        sql = "UPDATE audit SET facts = replace(facts, ':\\\"engineer\\\"', ':\\\"wizard\\\"')"
        where = f"WHERE tag = 'decision:made' AND subject = '{request.id}'"
        tx.connection.exec_driver_sql(f"{sql} {where}")

    told = usher(house.environ, "audit", "replay", "--limit", "2")

    assert told.code == 1
    assert f"{request.id}  policy" in told.out
    assert "and is refused by" in told.out
