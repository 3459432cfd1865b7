"""A deactivation that is blocked ends frozen, stripped and told, and goes on when it can."""

from dataclasses import replace

import pytest

from bot import operating
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.errors import Blocked, Unavailable
from bot.domain.grant import Grant, GrantState
from tests.workflows.office import Office

FIELD = Blocker(
    kind=BlockerKind.LEAD_OWNER, where="https://crm.example/lightning/setup/LeadSettings/home"
)
JOB = Blocker(
    kind=BlockerKind.JOB, what=("Nightly",), is_hard=False, where="https://crm.example/08e"
)


@pytest.fixture
def grant(office: Office) -> Grant:
    return office.granted("crm/sales")


def block(office: Office, times: int) -> None:
    error = Blocked("The user cannot be deactivated yet.", service="crm", blockers=(FIELD,))
    office.seats.troubles.refuse("Deactivate", error, times=times)


def state(office: Office, grant: Grant) -> GrantState:
    found = office.grant(grant.id)
    assert found is not None
    return found.state


def test_it_ends_frozen_stripped_and_told_with_the_place_to_mend_it(
    office: Office, grant: Grant
) -> None:
    office.business.depends[office.seats.seats["ann"].user_id] = (JOB,)
    block(office, times=99)

    office.comment("bea", 1, "/revoke")

    seat = office.seats.seats["ann"]
    assert (seat.is_active, seat.is_frozen, dict(seat.parts)) == (True, True, {})
    assert state(office, grant) is GrantState.NEEDS_IT
    for card in (office.status(office.request(grant.id)).content, ivys(office, grant)):
        assert not isinstance(card, str)
        shown = " ".join(card.notes)
        assert "default lead owner: change it in Lead Settings" in shown
        assert "Nightly" in shown
        assert {link.url for link in card.links} == {FIELD.where, JOB.where}
    own = office.card("ann", office.request(grant.id))
    assert own.links == ()
    assert "lead owner" not in " ".join(own.notes)


def ivys(office: Office, grant: Grant) -> object:
    return office.card("ivy", office.request(grant.id))


def test_it_is_looked_at_again_at_growing_distances_until_it_goes(
    office: Office, grant: Grant
) -> None:
    block(office, times=3)
    office.comment("bea", 1, "/revoke")

    waits = []
    while state(office, grant) is GrantState.NEEDS_IT and len(waits) < 10:
        found = office.grant(grant.id)
        assert found is not None
        assert found.due_at is not None
        wait = found.due_at - office.clock.now()
        waits.append(wait.total_seconds() / 60)
        office.travel(minutes=waits[-1])

    assert waits == [15, 30, 60]
    assert state(office, grant) is GrantState.ENDED
    assert not office.seats.seats["ann"].is_active
    assert "lead owner" not in str(office.status(office.request(grant.id)).content)


def test_somebody_who_has_mended_it_need_not_wait(office: Office, grant: Grant) -> None:
    block(office, times=1)
    office.comment("bea", 1, "/revoke")

    operating.retry(office.ctx, grant.id, actor="cli:ivy")
    office.work()

    assert state(office, grant) is GrantState.ENDED


def test_another_trouble_meanwhile_does_not_end_the_looking(office: Office, grant: Grant) -> None:
    block(office, times=1)
    office.comment("bea", 1, "/revoke")
    office.seats.troubles.refuse("observe", Unavailable("down", service="crm"), times=3 * 8)

    for _ in range(60):
        office.travel(minutes=30)

    assert state(office, grant) is GrantState.ENDED


def test_what_was_mended_and_what_is_new_are_told_apart(office: Office, grant: Grant) -> None:
    user = office.seats.seats["ann"].user_id
    hierarchy = replace(FIELD, kind=BlockerKind.HIERARCHY, what=("Tom: Lead__c",))
    office.business.depends[user] = (hierarchy, JOB)
    block(office, times=1)
    office.comment("bea", 1, "/revoke")
    shown = " ".join(office.card("ivy", office.request(grant.id)).notes)
    assert "lead owner" in shown

    office.business.depends[user] = ()
    refused = Blocked("no", service="crm", blockers=(replace(FIELD, kind=BlockerKind.CASE_OWNER),))
    office.seats.troubles.refuse("Deactivate", refused)
    office.travel(minutes=15)

    shown = " ".join(office.card("ivy", office.request(grant.id)).notes)
    assert "case owner" in shown
    assert "lead owner" not in shown
    assert "hierarchy" not in shown
