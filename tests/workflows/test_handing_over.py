"""A leaver's records go to whom policy says, after one yes, and never keep access alive."""

from dataclasses import replace
from datetime import timedelta
from math import ceil

import pytest

from bot.domain.audit import Tag
from bot.domain.errors import OutcomeUnknown, Unavailable
from bot.domain.grant import EndReason, Grant, GrantState
from bot.domain.handover import HandOverState
from bot.domain.inbound import Verb
from bot.workflows.moves import end_grant
from tests.workflows.leaver import BEA, GUS, account, hand_over, issue, state, with_records, yes
from tests.workflows.office import Office


@pytest.fixture
def grant(office: Office) -> Grant:
    return with_records(office)


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
