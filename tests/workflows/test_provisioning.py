"""An approved request becomes a seat, a log-in in the vault, and a grant."""

from bot.domain.grant import GrantState
from bot.domain.request import RequestState
from tests.workflows.office import Office


def test_an_approved_request_ends_with_seat_item_and_grant(office: Office) -> None:
    request = office.ask("crm/standard")

    office.approve(request, "bea", "gus")

    assert office.request(request.id).state is RequestState.DELIVERED
    grant = office.grant(request.id)
    assert grant is not None
    assert grant.state is GrantState.ACTIVE
    seat = office.seats.seats["ann"]
    assert seat.is_active
    assert (seat.username, seat.profile) == ("ann@crm.example", "Standard User")
    (item,) = office.vault.of("vault-ann")
    assert item.password == office.seats.passwords[grant.account]
    assert office.reserved() == {}
