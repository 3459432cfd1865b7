"""Policy and roster in memory; a test changes them between two moments."""

from bot.domain.people import Person, Roster
from bot.domain.policy import Policy


class FakePolicies:
    """Implements PolicySource: the policy in force is whatever a test put there."""

    def __init__(self, policy: Policy) -> None:
        self.now = policy

    def policy(self) -> Policy:
        return self.now


class FakePeople:
    """Implements PeopleSource: the roster, and those added since, who give way to it."""

    def __init__(self, roster: Roster) -> None:
        self.file = roster
        self._added: dict[str, Person] = {}

    def roster(self) -> Roster:
        new = [p for p in self._added.values() if self.file.get(p.id) is None]
        return Roster([*self.file, *new])

    def add(self, person: Person) -> None:
        self._added[person.id] = person
