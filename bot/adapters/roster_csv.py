"""The roster: everybody, from a CSV that an HR system exports."""

import csv
import io
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.adapters.last_good import LastGood, file_state
from bot.adapters.time_zones import unknown_zone
from bot.domain.errors import PolicyError
from bot.domain.people import Engagement, Person, Roster
from bot.domain.spelling import closest, did_you_mean

COLUMNS = (
    "id",
    "mail",
    "name",
    "role",
    "manager_id",
    "engagement",
    "department",
    "timezone",
    "first_day",
    "last_day",
    "github",
    "slack_id",
    "handoff_vault",
)
_REQUIRED = ("id", "mail", "name", "role", "engagement", "timezone", "first_day")
_UNIQUE = ("id", "mail", "github", "slack_id")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_VAULT = re.compile(r"[a-z0-9]{26}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, order=True)
class _Fault:
    line: int
    message: str


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


@dataclass(frozen=True)
class _Row:
    """One person's line; empty cells are empty text."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def load_roster(path: Path) -> Roster:
    """Read the roster; raises PolicyError with every fault of the file, each with its line."""
    rows, faults = _read(path)
    for row in rows:
        faults += _row_faults(row)
    faults += _repeated(rows)
    faults += _unknown_managers(rows)
    if faults:
        count = "1 error" if len(faults) == 1 else f"{len(faults)} errors"
        lines = tuple(f"{path.name}:{f.line}: error: {f.message}" for f in sorted(faults))
        raise PolicyError(f"{path.name} cannot be used: {count}", faults=lines)
    return Roster(_person(row) for row in rows)


class RosterFile:
    """The roster in force: the last good version of a file.

    A file that is broken at the start raises PolicyError; later, `error` says what is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._kept = LastGood(lambda: load_roster(path), lambda: _fingerprint(path))

    def roster(self) -> Roster:
        return self._kept.refresh()

    @property
    def error(self) -> str | None:
        """What is wrong with the newest version, or None when it is in force."""
        return self._kept.error


def _fingerprint(path: Path) -> Hashable:
    try:
        return file_state(path)
    except OSError as error:
        return str(error)


# ---- lines --------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[list[_Row], list[_Fault]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return [], [_Fault(1, f"this file cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return [], [_Fault(line, "this is not UTF-8 text: export the file as CSV UTF-8")]
    table, faults = _table(text)
    if not faults:
        header = [cell.strip() for cell in table[0].cells] if table else []
        faults = list(_header_faults(header))
    return ([], faults) if faults else _rows(header, table[1:])


def _table(text: str) -> tuple[list[_Line], list[_Fault]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[_Line] = []
    start = 1
    try:
        for cells in reader:
            lines.append(_Line(start, cells))
            # A quoted cell may hold line breaks, so that a person takes more than one line.
            start = reader.line_num + 1
    except csv.Error as error:
        return [], [_Fault(start, f"this is not CSV: {error}")]
    return lines, []


def _header_faults(header: list[str]) -> Iterator[_Fault]:
    """Compare the header with the columns we need; a misspelt column is one mistake."""
    missing = [column for column in COLUMNS if column not in header]
    if len(missing) == len(COLUMNS):
        yield _Fault(1, f"the first line must name the columns: {','.join(COLUMNS)}")
        return
    for index, column in enumerate(header):
        if column in header[:index]:
            yield _Fault(1, f"column '{column}' is there twice")
        elif column not in COLUMNS:
            meant = closest(column, missing)
            missing = [name for name in missing if name != meant]
            hint = f" - did you mean '{meant}'?" if meant else " (remove it)"
            yield _Fault(1, f"unknown column '{column}'{hint}")
    yield from (_Fault(1, f"column '{column}' is missing") for column in missing)


def _rows(header: list[str], lines: list[_Line]) -> tuple[list[_Row], list[_Fault]]:
    rows: list[_Row] = []
    faults: list[_Fault] = []
    for line in lines:
        cells = [cell.strip() for cell in line.cells]
        if len(cells) == len(header):
            rows.append(_Row(line.number, dict(zip(header, cells, strict=True))))
        elif cells:
            text = f"{len(cells)} cells instead of {len(header)} (put text with commas in quotes)"
            faults.append(_Fault(line.number, text))
    if not rows and not faults:
        # An export that broke off after its header would make everybody a leaver.
        faults.append(_Fault(1, "there is nobody in this file"))
    return rows, faults


# ---- cells --------------------------------------------------------------------------------------


def _row_faults(row: _Row) -> Iterator[_Fault]:
    for column, value in row.cells.items():
        problem = _FORMS.get(column, _any_text)(value) if value else None
        if not value and column in _REQUIRED:
            problem = "is empty"
        elif not value.isprintable():
            problem = "has a line break or another invisible character"
        if problem:
            yield _Fault(row.line, f"{column} {problem}")
    first, last = row["first_day"], row["last_day"]
    # Days in the right form compare like text.
    if _DAY.fullmatch(first) and _DAY.fullmatch(last) and last < first:
        yield _Fault(row.line, f"last_day {last} is before first_day {first}")


def _any_text(_value: str) -> str | None:
    return None


def _mail(value: str) -> str | None:
    return None if _MAIL.fullmatch(value) else f"'{value}' is not a mail address"


def _day(value: str) -> str | None:
    try:
        is_day = bool(_DAY.fullmatch(value) and date.fromisoformat(value))
    except ValueError:
        is_day = False
    return None if is_day else f"'{value}' is not a day (write it as 2026-11-30)"


def _vault(value: str) -> str | None:
    if _VAULT.fullmatch(value):
        return None
    return f"'{value}' is not a vault id (26 lower-case letters and digits, or empty)"


def _engagement(value: str) -> str | None:
    if value in tuple(Engagement):
        return None
    hint = did_you_mean(value, tuple(Engagement)) or f" (write {' or '.join(Engagement)})"
    return f"'{value}' is unknown{hint}"


def _zone(value: str) -> str | None:
    wrong = unknown_zone(value)
    return f"is an {wrong}" if wrong else None


_FORMS: Mapping[str, Callable[[str], str | None]] = {
    "mail": _mail,
    "first_day": _day,
    "last_day": _day,
    "timezone": _zone,
    "engagement": _engagement,
    "handoff_vault": _vault,
}


# ---- the whole ----------------------------------------------------------------------------------


def _repeated(rows: list[_Row]) -> Iterator[_Fault]:
    """What identifies a person may stand on one line only; mails and logins ignore case."""
    for column in _UNIQUE:
        seen: dict[str, int] = {}
        for row in rows:
            value = row[column].casefold()
            if value and value in seen:
                text = f"duplicate {column} '{row[column]}' (first on line {seen[value]})"
                yield _Fault(row.line, text)
            seen.setdefault(value, row.line)


def _unknown_managers(rows: list[_Row]) -> Iterator[_Fault]:
    ids = {row["id"] for row in rows}
    for row in rows:
        manager = row["manager_id"]
        if manager and manager not in ids:
            # People's ids look alike, so a guess would only mislead; a change of case would not.
            alike = [known for known in ids if known.casefold() == manager.casefold()]
            hint = f" - did you mean '{alike[0]}'?" if alike else ""
            yield _Fault(row.line, f"manager_id '{manager}' is not the id of anybody here{hint}")


def _person(row: _Row) -> Person:
    return Person(
        id=row["id"],
        mail=row["mail"],
        name=row["name"],
        role=row["role"],
        first_day=date.fromisoformat(row["first_day"]),
        timezone=row["timezone"],
        engagement=Engagement(row["engagement"]),
        department=row["department"],
        manager_id=row["manager_id"] or None,
        last_day=date.fromisoformat(row["last_day"]) if row["last_day"] else None,
        github=row["github"] or None,
        slack_id=row["slack_id"] or None,
        handoff_vault=row["handoff_vault"] or None,
    )
