"""The company of the stories: the sandbox's roster, and teams of four whom one test alone knows."""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from bot.sandbox.example import PEOPLE_FILE, Colleague, colleagues

TEAMS = 40


@dataclass(frozen=True, kw_only=True)
class Team:
    """Four people whom no other test knows; the manager is everybody's."""

    manager: Colleague
    engineer: Colleague
    seller: Colleague
    csm: Colleague


_ROLES = {
    "manager": "engineering-manager",
    "engineer": "engineer",
    "seller": "account-executive",
    "csm": "csm",
}

_STANDARD = {c.id: c for c in colleagues()}
EVA, GUS, BEA, IVY, OTTO = (_STANDARD[f"p{n:03}"] for n in (1, 2, 3, 10, 11))


def make_team(number: int) -> Team:
    manager = _member(number, "manager", EVA.id)
    rest = {part: _member(number, part, manager.id) for part in _ROLES if part != "manager"}
    return Team(manager=manager, **rest)


def _member(number: int, part: str, manager_id: str) -> Colleague:
    key = f"{part[0]}{number:03}"
    return Colleague(
        id=f"t{key}",
        mail=f"{part}.{number:03}@acme.example",
        name=f"{part.title()} Nr{number:03}",
        role=_ROLES[part],
        manager_id=manager_id,
        timezone="Europe/Berlin",
        github=f"octo-{key}",
        slack_id=f"U0T{key.upper()}",
        handoff_vault=f"vault{key}".ljust(26, "0"),
    )


def write_roster(path: Path) -> None:
    with PEOPLE_FILE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number in range(1, TEAMS + 1):
        team = make_team(number)
        for one in (team.manager, team.engineer, team.seller, team.csm):
            known = {field.name: getattr(one, field.name) for field in fields(one)}
            rows.append({**known, "engagement": "core", "first_day": "2024-01-08"})
    write_rows(path, rows)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    new = path.with_suffix(".new")
    with new.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)
    new.replace(path)
