"""What must hold before a level is given to an integration."""

from bot.domain.errors import Conflict
from bot.domain.integration_grants import in_short, misfits
from bot.domain.policy import Level
from bot.workflows.context import SeatService


def refuse_unfit(service: SeatService, level: Level) -> None:
    """Stop a level for an integration that grants less or more than what policy says.

    Raises Conflict with a sentence each, and what reading raises; other levels cost no call.
    """
    if level.integration is None:
        return
    if service.rights is None:
        text = f"Nothing can tell what {level.id} would grant the integration."
        raise Conflict(text, service=level.system, code="RIGHTS")
    granted = service.rights.granted(level.bundle, level.integration.objects)
    if found := misfits(level.integration, granted):
        text = f"{level.id} does not grant exactly what policy says. {in_short(found)}"
        raise Conflict(text, service=level.system, code="RIGHTS")
