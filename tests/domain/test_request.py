"""A request's life, and what an approval of it covers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approvers import Need
from bot.domain.decision import decide
from bot.domain.durations import PERMANENT, Duration
from bot.domain.policy import Bundle, Level, Risk, Where
from bot.domain.request import (
    ENDED,
    TRANSITIONS,
    RequestEvent,
    RequestState,
    next_state,
    request_digest,
)
from tests.factories import NOW, ask, decision, level, policy, request, roster

S, E = RequestState, RequestEvent

DESIGNED = """
submitted → refused | awaiting_approval | approved
awaiting_approval → approved | denied | lapsed | cancelled
approved → awaiting_seat
awaiting_seat → provisioning
provisioning → delivered | needs_it
needs_it → provisioning | cancelled
"""


def possible(state: RequestState) -> list[RequestEvent]:
    return [event for event in E if next_state(state, event) is not None]


# ---- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", DESIGNED.strip().splitlines())
def test_the_table_has_every_step_of_the_design(line: str) -> None:
    start, _, ends = line.partition(" → ")

    reached = {next_state(S(start), event) for event in E}
    assert {S(end) for end in ends.split(" | ")} <= reached


def test_only_what_the_table_lists_can_happen() -> None:
    steps = {(s, e): next_state(s, e) for s in S for e in E}

    assert {key: end for key, end in steps.items() if end is not None} == dict(TRANSITIONS)


@pytest.mark.parametrize("state", S)
def test_exactly_the_ended_states_have_no_way_out(state: RequestState) -> None:
    assert (state in ENDED) is not possible(state)
    assert request(state=state).is_over is (state in ENDED)


def test_every_state_is_reached_from_submitted() -> None:
    reached = {S.SUBMITTED}
    for _ in S:
        reached |= {end for (start, _event), end in TRANSITIONS.items() if start in reached}

    assert reached == set(S)


def test_an_end_is_reached_from_every_state() -> None:
    ending = set(ENDED)
    for _ in S:
        ending |= {start for (start, _event), end in TRANSITIONS.items() if end in ending}

    assert ending == set(S)


@given(st.data())
def test_on_every_walk_nothing_is_set_up_without_a_yes_to_the_latest_version(
    data: st.DataObject,
) -> None:
    """Walk at random and keep a simpler book: whether there is a yes, and whether a no."""
    state, has_yes, refused = S.SUBMITTED, False, False
    for _ in range(data.draw(st.integers(0, 25))):
        events = possible(state)
        if not events:
            break
        event = data.draw(st.sampled_from(events))
        has_yes = event is E.APPROVE or (has_yes and event is not E.ASK)
        refused = refused or event in (E.REFUSE, E.DENY, E.LAPSE, E.CANCEL)
        state = TRANSITIONS[state, event]

        assert has_yes or state not in (S.APPROVED, S.AWAITING_SEAT, S.PROVISIONING, S.DELIVERED)
        assert refused is (state in ENDED - {S.DELIVERED})


# ---- facts --------------------------------------------------------------------------------------


def test_a_request_for_somebody_else_is_on_behalf() -> None:
    assert request(requester_id="bea").is_on_behalf
    assert not request().is_on_behalf


# ---- what an approval covers --------------------------------------------------------------------


def digest(**changes: object) -> str:
    shown: dict[str, object] = {
        "person_id": "ann",
        "content_digest": level().content_digest(),
        "duration": Duration(7),
        "reason": "To prepare the review",
        "decision": decision(),
    }
    return request_digest(**(shown | changes))  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    "changed",
    [
        {"person_id": "bea"},
        {"content_digest": level(risk=Risk.HIGH).content_digest()},
        {"duration": Duration(8)},
        {"duration": PERMANENT},
        {"reason": "To prepare the review."},
        {"decision": decision(rule="crm/admin request.approve")},
        {"decision": decision(Need(because="crm-owners", from_=("bea",)))},
        {"decision": decision(*decision().needs, *decision().needs)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_any_change_of_what_was_shown_voids_an_approval(changed: dict[str, object]) -> None:
    assert digest(**changed) != digest()


def test_a_reason_cannot_pass_for_another_part() -> None:
    split, joined = decision(rule="b"), decision(rule="x\nb")

    assert digest(reason="a\nx", decision=split) != digest(reason="a", decision=joined)


def test_an_approval_outlives_a_new_colleague_in_the_group_and_a_new_commit() -> None:
    more = decision(Need(because="manager", from_=("bea", "ivy")), policy_commit="other")

    assert digest(decision=more) == digest()


SEAT = level().bundle


@pytest.mark.parametrize(
    "changed",
    [
        level("other"),
        level(says="Anything at all."),
        level(risk=Risk.CRITICAL),
        level(bundle=replace(SEAT, licence="Other")),
        level(bundle=replace(SEAT, profile="System Administrator")),
        level(bundle=replace(SEAT, permission_sets=("All",))),
        level(bundle=replace(SEAT, permission_set_licences=("All",))),
        level(bundle=replace(SEAT, by_hand=("Tick it",))),
        level(approve=("it",)),
        level(longest=PERMANENT),
        level(request=None),
    ],
)
def test_any_change_of_a_levels_content_changes_its_digest(changed: Level) -> None:
    assert changed.content_digest() != level().content_digest()


def test_order_and_place_in_the_file_are_not_content() -> None:
    moved = level(
        bundle=Bundle(permission_sets=("a", "b")),
        approve=("it", "manager"),
        where=Where("x.yml", 1),
    )
    before = level(bundle=Bundle(permission_sets=("b", "a")), approve=("manager", "it"))

    assert moved.content_digest() == before.content_digest()


def test_who_may_ask_is_checked_again_and_so_no_part_of_the_digest() -> None:
    assert level(by=("csm",)).content_digest() == level().content_digest()


def test_a_new_approver_rule_in_the_policy_voids_what_was_approved() -> None:
    before, after = (
        decide(ask(), policy(level(approve=names)), roster(), NOW)
        for names in (("manager",), ("manager", "crm-owners"))
    )

    assert digest(decision=after) != digest(decision=before)
