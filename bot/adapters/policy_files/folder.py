"""Which files a policy directory has, what is in them, and what does not belong there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.adapters.policy_files.marks import Fault, Mark
from bot.adapters.policy_files.messages import printable
from bot.adapters.policy_files.strict_yaml import MAX_BYTES
from bot.domain.errors import PolicyError
from bot.domain.policy_version import (
    MAX_FILES,
    MAX_TOTAL_BYTES,
    TOO_BIG,
    TOO_MANY,
    is_policy_file,
)
from bot.domain.spelling import closest

COMPANY, ROLES, SEPARATION = "company.yml", "roles.yml", "separation.yml"
SYSTEMS, TESTS = "systems", "tests"
_TOP = (COMPANY, ROLES, SEPARATION)
_NEEDED = (COMPANY, ROLES)
_START = Mark(1, 1)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A policy directory, read once; `lost` are the needed files that `faults` tell about."""

    name: str
    files: Mapping[str, bytes]
    lost: frozenset[str]
    faults: tuple[Fault, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """All files that there are, or that would be there but for a fault."""
        return tuple(sorted({*self.files, *self.lost}))

    def label(self, file: str) -> str:
        """Name a file as people see it: from the directory's parent on."""
        return printable(f"{self.name}/{file}")


@dataclass(frozen=True)
class _Stray:
    """A file that cannot be used, and which file was meant."""

    problem: str
    meant: str = ""


def yaml_files(directory: Path) -> tuple[Path, ...]:
    """List every YAML file at any depth but in hidden folders, in a fixed order."""
    return tuple(sorted(_walk(directory, set())))


def _walk(directory: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    # Links may lead back up: each folder is walked once, whatever ways lead to it.
    facts = directory.stat()
    if (facts.st_dev, facts.st_ino) in seen:
        return
    seen.add((facts.st_dev, facts.st_ino))
    for path in directory.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, seen)
        elif is_policy_file(path.name):
            yield path


def read_folder(directory: Path) -> Folder:
    """Read all policy files; what is missing, unknown or unreadable becomes a fault.

    Raises PolicyError if there is no such folder.
    """
    name = directory.absolute().name
    if not directory.exists():
        raise _no_folder(directory, "there is no such folder")
    if not directory.is_dir():
        raise _no_folder(directory, "this is not a folder")
    try:
        paths = yaml_files(directory)
    except OSError as error:
        raise _no_folder(directory, f"this folder cannot be read: {error.strerror}") from error
    if len(paths) > MAX_FILES:
        return _refused(name, TOO_MANY)
    contents: dict[str, bytes | _Stray] = {}
    total = 0
    for path in paths:
        file = path.relative_to(directory).as_posix()
        contents[file] = content = _content(path, file)
        total += 0 if isinstance(content, _Stray) else len(content)
        if total > MAX_TOTAL_BYTES:
            return _refused(name, TOO_BIG)
    return _folder(name, contents)


def folder_of(name: str, files: Mapping[str, bytes]) -> Folder:
    """Take files that were read before, by their paths in the directory; others are left alone."""
    own = {file: files[file] for file in sorted(files) if is_policy_file(file)}
    if len(own) > MAX_FILES:
        return _refused(name, TOO_MANY)
    if sum(map(len, own.values())) > MAX_TOTAL_BYTES:
        return _refused(name, TOO_BIG)
    return _folder(name, own)


_WRITE = "write the folder in which company.yml is, or set POLICY_DIR to it"


def _no_folder(directory: Path, problem: str) -> PolicyError:
    shown = printable(str(directory))
    fault = f"{shown}: error: {problem} ({_WRITE})"
    return PolicyError(f"{shown} cannot be used: {problem}", faults=(fault,))


def _refused(name: str, problem: str) -> Folder:
    faults = (Fault(name, _START, problem),)
    return Folder(name=name, files={}, lost=frozenset(_NEEDED), faults=faults)


def _folder(name: str, contents: Mapping[str, bytes | _Stray]) -> Folder:
    files: dict[str, bytes] = {}
    strays: dict[str, _Stray] = {}
    for file, content in contents.items():
        stray = _misplaced(file) or (content if isinstance(content, _Stray) else None)
        if stray is not None:
            strays[file] = stray
        elif isinstance(content, bytes):
            files[file] = content
    meant = {stray.meant for stray in strays.values()} - {"", *files}
    missing = dict(_missing({*files, *meant}))
    problems = {file: stray.problem for file, stray in strays.items()} | missing
    return Folder(
        name=name,
        files=files,
        lost=frozenset(meant | (missing.keys() & set(_NEEDED))),
        faults=tuple(
            Fault(printable(f"{name}/{file}"), _START, printable(text))
            for file, text in problems.items()
        ),
    )


def kind_by_place(file: str) -> str:
    """Return the kind of document that belongs into a file of this name."""
    if file in _TOP:
        return file.removesuffix(".yml")
    return "tests" if file.startswith(f"{TESTS}/") else "system"


def _content(path: Path, file: str) -> bytes | _Stray:
    try:
        if path.exists() and not path.is_file():
            return _Stray("this is not a file: remove it, or write one", file)
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)  # enough to see that it is too big
    except OSError as error:
        return _Stray(f"this file cannot be read: {error.strerror}", file)


def _misplaced(file: str) -> _Stray | None:
    """Say what is wrong with a file's name or place."""
    path = PurePosixPath(file)
    folder = path.parent.as_posix().removeprefix(".")
    is_test = path.parts[0] == TESTS
    if folder not in ("", SYSTEMS) and not is_test:
        return _wrong_folder(path, folder)
    if path.suffix != ".yml":
        meant = path.with_suffix(".yml")
        return _Stray(f"policy files end in .yml: rename it to {meant.name}", str(meant))
    if folder == SYSTEMS or file in _TOP or (is_test and folder):
        return None
    near = f"{closest(path.stem, [name.removesuffix('.yml') for name in _TOP])}.yml"
    if near in _TOP:
        return _Stray(f"unknown file '{path.name}' - did you mean '{near}'?", near)
    text = f"unknown file '{path.name}': a system belongs into {SYSTEMS}/, tests into {TESTS}/"
    return _Stray(text, f"{SYSTEMS}/{path.stem}.yml")


def _wrong_folder(path: PurePosixPath, folder: str) -> _Stray:
    if closest(path.parts[0], (SYSTEMS, TESTS)) == TESTS:
        text = f"unknown folder '{folder}': tests belong into {TESTS}/"
        return _Stray(text, f"{TESTS}/{path.stem}.yml")
    text = f"unknown folder '{folder}': systems belong into {SYSTEMS}/"
    return _Stray(text, f"{SYSTEMS}/{path.stem}.yml")


def _missing(present: set[str]) -> Iterator[tuple[str, str]]:
    for file in _NEEDED:
        if file not in present:
            yield file, f"this file is missing (it starts with kind: {kind_by_place(file)})"
    if not any(file.startswith(f"{SYSTEMS}/") for file in present):
        yield SYSTEMS, "there is no system: write one file for each, such as salesforce.yml"
