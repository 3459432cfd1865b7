"""What `usher policy plan` does: two versions, the people and what they have, the plan in print."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.git_revisions import load_version
from bot.adapters.roster_csv import load_roster
from bot.cli.shell import has_database, reading
from bot.domain.errors import PolicyError
from bot.domain.grant import Grant, GrantState
from bot.domain.people import Roster
from bot.domain.policy import Policy
from bot.domain.policy_plan import plan
from bot.domain.policy_plan_access import Had
from bot.domain.policy_plan_values import PolicyPlan
from bot.domain.quoting import quoted
from bot.domain.request import ENDED, Request, RequestState
from bot.settings import load_local_settings

_ALL = 1_000_000
_HELD = tuple(state for state in GrantState if state is not GrantState.ENDED)
_OPEN = tuple(state for state in RequestState if state not in ENDED)


@dataclass(frozen=True, kw_only=True)
class _World:
    """Whom a policy is for; no grants and requests means that nobody could look."""

    roster: Roster
    grants: tuple[Grant, ...] | None = None
    requests: tuple[Request, ...] | None = None
    had: Had | None = None


def plan_versions(base: str, head: str, *, uses_database: bool) -> PolicyPlan:
    """Compare two versions over the roster, and over the database if there is one.

    Raises NotFound for a version that does not exist, and PolicyError for one that is broken.
    """
    settings = load_local_settings()
    before, after = (_load(settings.policy_dir, version) for version in (base, head))
    roster = load_roster(settings.people_file) if settings.people_file else Roster(())
    world = _World(roster=roster)
    if uses_database and has_database():
        with reading() as tx:
            world = _look_into(tx, world)
    return plan(
        before,
        after,
        world.roster,
        world.grants,
        world.requests,
        None,
        datetime.now(UTC),
        had=world.had,
    )


def _load(directory: Path, version: str) -> Policy:
    try:
        return load_version(directory, version)
    except PolicyError as broken:
        detail = f"{quoted(version)}: {broken.detail}"
        raise PolicyError(detail, faults=broken.faults) from broken


def _look_into(tx: Any, world: _World) -> _World:
    joined = (person for person in tx.people.all() if world.roster.get(person.id) is None)
    roster = Roster((*world.roster, *joined))
    requests = tx.requests.select(_OPEN, _ALL)
    askers = {request.person_id for request in requests}
    return replace(
        world,
        roster=roster,
        grants=tuple(tx.grants.select(_HELD, _ALL)),
        requests=tuple(requests),
        had={person_id: tx.grants.levels_had(person_id) for person_id in sorted(askers)},
    )
