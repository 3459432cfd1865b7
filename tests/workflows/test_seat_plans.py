"""What the runs make of a plan: native ends, read-back counters, parts that policy speaks of."""

from dataclasses import replace
from typing import Any

from bot.domain.changes import Change, Part, Redate, Remove
from bot.domain.errors import Unavailable
from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from tests.workflows.office import Office


def rewrite(office: Office, bundles: dict[str, dict[str, Any]], **changes: Any) -> None:
    """Change the CRM in the policy, and what its levels consist of."""
    policy = office.policies.now
    crm = policy.systems["crm"]
    levels = {
        name: replace(one, bundle=replace(one.bundle, **bundles.get(name, {})))
        for name, one in crm.levels.items()
    }
    crm = replace(crm, levels=levels, **changes)
    office.policies.now = replace(policy, systems={**policy.systems, "crm": crm})


def watch(office: Office) -> list[Change]:
    made: list[Change] = []
    office.seats.on_apply = made.append
    return made


def test_sets_end_by_themselves_when_the_grant_does(office: Office) -> None:
    rewrite(office, {}, native_expiry=True)

    grant = office.granted("crm/standard", how_long="30 days")

    assert grant.until is not None
    end = grant.until.replace(microsecond=0)
    assert office.seats.seats["ann"].ends == {(Part.SET, "CrmUser"): end}


def test_without_that_no_set_has_an_end(office: Office) -> None:
    office.granted("crm/standard", how_long="30 days")

    assert office.seats.seats["ann"].ends == {}


def test_who_gets_the_set_for_good_keeps_no_end_of_before(office: Office) -> None:
    rewrite(office, {}, native_expiry=True)
    office.granted("crm/standard", how_long="30 days")
    made = watch(office)

    office.granted("crm/sales", how_long="permanent")

    assert Redate(((Part.SET, ("CrmUser",)),), None) in made
    assert office.seats.seats["ann"].ends == {}


def test_a_counter_that_lags_is_noted_and_nothing_fails(office: Office) -> None:
    grant = office.granted("crm/sales")
    counted = office.seats.pools()
    office.seats.pools = lambda: counted  # the org's counters stand still

    office.comment("ann", 1, "/revoke")

    ended = office.grant(grant.id)
    assert ended is not None
    assert ended.state is GrantState.ENDED
    assert "has not counted it free yet" in ended.note
    assert "not counted it free" not in str(office.card("ann", office.request(grant.id)))


def test_counters_that_cannot_be_read_are_no_reason_to_fail(office: Office) -> None:
    grant = office.granted("crm/sales")
    office.seats.troubles.refuse("pools", Unavailable("down", service="crm"))

    office.comment("ann", 1, "/revoke")

    ended = office.grant(grant.id)
    assert ended is not None
    assert ended.state is GrantState.ENDED
    assert "could not be read" in ended.note


def test_a_seat_is_said_to_be_free_again_as_the_system_counts_it(office: Office) -> None:
    grant = office.granted("crm/sales")

    office.comment("ann", 1, "/revoke")

    ended = office.grant(grant.id)
    assert ended is not None
    assert ended.state is GrantState.ENDED
    assert ended.note == (
        "Free again, as Salesforce counts it: «Crm» (0 of 3 used), «Inbox» (0 of 1 used)."
    )


def test_a_group_goes_with_the_level_that_names_it(office: Office) -> None:
    office.seats.sets |= {"Desk", "Leads"}
    rewrite(office, {"sales": {"groups": ("Desk",), "queues": ("Leads",)}})
    office.granted("crm/sales")
    assert office.seats.seats["ann"].held(Part.QUEUE) == {"Leads"}
    made = watch(office)

    office.granted("crm/view")

    assert isinstance(made[0], Remove)
    assert not office.seats.seats["ann"].held(Part.GROUP)
    assert not office.seats.seats["ann"].held(Part.QUEUE)


def test_a_full_package_keeps_one_waiting(office: Office) -> None:
    rewrite(office, {"standard": {"packages": ("SBQQ",)}})
    office.seats.totals["package SBQQ"] = 0

    request = office.approve(office.ask("crm/standard"), "bea", "gus")

    assert request.state is RequestState.AWAITING_SEAT
    assert "All 0 seats of package SBQQ are taken" in request.note
