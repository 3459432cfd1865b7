"""Everything that a level can hold, given and taken away again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.changes import Assign, Part, Redate, Remove, UpdateUser
from bot.domain.errors import SeatsExhausted, Unavailable
from bot.domain.plan import Holder, Scope, SeatState, Until, plan_seat
from bot.domain.policy import Bundle
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

WHOLE = Bundle(
    licence="Salesforce",
    profile="Standard User",
    permission_sets=("AcmeCrmReports",),
    permission_set_groups=("AcmeInboxTeam",),
    permission_set_licences=("SalesforceCPQPsl",),
    packages=("acmesign",),
    features=("Marketing",),
    role="Sales_Rep",
    groups=("Acme_Sales",),
    queues=("Inbound_Leads",),
)
PLAIN = Bundle(licence="Salesforce", profile="Standard User")
SCOPE = Scope(
    parts=frozenset({Part.PACKAGE, Part.GROUP, Part.QUEUE}),
    features=frozenset({"Marketing"}),
    has_roles=True,
)
LATE = datetime(2031, 12, 1, tzinfo=UTC)
DATED = Scope(has_ends=True)


@pytest.fixture
def cai(ann: Holder) -> Holder:
    """Return somebody in a system whose levels speak of everything."""
    return replace(ann, scope=SCOPE)


def test_a_level_may_hold_everything(salesforce: Connected, ann: Holder) -> None:
    view = salesforce.converge(ann, WHOLE)

    assert plan_seat(view, ann, WHOLE).changes == ()
    user = salesforce.emulator.org.user("p004")
    assert user.role == "Sales_Rep"
    assert set(user.permission_sets) >= {"AcmeCrmReports"}
    assert user.permission_set_groups == ("AcmeInboxTeam",)
    assert set(user.packages) == {"acmesign"}
    assert set(user.groups) == {"Acme_Sales", "Inbound_Leads"}
    assert view.seat.features == {"Marketing"}
    assert [pool.name for pool in view.pools] == [
        "Salesforce",
        "SalesforceCPQPsl",
        "InboxWithEinsteinActivityCapturePsl",
        "package acmesign",
        "feature Marketing",
    ]


def test_a_revoke_leaves_nothing_that_costs_a_seat(salesforce: Connected, ann: Holder) -> None:
    before = {pool.name: pool.used for pool in salesforce.reader.pools()}
    feature = salesforce.emulator.org.feature("UserPermissionsMarketingUser")
    salesforce.converge(ann, WHOLE)

    view = salesforce.converge(ann, None)

    assert view.state is SeatState.INACTIVE
    assert {pool.name: pool.used for pool in salesforce.reader.pools()} == before
    assert salesforce.emulator.org.feature("UserPermissionsMarketingUser") == feature
    user = salesforce.emulator.org.user("p004")
    assert user.permission_sets == user.permission_set_groups == user.groups == ()
    assert user.permission_set_licences == user.packages == ()


def test_giving_and_taking_cost_few_calls(bench: Bench, salesforce: Connected, cai: Holder) -> None:
    salesforce.reader.pools()  # the log-in
    salesforce.reader.observe(cai, replace(PLAIN, features=("Marketing",)))  # what flags there are
    made, before = plan_seat(salesforce.reader.observe(cai, WHOLE), cai, WHOLE), len(bench.calls)
    salesforce.converge(cai, WHOLE)
    created = len(bench.calls) - before
    taken, before = plan_seat(salesforce.reader.observe(cai, None), cai, None), len(bench.calls)
    salesforce.converge(cai, None)
    salesforce.reader.pools()
    revoked = len(bench.calls) - before

    assert (made.calls, taken.calls) == (2, 2)
    assert created <= 8
    assert revoked <= 6


def test_another_level_takes_away_what_the_levels_speak_of(
    salesforce: Connected, cai: Holder
) -> None:
    salesforce.converge(cai, WHOLE)

    plan = plan_seat(salesforce.reader.observe(cai, PLAIN), cai, PLAIN)
    view = salesforce.converge(cai, PLAIN)

    assert [type(change) for change in plan.changes] == [Remove, UpdateUser]
    assert plan_seat(view, cai, PLAIN).changes == ()
    assert not any(view.seat.parts.values())
    assert (view.seat.role, view.seat.features) == ("", frozenset())


def test_what_no_level_speaks_of_is_not_even_looked_at(salesforce: Connected, ann: Holder) -> None:
    salesforce.converge(ann, WHOLE)

    view = salesforce.converge(ann, PLAIN)

    user = salesforce.emulator.org.user("p004")
    assert plan_seat(view, ann, PLAIN).changes == ()
    assert (user.role, set(user.packages)) == ("Sales_Rep", {"acmesign"})
    assert set(user.groups) == {"Acme_Sales", "Inbound_Leads"}


@pytest.mark.parametrize(
    ("pool", "name"),
    [
        ("acmesign", "package acmesign"),
        ("Salesforce", "Salesforce"),
        ("UserPermissionsMarketingUser", "feature Marketing"),
        ("SalesforceCPQPsl", "SalesforceCPQPsl"),
        ("InboxWithEinsteinActivityCapturePsl", "InboxWithEinsteinActivityCapturePsl"),
    ],
)
def test_a_full_pool_is_named(salesforce: Connected, ann: Holder, pool: str, name: str) -> None:
    salesforce.emulator.org.set_total(pool, 0)

    with pytest.raises(SeatsExhausted) as full:
        salesforce.converge(ann, WHOLE)

    assert full.value.pool == name


def test_names_that_the_org_does_not_have_are_all_listed(
    salesforce: Connected, ann: Holder
) -> None:
    strange = Bundle(
        profile="Standard User",
        permission_set_groups=("NoTeam", "acmesalesteam"),
        packages=("nopkg",),
        features=("Marketing", "Telepathy"),
        role="Nobody",
        groups=("Inbound_Leads",),
        queues=("Acme_Sales",),
    )

    assert salesforce.reader.observe(ann, strange).unknown == (
        "permission set group NoTeam",
        "permission set group acmesalesteam",
        "package licence nopkg",
        "public group Inbound_Leads",
        "queue Acme_Sales",
        "role Nobody",
        "feature Telepathy",
    )


def test_a_change_may_be_made_twice(salesforce: Connected, ann: Holder) -> None:
    for bundle in (WHOLE, None):
        view = first = salesforce.reader.observe(ann, bundle)
        changes = plan_seat(first, ann, bundle).changes
        for change in (*changes, *changes):
            view = salesforce.writer.apply(change, ann, view)

        after = salesforce.reader.observe(ann, bundle)
        assert plan_seat(after, ann, bundle).changes == ()


def test_what_was_lost_half_way_is_finished_by_the_next_plan(
    salesforce: Connected, ann: Holder
) -> None:
    salesforce.emulator.org.set_total("acmesign", 0)
    with pytest.raises(SeatsExhausted):
        salesforce.converge(ann, WHOLE)
    salesforce.emulator.org.set_total("acmesign", 3)

    plan = plan_seat(salesforce.reader.observe(ann, WHOLE), ann, WHOLE)
    view = salesforce.converge(ann, WHOLE)

    assert plan.changes == (Assign(((Part.PACKAGE, ("acmesign",)),)),)
    assert plan_seat(view, ann, WHOLE).changes == ()


def test_a_taken_group_lock_is_waited_for(salesforce: Connected, ann: Holder) -> None:
    view = salesforce.reader.observe(ann, WHOLE)
    first, *_ = plan_seat(view, ann, WHOLE).changes
    salesforce.emulator.org.lock_groups(2)

    made = salesforce.writer.apply(first, ann, view)

    assert made.seat.role == "Sales_Rep"


def test_sets_and_groups_of_sets_end_by_themselves_where_policy_says_so(
    salesforce: Connected, ann: Holder
) -> None:
    dated = replace(ann, scope=DATED)
    until = Until(LATE)
    bundle = replace(WHOLE, role="", features=())
    view = salesforce.reader.observe(dated, bundle)
    for change in plan_seat(view, dated, bundle, until=until).changes:
        view = salesforce.writer.apply(change, dated, view)

    view = salesforce.reader.observe(dated, bundle)

    assert plan_seat(view, dated, bundle, until=until).changes == ()
    ends = {(Part.SET, "AcmeCrmReports"): LATE, (Part.SET_GROUP, "AcmeInboxTeam"): LATE}
    assert view.seat.ends == ends


@pytest.mark.parametrize("end", [LATE.replace(year=2032), None])
def test_an_end_is_moved_and_taken_away(
    salesforce: Connected, ann: Holder, end: datetime | None
) -> None:
    dated = replace(ann, scope=DATED)
    bundle = replace(PLAIN, permission_sets=("AcmeCrmUser", "AcmeCrmReports"))
    view = salesforce.reader.observe(dated, bundle)
    for change in plan_seat(view, dated, bundle, until=Until(LATE)).changes:
        view = salesforce.writer.apply(change, dated, view)

    view = salesforce.reader.observe(dated, bundle)
    plan = plan_seat(view, dated, bundle, until=Until(end))
    for change in plan.changes:
        salesforce.writer.apply(change, dated, view)

    after = salesforce.reader.observe(dated, bundle)
    assert plan.changes == (Redate(((Part.SET, ("AcmeCrmReports", "AcmeCrmUser")),), end),)
    assert {*after.seat.ends.values()} == ({end} if end else set())
    assert plan_seat(after, dated, bundle, until=Until(end)).changes == ()


def test_more_rows_than_one_batch_holds_go_in_one_call(
    bench: Bench, salesforce: Connected, ann: Holder
) -> None:
    """An adapter that sends 50 at once would leave the seats burnt (D15)."""
    view = salesforce.converge(ann, PLAIN)
    names = tuple(f"Set{number:03}" for number in range(90))
    handles = tuple(
        (f"row:{Part.SET}:{name}", f"0Pa5g0000009{i:03}") for i, name in enumerate(names)
    )
    before = len(bench.calls)

    salesforce.writer.apply(Remove(((Part.SET, names),)), ann, replace(view, handles=handles))

    assert bench.calls[before:] == ["POST /services/data/v62.0/composite"]


def test_a_nonsense_answer_to_several_batches_is_no_success(
    salesforce: Connected, ann: Holder
) -> None:
    view = salesforce.converge(ann, WHOLE)
    (_, strip, _) = plan_seat(salesforce.reader.observe(ann, None), ann, None).changes
    view = salesforce.reader.observe(ann, None)
    route = "POST /services/data/v62.0/composite"
    for body in ('{"compositeResponse": []}', "[]", '{"compositeResponse": [1, 2, 3, 4]}'):
        salesforce.emulator.faults.add(
            Fault(route=route, kind=FaultKind.STATUS, status=200, body=body)
        )
        with pytest.raises(Exception, match="makes no sense"):
            salesforce.writer.apply(strip, ann, view)

    assert not isinstance(strip, Unavailable)
