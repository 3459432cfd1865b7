"""Which files a policy directory has, what is in them, and what does not belong there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.adapters.policy_files.models import LATER_KINDS
from bot.adapters.policy_files.strict_yaml import Fault, Mark
from bot.domain.spelling import closest

COMPANY, ROLES, SYSTEMS = "company.yml", "roles.yml", "systems"
_START = Mark(1, 1)
_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A policy directory, read once; `lost` are the needed files that `faults` tell about."""

    name: str
    files: Mapping[str, bytes]
    lost: frozenset[str]
    faults: tuple[Fault, ...]

    def label(self, file: str) -> str:
        """Name a file as people see it: from the directory's parent on."""
        return f"{self.name}/{file}"


@dataclass(frozen=True)
class _Stray:
    """A file that cannot be used, and which file was meant."""

    problem: str
    meant: str = ""


def yaml_files(directory: Path) -> tuple[Path, ...]:
    """List every YAML file at any depth but in hidden folders, in a fixed order."""
    return tuple(sorted(_walk(directory)))


def _walk(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.suffix in _SUFFIXES:
            yield path


def read_folder(directory: Path) -> Folder:
    """Read all policy files; what is missing, unknown or unreadable becomes a fault."""
    name = directory.absolute().name
    try:
        paths = yaml_files(directory)
    except OSError as error:
        problem = f"this directory cannot be read: {error.strerror}"
        return Folder(
            name=name,
            files={},
            lost=frozenset({COMPANY, ROLES}),
            faults=(Fault(name, _START, problem),),
        )
    files: dict[str, bytes] = {}
    strays: dict[str, _Stray] = {}
    for path in paths:
        file = path.relative_to(directory).as_posix()
        content = _misplaced(file) or _content(path, file)
        if isinstance(content, _Stray):
            strays[file] = content
        else:
            files[file] = content
    meant = {stray.meant for stray in strays.values()} - {"", *files}
    missing = dict(_missing({*files, *meant}))
    problems = {file: stray.problem for file, stray in strays.items()} | missing
    return Folder(
        name=name,
        files=files,
        lost=frozenset(meant | (missing.keys() & {COMPANY, ROLES})),
        faults=tuple(Fault(f"{name}/{file}", _START, text) for file, text in problems.items()),
    )


def kind_by_place(file: str) -> str:
    """Return the kind of document that belongs into a file of this name."""
    return {COMPANY: "company", ROLES: "roles"}.get(file, "system")


def _content(path: Path, file: str) -> bytes | _Stray:
    try:
        return path.read_bytes()
    except OSError as error:
        return _Stray(f"this file cannot be read: {error.strerror}", file)


def _misplaced(file: str) -> _Stray | None:
    """Say what is wrong with a file's name or place."""
    path = PurePosixPath(file)
    folder = path.parent.as_posix().removeprefix(".")
    top = PurePosixPath(path.parts[0]).stem
    system = f"{SYSTEMS}/{path.stem}.yml"
    if top in LATER_KINDS:
        return _Stray(f"this version of Usher does not know '{top}' yet: remove this file")
    if folder not in ("", SYSTEMS):
        return _Stray(f"unknown folder '{folder}': systems belong into {SYSTEMS}/", system)
    if path.suffix != ".yml":
        meant = path.with_suffix(".yml")
        return _Stray(f"policy files end in .yml: rename it to {meant.name}", str(meant))
    if folder == SYSTEMS or file in (COMPANY, ROLES):
        return None
    near = f"{closest(path.stem, ('company', 'roles'))}.yml"
    if near in (COMPANY, ROLES):
        return _Stray(f"unknown file '{path.name}' - did you mean '{near}'?", near)
    return _Stray(f"unknown file '{path.name}': a system belongs into {SYSTEMS}/", system)


def _missing(present: set[str]) -> Iterator[tuple[str, str]]:
    for file in (COMPANY, ROLES):
        if file not in present:
            yield file, f"this file is missing (it starts with kind: {kind_by_place(file)})"
    if not any(file.startswith(f"{SYSTEMS}/") for file in present):
        yield SYSTEMS, "there is no system: write one file for each, such as salesforce.yml"
