"""What is said about commits: check suites, check runs with annotations, and statuses."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.github.state import User


@dataclass
class CheckSuite:
    """The App's check runs for one commit."""

    id: int
    head_sha: str
    head_branch: str
    before: str
    created_at: int
    updated_at: int
    runs: list["CheckRun"] = field(default_factory=list)

    # Docs "Using the REST API to interact with checks": the conclusion of the highest priority
    # counts, for example timed_out before success and neutral; the rest of the order is ours.
    _PRIORITY = ("action_required", "timed_out", "failure", "cancelled", "success", "neutral")

    @property
    def status(self) -> str:
        if self.runs and all(run.status == "completed" for run in self.runs):
            return "completed"
        started = any(run.status != "queued" for run in self.runs)
        return "in_progress" if started else "queued"

    @property
    def conclusion(self) -> str | None:
        if self.status != "completed":
            return None
        found = {run.conclusion for run in self.runs}
        return next((one for one in self._PRIORITY if one in found), "skipped")


@dataclass
class CheckRun:
    """One named check of a commit. `annotations` are as they were sent."""

    id: int
    suite: CheckSuite = field(repr=False)
    name: str
    started_at: int
    status: str = "queued"
    conclusion: str | None = None
    completed_at: int | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Status:
    """A commit status: one word about a commit from one `context`; the last of them counts."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: int
