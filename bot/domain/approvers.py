"""Who must say yes: a level's approver names, looked up in the roster of this moment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.people import Person, Roster
from bot.domain.policy import IT_GROUP, MANAGER, Level, Policy, Risk


@dataclass(frozen=True, kw_only=True)
class Need:
    """One yes that is needed, from any one of `from_` (person ids); `because` is policy's name."""

    because: str
    from_: tuple[str, ...]
    where: str = ""


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
    level: Level, electorate: Electorate, *, is_escalated: bool = False
) -> tuple[Need, ...]:
    """List every yes that a level needs, and who could give each; there is always at least one.

    Once escalated, the backups that policy names may answer too (never IT just for being IT). A
    need that nobody is left for stays in the list: `unfillable` finds it.
    """
    needs: list[Need] = []
    for name, where in _names(level, electorate.policy):
        need = Need(because=name, from_=electorate.named(name), where=where)
        if is_escalated:
            need = _widened(need, _named_backups(name, electorate.policy), electorate)
        needs.append(_with_backups(need, needs, electorate))
    return tuple(needs)


def _names(level: Level, policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield each approver name and where it is written; critical levels add the company's own."""
    approvals = policy.company.approvals
    own = level.request.approve if level.request else ()
    names = own or approvals.default or (IT_GROUP,)
    yield from ((name, str(level.mark("approve"))) for name in names)
    if level.risk is Risk.CRITICAL:
        added = (name for name in approvals.critical_adds if name not in names)
        yield from ((name, str(policy.company.where)) for name in added)


def _with_backups(need: Need, earlier: Sequence[Need], electorate: Electorate) -> Need:
    """Widen a need that nobody could fill beside the earlier ones, backup by backup."""
    for backup in _backups(need.because, electorate.policy):
        if unfillable((*earlier, need)) is None:
            break
        need = _widened(need, (backup,), electorate)
    return need


def _widened(need: Need, names: Iterable[str], electorate: Electorate) -> Need:
    more = (person for name in names for person in electorate.named(name))
    return replace(need, from_=tuple(dict.fromkeys((*need.from_, *more))))


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


def unfillable(needs: Sequence[Need]) -> Need | None:
    """Return the first need that no person of its own is left for; one person counts once."""
    filled = fill(needs, {person for need in needs for person in need.from_})
    return next((need for index, need in enumerate(needs) if index not in filled), None)


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
