"""The policy in force: the newest good commit of its repository, else the policy directory."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from bot.domain.errors import PolicyError, Unavailable
from bot.domain.policy import Policy
from bot.domain.policy_version import REPOSITORY, PolicyFiles, PolicyVersion, VersionState
from bot.ports import Ledger

Read = Callable[[PolicyFiles, str], Policy]

log = structlog.get_logger()


class Directory(Protocol):
    """The policy directory: in force until its repository has given a good version."""

    @property
    def error(self) -> str | None: ...

    def policy(self) -> Policy: ...

    def files(self, commit: str) -> PolicyFiles | None: ...

    def refresh(self) -> None: ...


def read_adopted(version: PolicyVersion, read: Read) -> Policy:
    """Read a version that was adopted; raises PolicyError, with what to do, if that fails here.

    It was good for whoever adopted it: this process has another version of the language then.
    """
    try:
        return read(version.content, version.commit)
    except PolicyError as error:
        raise PolicyError(
            f"Commit {version.commit[:12]} of the policy is in force, and this version of Usher "
            "cannot read it: mend it with a new commit, or run the Usher before.",
            faults=error.faults,
        ) from error


class LivePolicy:
    """Implements PolicySource; somebody has to call `refresh` every few seconds.

    While the database is away, what was in force stays.
    """

    def __init__(self, directory: Directory, ledger: Ledger, read: Read) -> None:
        self._directory = directory
        self._ledger = ledger
        self._read = read
        self._lock = threading.Lock()
        self._adopted: tuple[Policy, PolicyFiles] | None = None
        self._refused: PolicyVersion | None = None
        self._has_looked = False

    def policy(self) -> Policy:
        """Return what is in force without asking the database, so that a transaction may call."""
        return self._adopted[0] if self._adopted else self._directory.policy()

    def files(self, commit: str) -> PolicyFiles | None:
        """Return the files that this version was made of, if it is or was in force here lately."""
        if self._adopted and self._adopted[0].commit == commit:
            return self._adopted[1]
        return self._directory.files(commit)

    @property
    def error(self) -> str | None:
        """What is wrong with the newest version, or None when it is in force."""
        if self._refused is not None:
            title = f"Commit {self._refused.commit[:12]} is refused."
            return "\n".join((title, *self._refused.faults))
        return None if self._adopted else self._directory.error

    @property
    def is_from_repository(self) -> bool:
        """Whether the repository, and not the directory, has the say."""
        return self._adopted is not None

    def refresh(self) -> None:
        """Look at once whether another version is to be in force; outside any transaction.

        The first look raises: Unavailable without a database, and PolicyError when the version in
        force cannot be read here. The directory never stands in for it: its rules are others.
        """
        self._directory.refresh()
        with self._lock:
            try:
                self._look()
            except Unavailable:
                if not self._has_looked:
                    raise
                log.warning("policy.not_looked_up")
            else:
                self._has_looked = True

    def _look(self) -> None:
        known = self._adopted[0].commit if self._adopted else None
        with self._ledger.read() as tx:
            newest = tx.policies.commit_of(REPOSITORY)
            good = tx.policies.commit_of(REPOSITORY, VersionState.GOOD)
            changed = tx.policies.get(good) if good is not None and good != known else None
            refused = tx.policies.get(newest) if newest is not None and newest != good else None
        self._refused = refused
        if changed is not None:
            self._adopt(changed)

    def _adopt(self, version: PolicyVersion) -> None:
        try:
            policy = read_adopted(version, self._read)
        except PolicyError as error:
            if self._adopted is None:
                raise
            self._refused = replace(version, faults=error.faults)
            return
        self._adopted = (policy, version.content)
        log.info("policy.in_force", commit=version.commit)
