"""Seats as an org shows them after the adapter's work."""

from collections.abc import Callable

import pytest

from bot.domain.changes import Assign, CreateUser, Freeze, Part, Remove, UpdateUser
from bot.domain.errors import Conflict, OutcomeUnknown
from bot.domain.plan import Holder, plan_seat
from bot.domain.policy import Bundle
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

COMPOSITE = "POST /services/data/v62.0/composite"
UPSERT = "PATCH /services/data/v62.0/sobjects/User/*"


def test_a_new_person_gets_a_user_with_profile_sets_and_licences(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    view = salesforce.converge(ann, sales)

    assert plan_seat(view, ann, sales).changes == ()
    user = salesforce.emulator.org.user("p004")
    assert user.is_active
    assert (user.username, user.email) == (ann.username, ann.mail)
    assert (user.profile, user.licence) == ("Standard User", "Salesforce")
    assert set(user.permission_sets) == set(sales.permission_sets)
    assert "SalesforceCPQPsl" in user.permission_set_licences
    assert user.federation_id is None


def test_creating_a_seat_with_password_costs_at_most_eight_calls(
    bench: Bench, salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.reader.observe(ann, sales)
    view = salesforce.converge(ann, sales)
    salesforce.writer.set_password(view.seat.user_id, Secret("Canary-password-123"))

    assert len(bench.calls) <= 8
    assert salesforce.emulator.org.user("p004").last_password == "Canary-password-123"


def test_one_look_costs_one_call_besides_the_log_in(
    bench: Bench, salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.reader.observe(ann, sales)

    assert bench.calls == ["POST /services/oauth2/token", "POST /services/data/v62.0/composite"]
    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)


def test_the_view_counts_the_pools_and_names_what_a_set_brings_along(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    view = salesforce.reader.observe(ann, sales)

    assert [pool.name for pool in view.pools] == [
        "Salesforce",
        "SalesforceCPQPsl",
        "InboxWithEinsteinActivityCapturePsl",
    ]
    assert (view.pools[0].total, view.pools[0].used) == salesforce.emulator.org.licence(
        "Salesforce"
    )
    assert view.implied_licences == {"InboxWithEinsteinActivityCapturePsl"}
    assert view.unknown == ()


def test_names_that_the_org_does_not_have_are_listed(salesforce: Connected, ann: Holder) -> None:
    bundle = Bundle(
        licence="Salesforce",
        profile="standard user",
        permission_sets=("AcmeCrmUser", "NoSuchSet"),
        permission_set_licences=("NoSuchPsl",),
    )

    view = salesforce.reader.observe(ann, bundle)

    assert view.unknown == (
        "profile standard user",
        "permission set NoSuchSet",
        "permission set licence NoSuchPsl",
    )
    with pytest.raises(Conflict, match="no profile named"):
        salesforce.writer.apply(CreateUser("standard user"), ann, view)


def test_a_profile_of_another_licence_is_a_policy_mistake(
    salesforce: Connected, ann: Holder
) -> None:
    bundle = Bundle(licence="Salesforce Platform", profile="Standard User")

    view = salesforce.reader.observe(ann, bundle)

    assert view.unknown == ("licence Salesforce Platform with profile Standard User",)


def test_a_change_of_level_takes_away_and_gives(
    salesforce: Connected, ann: Holder, sales: Bundle, view_only: Bundle
) -> None:
    salesforce.converge(ann, sales)

    view = salesforce.converge(ann, view_only)

    assert plan_seat(view, ann, view_only).changes == ()
    user = salesforce.emulator.org.user("p004")
    assert (user.profile, user.permission_sets) == ("Read Only", ())
    assert user.permission_set_licences == ()


def test_revoking_freezes_strips_deactivates_and_frees_the_seat(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    before = salesforce.emulator.org.licence("Salesforce")
    salesforce.converge(ann, sales)

    view = salesforce.converge(ann, None)

    assert plan_seat(view, ann, None).changes == ()
    user = salesforce.emulator.org.user("p004")
    assert not user.is_active
    assert user.is_frozen
    assert user.permission_sets == user.permission_set_licences == ()
    assert salesforce.emulator.org.licence("Salesforce") == before
    assert salesforce.emulator.org.psl("SalesforceCPQPsl")[1] == 0


def test_who_comes_back_gets_the_same_user_unfrozen(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    first = salesforce.converge(ann, sales).seat.user_id
    salesforce.converge(ann, None)

    view = salesforce.converge(ann, sales)

    assert view.seat.user_id == first
    assert plan_seat(view, ann, sales).changes == ()
    assert not salesforce.emulator.org.user("p004").is_frozen


def test_every_change_may_be_made_twice(salesforce: Connected, ann: Holder, sales: Bundle) -> None:
    view = salesforce.reader.observe(ann, sales)
    for change in plan_seat(view, ann, sales).changes:
        salesforce.writer.apply(change, ann, view := salesforce.writer.apply(change, ann, view))
    granted = salesforce.reader.observe(ann, None)
    for change in plan_seat(granted, ann, None).changes:
        salesforce.writer.apply(change, ann, granted)
        salesforce.writer.apply(change, ann, granted)

    assert plan_seat(salesforce.reader.observe(ann, None), ann, None).changes == ()
    assert len([u for u in salesforce.emulator.org.users() if u.external_id == "p004"]) == 1


def test_a_create_whose_answer_is_lost_is_found_by_looking_again(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.reader.observe(ann, view_only)
    salesforce.emulator.faults.add(Fault(route=UPSERT, kind=FaultKind.DROP_AFTER))

    with pytest.raises(OutcomeUnknown):
        salesforce.writer.apply(CreateUser("Read Only"), ann, view)

    again = salesforce.reader.observe(ann, view_only)
    assert plan_seat(again, ann, view_only).changes == ()


def test_an_assignment_whose_answer_is_lost_is_found_by_looking_again(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.converge(ann, Bundle(licence="Salesforce", profile="Standard User"))
    # The second composite call, after the look, is the one that assigns.
    salesforce.emulator.faults.add(Fault(route=COMPOSITE, kind=FaultKind.DROP_AFTER, nth=2))

    with pytest.raises(OutcomeUnknown):
        salesforce.converge(ann, sales)

    assert plan_seat(salesforce.reader.observe(ann, sales), ann, sales).changes == ()


def test_a_change_without_an_account_is_refused(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    view = salesforce.reader.observe(ann, sales)

    with pytest.raises(Conflict) as caught:
        salesforce.writer.apply(Assign(((Part.SET, ("AcmeCrmUser",)),)), ann, view)

    assert caught.value.code == "NO_ACCOUNT"


def test_what_is_not_there_need_not_be_removed(
    bench: Bench, salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)
    before = len(bench.calls)
    without_login = type(view)(seat=view.seat)

    salesforce.writer.apply(Remove(((Part.SET, ("AcmeCrmUser",)),)), ann, view)
    salesforce.writer.apply(Freeze(), ann, without_login)

    assert len(bench.calls) == before


def test_the_reader_has_no_way_to_write(salesforce: Connected) -> None:
    reader, reading, writing = (
        {name for name in dir(thing) if not name.startswith("_")}
        for thing in (salesforce.reader, salesforce.reading, salesforce.writing)
    )

    assert reader == {"observe", "read_back", "pools", "idle"}
    assert {"upsert_user", "update", "change", "set_password"} <= writing - reading


def test_names_with_quotes_stay_text_in_queries(
    salesforce: Connected, make_person: Callable[..., Holder], sales: Bundle
) -> None:
    hostile = make_person(
        "p900", "X", mail="x' OR Id != '", username="o'brien\\' OR IsActive = true --@acme.example"
    )

    view = salesforce.reader.observe(hostile, sales)

    assert (view.seat, view.refusal) == (None, "")


def test_a_profile_is_not_changed_for_an_unknown_name(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)

    with pytest.raises(Conflict, match="no profile named Ghost"):
        salesforce.writer.apply(UpdateUser(profile="Ghost"), ann, view)
