"""What two policies let each crowd do with a level: ask for it, get it unasked, and from whom.

Nothing is computed for a level that both policies treat alike, and people whom policy cannot tell
apart are asked about once: the work grows with what changes, not with people times levels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from bot.domain.approvers import Electorate, find_needs, unfilled
from bot.domain.durations import Duration, Unit
from bot.domain.people import Engagement
from bot.domain.policy import EVERYONE, IT_GROUP, MANAGER, Level, Policy, Risk
from bot.domain.policy_crowds import SOMEBODY, Crowd, Population, Tie

SHORTEST = Duration(1, Unit.HOURS)
"""For how long the plan asks: limits are compared on their own, and last days are not policy's."""


class Reach(Enum):
    """How far somebody gets who asks for a level."""

    NONE = 0
    APPROVAL = 1
    AUTOMATIC = 2


class Part(NamedTuple):
    """People of one crowd who fare alike, before and after."""

    crowd: Crowd
    people: Sequence[str]
    before: Reach
    after: Reach
    is_asked_anew: bool
    """Whether other people are asked than before."""


class Side(NamedTuple):
    """What a policy says about asking for a level; levels with equal sides are treated alike."""

    by: tuple[str, ...]
    not_: tuple[str, ...]
    names: tuple[str, ...]
    automatic: tuple[tuple[Engagement | None, tuple[str, ...]], ...]


class _Asked(NamedTuple):
    """Whether a need can be filled before and after, and whether others are asked."""

    before: bool
    after: bool
    is_anew: bool


_Names = tuple[str, ...] | None


class _Version:
    """One of the two policies; `samples` has a level to ask about each list of approvers."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.samples: dict[tuple[str, ...], Level] = {}
        self.at_work: dict[str, tuple[str, ...]] = {}
        self._sides: dict[str, Side | None] = {}

    def side(self, level: Level | None) -> Side | None:
        if level is None:
            return None
        if level.id not in self._sides:
            self._sides[level.id] = self._side(level)
        return self._sides[level.id]

    def _side(self, level: Level) -> Side | None:
        if level.request is None:
            return None
        names = approver_names(level, self.policy)
        self.samples.setdefault(names, level)
        rule = level.request
        return Side(
            tuple(sorted(rule.by)),
            tuple(sorted(rule.not_)),
            names,
            _automatic(level, self.policy),
        )


@dataclass(frozen=True, kw_only=True)
class _KnownElectorate(Electorate):
    """Remembers by group who of its people is at work: they are the same whoever asks."""

    version: _Version

    def named(self, name: str) -> tuple[str, ...]:
        if name == MANAGER:
            return super().named(name)
        at_work = self.version.at_work
        if name not in at_work:
            people = dict.fromkeys(p.id for p in self._bearers(name) if p.is_active(self.now))
            at_work[name] = tuple(people)
        return tuple(id_ for id_ in at_work[name] if id_ != self.person.id)


def approver_names(level: Level, policy: Policy) -> tuple[str, ...]:
    """List whom a level asks by policy's names, with what the company adds to it."""
    approvals = policy.company.approvals
    names = (level.request.approve if level.request else ()) or approvals.default or (IT_GROUP,)
    adds = approvals.critical_adds if level.risk is Risk.CRITICAL else ()
    return tuple(dict.fromkeys((*names, *adds)))


def _automatic(
    level: Level, policy: Policy
) -> tuple[tuple[Engagement | None, tuple[str, ...]], ...]:
    """List the conditions under which somebody who never had the level need not be approved."""
    if level.risk is Risk.CRITICAL:
        return ()
    return tuple(
        (rule.engagement, rule.roles)
        for rule in policy.system_of(level).auto_approve
        if level.name in rule.levels and not rule.already_had
    )


