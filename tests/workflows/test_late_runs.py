"""Runs that come late, twice or after their row has gone on do nothing."""

from dataclasses import replace

import pytest

from bot.domain.changes import Change
from bot.domain.grant import Grant, GrantState
from bot.domain.request import RequestState
from bot.workflows.advance import advance
from bot.workflows.ending import end
from bot.workflows.handling import handle
from bot.workflows.telling import tell
from tests.workflows.office import Office


def counted(office: Office) -> int:
    fakes = (office.seats, office.vault, office.chat, office.records)
    return sum(len(fake.troubles.calls) for fake in fakes)


@pytest.fixture
def grant(office: Office) -> Grant:
    return office.granted()


@pytest.mark.parametrize("run", [0, 99])
def test_runs_with_another_number_than_the_row_do_nothing(
    office: Office, grant: Grant, run: int
) -> None:
    before = counted(office)

    assert advance(office.ctx, grant.id, run) == "rest"
    assert end(office.ctx, grant.id, run) == "rest"
    assert tell(office.ctx, grant.id, run) == "superseded"

    assert counted(office) == before
    assert office.grant(grant.id) == grant


def test_runs_of_rows_that_are_not_there_do_nothing(office: Office) -> None:
    assert advance(office.ctx, "nothing", 1) == "rest"
    assert end(office.ctx, "nothing", 1) == "rest"
    assert tell(office.ctx, "nothing", 1) == "superseded"
    assert handle(office.ctx, ["nothing"]) == "handled"


def test_a_run_that_is_played_twice_has_one_effect(office: Office, grant: Grant) -> None:
    request = office.request(grant.id)
    items, edits = dict(office.vault.items), office.status(request).edits

    advance(office.ctx, grant.id, request.run)
    tell(office.ctx, grant.id, request.revision)
    handle(office.ctx, [f"d-{n}" for n in (1, 2)])

    assert office.vault.items == items
    assert office.status(office.request(grant.id)).edits == edits
    assert len(office.grants()) == 1


def bump(office: Office, request_id: str) -> None:
    """Let another run take the row over, as the sweep does when a lease is up."""
    request = office.request(request_id)
    office.save(request, run=request.run + 1)


def test_a_run_that_was_overtaken_between_two_changes_makes_no_further_one(
    office: Office,
) -> None:
    request = office.approve(office.ask("crm/standard"), "bea")
    made: list[Change] = []

    def overtake(change: Change) -> None:
        made.append(change)
        bump(office, request.id)

    office.seats.on_apply = overtake
    office.approve(request, "gus")

    assert [type(change).__name__ for change in made] == ["CreateUser"]
    assert office.vault.items == {}
    assert office.request(request.id).state is RequestState.PROVISIONING


def test_a_run_that_was_overtaken_before_the_log_in_hands_out_none(office: Office) -> None:
    request = office.approve(office.ask("crm/view"))
    office.seats.on_apply = lambda _change: None
    office.passwords.on_new = lambda: bump(office, request.id)

    office.approve(request, "bea")

    assert office.seats.passwords == {}
    assert office.vault.items == {}


def test_the_run_that_overtook_it_finishes_with_one_item(office: Office) -> None:
    request = office.ask("crm/view")
    office.vault.on_create = lambda: bump(office, request.id)
    office.approve(request, "bea")
    office.vault.on_create = lambda: None
    assert office.request(request.id).state is RequestState.PROVISIONING

    office.travel(minutes=11)

    assert office.request(request.id).state is RequestState.DELIVERED
    assert len(office.vault.items) == 1


def test_an_ending_that_was_overtaken_makes_no_further_change(office: Office) -> None:
    grant = office.granted("crm/sales")
    made: list[Change] = []

    def overtake(change: Change) -> None:
        made.append(change)
        with office.store.begin() as tx:
            current = tx.grants.get(grant.id)
            assert current is not None
            tx.grants.save(replace(current, run=current.run + 1), was=current)

    office.seats.on_apply = overtake
    office.comment("ann", 1, "/revoke")

    # Taking rights away goes with the freeze, in one call.
    assert [type(change).__name__ for change in made] == ["Freeze", "Remove"]
    current = office.grant(grant.id)
    assert current is not None
    assert current.state is GrantState.ENDING
    assert len(office.vault.items) == 1
