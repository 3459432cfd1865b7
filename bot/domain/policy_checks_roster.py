"""Whether policy and roster speak of the same roles, and the seats are enough for both."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.people import Person, Roster
from bot.domain.policy import Policy, Where
from bot.domain.policy_pools import pools_of, seats_bought
from bot.domain.quoting import quoted
from bot.domain.spelling import did_you_mean

_MOST_SHOWN = 5
_MOST_GUESSED = 50


@dataclass(frozen=True, kw_only=True)
class RosterFinding:
    """What does not fit; `where` is a place in the policy, and None means the roster itself.

    A note is no mistake: people may be hired later.
    """

    message: str
    where: Where | None = None
    is_note: bool = False


def check_roster(
    policy: Policy,
    roster: Roster,
    *,
    now: datetime,
) -> tuple[RosterFinding, ...]:
    """Compare a policy with everybody who has not left."""
    by_role: dict[str, list[Person]] = {}
    for person in roster:
        if not person.has_left(now):
            by_role.setdefault(person.role, []).append(person)
    return (
        *_unknown_roles(policy, by_role),
        *_too_few_seats(policy, by_role),
        *_unused_roles(policy, by_role),
    )


def _unknown_roles(policy: Policy, by_role: Mapping[str, list[Person]]) -> Iterator[RosterFinding]:
    unknown = sorted(by_role.keys() - policy.roles.keys())
    for index, role in enumerate(unknown):
        ids = sorted(person.id for person in by_role[role])
        more = f" and {len(ids) - _MOST_SHOWN} more" if len(ids) > _MOST_SHOWN else ""
        # Each guess looks at all roles; of a roster of another company one has seen enough.
        hint = did_you_mean(role, policy.roles) if index < _MOST_GUESSED else ""
        who = f"{', '.join(ids[:_MOST_SHOWN])}{more}"
        text = f"no policy knows the role {quoted(role)} of {who}"
        yield RosterFinding(message=text + (hint or " (write it into roles.yml)"))


def _unused_roles(policy: Policy, by_role: Mapping[str, list[Person]]) -> Iterator[RosterFinding]:
    for role in policy.roles.values():
        if role.id not in by_role:
            text = f"nobody in the roster has the role '{role.id}'"
            yield RosterFinding(message=text, where=role.where, is_note=True)


def _too_few_seats(policy: Policy, by_role: Mapping[str, list[Person]]) -> Iterator[RosterFinding]:
    """Everybody needs one seat of a pool, however many of their levels draw from it."""
    needed: Counter[tuple[str, str]] = Counter()
    for role in policy.roles.values():
        levels = filter(None, (policy.level(level_id) for level_id in role.birthright))
        pools = {(level.system, pool) for level in levels for pool in pools_of(level.bundle)}
        needed.update(dict.fromkeys(pools, len(by_role.get(role.id, ()))))
    for (system, pool), bought in seats_bought(policy).items():
        people = needed[system, pool]
        if people > bought:
            yield RosterFinding(
                message=f"{people} people get a seat of '{pool}' with their role, and {bought} are"
                " bought: buy more and write the new number into 'seats', or give the level to"
                " fewer roles",
                where=policy.systems[system].where,
            )
