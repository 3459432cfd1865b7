"""Access that policy gives without asking anybody, and what everybody hears of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.audit import Tag
from bot.domain.decision import Answer
from bot.domain.durations import Duration, Unit
from bot.domain.errors import SeatsExhausted
from bot.domain.grant import GrantState
from bot.domain.inbound import Verb
from bot.domain.plan import Seat
from bot.domain.policy import AutoApproval, BreakGlass, Where
from bot.domain.request import Request, RequestState
from tests.factories import NOW
from tests.workflows.office import Office

AGAIN = AutoApproval(
    id="again",
    levels=("view",),
    already_had=True,
    longest=Duration(30),
    approved_by="security",
    approved_on=NOW.date(),
    record="acme/access#1",
    where=Where("policies/systems/crm.yml", 60, 5),
)
GLASS = BreakGlass(
    by=("crm-owners",),
    longest=Duration(4, Unit.HOURS),
    where=Where("policies/systems/crm.yml", 70, 5),
)
RULE = "crm auto_approve.again"


def put_in_force(office: Office, *criteria: AutoApproval) -> None:
    """Let a policy commit change what is given without asking."""
    now = office.policies.now
    crm = replace(now.systems["crm"], auto_approve=criteria)
    office.policies.now = replace(now, systems={**now.systems, "crm": crm}, commit="auto")


@pytest.fixture
def office(office: Office) -> Office:
    put_in_force(office, AGAIN)
    return office


def held_once(office: Office) -> None:
    """Let Ann hold crm/view, and give it back."""
    grant = office.granted()
    office.press("ann", grant.id, Verb.REVOKE)
    assert office.grants(GrantState.ENDED)


def test_whoever_held_it_before_gets_it_again_at_once(office: Office) -> None:
    held_once(office)

    request = office.ask(how_long="30 days")

    assert request.state is RequestState.DELIVERED
    assert request.decision is not None
    assert (request.decision.answer, request.decision.rule) == (Answer.ALLOWED, RULE)
    assert office.tags(request.id)[:3] == [
        Tag.REQUEST_SUBMITTED,
        Tag.DECISION_MADE,
        Tag.REQUEST_APPROVED,
    ]
    notes = office.card("ann", request).notes
    assert f"Nobody had to approve this, by the rule {RULE} (policies/systems/crm.yml:60)." in notes


def test_those_who_would_have_been_asked_are_told_once(office: Office) -> None:
    held_once(office)

    request = office.ask(how_long="30 days")
    office.travel(hours=1)

    told = [m for m in office.chat.of("UBEA") if m.key == f"news:{request.id}:unasked:0:bea"]
    assert [m.card.headline for m in told] == ["Given without asking you: CRM: view for Ann Doe"]
    assert office.cards("bea", request) == []


@pytest.mark.parametrize("words", [{"how_long": "31 days"}, {"level": "crm/standard"}])
def test_what_meets_not_every_condition_is_asked_for(office: Office, words: dict[str, str]) -> None:
    held_once(office)

    assert office.ask(**words).state is RequestState.AWAITING_APPROVAL


def test_a_first_time_is_asked_for(office: Office) -> None:
    assert office.ask().state is RequestState.AWAITING_APPROVAL


def test_what_was_never_ready_was_never_held(office: Office) -> None:
    gone = SeatsExhausted("none left", service="crm", pool="Inbox")
    office.seats.troubles.refuse("Assign", gone)
    request = office.approve(office.ask("crm/sales"), "bea", "gus")
    office.comment("ann", request.issue_number, "/cancel")

    assert [grant.state for grant in office.grants()] == [GrantState.ENDED]
    with office.store.read() as tx:
        assert tx.grants.levels_had("ann") == frozenset()


def in_an_emergency(office: Office) -> Request:
    """Let Gus, who looks after the CRM, break the glass for crm/view."""
    office.change_level("crm/view", break_glass=GLASS)
    request = office.ask(by="gus", how_long="30 days")
    office.comment("gus", request.issue_number, "/break-glass The sync is down")
    assert office.request(request.id).state is RequestState.DELIVERED
    return request


@pytest.mark.parametrize("who", ["ivy", "gus"])
def test_an_emergency_is_no_way_to_have_had_it(office: Office, who: str) -> None:
    request = in_an_emergency(office)
    office.comment(who, request.issue_number, "/revoke")
    assert office.grants(GrantState.ENDED)

    assert office.ask(by="gus", how_long="30 days").state is RequestState.AWAITING_APPROVAL


def test_an_emergency_that_ran_out_is_no_way_to_have_had_it(office: Office) -> None:
    in_an_emergency(office)
    office.travel(hours=5)
    assert office.grants(GrantState.ENDED)

    assert office.ask(by="gus", how_long="30 days").state is RequestState.AWAITING_APPROVAL


def test_what_was_revoked_must_be_approved_again_and_then_counts(office: Office) -> None:
    held_once(office)
    office.travel(days=1)
    given = office.ask(how_long="30 days")
    office.press("bea", given.id, Verb.REVOKE)
    office.travel(days=1)

    asked = office.ask(how_long="30 days")
    assert asked.state is RequestState.AWAITING_APPROVAL

    office.approve(asked, "bea")
    office.press("ann", asked.id, Verb.REVOKE)
    assert office.ask(how_long="30 days").state is RequestState.DELIVERED


def test_what_was_given_without_asking_can_be_had_again(office: Office) -> None:
    held_once(office)
    for _ in range(2):
        assert office.ask(how_long="30 days").state is RequestState.DELIVERED
        office.travel(days=31)


def test_what_nobody_ever_approved_is_no_way_to_have_had_it(office: Office) -> None:
    put_in_force(office, replace(AGAIN, already_had=None))
    assert office.ask(how_long="30 days").state is RequestState.DELIVERED
    office.travel(days=31)
    put_in_force(office, AGAIN)

    assert office.ask(how_long="30 days").state is RequestState.AWAITING_APPROVAL


def test_a_request_that_waits_is_given_once_policy_asks_nobody_any_more(office: Office) -> None:
    put_in_force(office)
    held_once(office)
    request = office.ask()
    assert request.state is RequestState.AWAITING_APPROVAL

    put_in_force(office, AGAIN)
    office.travel(hours=5)

    assert office.request(request.id).state is RequestState.DELIVERED
    assert [m.card.headline for m in office.chat.of("UBEA") if ":unasked:" in m.key]


def test_an_answer_to_what_was_asked_still_counts_when_nobody_need_be_asked(
    office: Office,
) -> None:
    put_in_force(office)
    held_once(office)
    request = office.ask()
    put_in_force(office, AGAIN)

    said = office.comment("bea", request.issue_number, "/deny Not this time")

    assert "Denied" in said
    assert office.request(request.id).state is RequestState.DENIED


def test_a_rule_that_is_taken_back_before_it_is_set_up_asks_after_all(office: Office) -> None:
    held_once(office)
    request_id = office.submit(how_long="30 days")
    office.run_next("handle")
    assert office.request(request_id).state is RequestState.APPROVED

    put_in_force(office)
    office.work()

    assert office.request(request_id).state is RequestState.AWAITING_APPROVAL


def test_an_edit_into_what_needs_nobody_is_given_at_once(office: Office) -> None:
    held_once(office)
    number = office.records.open_by_hand()
    office.reply_to(office.form(number, how_long="60 days"), number)

    said = office.reply_to(office.form(number, how_long="30 days", is_edit=True), number)

    assert f"Nobody need be asked: {RULE}." in said
    with office.store.read() as tx:
        request = tx.requests.by_issue(number)
    assert request is not None
    assert request.state is RequestState.DELIVERED


def test_somebody_who_cannot_be_told_does_not_hold_up_the_access(
    make_office: Callable[[], Office],
) -> None:
    office = make_office()
    put_in_force(office, AGAIN)
    held_once(office)
    office.chat.gone.add("UBEA")

    request = office.ask(how_long="30 days")

    assert request.state is RequestState.DELIVERED
    assert Tag.MESSAGE_UNDELIVERABLE in office.tags(request.id)


@pytest.mark.parametrize("changed", [{"is_frozen": True}, {"is_active": False}])
def test_whom_somebody_else_has_shut_out_no_rule_lets_in_again(
    office: Office, changed: dict[str, bool]
) -> None:
    put_in_force(office, replace(AGAIN, already_had=None))
    seat = Seat(
        user_id="005-ann",
        username="ann@crm.example",
        is_active=True,
        is_frozen=False,
        licence="Crm",
        profile="Read Only",
        person_id="ann",
    )
    office.seats.seats["ann"] = replace(seat, **changed)  # type: ignore[arg-type]  # flags by name

    request = office.ask(how_long="30 days")

    assert request.state is RequestState.NEEDS_IT
    assert office.seats.seats["ann"] == replace(seat, **changed)  # type: ignore[arg-type]  # the same


def test_who_was_frozen_since_access_ended_is_not_let_in_by_a_rule(office: Office) -> None:
    held_once(office)
    seat = replace(office.seats.seats["ann"], is_active=True, is_frozen=True)
    office.seats.seats["ann"] = seat

    assert office.ask(how_long="30 days").state is RequestState.NEEDS_IT
    assert office.seats.seats["ann"] == seat
