"""A leaver's records go to whom policy says, after one yes, and never keep access alive."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

import pytest

from bot.domain.audit import Tag
from bot.domain.durations import Duration, Unit
from bot.domain.errors import Conflict, ConnectorError, OutcomeUnknown, Unauthorized, Unavailable
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.handover import HandOver, HandOverState
from bot.domain.inbound import IssueCommand, Verb
from bot.workflows.context import END
from bot.workflows.moves import end_grant
from tests.workflows.office import Office, on_github

BEA, GUS = "005-bea", "005-gus"


@pytest.fixture
def grant(office: Office) -> Grant:
    """Ann has access, and by policy leaves opportunities to her manager and leads to the owners."""
    now = office.policies.now
    crm = replace(now.systems["crm"], hand_over={"Opportunity": "manager", "Lead": "crm-owners"})
    company = replace(now.company, revoke_within=Duration(8, Unit.HOURS))
    office.policies.now = replace(now, systems={**now.systems, "crm": crm}, company=company)
    office.business.active = {"bea": BEA, "gus": GUS}
    return office.granted("crm/sales")


def account(office: Office) -> str:
    return office.seats.seats["ann"].user_id


def state(office: Office, grant: Grant) -> GrantState:
    found = office.grant(grant.id)
    assert found is not None
    return found.state


def hand_over(office: Office, grant: Grant) -> HandOver:
    found = office.grant(grant.id)
    assert found is not None
    assert found.leaving is not None
    assert found.leaving.hand_over is not None
    return found.leaving.hand_over


def issue(office: Office, grant: Grant) -> str:
    """Return the notes of the status comment."""
    content = office.status(office.request(grant.id)).content
    assert not isinstance(content, str)
    return "\n".join((content.headline, *content.notes))


def test_without_records_nobody_is_asked(office: Office, grant: Grant) -> None:
    office.comment("ann", 1, "/revoke")

    assert state(office, grant) is GrantState.ENDED


def test_access_is_gone_before_anybody_is_asked(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3, Lead=2, Account=1)

    office.comment("bea", 1, "/revoke")

    seat = office.seats.seats["ann"]
    assert seat.is_active
    assert seat.is_frozen
    assert not seat.parts
    shown = issue(office, grant)
    assert "records wait to be handed over" in shown
    assert "3 Opportunities → «Bea Doe», their manager" in shown
    assert "2 Leads → «Gus Doe», of crm-owners" in shown
    assert "1 Account stay where they are" in shown
    assert "/approve hand-over" in shown
    assert "records wait" in office.card("ivy", office.request(grant.id)).headline
    assert office.business.given == []


@pytest.mark.parametrize("who", ["gil", "ivy"])
def test_one_yes_moves_the_records_and_frees_the_seat(
    office: Office, grant: Grant, who: str
) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=450, Lead=2, Account=1)
    office.comment("bea", 1, "/revoke")

    answer = office.comment(who, 1, "/approve hand-over")

    assert "handed over now" in answer
    assert office.business.given == [
        ("Opportunity", 200, BEA),
        ("Opportunity", 200, BEA),
        ("Opportunity", 50, BEA),
        ("Lead", 2, GUS),
    ]
    assert office.business.owned(user) == {"Account": 1}
    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert "452 of 452 handed over" in issue(office, grant)
    assert [tag for tag in office.tags(grant.id) if tag.startswith("handover")] == [
        Tag.HANDOVER_ASKED,
        Tag.HANDOVER_AGREED,
        Tag.HANDOVER_DONE,
    ]


def test_progress_is_told(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=900)
    office.comment("bea", 1, "/revoke")
    lost = OutcomeUnknown("lost", service="crm")
    calls = iter([None, None, lost, lost, lost])

    def trouble() -> None:
        if (error := next(calls, None)) is not None:
            raise error

    office.business.on_give = trouble
    office.comment("ivy", 1, "/approve hand-over")

    assert "400 of 900 handed over, as «Ivy Doe» agreed" in issue(office, grant)
    office.travel(minutes=2)
    assert state(office, grant) is GrantState.ENDED
    assert "900 of 900 handed over" in issue(office, grant)


def test_a_no_leaves_the_records_and_frees_the_seat(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")

    office.comment("gus", 1, "/deny hand-over they are all dead")

    assert state(office, grant) is GrantState.ENDED
    assert office.business.given == []
    assert "«Gus Doe» said no: nothing was handed over" in issue(office, grant)


def test_after_the_deadline_the_seat_is_freed_and_nothing_is_moved(
    office: Office, grant: Grant
) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")

    for _ in range(7):
        office.travel(hours=1)
    assert state(office, grant) is GrantState.ENDING
    office.travel(hours=1)

    assert state(office, grant) is GrantState.ENDED
    assert office.business.given == []
    assert "Nobody answered in time: nothing was handed over" in issue(office, grant)
    assert "No hand-over of records waits" in office.comment("gus", 1, "/approve hand-over")


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("ann", "their own records"),
        ("bea", "Only the system's owners or IT"),
        ("nobody", "I do not know who you are"),
    ],
)
def test_others_may_not_answer(office: Office, grant: Grant, who: str, says: str) -> None:
    if who == "ann":  # an owner of the system who leaves it
        groups = office.policies.now.company.groups
        owners = replace(groups["crm-owners"], members=("octo-ann", "octo-gus"))
        office.policies.now = office.with_groups({**groups, "crm-owners": owners})
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")

    assert says in office.comment(who, 1, "/approve hand-over")

    assert state(office, grant) is GrantState.ENDING
    assert hand_over(office, grant).state is HandOverState.ASKED


def test_a_yes_to_the_request_is_no_yes_to_the_hand_over(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")

    office.comment("gus", 1, "/approve")
    office.press("gus", grant.id, Verb.APPROVE, "hand-over")

    assert hand_over(office, grant).state is HandOverState.ASKED
    assert office.business.given == []


def test_nothing_waits_where_nothing_was_asked(office: Office, grant: Grant) -> None:
    assert "No hand-over of records waits" in office.comment("gus", 1, "/approve hand-over")
    assert state(office, grant) is GrantState.ACTIVE


def test_what_has_no_new_owner_is_a_question_to_it(office: Office, grant: Grant) -> None:
    office.business.active = {"bea": BEA}
    office.business.fill(account(office), Opportunity=3, Lead=2)
    office.comment("bea", 1, "/revoke")

    assert "2 Leads: who gets them?" in issue(office, grant)
    assert "not clear yet" in office.comment("gus", 1, "/approve hand-over")
    assert office.business.given == []

    office.business.active["gil"] = "005-gil"
    office.travel(hours=1)
    assert "2 Leads → «Gil Doe»" in issue(office, grant)
    office.comment("gus", 1, "/approve hand-over")
    assert office.business.given == [("Opportunity", 3, BEA), ("Lead", 2, "005-gil")]


def test_a_yes_does_not_cover_more_than_was_shown(office: Office, grant: Grant) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=3)
    office.comment("bea", 1, "/revoke")
    office.business.fill(user, Opportunity=1)

    office.comment("gus", 1, "/approve hand-over")

    assert office.business.given == []
    assert hand_over(office, grant).state is HandOverState.ASKED
    assert "4 Opportunities → «Bea Doe»" in issue(office, grant)
    office.comment("gus", 1, "/approve hand-over")
    assert office.business.given == [("Opportunity", 4, BEA)]


def test_fewer_records_than_were_shown_need_no_new_yes(office: Office, grant: Grant) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=3)
    office.comment("bea", 1, "/revoke")
    office.business.owners["Opportunity"]["Opportunity00000"] = GUS

    office.comment("gus", 1, "/approve hand-over")

    assert office.business.given == [("Opportunity", 2, BEA)]
    assert state(office, grant) is GrantState.ENDED


def test_records_that_go_by_themselves_end_the_wait(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")
    office.business.owners.clear()

    office.travel(hours=1)

    assert state(office, grant) is GrantState.ENDED


def test_a_record_that_cannot_be_moved_does_not_stop_the_rest(office: Office, grant: Grant) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=250)
    office.business.stuck = {f"Opportunity{n:05}": "a validation rule" for n in (1, 2, 240)}
    office.comment("bea", 1, "/revoke")

    office.comment("gus", 1, "/approve hand-over")

    assert state(office, grant) is GrantState.ENDED
    assert office.business.owned(user) == {"Opportunity": 3}
    shown = issue(office, grant)
    assert "247 of 250 handed over. 3 could not be moved." in shown
    assert "Opportunity00001, Opportunity00002, Opportunity00240: a validation rule" in shown


@pytest.mark.parametrize("call", ["count", "ids", "users", "give", "blockers"])
def test_an_outage_is_waited_out(office: Office, grant: Grant, call: str) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=300)
    office.comment("bea", 1, "/revoke")
    office.business.troubles.refuse(call, Unavailable("down", service="crm"), times=3)

    office.comment("gus", 1, "/approve hand-over")
    office.travel(minutes=2)

    assert state(office, grant) is GrantState.ENDED
    assert office.business.owned(user) == {}


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_lost_answer_moves_nothing_twice(office: Office, grant: Grant, nth: int) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=500)
    office.comment("bea", 1, "/revoke")
    calls = iter(range(10))
    office.business.on_give = lambda: next(calls) == nth and office.business.troubles.lose("give")  # type: ignore[func-returns-value]  # the loss is the effect

    office.comment("gus", 1, "/approve hand-over")
    office.travel(minutes=2)

    assert state(office, grant) is GrantState.ENDED
    assert sum(number for _, number, _ in office.business.given) == 500
    assert len(office.business.given) == ceil(500 / 200)


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


def test_waiting_leaves_no_trail_of_looks(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")
    before = office.tags(grant.id)

    office.clock.travel(timedelta(minutes=1))
    office.travel(hours=2)

    assert office.tags(grant.id) == before


def test_two_grants_that_end_at_once_ask_once(office: Office, grant: Grant) -> None:
    user = account(office)
    office.business.fill(user, Opportunity=3)
    other = replace(grant, id="r-other", level_id="crm/standard", item_id="")
    with office.store.begin() as tx:
        tx.grants.add(other)
        end_grant(office.ctx, tx, grant, reason=EndReason.REVOKED, actor="ivy")
        end_grant(office.ctx, tx, other, reason=EndReason.REVOKED, actor="ivy")
    office.work()
    assert [g.is_asking for g in office.grants(GrantState.ENDING)].count(True) == 1

    office.comment("gus", 1, "/approve hand-over")
    office.travel(hours=1)

    assert office.business.given == [("Opportunity", 3, BEA)]
    assert {g.state for g in office.grants()} == {GrantState.ENDED}


def test_a_yes_to_an_older_question_does_not_count(office: Office, grant: Grant) -> None:
    office.business.fill(account(office), Opportunity=3)
    office.comment("bea", 1, "/revoke")

    said = yes(office, office.clock.now() - timedelta(minutes=5))

    assert "changed after you wrote this" in said
    assert office.business.given == []


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


def yes(office: Office, written_at: datetime) -> str:
    """Let Gus write his yes at this moment."""
    command = IssueCommand(
        actor=on_github("gus"),
        issue_number=1,
        comment_id=9,
        verb=Verb.APPROVE,
        argument="hand-over",
        written_at=written_at,
    )
    return office.reply_to(command, 1)
