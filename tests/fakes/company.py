"""Policy and roster in memory; a test changes them between two moments."""

from bot.domain.people import Person, Roster
from bot.domain.policy import Policy
from bot.domain.policy_version import PolicyFiles
from bot.ports import Ledger


class FakePolicies:
    """Implements PolicySource: the policy in force is whatever a test put there."""

    def __init__(self, policy: Policy) -> None:
        self.now = policy

    def policy(self) -> Policy:
        return self.now

    def files(self, commit: str) -> PolicyFiles | None:
        """Make up a file that names the commit: what is in it matters to the loader alone."""
        return PolicyFiles(name="policies", files={"company.yml": commit.encode()})

    def refresh(self) -> None:
        """Whatever a test put there is in force at once."""


class FakePeople:
    """Implements PeopleSource: the roster, and those who joined, who give way to it."""

    def __init__(self, roster: Roster, ledger: Ledger) -> None:
        self.file = roster
        self._ledger = ledger
        self._joined: list[Person] = []

    def roster(self) -> Roster:
        new = [p for p in self._joined if self.file.get(p.id) is None]
        return Roster([*self.file, *new])

    def refresh(self) -> None:
        with self._ledger.read() as tx:
            self._joined = tx.people.all()
