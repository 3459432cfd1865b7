"""Load a policy directory: all of it, or the list of everything that is wrong with it."""

import gc
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.adapters.last_good import LastGood, file_state
from bot.adapters.policy_files.build import Sources, build_draft
from bot.adapters.policy_files.checks import by_system_id, file_names, findings, placed
from bot.adapters.policy_files.folder import (
    COMPANY,
    ROLES,
    SEPARATION,
    Folder,
    folder_of,
    kind_by_place,
    read_folder,
    yaml_files,
)
from bot.adapters.policy_files.marks import MAX_FAULTS, START, Fault
from bot.adapters.policy_files.models import TestsFile
from bot.adapters.policy_files.revision import revision
from bot.adapters.policy_files.source import Source, read_source, unreadable
from bot.domain.errors import PolicyError
from bot.domain.policy import Policy, Where
from bot.domain.policy_checks_org import (
    check_against,
    check_rights,
    integrations,
    objects_named,
)
from bot.domain.policy_draft import Draft, KeyPath
from bot.domain.policy_version import PolicyFiles
from bot.ports import OrgDirectory

CHECK_EVERY_S = 5.0


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A file of tests: its cases as written, and where each key's and entry's value stands."""

    file: str
    model: TestsFile
    places: Mapping[KeyPath, Where]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A policy that is sound, and what is only for its tests."""

    policy: Policy
    content: PolicyFiles
    cases: tuple[CaseFile, ...]


def load_policy(directory: Path, *, commit: str | None = None) -> Policy:
    """Load and check a policy directory; `commit` defaults to Git's, or a digest outside of Git.

    Raises PolicyError with every fault of every file, in the order of files and lines.
    """
    return load_all(directory, commit=commit).policy


def load_case_files(directory: Path) -> tuple[CaseFile, ...]:
    """Load the tests of a policy directory; raises PolicyError as `load_policy` does."""
    return load_all(directory).cases


def load_all(directory: Path, *, commit: str | None = None) -> Loaded:
    """Load a policy directory with everything in it; raises PolicyError as `load_policy` does."""
    folder = read_folder(directory)
    loaded, _ = _load(folder)
    in_force = replace(loaded.policy, commit=commit or revision(directory, folder.files))
    return replace(loaded, policy=in_force)


def faults_against(directory: Path, org: OrgDirectory) -> tuple[str, ...]:
    """List what a sound policy names and an org does not have, in the order of files and lines.

    Integrations' rights are compared too. Raises PolicyError as `load_policy` does, or the
    ConnectorErrors of a reading Salesforce.
    """
    return _faults_against(read_folder(directory), org)


def faults_of_files_against(content: PolicyFiles, org: OrgDirectory) -> tuple[str, ...]:
    """List the same for files that were read before."""
    return _faults_against(folder_of(content.name, content.files), org)


def _faults_against(folder: Folder, org: OrgDirectory) -> tuple[str, ...]:
    _, draft = _load(folder)
    found = check_against(draft, org.names(objects_named(draft.policy)))
    granted = {
        level.id: org.granted(level.bundle, level.integration.objects)
        for level in integrations(draft, found)
        if level.integration is not None
    }
    return _in_order(placed(draft, (*found, *check_rights(draft, granted))))


def load_policy_files(name: str, files: Mapping[str, bytes], commit: str) -> Policy:
    """Load a policy whose files were read before, by their paths in the directory called `name`.

    Raises PolicyError as `load_policy` does.
    """
    return load_all_files(name, files, commit).policy


def load_all_files(name: str, files: Mapping[str, bytes], commit: str) -> Loaded:
    """Load files that were read before, with everything in them."""
    loaded, _ = _load(folder_of(name, files))
    return replace(loaded, policy=replace(loaded.policy, commit=commit))


def _load(folder: Folder) -> tuple[Loaded, Draft]:
    with _uncollected():
        sources, systems = _sources(folder)
        draft = build_draft(sources)
        faults = [
            *folder.faults,
            *(fault for source in sources for fault in source.faults),
            *file_names(systems),
            *findings(draft, sources),
        ]
    if faults:
        raise _policy_error(folder.name, faults)
    cases = tuple(_case_file(source) for source in sources.tests.values())
    content = PolicyFiles(name=folder.name, files=folder.files)
    return Loaded(policy=draft.policy, content=content, cases=cases), draft


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector, which would look at everything again and again.

    Whatever is made here either stays or goes without its help, and there is a great deal of it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _sources(folder: Folder) -> tuple[Sources, dict[str, Source]]:
    """Read all files; the systems also by the names of their files."""
    by_kind: dict[str, dict[str, Source]] = {}
    for file in folder.known:
        by_kind.setdefault(kind_by_place(file), {})[file] = _read(folder, file)
    systems = by_kind.get("system", {})
    sources = Sources(
        company=by_kind["company"][COMPANY],
        roles=by_kind["roles"][ROLES],
        separation=by_kind.get("separation", {}).get(SEPARATION),
        systems=by_system_id(systems),
        tests=by_kind.get("tests", {}),
    )
    return sources, systems


def _read(folder: Folder, file: str) -> Source:
    kind, label = kind_by_place(file), folder.label(file)
    if file in folder.lost:
        return unreadable(kind, label)
    return read_source(kind, label, folder.files[file])


def _case_file(source: Source) -> CaseFile:
    model = source.model
    assert isinstance(model, TestsFile)  # noqa: S101  # read as this kind
    marks = source.document.values.items()
    places = {path: Where(source.file, mark.line, mark.column) for path, mark in marks}
    return CaseFile(file=source.file, model=model, places=places)


def _policy_error(name: str, faults: Iterable[Fault]) -> PolicyError:
    told = set(faults)
    count = "1 error" if len(told) == 1 else f"{len(told):,} errors"
    return PolicyError(f"{name} cannot be used: {count}", faults=_in_order(told))


def _in_order(faults: Iterable[Fault]) -> tuple[str, ...]:
    in_order = sorted(set(faults), key=lambda f: (f.file, f.mark.line, f.mark.column, f.message))
    lines = tuple(str(fault) for fault in in_order[:MAX_FAULTS])
    if more := len(in_order) - len(lines):
        lines += (str(Fault(in_order[0].file, START, f"and {more:,} more: mend these first")),)
    return lines


class PolicyDirectory:
    """The policy in force: the last good version of a directory, looked at every 5 s at most.

    A directory that is broken at the start raises PolicyError; later, `error` says what is wrong.
    """

    def __init__(self, directory: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._looked = monotonic()
        self._kept = LastGood(lambda: load_all(directory), lambda: _fingerprint(directory))
        self._before = self._kept.value

    def policy(self) -> Policy:
        now = self._monotonic()
        if now - self._looked >= CHECK_EVERY_S:
            self.refresh()
        return self._kept.value.policy

    def refresh(self) -> None:
        """Look at once whether the files have changed."""
        self._looked = self._monotonic()
        before, found = self._kept.value, self._kept.refresh()
        if found is not before:
            self._before = before

    def files(self, commit: str) -> PolicyFiles | None:
        """Return the files of the version in force, or of the one before it."""
        both = (self._kept.value, self._before)
        return next((one.content for one in both if one.policy.commit == commit), None)

    @property
    def error(self) -> str | None:
        """What is wrong with the newest version, or None when it is in force."""
        return self._kept.error


def _fingerprint(directory: Path) -> Hashable:
    try:
        return tuple((str(path), *file_state(path)) for path in yaml_files(directory))
    except OSError as error:
        return str(error)
