"""One version of the policy as its files were, kept so that old decisions can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REPOSITORY = "repository"
"""The source of a version that was read from the policies' repository."""

DIRECTORY = "directory"
"""The source of a version that was in force because POLICY_DIR had it."""

MAX_FILES = 2_000
MAX_FILE_BYTES = 1_000_000
MAX_TOTAL_BYTES = 20 * MAX_FILE_BYTES
TOO_MANY = f"over {MAX_FILES:,} files: put several systems' tests together, or remove some"
TOO_LONG = f"the file is over {MAX_FILE_BYTES:,} bytes: split it up"
TOO_BIG = f"the files are over {MAX_TOTAL_BYTES:,} bytes together: remove what is not needed"
NO_FILE = "this is a link or a submodule: write the file itself"

GIT_FILE_MODES = frozenset({"100644", "100755"})
"""How Git marks what is a file; links and submodules are none, and no policy is read from them."""

_SUFFIXES = (".yml", ".yaml")


def is_policy_file(file: str) -> bool:
    """Say whether a path below the directory is for us: YAML, and nothing hidden."""
    parts = file.split("/")
    return parts[-1].endswith(_SUFFIXES) and not any(part.startswith(".") for part in parts)


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
