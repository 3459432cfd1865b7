"""Everything that was decided, decided again: from the audit log, under the policy of then."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.audit import Entry, Tag
from bot.domain.errors import PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_version import PolicyFiles
from bot.domain.replay import difference, replayed
from bot.ports import Transaction

Load = Callable[[PolicyFiles, str], Policy]


@dataclass(frozen=True, kw_only=True)
class Differing:
    """A decision that does not come out again as it was written down, and how it differs."""

    at: str
    request: str
    policy: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Replay:
    """How many decisions were made again, under how many policies, and which came out otherwise."""

    decisions: int
    policies: int
    differing: tuple[Differing, ...]


def replay(tx: Transaction, load: Load, limit: int) -> Replay:
    """Make the newest decisions again; one that cannot be made again counts as differing."""
    policies = _Policies(tx, load)
    count = 0
    differing: list[Differing] = []
    for entry in tx.audit.newest(Tag.DECISION_MADE, limit):
        count += 1
        what = _what_differs(entry, policies)
        if what:
            differing.append(
                Differing(
                    at=entry.at.isoformat(),
                    request=entry.subject,
                    policy=entry.policy_commit,
                    what=what,
                )
            )
    return Replay(decisions=count, policies=policies.count, differing=tuple(differing))


def _what_differs(entry: Entry, policies: "_Policies") -> str:
    policy = policies.get(entry.policy_commit)
    if isinstance(policy, str):
        return policy
    try:
        return difference(entry.facts, replayed(entry.facts, policy))
    except ValueError as wrong:
        return str(wrong)


class _Policies:
    """The versions met so far, each loaded once; what cannot be loaded is a sentence instead."""

    def __init__(self, tx: Transaction, load: Load) -> None:
        self._tx = tx
        self._load = load
        self._met: dict[str, Policy | str] = {}

    @property
    def count(self) -> int:
        return len(self._met)

    def get(self, commit: str) -> Policy | str:
        if commit not in self._met:
            self._met[commit] = self._read(commit)
        return self._met[commit]

    def _read(self, commit: str) -> Policy | str:
        version = self._tx.policies.get(commit)
        if version is None:
            return "the files of this version of the policy were not kept"
        try:
            return self._load(version.content, commit)
        except PolicyError as error:
            first = error.faults[0] if error.faults else error.detail
            return f"this version of the policy cannot be read any more: {first}"
