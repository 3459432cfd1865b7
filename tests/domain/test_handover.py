"""Who gets a leaver's records: all that policy says, nobody else, and nothing lost in between."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.blockers import (
    LONGEST_WAIT,
    Blocker,
    BlockerKind,
    blocker_sentence,
    look_again_after,
    merged,
)
from bot.domain.grant import GrantState
from bot.domain.handover import (
    KINDS,
    Failure,
    HandOver,
    HandOverPlan,
    HandOverState,
    Leaving,
    Recipient,
    batches,
    candidates,
    covers,
    plan_hand_over,
    recipient,
)
from bot.domain.handover_text import leaving_links, leaving_notes, number_of
from bot.domain.plan_text import free_again_note
from bot.domain.policy import MANAGER
from bot.domain.seats import PoolCount
from tests.factories import NOW, grant, group, person, policy, roster

BEA = Recipient(person_id="bea", user_id="005-bea", name="Bea Doe", because=MANAGER)
GUS = Recipient(person_id="gus", user_id="005-gus", name="Gus Doe", because="crm-owners")
TO: Mapping[str, Recipient | str] = {MANAGER: BEA, "crm-owners": GUS, "nobody": "nobody is there"}
NAMES = st.sampled_from([*TO, "never heard of"])
OWNED = st.dictionaries(st.sampled_from([*KINDS, "Deal__c", "Asset"]), st.integers(0, 100_000))
WANTED = st.dictionaries(st.sampled_from([*KINDS, "Deal__c"]), NAMES)


@given(owned=OWNED, wanted=WANTED)
def test_every_record_is_moved_asked_about_or_said_to_stay(
    owned: dict[str, int], wanted: dict[str, str]
) -> None:
    plan = plan_hand_over(owned, wanted, TO)

    counted = [(m.kind, m.count) for m in plan.moves]
    counted += [(q.kind, q.count) for q in plan.questions]
    counted += list(plan.stays)
    assert dict(counted) == {kind: number for kind, number in owned.items() if number}
    assert len(counted) == len(dict(counted))


@given(owned=OWNED, wanted=WANTED)
def test_nobody_gets_what_policy_does_not_say(
    owned: dict[str, int], wanted: dict[str, str]
) -> None:
    plan = plan_hand_over(owned, wanted, TO)

    assert all(TO.get(wanted[move.kind]) == move.to for move in plan.moves)
    assert all(not isinstance(TO.get(wanted[q.kind]), Recipient) for q in plan.questions)
    assert all(kind not in wanted for kind, _ in plan.stays)
    assert plan.is_empty == (not plan.moves and not plan.questions)


@given(owned=OWNED, wanted=WANTED)
def test_writing_costs_a_call_per_200_of_each_kind(
    owned: dict[str, int], wanted: dict[str, str]
) -> None:
    plan = plan_hand_over(owned, wanted, TO)

    writes = sum(ceil(move.count / 200) for move in plan.moves)
    reads = sum(ceil(move.count / 2000) for move in plan.moves)
    assert plan.calls == writes + reads + ceil(len(plan.moves) / 5)


@given(number=st.integers(0, 1000))
def test_batches_hold_every_id_once(number: int) -> None:
    ids = [f"006{index}" for index in range(number)]

    cut = list(batches(ids))

    assert [one for some in cut for one in some] == ids
    assert all(0 < len(some) <= 200 for some in cut)


@given(owned=OWNED, wanted=WANTED, fewer=OWNED)
def test_a_yes_covers_the_same_and_less_but_never_more(
    owned: dict[str, int], wanted: dict[str, str], fewer: dict[str, int]
) -> None:
    shown, now = plan_hand_over(owned, wanted, TO), plan_hand_over(fewer, wanted, TO)

    assert covers(shown, shown)
    is_less = all(
        fewer[kind] <= owned.get(kind, 0) if isinstance(TO.get(wanted[kind]), Recipient)
        else not fewer[kind] or owned.get(kind, 0)
        for kind in fewer.keys() & wanted.keys()
    )  # fmt: skip
    assert covers(shown, now) == is_less


def test_a_yes_does_not_cover_somebody_else() -> None:
    wanted = {"Lead": MANAGER}
    shown = plan_hand_over({"Lead": 3}, wanted, TO)
    other = plan_hand_over({"Lead": 3}, wanted, {MANAGER: GUS})

    assert not covers(shown, other)
    assert shown.digest != other.digest


def test_records_move_in_an_order_that_needs_no_second_look() -> None:
    kinds = ["Event", "Deal__c", "Account", "Opportunity"]

    plan = plan_hand_over(dict.fromkeys(kinds, 1), dict.fromkeys(kinds, MANAGER), TO)

    assert [move.kind for move in plan.moves] == ["Opportunity", "Account", "Event", "Deal__c"]
    assert plan.total == 4


# ---- who ----------------------------------------------------------------------------------------


def named(name: str, *, without: tuple[str, ...] = (), leaver: str = "ann") -> list[str]:
    rules = policy(groups=(group("crm-owners", "octo-gus", "octo-ann", "octo-gil"),))
    away = person("gil", last_day=NOW.date().replace(year=2025))
    everybody = roster(*((away,) if "gil" in without else ()), without=set(without) - {"gil"})
    found = candidates(name, everybody.get(leaver), rules, everybody, NOW)
    return [one.id for one in found]


@pytest.mark.parametrize(
    ("name", "without", "expected"),
    [
        (MANAGER, (), ["bea"]),
        (MANAGER, ("bea",), []),
        (MANAGER, ("ann",), []),
        ("crm-owners", (), ["gus", "gil"]),
        ("crm-owners", ("gil",), ["gus"]),
        ("crm-owners", ("ann",), ["gus", "gil"]),
        ("unheard-of", (), []),
    ],
)
def test_the_manager_or_a_group_in_its_order_but_never_the_leaver(
    name: str, without: tuple[str, ...], expected: list[str]
) -> None:
    assert named(name, without=without) == expected


def test_the_first_with_an_active_user_gets_them() -> None:
    people = [person("gus"), person("gil")]

    assert recipient("crm-owners", people, {"gil": "005-gil"}) == Recipient(
        person_id="gil", user_id="005-gil", name="Gil Doe", because="crm-owners"
    )


@pytest.mark.parametrize(
    ("name", "people", "why"),
    [
        (MANAGER, [], "there is no manager at work"),
        ("crm-owners", [], "group crm-owners has nobody at work"),
        (
            MANAGER,
            ["bea"],
            "none of manager has an active user in the system, not frozen and to stay (Bea Doe)",
        ),
    ],
)
def test_who_cannot_get_them_is_said(name: str, people: list[str], why: str) -> None:
    assert recipient(name, [person(one) for one in people], {}) == why


# ---- words --------------------------------------------------------------------------------------


def told(state: HandOverState, **changes: object) -> str:
    wanted = {"Opportunity": MANAGER, "Lead": "crm-owners", "Case": "nobody"}
    owned = {"Opportunity": 4, "Lead": 1, "Case": 2, "Account": 7}
    hand = HandOver(
        state=state, plan=plan_hand_over(owned, wanted, TO), asked_at=NOW, deadline=NOW, left=2
    )
    leaving = Leaving(hand_over=replace(hand, **changes))  # type: ignore[arg-type]  # by name
    return "\n".join(leaving_notes(grant(leaving=leaving)))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (HandOverState.ASKED, "/approve hand-over"),
        (HandOverState.AGREED, "3 of 5 handed over, as «Ivy» agreed"),
        (HandOverState.DECLINED, "«Ivy» said no"),
        (HandOverState.OVERDUE, "Nobody answered in time"),
        (HandOverState.DONE, "5 of 5 handed over."),
    ],
)
def test_each_state_says_how_it_stands_and_what_goes_where(state: HandOverState, says: str) -> None:
    shown = told(state, answered_by="Ivy")

    assert says in shown
    assert "4 Opportunities → «Bea Doe», their manager" in shown
    assert "1 Lead → «Gus Doe», of crm-owners" in shown
    assert "2 Cases: who gets them?" in shown
    assert "7 Accounts stay where they are" in shown


@pytest.mark.parametrize("state", list(HandOverState))
def test_only_what_is_asked_waits_and_only_an_answer_ends_it(state: HandOverState) -> None:
    hand = HandOver(state=state, plan=HandOverPlan(), asked_at=NOW, deadline=NOW)

    assert Leaving(hand_over=hand).is_asking == (state is HandOverState.ASKED)
    assert hand.is_over == (state not in (HandOverState.ASKED, HandOverState.AGREED))
    ending = grant(state=GrantState.ENDING, leaving=Leaving(hand_over=hand))
    assert ending.is_asking == (state is HandOverState.ASKED)
    assert not grant(leaving=Leaving(hand_over=hand)).is_asking


def test_what_could_not_be_moved_is_listed_by_reason_and_bounded() -> None:
    failures = tuple(Failure(kind="Lead", record_id=f"00Q{n}", why="locked") for n in range(12))

    shown = told(HandOverState.DONE, stayed=(("Lead", 1),), failures=failures)

    assert "4 of 5 handed over. 1 could not be moved." in shown
    assert "00Q9 and more: locked" in shown
    assert "00Q10" not in shown


def test_a_hostile_name_does_nothing_on_the_issue() -> None:
    to = replace(BEA, name="@everyone [x](https://evil.example)")
    plan = plan_hand_over({"Lead": 1}, {"Lead": MANAGER}, {MANAGER: to})

    shown = told(HandOverState.ASKED, plan=plan)

    assert "@everyone" not in shown
    assert "https://evil" not in shown


def test_nothing_to_tell_is_not_told() -> None:
    assert list(leaving_notes(grant())) == []
    assert leaving_links(None) == leaving_links(grant()) == ()
    plan = HandOverPlan()
    hand = HandOver(state=HandOverState.DONE, plan=plan, asked_at=NOW, deadline=NOW)
    (note,) = leaving_notes(grant(leaving=Leaving(hand_over=hand)))
    assert note == "0 of 0 handed over."


def test_numbers_are_said_as_people_say_them() -> None:
    said = [number_of("Opportunity", 1), number_of("Opportunity", 2), number_of("Case", 2)]
    assert said == ["1 Opportunity", "2 Opportunities", "2 Cases"]


# ---- blockers -----------------------------------------------------------------------------------

JOB = Blocker(kind=BlockerKind.JOB, what=("Nightly",), is_hard=False, where="https://crm.x/08e")
FIELD = Blocker(kind=BlockerKind.HIERARCHY, what=("Tom: Lead__c",), where="https://crm.x/005")


@pytest.mark.parametrize("kind", list(BlockerKind))
def test_every_blocker_says_what_to_do_without_the_words_of_strangers_acting(
    kind: BlockerKind,
) -> None:
    named = tuple(f"@here <!channel> {n}" for n in range(5))

    said = blocker_sentence(Blocker(kind=kind, what=named))

    assert said.endswith(".")
    assert "@here" not in said
    assert "<!" not in said
    assert "and 2 more" in said or "«" not in said
    assert "{" not in blocker_sentence(Blocker(kind=kind))


def test_the_refusal_makes_hard_what_was_only_seen_before() -> None:
    seen = Blocker(kind=BlockerKind.APPROVAL, what=("001A",), is_hard=False)
    refused = Blocker(kind=BlockerKind.APPROVAL, where="https://crm.x/approvals")

    assert merged((seen, JOB), (refused,)) == (replace(refused, what=("001A",)), JOB)
    assert merged((refused,), (seen,)) == (refused,)
    assert merged((), (FIELD, FIELD)) == (FIELD,)


def test_the_wait_for_a_blocker_grows_and_is_bounded() -> None:
    waits = [look_again_after(looks) for looks in range(1, 40)]

    assert waits == sorted(waits)
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == LONGEST_WAIT
    assert look_again_after(0) == waits[0]


def test_once_the_user_is_inactive_nothing_keeps_it_active() -> None:
    leaving = Leaving(blockers=(FIELD, JOB))

    assert leaving.once_inactive().blockers == (JOB,)


@pytest.mark.parametrize("state", list(HandOverState))
def test_once_it_has_ended_no_answer_is_waited_for(state: HandOverState) -> None:
    hand = HandOver(state=state, plan=HandOverPlan(), asked_at=NOW, deadline=NOW)

    ended = Leaving(hand_over=hand).once_inactive().hand_over

    assert ended is not None
    assert ended.is_over
    assert (ended == hand) == hand.is_over


def test_blockers_are_told_with_their_places() -> None:
    stuck = grant(leaving=Leaving(blockers=(FIELD, JOB)))

    hard, soft = leaving_notes(stuck)

    assert hard.startswith("This keeps the user from being deactivated.")
    assert not soft.startswith("This keeps")
    assert [link.url for link in leaving_links(stuck)] == [FIELD.where, JOB.where]
    assert all(link.is_safe for link in leaving_links(stuck))


# ---- seats that came free -----------------------------------------------------------------------


def test_a_seat_is_free_again_only_when_the_system_counts_it_so() -> None:
    crm = PoolCount(name="Crm", total=10, used=6)
    inbox = PoolCount(name="Inbox", total=5, used=5)
    now = (crm, inbox, PoolCount(name="Other", total=1, used=0))

    said = free_again_note(["Crm", "Inbox"], [inbox], now)

    assert said == "Free again, as Salesforce counts it: «Crm» (6 of 10 used)."
    assert free_again_note(["Crm"], [crm], now) == ""
    assert free_again_note([], [], now) == ""
