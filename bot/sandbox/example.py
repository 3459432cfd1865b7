"""The example company's people, as the emulators seed their users, logins and vaults from them."""

import csv
from dataclasses import dataclass
from pathlib import Path

PEOPLE_FILE = Path(__file__).parent / "company" / "people.csv"


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """One line of the example roster: what each vendor knows of a person."""

    id: str
    mail: str
    name: str
    role: str
    timezone: str
    github: str
    slack_id: str
    handoff_vault: str
    manager_id: str = ""


def colleagues(path: Path = PEOPLE_FILE) -> tuple[Colleague, ...]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Colleague(**{name: row[name] for name in Colleague.__dataclass_fields__}) for row in rows
    )


def files_below(folder: Path, *, under: str) -> dict[str, bytes]:
    """Read a folder as what a commit puts below `under`; hidden files stay where they are."""
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {
        f"{under}/{path.as_posix()}": (folder / path).read_bytes()
        for path in found
        if not any(step.startswith(".") for step in path.parts)
    }
