"""A level for an integration is given only if it grants exactly what policy says."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import pytest

from bot.domain.durations import PERMANENT
from bot.domain.grant import GrantState
from bot.domain.integration_grants import Granted
from bot.domain.policy import Bundle, Provider
from bot.domain.policy_integration import IntegrationRights, ObjectRights, Operation, Right
from bot.domain.request import RequestState
from bot.workflows.context import SeatService
from tests.factories import level
from tests.workflows.office import Office
from tests.workflows.office_policy import company_policy

READ, WHO = Right("Account", Operation.READ), ("the permission set CrmUser",)
OPEN = {"Account": frozenset({"Name"})}
FITS = Granted(rights={READ: WHO}, guarded={}, unguarded=OPEN, is_api_only=True)
SYNC = Bundle(licence="Crm", profile="Read Only", permission_sets=("CrmUser",))


@dataclass
class Rights:
    """An org that grants this (port RightsReader)."""

    there: Granted

    def granted(self, bundle: Bundle, objects: Collection[str]) -> Granted:
        assert (bundle, {*objects}) == (SYNC, {"Account"})
        return self.there


@pytest.fixture
def programs(office: Office) -> Office:
    """The office, with a level for an integration that fits."""
    rights = IntegrationRights(objects={"Account": ObjectRights(read=("Name",))})
    sync = replace(level("sync", longest=PERMANENT, bundle=SYNC), integration=rights)
    office.policies.now = company_policy(sync)
    return office


def has(office: Office, granted: Granted | None) -> None:
    """Let the org grant this; None is a service that cannot tell."""
    service = office.ctx.services[Provider.SALESFORCE]
    rights = Rights(granted) if granted else None
    changed: SeatService = replace(service, rights=rights)
    office.ctx = replace(office.ctx, services={Provider.SALESFORCE: changed})
    office.bind()


def test_a_level_that_fits_is_given(programs: Office) -> None:
    has(programs, FITS)

    assert programs.granted("crm/sync").state is GrantState.ACTIVE


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (replace(FITS, rights={}), "Account: read is missing"),
        (replace(FITS, is_api_only=False), "would not be API-only"),
        (
            replace(FITS, rights={READ: WHO, Right("Case", Operation.READ): WHO}),
            "Case: read is too much: the permission set CrmUser grants it",
        ),
        (None, "Nothing can tell what crm/sync would grant"),
    ],
    ids=["missing", "for people", "too much", "unknown"],
)
def test_one_that_does_not_fit_calls_it_before_anything_is_made(
    programs: Office, there: Granted | None, told: str
) -> None:
    has(programs, there)

    request = programs.approve(programs.ask("crm/sync"), "bea")

    assert request.state is RequestState.NEEDS_IT
    assert told in request.note
    assert programs.seats.seats == {}
