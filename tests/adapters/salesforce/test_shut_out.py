"""Users whom an org's own admins have changed, as the taking away of access meets them."""

from collections.abc import Callable

import pytest

from bot.domain.changes import Part
from bot.domain.plan import Holder, is_account, plan_seat
from bot.domain.policy import Bundle
from bot.sandbox.salesforce import SalesforceEmulator
from tests.adapters.salesforce.org_bench import Connected

ShutOut = Callable[[SalesforceEmulator], None]


def deactivated(emulator: SalesforceEmulator) -> None:
    emulator.admin.deactivate("p004")


def frozen(emulator: SalesforceEmulator) -> None:
    emulator.admin.freeze("p004")


@pytest.mark.parametrize("shut_out", [deactivated, frozen])
def test_less_is_left_to_a_user_who_stays_shut_out(
    salesforce: Connected, ann: Holder, sales: Bundle, view_only: Bundle, shut_out: ShutOut
) -> None:
    salesforce.converge(ann, sales)
    shut_out(salesforce.emulator)
    before = salesforce.emulator.org.user("p004")

    view = salesforce.reader.observe(ann, view_only)
    plan = plan_seat(view, ann, view_only, lets_in=False)
    salesforce.writer.apply_together(plan.changes, ann, view)

    after = salesforce.emulator.org.user("p004")
    assert (after.is_active, after.is_frozen) == (before.is_active, before.is_frozen)
    assert (after.profile, set(after.permission_sets)) == ("Read Only", set())
    left = salesforce.reader.observe(ann, view_only)
    assert plan_seat(left, ann, view_only, lets_in=False).changes == ()
    assert left.seat is not None
    assert left.seat.held(Part.SET) == frozenset()


def test_a_user_whose_keys_were_changed_is_not_the_one_that_was_granted(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    seat = salesforce.converge(ann, view_only).seat
    assert seat is not None
    assert is_account(seat, seat.user_id[:15])
    field = str(salesforce.reading.person_field)
    renamed = {"Username": "elsewhere@acme.example.crm", "Email": "elsewhere@acme.example"}
    salesforce.emulator.admin.change_user(seat.user_id, **{field: None}, **renamed)

    found = salesforce.reader.observe(ann, None).seat

    assert found is None
    assert not is_account(found, seat.user_id)
