"""The roster in classes of people for whom policy gives the same answers, so that one is asked."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.people import Engagement, Person, Roster
from bot.domain.policy import Policy

SOMEBODY = "*"


class Crowd(NamedTuple):
    """People whom the rules about requesters cannot tell apart.

    Without `can_ask` they have not started, or leave within the hour: only day one counts.
    """

    role: str
    engagement: Engagement
    can_ask: bool


class Tie(NamedTuple):
    """What decides who may approve for a person.

    `own` is the person, if in any group; `manager` is nobody (None), anybody at work who is in no
    group (SOMEBODY), or one who is.
    """

    own: str | None
    manager: str | None


class Population:
    """Everybody who has not left, by crowd and by tie; made once for both policies."""

    def __init__(self, policies: Iterable[Policy], roster: Roster, now: datetime) -> None:
        self.roster = roster
        self.members = _members(policies, roster)
        self.crowd_of: dict[str, Crowd] = {}
        self.ties: dict[Tie, Person] = {}
        self._tie_of: dict[str, Tie] = {}
        self._in_groups = frozenset(id_ for ids in self.members.values() for id_ in ids)
        self._by_tie: dict[Crowd, dict[Tie, list[str]]] = {}
        self._everybody: dict[Crowd, tuple[str, ...]] = {}
        active = {person.id for person in roster if person.is_active(now)}
        for person in roster:
            if not person.has_left(now):
                self._add(person, active, now)
        self.by_role: dict[str, list[Crowd]] = {}
        for crowd, ties in self._by_tie.items():
            self.by_role.setdefault(crowd.role, []).append(crowd)
            self._everybody[crowd] = tuple(id_ for ids in ties.values() for id_ in ids)

    def _add(self, person: Person, active: set[str], now: datetime) -> None:
        can_ask = person.id in active and _has_an_hour_left(person, now)
        crowd = Crowd(person.role, person.engagement, can_ask)
        tie = Tie(
            person.id if person.id in self._in_groups else None, self._manager(person, active)
        )
        self.crowd_of[person.id] = crowd
        self._tie_of[person.id] = tie
        self.ties.setdefault(tie, person)
        self._by_tie.setdefault(crowd, {}).setdefault(tie, []).append(person.id)

    def _manager(self, person: Person, active: set[str]) -> str | None:
        manager = self.roster.get(person.manager_id)
        if (
            manager is None
            or not manager.is_on_file
            or manager.id not in active
            or manager.id == person.id
        ):
            return None
        return manager.id if manager.id in self._in_groups else SOMEBODY

    @property
    def crowds(self) -> Iterable[Crowd]:
        return self._by_tie

    def tie_of(self, person_id: str) -> Tie:
        return self._tie_of[person_id]

    def people(self, crowd: Crowd) -> tuple[str, ...]:
        return self._everybody[crowd]

    def by_tie(self, crowd: Crowd) -> Mapping[Tie, list[str]]:
        return self._by_tie[crowd]


def _members(policies: Iterable[Policy], roster: Roster) -> dict[str, frozenset[str]]:
    """Map each group to everybody who is in it under any of the policies."""
    found: dict[str, frozenset[str]] = {}
    for policy in policies:
        for group in policy.company.groups.values():
            ids = frozenset(person.id for person in roster.members(group.members))
            found[group.id] = found.get(group.id, frozenset()) | ids
    return found


def _has_an_hour_left(person: Person, now: datetime) -> bool:
    if person.last_day is None:
        return True
    end = (now + timedelta(hours=1)).astimezone(ZoneInfo(person.timezone))
    return end.date() <= person.last_day
