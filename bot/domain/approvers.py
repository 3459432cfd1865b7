"""Who must say yes: a level's approver names, looked up in the roster of this moment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.people import Person, Roster
from bot.domain.policy import IT_GROUP, MANAGER, Level, Policy, Risk, SeparationException


@dataclass(frozen=True, kw_only=True)
class Need:
    """One yes that is needed, from any one of `from_` (person ids); `because` is policy's name.

    `backups` are the groups that step in for that name, and whose people are in `from_` too.
    """

    because: str
    from_: tuple[str, ...]
    where: str = ""
    backups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Electorate:
    """Who may answer a request now: everybody at work but the two whom it is about."""

    policy: Policy
    roster: Roster
    person: Person
    requester: Person
    now: datetime

    def named(self, name: str) -> tuple[str, ...]:
        """List the ids of those who may answer under a name of policy: a group, or the manager."""
        own = {self.person.id, self.requester.id}
        return tuple(
            dict.fromkeys(
                p.id for p in self._bearers(name) if p.is_active(self.now) and p.id not in own
            )
        )

    def _bearers(self, name: str) -> Iterator[Person]:
        group = self.policy.group(name)
        if name == MANAGER:
            manager = self.roster.get(self.person.manager_id)
            if manager and manager.is_on_file:  # nobody approves by the onboarding API's word
                yield manager
        elif group:
            yield from self.roster.members(group.members)


def find_needs(
    level: Level,
    electorate: Electorate,
    *,
    is_escalated: bool = False,
    exceptions: Iterable[SeparationException] = (),
) -> tuple[Need, ...]:
    """List every yes that a level needs, and who could give each; there is always at least one.

    `exceptions` add their approvers; whom the level names itself is not asked twice. Once
    escalated, the backups that policy names may answer too (never IT just for being IT). A need
    that nobody is left for stays in the list: `unfilled` finds it.
    """
    needs: list[Need] = []
    for name, where in approver_names(level, electorate.policy, exceptions):
        need = Need(because=name, from_=electorate.named(name), where=where)
        if is_escalated:
            need = _widened(need, _named_backups(name, electorate.policy), electorate)
        needs.append(_with_backups(need, needs, electorate))
    return tuple(needs)


def approver_names(
    level: Level, policy: Policy, exceptions: Iterable[SeparationException] = ()
) -> Sequence[tuple[str, str]]:
    """List each approver name and where it is written: the level's own first, then what is added.

    Critical levels add the company's names, exceptions to a separation their own.
    """
    approvals, where = policy.company.approvals, str(level.mark("approve"))
    own = level.request.approve if level.request else ()
    named = [(name, where) for name in own or approvals.default or (IT_GROUP,)]
    added = approvals.critical_adds if level.risk is Risk.CRITICAL else ()
    more = [(name, str(policy.company.where)) for name in added]
    more += [(name, str(one.where)) for one in exceptions for name in one.approve]
    for name, place in more:
        if name not in dict(named):
            named.append((name, place))
    return named


def _with_backups(need: Need, earlier: Sequence[Need], electorate: Electorate) -> Need:
    """Widen a need that nobody could fill beside the earlier ones, backup by backup."""
    for backup in _backups(need.because, electorate.policy):
        if not unfilled((*earlier, need)):
            break
        need = _widened(need, (backup,), electorate)
    return need


def _widened(need: Need, names: Iterable[str], electorate: Electorate) -> Need:
    for name in names:
        more = tuple(person for person in electorate.named(name) if person not in need.from_)
        if more:
            need = replace(need, from_=(*need.from_, *more), backups=(*need.backups, name))
    return need


def _backups(name: str, policy: Policy) -> Iterator[str]:
    """Yield who steps in for a name, one after the other: the chain of backups, and IT at last."""
    chain = tuple(_named_backups(name, policy))
    yield from chain
    if IT_GROUP not in (name, *chain):
        yield IT_GROUP


def _named_backups(name: str, policy: Policy) -> Iterator[str]:
    seen = {name}
    group = policy.group(name)
    while group and group.backup and group.backup not in seen:
        seen.add(group.backup)
        yield group.backup
        group = policy.group(group.backup)


def unfilled(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Return the needs that no person of their own is left for; one person counts once."""
    filled = fill(needs, {person for need in needs for person in need.from_})
    return tuple(need for index, need in enumerate(needs) if index not in filled)


def unfillable(needs: Sequence[Need]) -> Need | None:
    """Return the first of those needs, if any."""
    return next(iter(unfilled(needs)), None)


def fill(needs: Sequence[Need], people: Iterable[str]) -> dict[int, str]:
    """Match needs to distinct people, as many as can be; returns the index of a need to its person.

    This is maximum matching in a bipartite graph by augmenting paths.
    """
    available = set(people)
    need_of: dict[str, int] = {}

    def place(index: int, seen: set[str]) -> bool:
        for person in needs[index].from_:
            if person not in available or person in seen:
                continue
            seen.add(person)
            # A person who already fills another need is free again if somebody else can fill it.
            if person not in need_of or place(need_of[person], seen):
                need_of[person] = index
                return True
        return False

    for index in range(len(needs)):
        place(index, set())
    return {index: person for person, index in need_of.items()}