class Reaches:
    """Compares two policies level by level over one population."""

    def __init__(self, base: Policy, head: Policy, population: Population, now: datetime) -> None:
        self._base = _Version(base)
        self._head = _Version(head)
        self._population = population
        self._now = now
        self._moved = _moved_groups(base, head)
        self.newly_judged = [
            crowd
            for crowd in population.crowds
            if (crowd.role in base.roles) is not (crowd.role in head.roles)
        ]
        self._parts: dict[tuple[Side | None, Side | None, bool], tuple[Part, ...]] = {}
        self._asked: dict[tuple[_Names, _Names, Tie], _Asked] = {}
        self._split: dict[tuple[_Names, _Names, Crowd], list[tuple[_Asked, Sequence[str]]]] = {}
        self._closures: dict[tuple[_Names, _Names], frozenset[str]] = {}

    def parts(
        self, before: Level | None, after: Level | None, *, of_everybody: bool = False
    ) -> tuple[Part, ...]:
        """List who may do what with a level in either policy, without those who never may.

        Where both policies treat a level alike, only people of new or removed roles are listed,
        unless it is asked for everybody.
        """
        one, other = self._base.side(before), self._head.side(after)
        is_short = not of_everybody and self._is_alike(one, other)
        key = (one, other, is_short)
        if key not in self._parts:
            crowds = self.newly_judged if is_short else self._crowds(one, other)
            self._parts[key] = tuple(
                part for crowd in crowds for part in self._of_crowd(one, other, crowd)
            )
        return self._parts[key]

    def of_person(
        self, before: Level | None, after: Level | None, person_id: str
    ) -> tuple[Reach, Reach]:
        """Say how far one person gets who holds nothing that is kept apart."""
        one, other = self._base.side(before), self._head.side(after)
        crowd, tie = self._population.crowd_of[person_id], self._population.tie_of(person_id)
        names = (one.names if one else None, other.names if other else None)
        asked = self._of_tie(*names, tie)
        may = (_may(one, crowd, self._base), _may(other, crowd, self._head))
        return (
            _reach(one, crowd, may_ask=may[0], is_filled=asked.before),
            _reach(other, crowd, may_ask=may[1], is_filled=asked.after),
        )

    def is_alike(self, before: Level | None, after: Level | None) -> bool:
        """Whether both policies say the same about asking for a level, but for people's roles."""
        return self._is_alike(self._base.side(before), self._head.side(after))

    def _is_alike(self, one: Side | None, other: Side | None) -> bool:
        if one is None or other is None:
            return one is other
        return one == other and self._closure(one.names, other.names).isdisjoint(self._moved)

    def _crowds(self, one: Side | None, other: Side | None) -> Iterable[Crowd]:
        roles = dict.fromkeys((*(one.by if one else ()), *(other.by if other else ())))
        if EVERYONE in roles:
            return self._population.crowds
        return [crowd for role in roles for crowd in self._population.by_role.get(role, ())]

    def _of_crowd(self, one: Side | None, other: Side | None, crowd: Crowd) -> Iterator[Part]:
        may_before, may_after = _may(one, crowd, self._base), _may(other, crowd, self._head)
        if not may_before and not may_after:
            return
        for asked, people in self._by_asked(one, other, crowd):
            before = _reach(one, crowd, may_ask=may_before, is_filled=asked.before)
            after = _reach(other, crowd, may_ask=may_after, is_filled=asked.after)
            if before is not Reach.NONE or after is not Reach.NONE:
                yield Part(crowd, people, before, after, asked.is_anew)

    # ---- who is asked ---------------------------------------------------------------------------

    def _by_asked(
        self, one: Side | None, other: Side | None, crowd: Crowd
    ) -> list[tuple[_Asked, Sequence[str]]]:
        """Split a crowd by what its ties do to the approvers before and after."""
        old, new = one.names if one else None, other.names if other else None
        key = (old, new, crowd)
        if key not in self._split:
            groups: dict[_Asked, list[str]] = {}
            for tie, people in self._population.by_tie(crowd).items():
                groups.setdefault(self._of_tie(old, new, tie), []).extend(people)
            if len(groups) == 1:
                self._split[key] = [(next(iter(groups)), self._population.people(crowd))]
            else:
                self._split[key] = list(groups.items())
        return self._split[key]

    def _of_tie(self, old: _Names, new: _Names, tie: Tie) -> _Asked:
        key = (old, new, tie)
        if key not in self._asked:
            seen = self._seen_from(self._closure(old, new), tie)
            if seen != tie:
                self._asked[key] = self._of_tie(old, new, seen)
            else:
                before = self._needs(self._base, old, tie)
                after = self._needs(self._head, new, tie)
                self._asked[key] = _Asked(before is not None, after is not None, before != after)
        return self._asked[key]

    def _seen_from(self, groups: frozenset[str], tie: Tie) -> Tie:
        """Forget memberships in groups that nobody asks here: most people then have equal ties."""
        members = self._population.members
        people = {id_ for id_ in (tie.own, tie.manager) if id_ not in (None, SOMEBODY)}
        inside = {id_ for id_ in people if any(id_ in members.get(g, ()) for g in groups)}
        seen = Tie(
            tie.own if tie.own in inside else None,
            tie.manager if tie.manager is None or tie.manager in inside else SOMEBODY,
        )
        self._population.ties.setdefault(seen, self._population.ties[tie])
        return seen

    def _needs(
        self, version: _Version, names: _Names, tie: Tie
    ) -> tuple[tuple[str, ...], ...] | None:
        """List who is asked for each yes, in no order; None when somebody is missing."""
        if names is None:
            return None
        person = self._population.ties[tie]
        electorate = _KnownElectorate(
            policy=version.policy,
            roster=self._population.roster,
            person=person,
            requester=person,
            now=self._now,
            version=version,
        )
        needs = find_needs(version.samples[names], electorate)
        return None if unfilled(needs) else asked_people(need.from_ for need in needs)

    def _closure(self, old: _Names, new: _Names) -> frozenset[str]:
        """All groups that may be asked under one of the policies, as named or as a backup."""
        key = (old, new)
        if key not in self._closures:
            self._closures[key] = frozenset(
                (*_with_backups(old, self._base.policy), *_with_backups(new, self._head.policy))
            )
        return self._closures[key]


