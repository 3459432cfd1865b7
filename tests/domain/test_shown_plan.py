"""What people saw of a plan, what a later one does beyond it, and who is told how much."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Change, CreateUser, Deactivate, Freeze, Part, Plan, Remove
from bot.domain.plan import Holder, Seat, SeatView, plan_seat
from bot.domain.policy import Bundle
from bot.domain.request import Request, RequestState
from bot.domain.seats import Availability, Idle, PoolCount
from bot.domain.shown_plan import (
    UNSEEN,
    Deed,
    DeedKind,
    IdleSeats,
    ShownPlan,
    deeds_of,
    exceeds,
    shown_to,
)
from bot.domain.shown_plan_text import (
    MOST_LINES,
    idle_notes,
    more_note,
    plan_facts,
    plan_notes,
    shown,
    unread,
)
from tests.domain.plan_world import ANN, SALES, ann_seat, apply_all, bundles, holders, seats, view
from tests.factories import NOW, request

BARE = Bundle(licence="Salesforce", profile="Standard User")
FEW = Availability(pool="Salesforce", free=3, total=40, used=37)


def deeds(seat: Seat | None, bundle: Bundle = SALES, holder: Holder = ANN) -> tuple[Deed, ...]:
    return deeds_of(seat, plan_seat(view(seat, bundle), holder, bundle))


# ---- beyond what was shown ----------------------------------------------------------------------


@given(seat=st.none() | seats(), bundle=bundles(), holder=holders)
def test_the_plan_that_was_shown_never_exceeds_itself(
    seat: Seat | None, bundle: Bundle, holder: Holder
) -> None:
    assert exceeds(deeds(seat, bundle, holder), deeds(seat, bundle, holder)) == ()


@given(seat=st.none() | seats(), bundle=bundles(), holder=holders, done=st.integers(0, 6))
def test_what_is_left_of_a_plan_does_not_exceed_it(
    seat: Seat | None, bundle: Bundle, holder: Holder, done: int
) -> None:
    """A run that is killed half-way goes on by itself."""
    whole = plan_seat(view(seat, bundle), holder, bundle)
    later = apply_all(whole.changes[:done], seat)

    assert exceeds(deeds_of(seat, whole), deeds(later, bundle, holder)) == ()


@given(first=st.none() | seats(), second=seats(), bundle=bundles(), holder=holders)
def test_what_exceeds_is_in_the_fresh_plan_and_was_not_shown(
    first: Seat | None, second: Seat, bundle: Bundle, holder: Holder
) -> None:
    was, fresh = deeds(first, bundle, holder), deeds(second, bundle, holder)
    more = exceeds(was, fresh)

    assert {*more} == {*fresh} - {*was}
    assert exceeds((*was, *more), fresh) == ()  # shown once, it is accepted
    removed = {deed.what for deed in fresh if deed.kind is DeedKind.REMOVE}
    plan = plan_seat(view(second, bundle), holder, bundle)
    named = {
        f"{part} {name}"
        for change in plan.changes
        if isinstance(change, Remove)
        for part, names in change.parts
        for name in names
    }
    assert removed == named


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"person_id": None}, Deed(DeedKind.ADOPT, "u1")),
        ({"is_active": False}, Deed(DeedKind.ACTIVATE, "u1")),
        ({"is_frozen": True}, Deed(DeedKind.UNFREEZE, "u1")),
        ({"profile": "Admin"}, Deed(DeedKind.PROFILE, "u1", "Admin", "Standard User")),
        (
            {"parts": {**ann_seat().parts, Part.SET_GROUP: frozenset({"Desk"})}},
            Deed(DeedKind.REMOVE, "u1", what="permission set group Desk"),
        ),
    ],
)
def test_an_account_that_changed_meanwhile_is_more_than_was_shown(
    changed: dict[str, Any], more: Deed
) -> None:
    assert exceeds(deeds(ann_seat()), deeds(ann_seat(**changed))) == (more,)


def test_a_role_is_lost_and_a_feature_switched_off_only_as_shown() -> None:
    holder = replace(ANN, scope=replace(ANN.scope, has_roles=True, features=frozenset({"Flow"})))
    seat = ann_seat(role="Boss", features=frozenset({"Flow"}))

    assert exceeds(deeds(ann_seat(), holder=holder), deeds(seat, holder=holder)) == (
        Deed(DeedKind.ROLE, "u1", "Boss"),
        Deed(DeedKind.FEATURE_OFF, "u1", what="Flow"),
    )


def test_somebody_else_s_account_is_more_although_the_same_is_done_to_it() -> None:
    other = ann_seat(user_id="u2", person_id=None)

    assert exceeds(deeds(ann_seat(person_id=None)), deeds(other)) == (Deed(DeedKind.ADOPT, "u2"),)


def test_what_is_given_is_no_surprise() -> None:
    bare = ann_seat(parts={})

    assert deeds(bare) == ()
    assert exceeds(deeds(ann_seat()), deeds(bare)) == ()
    assert exceeds(UNSEEN, deeds(None)) == ()


def test_a_second_account_is_more_when_one_was_seen() -> None:
    assert exceeds(deeds(ann_seat()), deeds(None)) == (Deed(DeedKind.CREATE),)


def test_a_plan_that_takes_access_away_says_so() -> None:
    plan = Plan(changes=(Freeze(), Deactivate()), calls=2, digest="")

    kinds = [deed.kind for deed in deeds_of(ann_seat(), plan)]

    assert kinds == [DeedKind.FREEZE, DeedKind.DEACTIVATE]


def test_a_plan_counts_as_seen_for_the_asking_it_was_read_for() -> None:
    seen = ShownPlan(asked="as shown", at=NOW)

    assert shown_to(seen, "as shown") is seen
    assert shown_to(seen, "another") is None
    assert shown_to(replace(seen, problem="could not be read"), "as shown") is None
    assert shown_to(None, "as shown") is None


def test_more_than_was_shown_is_said_in_plain_words() -> None:
    more = [Deed(DeedKind.ADOPT, "005A"), Deed(DeedKind.PROFILE, "005A", "@Boss", "Lite")]

    note = more_note(more, "CRM")

    assert "take over the account «005A»; change the profile of «005A» from «＠Boss»" in note
    assert "nothing was changed" in note


def test_every_kind_has_its_words_and_few_are_named() -> None:
    for kind in DeedKind:
        assert "{" not in more_note([Deed(kind, "a", "b", "c")], "CRM")

    assert "and 6 more" in more_note(
        [Deed(DeedKind.REMOVE, "a", what=f"{n}") for n in range(10)], ""
    )


# ---- who is told what ---------------------------------------------------------------------------


def told(*changes: Change, seats: Availability = FEW, **changed: Any) -> Request:
    """Make a request with what was read for it."""
    looked = SeatView(seat=None, pools=(PoolCount(name="Salesforce", total=40, used=37),))
    plan = Plan(changes=changes, calls=len(changes), digest="d")
    return request(**{"shown_plan": shown(request(), looked, plan, ANN, seats, NOW), **changed})


def facts(one: Request) -> list[tuple[str, str]]:
    return [(fact.label, fact.text) for fact in plan_facts(one, "CRM")]


def notes(one: Request) -> str:
    return "\n".join(plan_notes(one, "CRM"))


def test_a_plan_is_told_in_numbers_and_line_by_line() -> None:
    one = told(CreateUser("Standard User", "Salesforce"))

    assert facts(one) == [
        ("In CRM", "1 change, 1 API call"),
        ("Seats", "«Salesforce»: 3 of 40 free (37 used)"),
    ]
    assert notes(one).startswith("What will change in CRM:\n- create the user «ann＠acme")


@pytest.mark.parametrize(
    ("seats", "said"),
    [
        (replace(FEW, free=None, pool=""), "not limited"),
        (
            replace(FEW, is_active=False, free=0),
            "«Salesforce»: run out or switched off in the system",
        ),
    ],
)
def test_pools_are_told_as_they_are(seats: Availability, said: str) -> None:
    assert dict(facts(told(Freeze(), seats=seats)))["Seats"] == said


def test_an_account_that_is_right_and_has_its_seat_needs_nothing() -> None:
    looked = SeatView(seat=ann_seat(), pools=(PoolCount(name="Salesforce", total=1, used=1),))
    nothing = shown(request(), looked, Plan(changes=(), calls=0, digest=""), ANN, FEW, NOW)
    one = request(shown_plan=nothing)

    assert dict(facts(one))["Seats"] == "none is needed"
    assert notes(one) == "What will change in CRM: nothing, the account is as it should be."


def test_a_long_plan_is_bounded_and_no_note_is_cut() -> None:
    many = [Remove(((Part.SET, tuple(f"{'x' * 50}{n}{i}" for i in range(10))),)) for n in range(20)]

    shown_notes = list(plan_notes(told(*many), "CRM"))

    assert all(len(note) <= 1000 for note in shown_notes)
    assert sum(note.count("\n- ") + note.startswith("- ") for note in shown_notes) == MOST_LINES + 1
    assert shown_notes[-1].endswith("and 8 more")


def test_what_was_shown_before_stays_beside_what_is_shown_now() -> None:
    one = told(Freeze())
    assert one.shown_plan is not None
    one = replace(one, shown_plan=replace(one.shown_plan, earlier=("create the user «ann»",)))

    assert "What was to change in CRM when it was asked:\n- create the user" in notes(one)
    assert "What will change in CRM:\n- freeze" in notes(one)


def test_a_plan_of_a_request_that_is_over_is_history() -> None:
    assert notes(told(Freeze(), state=RequestState.DENIED)).startswith("What was to change in CRM:")


def test_what_could_not_be_read_is_said_with_why_to_those_who_can_mend_it() -> None:
    one = request(shown_plan=unread(request(), "it is down", NOW))

    assert facts(one) == [
        ("In CRM", "could not be read yet; it is read again before anything is changed")
    ]
    assert "could not be read yet (it is down)" in notes(one)


def test_what_stands_in_the_way_is_said_before_anybody_approves() -> None:
    one = request(shown_plan=ShownPlan(asked="as shown", at=NOW, problem="CRM does not know: X"))

    assert facts(one) == []
    assert notes(one) == "What will change in CRM: CRM does not know: X."


@pytest.mark.parametrize("tell", [plan_facts, plan_notes])
def test_nothing_is_told_before_a_look_or_after_a_new_asking(tell: Callable[..., Any]) -> None:
    assert list(tell(request(), "CRM")) == []
    assert list(tell(told(Freeze(), digest="another"), "CRM")) == []


# ---- idle seats ---------------------------------------------------------------------------------


def waiting(*names: str, **changed: Any) -> Request:
    last = datetime(2026, 5, 5, tzinfo=UTC)
    idle = tuple(Idle(username=name, last_login=last) for name in names)
    found = IdleSeats(pool="Crm", days=30, at=NOW, idle=idle)
    return request(**{"state": RequestState.AWAITING_SEAT, "idle_seats": found, **changed})


def test_names_of_idle_seats_are_for_owners_alone() -> None:
    one = waiting("gil@acme.example", "gus@acme.example")

    (number,) = idle_notes(one, with_names=False)
    assert number == "2 seats of «Crm» have not been used for 30 days."
    assert [*idle_notes(one, with_names=True)][1].startswith("«gil＠acme")


def test_five_idle_seats_may_be_more() -> None:
    (number,) = idle_notes(waiting(*"abcde"), with_names=False)

    assert number.startswith("At least 5 seats")


@pytest.mark.parametrize(
    "one",
    [
        waiting(),
        waiting("gil", state=RequestState.PROVISIONING),
        waiting(idle_seats=None),
    ],
)
def test_no_idle_seat_is_not_worth_a_word(one: Request) -> None:
    assert list(idle_notes(one, with_names=True)) == []
    assert list(idle_notes(waiting("gil"), with_names=False)) == [
        "1 seat of «Crm» has not been used for 30 days."
    ]
