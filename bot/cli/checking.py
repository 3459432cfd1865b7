"""What `usher policy check` does: files read strictly, and held against roster and org."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.policy_files.loader import Loaded, faults_against, load_all
from bot.adapters.policy_files.report import FaultFormat, fault_facts, format_faults
from bot.adapters.roster_csv import load_roster
from bot.domain.errors import PolicyError, SettingsError
from bot.domain.policy_checks_roster import RosterFinding, check_roster
from bot.ports import OrgDirectory
from bot.settings import load_local_settings

T = TypeVar("T")

_NO_ROSTER = "PEOPLE_FILE is missing: set it to the path of the roster's CSV."


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The outcome of a check: faults fail it, notes do not."""

    directory: Path
    loaded: Loaded | None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_text(self, form: FaultFormat) -> str:
        told = format_faults((*self.faults, *self.notes), form)
        if self.faults or self.loaded is None or form is FaultFormat.GITHUB:
            return told
        policy = self.loaded.policy
        counts = (
            f"{len(policy.systems)} systems, {len(policy.levels)} levels, {len(policy.roles)} roles"
        )
        summary = f"{self.directory}: fine. {counts} (policy {policy.commit})."
        return f"{told}\n{summary}" if told else summary

    def as_document(self) -> dict[str, Any]:
        found: dict[str, Any] = {"ok": not self.faults}
        if self.faults:
            found["faults"] = [fault_facts(fault) for fault in self.faults]
        elif self.loaded is not None:
            policy = self.loaded.policy
            found |= {"commit": policy.commit, "levels": len(policy.levels)}
        if self.notes:
            found["notes"] = [fault_facts(note) for note in self.notes]
        return found


def check(directory: Path | None, *, with_roster: bool, org: OrgDirectory | None = None) -> Checked:
    """Check a policy directory, the one in force by default; perhaps with roster and org.

    The org is asked only about a policy that is sound; raises what asking it raises.
    """
    where = directory or load_local_settings().policy_dir
    file = _people_file() if with_roster else None
    loaded, faults = _tried(lambda: load_all(where))
    roster, faults_of_roster = _tried(lambda: load_roster(file) if file else None)
    found: tuple[RosterFinding, ...] = ()
    if loaded is not None and roster is not None:
        found = check_roster(loaded.policy, roster, now=datetime.now(UTC))
    live = faults_against(where, org) if loaded is not None and org is not None else ()
    name = file.name if file else ""
    mistakes = _lines((one for one in found if not one.is_note), name)
    return Checked(
        directory=where,
        loaded=loaded,
        faults=(*faults, *faults_of_roster, *live, *mistakes),
        notes=tuple(_lines((one for one in found if one.is_note), name)),
    )


def _people_file() -> Path:
    file = load_local_settings().people_file
    if file is None:
        raise SettingsError("Usher does not know where the roster is.", problems=(_NO_ROSTER,))
    return file


def _tried(load: Callable[[], T]) -> tuple[T | None, tuple[str, ...]]:
    """Load something, or return what is wrong with it: both files are told about together."""
    try:
        return load(), ()
    except PolicyError as wrong:
        return None, wrong.faults


def _lines(findings: Iterable[RosterFinding], roster: str) -> Iterable[str]:
    for finding in findings:
        where = finding.where
        place = f"{where.file}:{where.line}:{where.column}" if where else roster
        yield f"{place}: {'note' if finding.is_note else 'error'}: {finding.message}"
