"""The plan of a seat: it gets there, and then there is nothing left to do."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plan import (
    AssignLicences,
    AssignSets,
    Change,
    CreateUser,
    Deactivate,
    Freeze,
    Holder,
    RemoveLicences,
    RemoveSets,
    Seat,
    SeatView,
    Unfreeze,
    UpdateUser,
    plan_seat,
)
from bot.domain.policy import Bundle
from bot.domain.seats import PoolCount

ANN = Holder(
    person_id="p004",
    name="Ann Ortiz",
    mail="ann@acme.example",
    username="ann@acme.example.crm",
    timezone="America/New_York",
)
SALES = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("Inbox", "Crm"),
    permission_set_licences=("CrmPsl",),
)
BROUGHT_ALONG = {"Inbox": "InboxPsl", "Beta": "InboxPsl"}
LICENCE_OF = {"Standard User": "Salesforce", "Read Only": "Salesforce", "Lite": "Platform"}

some_sets = st.frozensets(st.sampled_from(["Crm", "Inbox", "Beta", "Old"]))
some_licences = st.frozensets(st.sampled_from(["CrmPsl", "InboxPsl", "OldPsl"]))
bundles = st.builds(
    Bundle,
    profile=st.sampled_from(sorted(LICENCE_OF)),
    permission_sets=some_sets.map(tuple),
    permission_set_licences=some_licences.map(tuple),
)
seats = st.builds(
    Seat,
    user_id=st.just("u1"),
    username=st.just(ANN.username),
    is_active=st.booleans(),
    is_frozen=st.booleans(),
    licence=st.just("Salesforce"),
    profile=st.sampled_from(sorted(LICENCE_OF)),
    person_id=st.sampled_from([None, "p004"]),
    permission_sets=some_sets,
    permission_set_licences=some_licences,
)


def ann_seat(**changed: object) -> Seat:
    seat = Seat(
        user_id="u1",
        username=ANN.username,
        is_active=True,
        is_frozen=False,
        licence="Salesforce",
        profile="Standard User",
        person_id="p004",
        permission_sets=frozenset(SALES.permission_sets),
        permission_set_licences=frozenset({"CrmPsl"}),
    )
    return replace(seat, **changed)


def view(seat: Seat | None, bundle: Bundle | None) -> SeatView:
    """Look at the model: sets of the bundle may bring a licence along."""
    sets = bundle.permission_sets if bundle else ()
    implied = frozenset(BROUGHT_ALONG[name] for name in sets if name in BROUGHT_ALONG)
    return SeatView(seat=seat, implied_licences=implied)


def make(change: Change, seat: Seat | None) -> Seat:  # noqa: PLR0911  # one return per change
    """Change a seat the way a system would."""
    if isinstance(change, CreateUser):
        assert seat is None, "a second account for the same person"
        return ann_seat(
            profile=change.profile, permission_sets=frozenset(), permission_set_licences=frozenset()
        )
    assert seat is not None
    match change:
        case UpdateUser(profile):
            return replace(seat, is_active=True, profile=profile, person_id="p004")
        case Freeze():
            return replace(seat, is_frozen=True)
        case Unfreeze():
            return replace(seat, is_frozen=False)
        case Deactivate():
            return replace(seat, is_active=False)
        case AssignSets(names):
            brought = {BROUGHT_ALONG[name] for name in names if name in BROUGHT_ALONG}
            return replace(
                seat,
                permission_sets=seat.permission_sets | set(names),
                permission_set_licences=seat.permission_set_licences | brought,
            )
        case RemoveSets(names):
            return replace(seat, permission_sets=seat.permission_sets - set(names))
        case AssignLicences(names):
            return replace(seat, permission_set_licences=seat.permission_set_licences | set(names))
        case RemoveLicences(names):
            return replace(seat, permission_set_licences=seat.permission_set_licences - set(names))
    raise AssertionError(change)


def apply_all(changes: tuple[Change, ...], seat: Seat | None) -> Seat | None:
    for change in changes:
        seat = make(change, seat)
    return seat


@given(st.none() | seats, st.none() | bundles)
def test_a_plan_gets_there_and_the_next_one_is_empty(
    seat: Seat | None, bundle: Bundle | None
) -> None:
    after = apply_all(plan_seat(view(seat, bundle), ANN, bundle), seat)

    assert plan_seat(view(after, bundle), ANN, bundle) == ()


@given(st.none() | seats, bundles, st.integers(0, 9))
def test_a_plan_that_stopped_half_way_is_finished_by_the_next(
    seat: Seat | None, bundle: Bundle | None, stop: int
) -> None:
    half = apply_all(plan_seat(view(seat, bundle), ANN, bundle)[:stop], seat)

    after = apply_all(plan_seat(view(half, bundle), ANN, bundle), half)

    assert after.is_active
    assert not after.is_frozen
    assert (after.profile, after.person_id) == (bundle.profile, "p004")
    assert after.permission_sets == set(bundle.permission_sets)
    assert after.permission_set_licences >= set(bundle.permission_set_licences)


@given(seats, st.integers(0, 9))
def test_who_loses_access_ends_inactive_with_nothing(seat: Seat | None, stop: int) -> None:
    half = apply_all(plan_seat(view(seat, None), ANN, None)[:stop], seat)

    after = apply_all(plan_seat(view(half, None), ANN, None), half)

    assert not after.is_active
    assert after.permission_sets == after.permission_set_licences == frozenset()


@given(seats)
def test_taking_access_away_stops_the_log_in_first_and_frees_the_seat_last(
    seat: Seat | None,
) -> None:
    plan = plan_seat(view(seat, None), ANN, None)

    if seat.is_active:
        assert plan[-1] == Deactivate()
        assert seat.is_frozen or plan[0] == Freeze()
    else:
        assert not {Freeze(), Deactivate()} & set(plan)


def test_a_new_person_gets_everything_in_order() -> None:
    assert plan_seat(view(None, SALES), ANN, SALES) == (
        CreateUser("Standard User"),
        AssignLicences(("CrmPsl",)),
        AssignSets(("Crm", "Inbox")),
    )


def test_what_does_not_fit_goes_before_the_profile_changes() -> None:
    old = ann_seat(
        profile="Lite",
        permission_sets=frozenset({"Old"}),
        permission_set_licences=frozenset({"OldPsl"}),
    )

    assert plan_seat(view(old, SALES), ANN, SALES) == (
        RemoveSets(("Old",)),
        RemoveLicences(("OldPsl",)),
        UpdateUser("Standard User"),
        AssignLicences(("CrmPsl",)),
        AssignSets(("Crm", "Inbox")),
    )


def test_a_licence_that_a_set_brought_along_stays() -> None:
    seat = ann_seat(permission_set_licences=frozenset({"CrmPsl", "InboxPsl"}))

    assert plan_seat(view(seat, SALES), ANN, SALES) == ()


@pytest.mark.parametrize(
    ("changed", "plan"),
    [
        ({"is_active": False}, (UpdateUser("Standard User"),)),
        ({"person_id": None}, (UpdateUser("Standard User"),)),
        ({"is_frozen": True}, (Unfreeze(),)),
        ({"is_active": False, "is_frozen": True}, (UpdateUser("Standard User"), Unfreeze())),
    ],
)
def test_an_account_is_reactivated_adopted_or_unfrozen(
    changed: dict[str, Any], plan: tuple[Change, ...]
) -> None:
    assert plan_seat(view(ann_seat(**changed), SALES), ANN, SALES) == plan


def test_nobody_needs_no_removal() -> None:
    assert plan_seat(view(None, None), ANN, None) == ()


POOLS = (
    PoolCount(name="Salesforce", total=1, used=1),
    PoolCount(name="CrmPsl", total=1, used=1),
)


@pytest.mark.parametrize(
    ("seat", "names"),
    [
        (None, ["Salesforce", "CrmPsl"]),
        (ann_seat(), []),
        (ann_seat(is_active=False), ["Salesforce"]),
        (ann_seat(permission_set_licences=frozenset()), ["CrmPsl"]),
        (ann_seat(licence="Platform"), ["Salesforce"]),
    ],
)
def test_only_pools_that_the_seat_does_not_hold_must_be_free(
    seat: Seat | None, names: list[str]
) -> None:
    needed = SeatView(seat=seat, pools=POOLS).pools_to_draw

    assert [pool.name for pool in needed] == names