def asked_people(needs: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Write down who is asked so that only the people count, and no order of anything."""
    return tuple(sorted(tuple(sorted(people)) for people in needs))


def _may(side: Side | None, crowd: Crowd, version: _Version) -> bool:
    if side is None or not crowd.can_ask or crowd.role not in version.policy.roles:
        return False
    is_barred = crowd.role in side.not_ or crowd.engagement in side.not_
    return not is_barred and (crowd.role in side.by or EVERYONE in side.by)


def _reach(side: Side | None, crowd: Crowd, *, may_ask: bool, is_filled: bool) -> Reach:
    if side is None or not may_ask:
        return Reach.NONE
    for engagement, roles in side.automatic:
        if engagement in (None, crowd.engagement) and (not roles or crowd.role in roles):
            return Reach.AUTOMATIC
    return Reach.APPROVAL if is_filled else Reach.NONE


def _moved_groups(base: Policy, head: Policy) -> frozenset[str]:
    """List the groups that are not the same people, or backed up by others."""
    names = {*base.company.groups, *head.company.groups}
    return frozenset(name for name in names if _who_is_in(base, name) != _who_is_in(head, name))


def _who_is_in(policy: Policy, name: str) -> tuple[frozenset[str], str | None] | None:
    group = policy.group(name)
    if group is None:
        return None
    return frozenset(login.casefold() for login in group.members), group.backup


def _with_backups(names: _Names, policy: Policy) -> Iterator[str]:
    """Name the groups that may be asked; IT steps in everywhere at last."""
    yield IT_GROUP
    seen: set[str] = set()
    for name in names or ():
        group = policy.group(name)
        while group and group.id not in seen:
            seen.add(group.id)
            yield group.id
            group = policy.group(group.backup) if group.backup else None
