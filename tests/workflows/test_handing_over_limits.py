"""What a hand-over may never do: keep access, burn a seat, or be agreed to by who gains."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import Tag
from bot.domain.errors import Conflict, ConnectorError, Unauthorized, Unavailable
from bot.domain.grant import Grant, GrantState
from bot.domain.handover import HandOverState
from bot.workflows.context import END
from tests.workflows.leaver import BEA, GUS, account, hand_over, issue, state, with_records, yes
from tests.workflows.office import Office


@pytest.fixture
def grant(office: Office) -> Grant:
    return with_records(office)


@pytest.mark.parametrize("call", ["count", "users"])
@pytest.mark.parametrize("error", [Unauthorized, Conflict])
def test_a_right_that_is_missing_leaves_the_records_and_frees_the_seat(
    office: Office, grant: Grant, call: str, error: type[ConnectorError]
) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.business.troubles.refuse(call, error("no right to see it", service="crm"), times=99)

    office.comment("bea", 1, "/revoke")

    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert hand_over(office, grant).state is HandOverState.OVERDUE
    assert "Nothing was handed over, as the records could not be read" in issue(office, grant)
    assert "no right to see it" in issue(office, grant)
    assert office.business.given == []


def test_a_right_that_is_lost_after_the_yes_leaves_the_rest(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=450)
    office.comment("bea", 1, "/revoke")
    calls = iter([None, Unauthorized("no right to edit it", service="crm")])

    def trouble() -> None:
        if (error := next(calls)) is not None:
            raise error

    office.business.on_give = trouble
    office.comment("gus", 1, "/approve hand-over")

    assert state(office, grant) is GrantState.ENDED
    assert "Only 200 of 450 were handed over" in issue(office, grant)
    assert "no right to edit it" in issue(office, grant)


def test_the_deadline_holds_though_records_cannot_be_counted(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")
    office.clock.travel(timedelta(hours=8))
    office.business.troubles.refuse("count", Unavailable("too slow", service="crm"), times=99)

    office.travel(minutes=1)

    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert "Nobody answered in time" in issue(office, grant)


def test_nobody_agrees_to_getting_records_themselves(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3, Lead=2)
    office.comment("gus", 1, "/revoke")

    said = office.comment("gus", 1, "/approve hand-over")

    assert "getting records themselves" in said
    assert "Gil Doe must answer" in said
    assert office.business.given == []
    office.comment("gil", 1, "/approve hand-over")
    assert office.business.owned(GUS) == {"Lead": 2}
    (agreed,) = [e for e in office.audit(grant.id) if e.tag is Tag.HANDOVER_AGREED]
    assert (agreed.actor, agreed.facts["revoked_by"]) == ("gil", "gus")


def test_it_answers_where_nobody_else_may(office: Office, grant: Grant) -> None:
    groups = office.policies.now.company.groups
    owners = replace(groups["crm-owners"], members=("octo-gus",))
    office.policies.now = office.with_groups({**groups, "crm-owners": owners})
    office.business.fill(account(office), Lead=2)
    office.comment("bea", 1, "/revoke")

    assert "Ivy Doe or Ian Doe must answer" in office.comment("gus", 1, "/approve hand-over")
    office.comment("ian", 1, "/approve hand-over")

    assert office.business.owned(GUS) == {"Lead": 2}


def test_who_would_get_records_may_refuse_them(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Lead=2)
    office.comment("bea", 1, "/revoke")

    office.comment("gus", 1, "/deny hand-over")

    assert state(office, grant) is GrantState.ENDED
    assert office.business.given == []


def test_while_log_in_is_open_nothing_is_waited_for(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.seats.ignored = {"Freeze"}  # as with a user who has no row of UserLogin

    office.comment("bea", 1, "/revoke")

    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert office.business.given == []
    shown = issue(office, grant)
    assert "Nothing was handed over, as log-in could not be stopped" in shown
    assert "3 Opportunities → «Bea Doe»" in shown
    assert Tag.HANDOVER_ASKED not in office.tags(grant.id)


def test_while_log_in_is_open_no_outage_of_the_counting_is_waited_out(
    office: Office, grant: Grant
) -> None:
    office.seats.ignored = {"Freeze"}
    office.business.troubles.refuse("count", Unavailable("too slow", service="crm"), times=99)

    office.comment("bea", 1, "/revoke")

    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active


def test_who_loses_the_system_too_gets_nothing(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Lead=2)
    office.business.active["gil"] = "005-gil"
    leaving = replace(grant, id="r-gus", person_id="gus", state=GrantState.NEEDS_IT, item_id="")
    with office.store.begin() as tx:
        tx.grants.add(leaving)

    office.comment("bea", 1, "/revoke")

    assert "2 Leads → «Gil Doe»" in issue(office, grant)


def test_moving_stops_when_others_need_the_calls_and_goes_on_later(
    office: Office, grant: Grant
) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=900)
    office.comment("bea", 1, "/revoke")
    office.business.spare_calls = 2

    office.comment("ivy", 1, "/approve hand-over")

    assert sum(number for _, number, _ in office.business.given) == 400
    assert state(office, grant) is GrantState.ENDING
    assert office.seats.seats["ann"].is_frozen
    shown = issue(office, grant)
    assert "400 of 900 handed over, as «Ivy Doe» agreed. The rest waits" in shown
    office.travel(hours=1)
    assert state(office, grant) is GrantState.ENDING
    office.business.spare_calls = 1000
    office.travel(hours=1)
    assert state(office, grant) is GrantState.ENDED
    assert office.business.owned(user) == {}
    assert "900 of 900 handed over" in issue(office, grant)


def test_the_seat_does_not_wait_for_calls_for_ever(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=900)
    office.comment("bea", 1, "/revoke")
    office.business.spare_calls = 2
    office.comment("ivy", 1, "/approve hand-over")

    for _ in range(33):  # 8 hours, and one day
        office.travel(hours=1)

    assert state(office, grant) is GrantState.ENDED
    assert "Only 400 of 900 were handed over" in issue(office, grant)


def test_what_ends_in_another_way_asks_no_more(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")
    office.seats.seats["ann"] = replace(office.seats.seats["ann"], is_active=False)

    office.travel(hours=1)

    assert state(office, grant) is GrantState.ENDED
    assert "/approve hand-over" not in issue(office, grant)
    assert "as the access ended in another way" in issue(office, grant)
    assert "No hand-over of records waits" in office.comment("ivy", 1, "/approve hand-over")


def test_a_yes_counts_from_when_the_question_could_be_read(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.send_revoke("bea", 1)
    office.run_next(END)
    asked_at = hand_over(office, grant).asked_at
    office.clock.travel(timedelta(minutes=3))
    # GitHub shows it only now
    office.work()

    for wrong in (asked_at, asked_at + timedelta(minutes=2), office.clock.now()):
        assert "changed after you wrote this" in yes(office, wrong)
    assert office.business.given == []
    yes(office, office.clock.now() + timedelta(seconds=1))

    assert office.business.given == [("Opportunity", 3, BEA)]
