"""A policies' repository in memory: commits and proposals that a test makes, and what we said."""

from datetime import datetime

from bot.domain.errors import NotFound, PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_review import Opinion, Proposal, Standing
from bot.domain.policy_version import PolicyFiles


class FakePolicyDesk:
    """Implements PolicyRepository, PolicyVerdicts and PolicyReader over policies that are values.

    A commit's only file names it; a commit with faults is broken.
    """

    def __init__(self) -> None:
        self.tip = ""
        self.policies: dict[str, Policy] = {}
        self.faults: dict[str, tuple[str, ...]] = {}
        self.proposals: dict[int, Proposal] = {}
        self.standings: dict[str, Standing] = {}
        self.opinions: dict[str, Opinion] = {}
        self.labels: dict[int, set[str]] = {}

    def newest(self) -> str:
        return self.tip

    def files(self, commit: str) -> PolicyFiles:
        if commit not in self.policies and commit not in self.faults:
            raise NotFound(f"Commit {commit} has no folder policies/.", service="github")
        return PolicyFiles(name="policies", files={"company.yml": commit.encode()})

    def proposal(self, number: int) -> Proposal:
        return self.proposals[number]

    def proposal_head(self, number: int) -> str:
        return self.proposals[number].head

    def proposals_since(self, since: datetime) -> tuple[int, ...]:
        return tuple(self.proposals)

    def set_status(self, commit: str, standing: Standing) -> None:
        self.standings[commit] = standing

    def set_check(self, commit: str, opinion: Opinion) -> None:
        self.opinions[commit] = opinion

    def set_label(self, number: int, label: str, *, is_on: bool) -> None:
        labels = self.labels.setdefault(number, set())
        (labels.add if is_on else labels.discard)(label)

    def read(self, content: PolicyFiles, commit: str) -> Policy:
        if commit in self.faults:
            raise PolicyError("policies cannot be used", faults=self.faults[commit])
        return self.policies[commit]

    def review(self, content: PolicyFiles, commit: str) -> tuple[Policy, tuple[str, ...]]:
        return self.read(content, commit), ()
