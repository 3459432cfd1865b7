"""The plan of a seat: it gets there, in an order that is safe, and then nothing is left to do."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import (
    Assign,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Part,
    Redate,
    Remove,
    Unfreeze,
    UpdateUser,
)
from bot.domain.errors import Conflict
from bot.domain.plan import (
    Holder,
    Scope,
    Seat,
    SeatState,
    SeatView,
    Until,
    governed,
    parts_of,
    plan_seat,
)
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount
from tests.domain.plan_world import (
    ANN,
    LATE,
    SALES,
    ann_seat,
    apply_all,
    bundles,
    holders,
    seats,
    untils,
    view,
)

SALES_PARTS = {part: frozenset(names) for part, names in parts_of(SALES).items()}


def changes(
    seat: Seat | None, bundle: Bundle | None, holder: Holder = ANN, until: Until | None = None
) -> tuple[Change, ...]:
    return plan_seat(view(seat, bundle), holder, bundle, until=until).changes


@given(st.none() | seats(), st.none() | bundles(), holders, untils)
def test_a_plan_gets_there_and_the_next_one_is_empty(
    seat: Seat | None, bundle: Bundle | None, holder: Holder, until: Until | None
) -> None:
    after = apply_all(changes(seat, bundle, holder, until), seat)

    assert changes(after, bundle, holder, until) == ()


@given(st.none() | seats(), bundles(), holders, untils, st.integers(0, 5))
def test_a_plan_that_stopped_half_way_is_finished_by_the_next(
    seat: Seat | None, bundle: Bundle, holder: Holder, until: Until | None, stop: int
) -> None:
    half = apply_all(changes(seat, bundle, holder, until)[:stop], seat)

    after = apply_all(changes(half, bundle, holder, until), half)

    assert after is not None
    assert after.is_active
    assert not after.is_frozen
    assert (after.profile, after.person_id) == (bundle.profile, "p004")
    assert after.held(Part.SET) == {*bundle.permission_sets}
    assert after.held(Part.SET_GROUP) == {*bundle.permission_set_groups}
    for part, names in parts_of(bundle).items():
        assert after.held(part) >= {*names}
    assert after.features >= {*bundle.features}
    assert bundle.role in ("", after.role)


@given(seats(), bundles(), holders, untils)
def test_a_plan_takes_nothing_away_that_is_wanted(
    seat: Seat, bundle: Bundle, holder: Holder, until: Until | None
) -> None:
    wanted = parts_of(bundle)

    for change in changes(seat, bundle, holder, until):
        if isinstance(change, Remove):
            for part, names in change.parts:
                assert not {*names} & {*wanted.get(part, ())}
        if isinstance(change, UpdateUser):
            assert not {*change.features_off} & {*bundle.features}


@given(seats(), bundles())
def test_what_no_level_speaks_of_is_left_alone_while_access_lasts(
    seat: Seat, bundle: Bundle
) -> None:
    silent = replace(bundle, packages=(), groups=(), queues=(), features=(), role="")

    after = apply_all(changes(seat, silent), seat)

    assert after is not None
    for part in (Part.PACKAGE, Part.GROUP, Part.QUEUE):
        assert after.held(part) == seat.held(part)
    assert (after.features, after.role) == (seat.features, seat.role)


@given(seats())
def test_what_some_level_speaks_of_goes_when_the_level_does_not(seat: Seat) -> None:
    parts = frozenset({Part.PACKAGE, Part.GROUP, Part.QUEUE})
    features = frozenset({"Knowledge", "Marketing"})
    strict = replace(ANN, scope=Scope(parts=parts, features=features, has_roles=True))

    after = apply_all(changes(seat, SALES, strict), seat)

    assert after is not None
    assert not any(after.held(part) for part in parts)
    assert (after.features, after.role) == (frozenset(), "")


@given(seats(), st.integers(0, 5))
def test_who_loses_access_ends_inactive_with_nothing(seat: Seat, stop: int) -> None:
    half = apply_all(changes(seat, None)[:stop], seat)

    after = apply_all(changes(half, None), half)

    assert SeatView(seat=after).state is SeatState.INACTIVE


@given(seats())
def test_taking_access_away_stops_the_log_in_first_and_frees_the_seat_last(seat: Seat) -> None:
    plan = changes(seat, None)

    if seat.is_active:
        assert plan[-1] == Deactivate()
        assert seat.is_frozen or plan[0] == Freeze()
    else:
        assert not {type(change) for change in plan} & {Freeze, Deactivate}


@given(st.none() | seats(), bundles(), holders)
def test_towards_access_surplus_goes_before_the_user_changes_and_new_comes_after(
    seat: Seat | None, bundle: Bundle, holder: Holder
) -> None:
    order = [Remove, CreateUser, UpdateUser, Unfreeze, Assign, Redate]

    kinds = [order.index(type(change)) for change in changes(seat, bundle, holder)]

    assert kinds == sorted(set(kinds))


def test_a_licence_comes_before_the_set_that_needs_it_and_goes_after_it() -> None:
    (_, assign) = changes(None, SALES)
    (remove, _) = changes(ann_seat(is_frozen=True), None)

    assert [part for part, _ in assign.parts] == [Part.SET_LICENCE, Part.SET]
    assert [part for part, _ in remove.parts] == [Part.SET, Part.SET_LICENCE]


def test_a_new_person_gets_everything_in_order() -> None:
    whole = replace(
        SALES, role="Seller", features=("Marketing",), packages=("SBQQ",), queues=("Leads",)
    )

    assert changes(None, whole) == (
        CreateUser("Standard User", "Salesforce", "Seller", ("Marketing",)),
        Assign(
            (
                (Part.SET_LICENCE, ("CrmPsl",)),
                (Part.PACKAGE, ("SBQQ",)),
                (Part.SET, ("Crm", "Inbox")),
                (Part.QUEUE, ("Leads",)),
            )
        ),
    )


def test_what_does_not_fit_goes_before_the_profile_changes() -> None:
    parts = {Part.SET: frozenset({"Old"}), Part.SET_LICENCE: frozenset({"OldPsl"})}

    assert changes(ann_seat(profile="Lite", parts=parts), SALES) == (
        Remove(((Part.SET, ("Old",)), (Part.SET_LICENCE, ("OldPsl",)))),
        UpdateUser(profile="Standard User"),
        Assign(((Part.SET_LICENCE, ("CrmPsl",)), (Part.SET, ("Crm", "Inbox")))),
    )


def test_a_licence_that_a_set_brought_along_stays() -> None:
    parts = {**SALES_PARTS, Part.SET_LICENCE: frozenset({"CrmPsl", "InboxPsl"})}

    assert changes(ann_seat(parts=parts), SALES) == ()


def test_a_licence_that_a_group_of_sets_needs_is_given_before_it_and_stays() -> None:
    desk = Bundle(profile="Standard User", permission_set_groups=("Desk",))
    looked = SeatView(seat=None, needed_licences=frozenset({"DeskPsl"}))

    *_, assign = plan_seat(looked, ANN, desk).changes
    made = apply_all(plan_seat(looked, ANN, desk).changes, None)

    assert assign == Assign(((Part.SET_LICENCE, ("DeskPsl",)), (Part.SET_GROUP, ("Desk",))))
    assert plan_seat(replace(looked, seat=made), ANN, desk).changes == ()


def test_when_access_ends_every_part_is_governed() -> None:
    assert governed(Scope(), None) == {*Part}
    assert governed(Scope(), Bundle(queues=("Leads",))) == {
        Part.SET,
        Part.SET_GROUP,
        Part.SET_LICENCE,
        Part.QUEUE,
    }


@pytest.mark.parametrize(
    ("changed", "plan"),
    [
        ({}, ()),
        ({"is_active": False}, (UpdateUser(is_activated=True),)),
        ({"person_id": None}, (UpdateUser(is_adopted=True),)),
        ({"is_frozen": True}, (Unfreeze(),)),
        (
            {"is_active": False, "is_frozen": True, "profile": "Lite"},
            (UpdateUser(profile="Standard User", is_activated=True), Unfreeze()),
        ),
    ],
)
def test_an_account_is_changed_only_where_it_differs(
    changed: dict[str, Any], plan: tuple[Change, ...]
) -> None:
    assert changes(ann_seat(**changed), SALES) == plan


NOTHING: dict[str, Any] = {"parts": {}}
STATES = {
    SeatState.ABSENT: (None, [CreateUser, Assign], []),
    SeatState.ACTIVE: (ann_seat(), [], [Freeze, Remove, Deactivate]),
    SeatState.FROZEN: (ann_seat(is_frozen=True), [Unfreeze], [Remove, Deactivate]),
    SeatState.INACTIVE: (ann_seat(is_active=False, **NOTHING), [UpdateUser, Assign], []),
    SeatState.RESIDUE: (ann_seat(is_active=False), [UpdateUser], [Remove]),
}


@pytest.mark.parametrize("state", list(STATES))
def test_every_state_has_its_way_to_access_and_to_none(state: SeatState) -> None:
    seat, to_access, to_none = STATES[state]

    assert SeatView(seat=seat).state is state
    assert [type(change) for change in changes(seat, SALES)] == to_access
    assert [type(change) for change in changes(seat, None)] == to_none
    assert SeatView(seat=apply_all(changes(seat, SALES), seat)).state is SeatState.ACTIVE
    none = SeatState.ABSENT if seat is None else SeatState.INACTIVE
    assert SeatView(seat=apply_all(changes(seat, None), seat)).state is none


@pytest.mark.parametrize("desired", [SALES, None], ids=["access", "none"])
@pytest.mark.parametrize("seat", [None, ann_seat()], ids=["unknown", "known"])
def test_an_account_in_conflict_has_no_plan(seat: Seat | None, desired: Bundle | None) -> None:
    conflict = SeatView(seat=seat, refusal="The last active administrator.")

    assert conflict.state is SeatState.CONFLICT
    with pytest.raises(Conflict, match="last active"):
        plan_seat(conflict, ANN, desired)


def test_the_states_are_all_there() -> None:
    assert {*STATES, SeatState.CONFLICT} == {*SeatState}


def test_sets_end_by_themselves_only_where_it_is_asked_for() -> None:
    assert changes(ann_seat(), SALES) == ()
    assert changes(ann_seat(), SALES, until=Until(None)) == ()
    assert changes(ann_seat(), SALES, until=Until(LATE)) == (
        Redate(((Part.SET, ("Crm", "Inbox")),), LATE),
    )


def test_a_set_that_ends_otherwise_is_told_its_new_end_and_others_are_left_alone() -> None:
    seat = ann_seat(ends={(Part.SET, "Crm"): LATE, (Part.SET, "Inbox"): LATE.replace(month=6)})

    until_late = changes(seat, SALES, until=Until(LATE))
    for_good = changes(seat, SALES, until=Until(None))

    assert until_late == (Redate(((Part.SET, ("Inbox",)),), LATE),)
    assert for_good == (Redate(((Part.SET, ("Crm", "Inbox")),), None),)


def test_moments_are_cut_to_what_the_system_keeps() -> None:
    until = Until(LATE.replace(microsecond=999_999))
    made = apply_all(changes(None, SALES, until=until), None)

    assert made is not None
    assert {*made.ends.values()} == {LATE}
    assert changes(made, SALES, until=until) == ()


POOLS = (
    PoolCount(name="Salesforce", total=1, used=1),
    PoolCount(name="CrmPsl", total=1, used=1),
    PoolCount(name="package SBQQ", total=1, used=1),
    PoolCount(name="feature Marketing", total=1, used=1),
)
FULL = ann_seat(
    parts={**SALES_PARTS, Part.PACKAGE: frozenset({"SBQQ"})}, features=frozenset({"Marketing"})
)


@pytest.mark.parametrize(
    ("seat", "names"),
    [
        (None, ["Salesforce", "CrmPsl", "package SBQQ", "feature Marketing"]),
        (FULL, []),
        (replace(FULL, is_frozen=True), []),
        (replace(FULL, is_active=False), ["Salesforce", "feature Marketing"]),
        (replace(FULL, parts={}), ["CrmPsl", "package SBQQ"]),
        (replace(FULL, licence="Platform"), ["Salesforce"]),
    ],
)
def test_only_pools_that_the_seat_does_not_hold_must_be_free(
    seat: Seat | None, names: list[str]
) -> None:
    needed = SeatView(seat=seat, pools=POOLS).pools_to_draw

    assert [pool.name for pool in needed] == names
