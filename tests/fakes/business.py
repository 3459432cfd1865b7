"""The business records of a system and what depends on its users, in memory."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.domain.blockers import Blocker
from bot.domain.errors import ConnectorError
from bot.domain.handover import Dependence, Failure
from bot.domain.plan import Holder
from bot.workflows.context import RecordService
from tests.fakes.troubles import Troubles


@dataclass
class FakeBusiness:
    """Implements RecordReader and RecordWriter over the owner of each record by kind.

    `active` are the user ids of people by person id; `stuck` says why a record cannot be moved.
    `on_give` is called before each batch, so that a test can let something happen in between.
    `spare_calls` is how many more may be spent on what can wait.
    """

    owners: dict[str, dict[str, str]] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    depends: dict[str, tuple[Blocker, ...]] = field(default_factory=dict)
    stuck: dict[str, str] = field(default_factory=dict)
    given: list[tuple[str, int, str]] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)
    on_give: Callable[[], None] = lambda: None
    spare_calls: int = 1_000_000

    def fill(self, user_id: str, **numbers: int) -> None:
        """Let a user own so many more records of each kind."""
        for kind, number in numbers.items():
            own = self.owners.setdefault(kind, {})
            start = len(own)
            own |= {f"{kind}{start + index:05}": user_id for index in range(number)}

    def owned(self, user_id: str) -> dict[str, int]:
        """Count a user's records by kind, without empty ones."""
        counts = {kind: len(self._ids(user_id, kind)) for kind in self.owners}
        return {kind: number for kind, number in counts.items() if number}

    def service(self) -> RecordService:
        return RecordService(reader=self, writer=self)

    # ---- RecordReader ---------------------------------------------------------------------------

    def look(self, user_id: str, kinds: Collection[str]) -> Dependence:
        owned = self.count(user_id, kinds) if kinds else {}
        try:
            with self.troubles.around("blockers"):
                return Dependence(owned=owned, blockers=self.depends.get(user_id, ()))
        except ConnectorError as error:
            return Dependence(owned=owned, blockers=None, unread=error.detail)

    def count(self, user_id: str, kinds: Collection[str]) -> dict[str, int]:
        with self.troubles.around("count"):
            return {kind: len(self._ids(user_id, kind)) for kind in kinds}

    def ids(self, user_id: str, kind: str) -> tuple[str, ...]:
        with self.troubles.around("ids"):
            return self._ids(user_id, kind)

    def users(self, holders: Collection[Holder]) -> dict[str, str]:
        with self.troubles.around("users"):
            known = {holder.person_id: self.active.get(holder.person_id) for holder in holders}
            return {person: user for person, user in known.items() if user}

    def may_spend(self, calls: int) -> bool:
        return calls <= self.spare_calls

    # ---- RecordWriter ---------------------------------------------------------------------------

    def give(self, kind: str, record_ids: Sequence[str], user_id: str) -> tuple[Failure, ...]:
        self.on_give()
        self.spare_calls -= 1
        with self.troubles.around("give"):
            self.given.append((kind, len(record_ids), user_id))
            free = [record_id for record_id in record_ids if record_id not in self.stuck]
            self.owners[kind] |= dict.fromkeys(free, user_id)
        return tuple(
            Failure(kind=kind, record_id=record_id, why=self.stuck[record_id])
            for record_id in record_ids
            if record_id in self.stuck
        )

    def _ids(self, user_id: str, kind: str) -> tuple[str, ...]:
        own = self.owners.get(kind, {})
        return tuple(record_id for record_id, owner in sorted(own.items()) if owner == user_id)
