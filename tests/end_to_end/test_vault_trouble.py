"""1Password refusing, gone or nonsensical: the requester waits, owners know, a retry delivers."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.cards import CardAction
from bot.domain.request import Request, RequestState
from bot.operating import retry
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.world import CONNECT_TOKEN
from tests.end_to_end.company import GUS, IVY, OTTO, Team
from tests.end_to_end.house import House

CREATE = "POST /v1/vaults/*/items"
REFUSED = "1Password Connect refuses the bot's token (HTTP {}): it is wrong, expired, or lacks"


def _revoke_the_token(house: House, team: Team) -> None:
    house.world.onepassword.revoke_token(CONNECT_TOKEN)


def _leave_the_vault_out(house: House, team: Team) -> None:
    house._vaults.remove(team.engineer.handoff_vault)
    house.renew_vault_token()
    house._vaults.append(team.engineer.handoff_vault)


def _lose_the_vault(house: House, team: Team) -> None:
    house.world.onepassword.faults.add(
        Fault(route=CREATE, kind=FaultKind.STATUS, status=404, times=99)
    )


def _forget_the_vault(house: House, team: Team) -> None:
    house.rewrite(team.engineer, handoff_vault="")


REFUSALS: dict[str, tuple[Callable[[House, Team], None], str]] = {
    "401": (_revoke_the_token, REFUSED.format(401)),
    "403": (_leave_the_vault_out, REFUSED.format(403)),
    "404": (_lose_the_vault, "1Password Connect does not have this vault or item."),
    "no vault in the roster": (_forget_the_vault, "has no hand-off vault in the roster."),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refused_delivery_is_told_to_owner_and_backup_and_a_retry_delivers(
    house: House, case: str
) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")
    break_it, why = REFUSALS[case]

    break_it(house, team)
    house.press(team.manager, request.id, CardAction.APPROVE)

    _is_stuck(house, team, request, why)
    house.renew_vault_token()
    house.world.onepassword.faults.clear()
    house.rewrite(team.engineer, handoff_vault=team.engineer.handoff_vault)
    retry(house.usher.context, request.id, actor="cli:test")
    house.settle()
    _is_delivered(house, team, request)


def test_html_from_a_proxy_is_waited_out_before_anybody_is_called(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    house.world.onepassword.html_mode = True
    house.press(team.manager, request.id, CardAction.APPROVE)
    told = house.text(team.engineer, request.id)
    house.world.onepassword.html_mode = False

    assert house.request(request.id).state is RequestState.PROVISIONING
    assert "It is taking longer than usual. Please wait; it goes on by itself." in told
    assert "answer makes no sense (HTTP_502)" in house.status(request.issue_number or 0)
    assert house.cards(GUS, request.id) == []
    house.travel(timedelta(minutes=1))
    _is_delivered(house, team, request)


def test_html_without_an_end_calls_the_owners_after_the_last_try(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    house.world.onepassword.html_mode = True
    house.press(team.manager, request.id, CardAction.APPROVE)
    for _ in range(7):
        house.travel(timedelta(minutes=16))
    house.world.onepassword.html_mode = False

    _is_stuck(house, team, request, "1Password Connect's answer makes no sense (HTTP_502).")
    house.comment(team.engineer, request.issue_number or 0, "/cancel")


@pytest.mark.parametrize("kind", [FaultKind.DELAY, FaultKind.DROP_AFTER])
def test_an_item_whose_answer_was_lost_is_found_again_and_not_made_twice(
    house: House, kind: FaultKind
) -> None:
    team, vault = house.team(), house.usher.services.vault
    request = house.ask(team.engineer, "salesforce/view-only")
    house.world.onepassword.faults.add(Fault(route=CREATE, kind=kind, seconds=1.5))

    before, vault._options["timeout"], vault._client = vault._options["timeout"], 0.5, None
    house.press(team.manager, request.id, CardAction.APPROVE)
    house.travel(timedelta(minutes=1))
    vault._options["timeout"], vault._client = before, None

    _is_delivered(house, team, request)


def test_a_token_that_may_only_write_delivers_too(house: House) -> None:
    team = house.team()
    request = house.ask(team.engineer, "salesforce/view-only")

    house.renew_vault_token("w")
    house.press(team.manager, request.id, CardAction.APPROVE)
    house.renew_vault_token()

    _is_delivered(house, team, request)


def _is_stuck(house: House, team: Team, request: Request, why: str) -> None:
    assert house.request(request.id).state is RequestState.NEEDS_IT
    told = house.text(team.engineer, request.id)
    assert told.startswith("Stuck, and IT has been called")
    assert "Please wait: " in told
    assert why not in told
    for owner in (GUS, IVY, OTTO):
        assert why in house.text(owner, request.id)
        assert f"usher requests retry {request.id}" in house.text(owner, request.id)
    assert why in house.status(request.issue_number or 0)
    assert house.items(team.engineer) == []
    assert house.grant(request.id) is None


def _is_delivered(house: House, team: Team, request: Request) -> None:
    """The one item opens the one account, and everybody is told."""
    assert house.request(request.id).state is RequestState.DELIVERED
    assert house.has_seat(team.engineer)
    told = house.text(team.engineer, request.id)
    assert told.startswith("Access is ready")
    assert "The log-in is in your 1Password hand-off vault" in told
