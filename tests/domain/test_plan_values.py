"""A plan as a value: what it costs, when it still stands, what it frees, and its words."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from bot.domain.changes import (
    Assign,
    Change,
    Deactivate,
    Freeze,
    Part,
    Plan,
    Redate,
    Remove,
    UpdateUser,
    together,
)
from bot.domain.plan import Scope, Seat, Until, frees, plan_seat, scope_of
from bot.domain.plan_text import brief, full_note, idle_lines, not_counted_note, plan_lines
from bot.domain.policy import Bundle
from bot.domain.seats import Idle, PoolCount, availability
from tests.domain.plan_world import ANN, LATE, SALES, ann_seat, bundles, seats, view
from tests.factories import level, system

WHOLE = replace(
    SALES,
    permission_set_groups=("Sellers",),
    packages=("SBQQ",),
    groups=("AllSales",),
    queues=("Leads",),
    features=("Marketing",),
    role="Seller",
)


def plan(seat: Seat | None, bundle: Bundle | None, until: Until | None = None) -> Plan:
    return plan_seat(view(seat, bundle), ANN, bundle, until=until)


def names(number: int) -> tuple[str, ...]:
    return tuple(f"N{index:03}" for index in range(number))


@pytest.mark.parametrize(
    ("bundle", "calls"),
    [
        (SALES, 2),
        (WHOLE, 2),
        (Bundle(profile="Lite"), 1),
        (Bundle(profile="Lite", permission_sets=names(200)), 2),
        (Bundle(profile="Lite", permission_sets=names(201)), 3),
        (Bundle(profile="Lite", permission_sets=names(160), groups=names(41)), 3),
    ],
)
def test_a_plan_knows_how_many_calls_it_costs(bundle: Bundle, calls: int) -> None:
    assert plan(None, bundle).calls == calls


def test_taking_everything_away_costs_two_calls() -> None:
    seat = ann_seat(parts={part: frozenset({"x"}) for part in Part})

    assert plan(seat, None).calls == 2
    assert plan(None, None).calls == 0


@given(seats(), bundles())
def test_the_same_world_gives_the_same_plan_again(seat: Seat, bundle: Bundle) -> None:
    shuffled = replace(seat, parts=dict(reversed(seat.parts.items())))

    assert plan(seat, bundle) == plan(shuffled, bundle)


@pytest.mark.parametrize(
    "other",
    [
        None,
        ann_seat(is_frozen=True),
        ann_seat(profile="Lite"),
        ann_seat(role="Boss"),
        ann_seat(features=frozenset({"Marketing"})),
        ann_seat(parts={Part.QUEUE: frozenset({"Leads"})}),
        ann_seat(ends={(Part.SET, "Crm"): LATE}),
        ann_seat(user_id="u2"),
    ],
)
def test_a_plan_that_starts_elsewhere_is_another_plan(other: Seat | None) -> None:
    assert plan(other, WHOLE).digest != plan(ann_seat(), WHOLE).digest


def test_a_plan_that_leads_elsewhere_is_another_plan() -> None:
    assert plan(None, SALES).digest != plan(None, WHOLE).digest
    assert plan(None, SALES).digest != plan(None, SALES, Until(LATE)).digest


def test_what_a_revoke_frees_is_named() -> None:
    seat = ann_seat(
        parts={
            Part.SET: frozenset({"Crm"}),
            Part.SET_LICENCE: frozenset({"CrmPsl"}),
            Part.PACKAGE: frozenset({"SBQQ"}),
        },
        features=frozenset({"Marketing"}),
    )

    assert frees(seat, plan(seat, None)) == {
        "Salesforce",
        "CrmPsl",
        "package SBQQ",
        "feature Marketing",
    }
    assert frees(seat, plan(seat, SALES)) == frozenset()
    assert frees(seat, Plan(changes=(UpdateUser(features_off=("Marketing",)),), calls=1, digest=""))


def test_the_scope_is_what_any_level_speaks_of() -> None:
    crm = system(
        id="crm",
        levels={
            "a": level(bundle=Bundle(packages=("SBQQ",), features=("Marketing",))),
            "b": level(bundle=Bundle(role="Boss", queues=("Leads",))),
        },
    )

    assert scope_of(crm) == Scope(
        parts=frozenset({Part.PACKAGE, Part.QUEUE}),
        features=frozenset({"Marketing"}),
        has_roles=True,
    )
    assert scope_of(replace(crm, levels={}, native_expiry=True)) == Scope(has_ends=True)


# ---- in words -----------------------------------------------------------------------------------


def test_a_new_account_in_words() -> None:
    assert plan_lines(plan(None, WHOLE, Until(LATE)), ANN) == (
        (
            "create the user «ann＠acme․example․crm» with profile «Standard User» and licence "
            "«Salesforce», role «Seller», features «Marketing»"
        ),
        "assign permission set licence «CrmPsl»",
        "assign package licence «SBQQ»",
        "assign permission sets «Crm», «Inbox» until 2026-12-01 00:00 UTC",
        "assign permission set group «Sellers» until 2026-12-01 00:00 UTC",
        "assign public group «AllSales»",
        "assign queue «Leads»",
    )


def test_a_revoke_in_words() -> None:
    assert plan_lines(plan(ann_seat(), None), ANN) == (
        "freeze: nobody can log in with the account any more",
        "remove permission sets «Crm», «Inbox»",
        "remove permission set licence «CrmPsl»",
        "deactivate the user, which frees the user licence",
    )


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"is_active": False}, "activate the user again, which takes a user licence"),
        ({"person_id": None}, "write the person id «p004» into the user"),
        ({"profile": "Lite"}, "change the profile to «Standard User»"),
        ({"is_frozen": True}, "unfreeze: log-in is allowed again"),
    ],
)
def test_a_changed_account_in_words(changed: dict[str, object], line: str) -> None:
    assert plan_lines(plan(ann_seat(**changed), SALES), ANN) == (line,)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (UpdateUser(role="Boss"), ("change the role to «Boss»",)),
        (UpdateUser(role=""), ("take the role away",)),
        (
            UpdateUser(features_on=("Marketing",), features_off=("Knowledge",)),
            ("switch on the features «Marketing»", "switch off the features «Knowledge»"),
        ),
        (
            Redate(((Part.SET, ("A",)),), LATE),
            ("keep permission set «A» until 2026-12-01 00:00 UTC",),
        ),
        (
            Redate(((Part.SET, ("A",)),), None),
            ("keep permission set «A» without an end of its own",),
        ),
    ],
)
def test_each_change_has_its_words(change: Change, lines: tuple[str, ...]) -> None:
    assert plan_lines(Plan(changes=(change,), calls=1, digest=""), ANN) == lines


def test_long_and_hostile_names_stay_short_and_harmless() -> None:
    hostile = ("@everyone <b>`x`</b> [a](http://evil.example)" + "x" * 500, *names(30))
    change = Remove(((Part.SET, hostile),))

    (line,) = plan_lines(Plan(changes=(change,), calls=1, digest=""), ANN)

    assert len(line) < 400
    assert line.endswith("and 21 more")
    assert not set("@`<>[]") & set(line)
    assert "http://" not in line


def test_changes_are_brief_in_the_log() -> None:
    assert brief(plan(None, SALES).changes) == "CreateUser, Assign"


def test_who_is_idle_is_said_with_the_last_day() -> None:
    idle = (
        Idle(username="hal@acme.example", last_login=datetime(2026, 3, 4, 5, tzinfo=UTC)),
        Idle(username="ida@acme.example", last_login=None),
    )

    assert idle_lines("Salesforce", idle) == (
        "«hal＠acme․example» holds a seat of «Salesforce» and last logged in on 2026-03-04",
        "«ida＠acme․example» holds a seat of «Salesforce» and never logged in",
    )


@pytest.mark.parametrize(
    ("pool", "note"),
    [
        (
            PoolCount(name="Crm", total=5, used=10),
            "All 5 seats of Crm are taken or spoken for (10 used).",
        ),
        (
            PoolCount(name="Crm", total=5, used=0, is_active=False),
            "The licence Crm has run out or is switched off in the system.",
        ),
    ],
)
def test_why_a_pool_keeps_one_waiting(pool: PoolCount, note: str) -> None:
    assert full_note(availability([pool], reserved={}, keep_free={})) == note


def test_seats_that_are_not_counted_free_are_named() -> None:
    pools = (PoolCount(name="Salesforce", total=12, used=12),)

    assert not_counted_note(()) == ""
    assert not_counted_note(pools) == (
        "Salesforce has not counted it free yet: «Salesforce» (12 of 12 used)."
    )


def test_an_end_is_said_in_one_zone() -> None:
    far = datetime.fromisoformat("2026-12-01T02:30:00+05:30")
    change = Assign(((Part.SET, ("A",)), (Part.GROUP, ("B",))), far)

    first, second = plan_lines(Plan(changes=(change,), calls=1, digest=""), ANN)

    assert first.endswith("until 2026-11-30 21:00 UTC")
    assert second == "assign public group «B»"
    assert date(2026, 11, 30) < far.date()


def test_a_lone_freeze_goes_by_itself() -> None:
    gone = Remove(((Part.SET, ("Crm",)),))

    assert [*together((Freeze(),))] == [(Freeze(),)]
    assert [*together((Freeze(), Deactivate(), Freeze(), gone))] == [
        (Freeze(),),
        (Deactivate(),),
        (Freeze(), gone),
    ]


def test_a_level_that_others_shut_out_keeps_its_account_as_it_is_but_for_what_goes() -> None:
    shut = ann_seat(is_active=False, profile="Read Only", parts={})
    found = plan_seat(view(shut, SALES), ANN, SALES, lets_in=False)

    assert not any(isinstance(one, UpdateUser) and one.is_activated for one in found.changes)
    assert [type(one) for one in found.changes] == [UpdateUser]
