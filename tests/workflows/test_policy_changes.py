"""Policy changes while a request is on its way: only what still stands is done."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot import operating
from bot.domain.audit import Tag
from bot.domain.errors import Conflict
from bot.domain.grant import GrantState
from bot.domain.inbound import Verb
from bot.domain.policy import Bundle, Policy, Risk
from bot.domain.request import RequestState
from bot.workflows.sweep import sweep
from tests.factories import hire
from tests.fakes.company import FakePolicies
from tests.workflows.office import Office


class Flickering(FakePolicies):
    """Another policy is in force for one look only: the `nth` from now, if any is."""

    def __init__(self, policy: Policy, other: Policy, nth: int) -> None:
        super().__init__(policy)
        self.other, self.looks_left = other, nth

    def policy(self) -> Policy:
        self.looks_left -= 1
        return self.other if self.looks_left == 0 else self.now


def changed_for_one_look(office: Office, nth: int, level_id: str, **changes: Any) -> Flickering:
    """Let another version of a level be in force for one look at the policy."""
    before = office.policies.now
    office.change_level(level_id, **changes)
    flickering = Flickering(before, office.policies.now, nth)
    office.policies.now = before
    office.ctx = replace(office.ctx, policies=flickering)
    office.bind()
    return flickering


def bundle_of(office: Office, level_id: str) -> Bundle:
    level = office.policies.now.level(level_id)
    assert level is not None
    return level.bundle


def refuse_engineers(office: Office, level_id: str) -> None:
    level = office.policies.now.level(level_id)
    assert level is not None
    assert level.request is not None
    office.change_level(level_id, request=replace(level.request, by=("csm",)))


def test_a_level_that_changed_after_the_first_yes_is_asked_about_again(office: Office) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")
    office.change_level("crm/standard", says="Now with exports too.")

    answer = office.comment("gus", request.issue_number, "/approve")

    assert "The rules for this level changed" in answer
    assert Tag.APPROVAL_VOIDED in office.tags(request.id)
    waiting = office.request(request.id)
    assert waiting.state is RequestState.AWAITING_APPROVAL
    assert waiting.digest != request.digest
    assert office.approve(request, "bea", "gus").state is RequestState.DELIVERED


def test_a_click_on_the_old_card_after_a_change_does_not_count(office: Office) -> None:
    request = office.ask()
    office.change_level("crm/view", says="Now with exports too.")

    answer = office.press("bea", request.id, Verb.APPROVE, digest=request.digest)

    assert "The rules for this level changed" in answer
    assert office.request(request.id).state is RequestState.AWAITING_APPROVAL
    assert office.card("bea", request).digest == office.request(request.id).digest


def test_policy_that_takes_the_level_away_refuses_what_waits(office: Office) -> None:
    request = office.ask()
    refuse_engineers(office, "crm/view")

    office.comment("bea", request.issue_number, "/approve")

    refused = office.request(request.id)
    assert refused.state is RequestState.REFUSED
    assert "may be asked for by csm" in refused.note
    assert office.seats.seats == {}


@pytest.mark.parametrize("state", [RequestState.REFUSED, RequestState.AWAITING_APPROVAL])
def test_policy_is_asked_again_while_waiting_for_a_seat(
    office: Office, state: RequestState
) -> None:
    office.seats.totals["Crm"] = 0
    request = office.approve(office.ask(), "bea")
    if state is RequestState.REFUSED:
        refuse_engineers(office, "crm/view")
    else:
        office.change_level("crm/view", risk=Risk.HIGH)
    office.seats.totals["Crm"] = 1

    office.travel(minutes=11)

    assert office.request(request.id).state is state
    assert office.seats.seats == {}
    assert office.reserved() == {}


def test_what_it_retries_much_later_is_judged_by_the_policy_of_then(office: Office) -> None:
    office.seats.troubles.refuse("CreateUser", Conflict("no", service="crm"))
    request = office.approve(office.ask(), "bea")
    refuse_engineers(office, "crm/view")

    operating.retry(office.ctx, request.id, actor="cli:ivy")
    office.work()

    stuck = office.request(request.id)
    assert stuck.state is RequestState.NEEDS_IT
    assert "Policy changed since this was approved" in stuck.note
    assert office.seats.seats == {}


def test_a_level_that_is_gone_refuses_what_waits_and_ends_nothing(office: Office) -> None:
    held = office.granted("crm/view")
    waiting = office.ask("crm/standard")
    crm = office.policies.now.systems["crm"]
    left = {name: level for name, level in crm.levels.items() if name == "sales"}
    systems = {**office.policies.now.systems, "crm": replace(crm, levels=left)}
    office.policies.now = replace(office.policies.now, systems=systems)

    office.travel(hours=5)

    assert office.request(waiting.id).state is RequestState.REFUSED
    assert office.grant(held.id) == held
    office.comment("ann", office.request(held.id).issue_number, "/revoke")
    assert not office.seats.seats["ann"].is_active


def test_what_comes_with_a_role_follows_policy_until_the_first_day(office: Office) -> None:
    status = office.desk.onboard(hire())
    office.work()
    office.change_level("crm/standard", says="Other words for the same.")

    office.travel(days=8)

    states = {r.level_id: r.state for r in office.requests()}
    assert states["crm/standard"] is RequestState.DELIVERED
    assert office.seats.seats["new"].is_active
    assert len(status.items) == 2


def test_what_no_longer_comes_with_the_role_is_not_given(office: Office) -> None:
    office.desk.onboard(hire())
    roles = office.policies.now.roles
    csm = replace(roles["csm"], birthright=("phone/desk",))
    office.policies.now = replace(office.policies.now, roles={**roles, "csm": csm})

    office.travel(days=8)

    states = {r.level_id: r.state for r in office.requests()}
    assert states["crm/standard"] is RequestState.REFUSED
    assert "new" not in office.seats.seats


def test_somebody_who_left_before_the_seat_was_made_gets_none(office: Office) -> None:
    office.seats.totals["Crm"] = 0
    request = office.approve(office.ask(), "bea")
    office.replace_person("ann", last_day=date(2026, 11, 1))
    office.seats.totals["Crm"] = 1

    office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.REFUSED
    assert office.grants(GrantState.ACTIVE) == []


def advanced_at_every_look(
    make_office: Callable[[], Office], level_id: str, **changes: Any
) -> Iterator[tuple[Office, str]]:
    """Advance approved requests; each sees another policy at another one of its looks."""
    looks_left = nth = 0
    while looks_left <= 0:
        nth += 1
        office = make_office()
        office.seats.totals["Inbox"] = 0
        request = office.ask(level_id)
        for approver in ("bea", "gus"):
            office.send_approval(approver, request.issue_number or 0)
        policies = changed_for_one_look(office, nth, level_id, **changes)
        office.run_next("advance")
        looks_left = policies.looks_left
        yield office, request.id


def test_what_is_set_up_is_what_this_very_policy_was_asked_about(
    make_office: Callable[[], Office],
) -> None:
    more = Bundle(licence="Crm", profile="Admin")
    states = set()
    for office, request_id in advanced_at_every_look(make_office, "crm/view", bundle=more):
        assert {seat.profile for seat in office.seats.seats.values()} <= {"Read Only"}
        states.add(office.request(request_id).state)

    assert {RequestState.DELIVERED, RequestState.AWAITING_APPROVAL} <= states


def test_the_seat_that_is_kept_is_the_one_that_this_very_policy_was_asked_about(
    make_office: Callable[[], Office],
) -> None:
    less = Bundle(licence="Crm", profile="Standard User")
    states = set()
    for office, request_id in advanced_at_every_look(make_office, "crm/sales", bundle=less):
        assert Tag.REQUEST_RESERVED not in office.tags(request_id)
        states.add(office.request(request_id).state)

    assert states == {RequestState.AWAITING_SEAT, RequestState.AWAITING_APPROVAL}


def test_what_is_taken_away_and_what_stays_are_told_by_one_policy(
    make_office: Callable[[], Office],
) -> None:
    looks_left = nth = 0
    outcomes = set()
    while looks_left <= 0:
        nth += 1
        office = make_office()
        longer = office.granted("crm/view", how_long="30 days")
        office.granted("crm/standard", how_long="5 days")
        office.send_revoke("ann", office.request(longer.id).issue_number or 0)
        policies = lost_for_one_look(office, nth, "crm/standard")
        office.run_next("end")

        stays = office.seats.seats["ann"].is_active
        assert list(office.vault.items) == ([longer.item_id] if stays else [])
        outcomes.add(stays)
        looks_left = policies.looks_left

    assert outcomes == {True, False}


def lost_for_one_look(office: Office, nth: int, level_id: str) -> Flickering:
    """Let a policy without a level be in force for one look at the policy."""
    now = office.policies.now
    crm = now.systems["crm"]
    levels = {name: level for name, level in crm.levels.items() if level.id != level_id}
    other = replace(now, systems={**now.systems, "crm": replace(crm, levels=levels)})
    flickering = Flickering(now, other, nth)
    office.ctx = replace(office.ctx, policies=flickering)
    office.bind()
    return flickering


def test_whom_a_reminder_goes_to_is_told_by_the_policy_that_was_asked_whether_it_stands(
    make_office: Callable[[], Office],
) -> None:
    looks_left = nth = 0
    outcomes = set()
    while looks_left <= 0:
        nth += 1
        office = make_office()
        request = office.ask()
        office.clock.travel(timedelta(hours=5))
        policies = changed_for_one_look(office, nth, "crm/view", risk=Risk.HIGH)
        sweep(office.ctx)

        decision = office.request(request.id).decision
        assert decision is not None
        is_void = Tag.APPROVAL_VOIDED in office.tags(request.id)
        assert (decision.policy_commit == "another") is is_void
        outcomes.add(is_void)
        looks_left = policies.looks_left

    assert outcomes == {True, False}
