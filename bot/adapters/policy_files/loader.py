"""Load a policy directory: all of it, or the list of everything that is wrong with it."""

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from pathlib import Path

from bot.adapters.last_good import LastGood, file_state
from bot.adapters.policy_files.build import Sources, build_draft
from bot.adapters.policy_files.checks import by_system_id, file_names, findings
from bot.adapters.policy_files.folder import (
    COMPANY,
    ROLES,
    Folder,
    kind_by_place,
    read_folder,
    yaml_files,
)
from bot.adapters.policy_files.revision import revision
from bot.adapters.policy_files.source import Source, read_source, unreadable
from bot.adapters.policy_files.strict_yaml import Fault
from bot.domain.errors import PolicyError
from bot.domain.policy import Policy

CHECK_EVERY_S = 5.0


def load_policy(directory: Path, *, commit: str | None = None) -> Policy:
    """Load and check a policy directory; `commit` defaults to Git's, or a digest outside of Git.

    Raises PolicyError with every fault of every file, in the order of files and lines.
    """
    folder = read_folder(directory)
    company = _read(folder, COMPANY)
    roles = _read(folder, ROLES)
    rest = sorted({*folder.files, *folder.lost} - {COMPANY, ROLES})
    systems = {file: _read(folder, file) for file in rest}
    sources = Sources(company=company, roles=roles, systems=by_system_id(systems))
    draft = build_draft(sources)
    faults = [
        *folder.faults,
        *(fault for source in (company, roles, *systems.values()) for fault in source.faults),
        *file_names(systems),
        *findings(draft, sources),
    ]
    if faults:
        raise _policy_error(folder.name, faults)
    return replace(draft.policy, commit=commit or revision(directory, folder.files))


def _read(folder: Folder, file: str) -> Source:
    kind, label = kind_by_place(file), folder.label(file)
    if file in folder.lost:
        return unreadable(kind, label)
    return read_source(kind, label, folder.files[file])


def _policy_error(name: str, faults: Iterable[Fault]) -> PolicyError:
    in_order = sorted(set(faults), key=lambda f: (f.file, f.mark.line, f.mark.column, f.message))
    lines = tuple(str(fault) for fault in in_order)
    count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return PolicyError(f"{name} cannot be used: {count}", faults=lines)


class PolicyDirectory:
    """The policy in force: the last good version of a directory, looked at every 5 s at most.

    A directory that is broken at the start raises PolicyError; later, `error` says what is wrong.
    """

    def __init__(self, directory: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._looked = monotonic()
        self._kept = LastGood(lambda: load_policy(directory), lambda: _fingerprint(directory))

    def policy(self) -> Policy:
        now = self._monotonic()
        if now - self._looked < CHECK_EVERY_S:
            return self._kept.value
        self._looked = now
        return self._kept.refresh()

    @property
    def error(self) -> str | None:
        """What is wrong with the newest version, or None when it is in force."""
        return self._kept.error


def _fingerprint(directory: Path) -> Hashable:
    try:
        return tuple((str(path), *file_state(path)) for path in yaml_files(directory))
    except OSError as error:
        return str(error)
