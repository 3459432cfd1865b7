"""One version of the policy as its files were, kept so that old decisions can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REPOSITORY = "repository"
"""The source of a version that was read from the policies' repository."""

DIRECTORY = "directory"
"""The source of a version that was in force because POLICY_DIR had it."""


class VersionState(StrEnum):
    """Whether a version could be used, or was refused with its faults."""

    GOOD = "good"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class PolicyFiles:
    """A policy directory: its name, as places in files begin with it, and what is in each file."""

    name: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """A version, once per commit; `at` is when it was first used or looked at, `source` whence."""

    commit: str
    content: PolicyFiles
    at: datetime
    state: VersionState = VersionState.GOOD
    faults: tuple[str, ...] = ()
    source: str = ""
