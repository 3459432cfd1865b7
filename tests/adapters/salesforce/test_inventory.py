"""The whole org as one look shows it."""

import pytest

from bot.adapters.salesforce.inventory import read_inventory
from bot.domain.changes import Freeze, Part
from bot.domain.errors import Unavailable
from bot.domain.plan import Holder
from bot.domain.policy import Bundle
from bot.domain.policy_starter_accounts import Account, Inventory
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected, person

BOT = "usher@acme.example.crm"


def account(inventory: Inventory, username: str) -> Account:
    (found,) = [one for one in inventory.accounts if one.seat.username == username]
    return found


def test_every_active_user_is_there_with_what_they_have(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.converge(ann, sales)

    inventory = read_inventory(salesforce.reading)

    found = account(inventory, ann.username)
    assert found.seat == salesforce.reader.observe(ann, sales).seat
    assert found.mail == ann.mail
    assert found.seat.held(Part.SET) == set(sales.permission_sets)
    assert {one.seat.user_id for one in inventory.accounts} == {
        user.id for user in salesforce.emulator.org.users() if user.is_active
    }


def test_a_user_who_was_deactivated_is_not_there(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.converge(ann, sales)
    salesforce.converge(ann, None)

    names = {one.seat.username for one in read_inventory(salesforce.reading).accounts}

    assert ann.username not in names
    assert BOT in names


def test_pages_of_any_size_give_the_same_org(
    bench: Bench, salesforce: Connected, sales: Bundle, view_only: Bundle
) -> None:
    for number in range(3):
        salesforce.converge(person(f"p1{number}", f"New Person{number}"), sales)
    salesforce.converge(person("p20", "New Reader"), view_only)
    whole = read_inventory(salesforce.reading)
    before = len(bench.calls)

    for page in (1, 2, 3, 200):
        assert read_inventory(salesforce.reading, page=page) == whole
    calls = len(bench.calls)
    read_inventory(salesforce.reading)

    assert len(whole.accounts) > 6
    assert calls - before > 10
    assert len(bench.calls) - calls == 2


def test_nothing_is_written(bench: Bench, salesforce: Connected) -> None:
    read_inventory(salesforce.reading)

    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)


def test_it_says_what_sets_bring_along_and_what_is_strong(
    salesforce: Connected, ann: Holder, sales: Bundle
) -> None:
    salesforce.converge(ann, sales)

    inventory = read_inventory(salesforce.reading)

    assert inventory.brings == {
        "InboxWithEinsteinActivityCapture": "InboxWithEinsteinActivityCapturePsl"
    }
    assert inventory.strong_sets == {"AcmeCrmAdmin"}
    assert inventory.own_user_id[:15] == account(inventory, BOT).seat.user_id[:15]
    assert inventory.others == {"AutomatedProcess": 1}
    assert inventory.pools == salesforce.reader.pools()


def test_a_frozen_user_and_a_single_sign_on_identity_are_seen(
    salesforce: Connected, ann: Holder, view_only: Bundle
) -> None:
    view = salesforce.converge(ann, view_only)
    salesforce.writer.apply(Freeze(), ann, view)
    assert view.seat is not None
    salesforce.writing.update("User", view.seat.user_id, {"FederationIdentifier": ann.mail})

    found = account(read_inventory(salesforce.reading), ann.username)

    assert found.seat.is_frozen
    assert found.sso == ann.mail


def test_an_org_that_does_not_answer_is_no_empty_org(salesforce: Connected) -> None:
    lost = Fault(route="POST /services/data/v62.0/composite", kind=FaultKind.DROP_BEFORE, times=9)
    salesforce.emulator.faults.add(lost)

    with pytest.raises(Unavailable):
        read_inventory(salesforce.reading)
