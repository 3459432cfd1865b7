"""What `usher policy init` does: look at the roster and the org, write a policy, and check it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.adapters.policy_files.case_loader import load_cases
from bot.adapters.policy_files.folder import kind_by_place
from bot.adapters.policy_files.schema import FOLDER, first_line, schema_files
from bot.adapters.roster_csv import load_roster
from bot.adapters.salesforce.inventory import read_inventory
from bot.cli.org import reading
from bot.cli.policy_testing import Run, run_cases
from bot.domain.errors import PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_case_report import told
from bot.domain.policy_starter import SYSTEM, Starter, start_policy
from bot.domain.policy_starter_accounts import Inventory
from bot.domain.policy_starter_files import QUESTION, questions_in, starter_files
from bot.domain.policy_starter_levels import differences
from bot.domain.text import clean
from bot.settings import OrgSettings, load_org_settings

_LONGEST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class First:
    """A policy that was written, and what was found when it was checked."""

    directory: Path
    starter: Starter
    files: Mapping[str, str]
    policy: Policy
    run: Run


def start(directory: Path | None, *, it: Iterable[str], security: Iterable[str]) -> First:
    """Write a first policy into an empty folder, only after it has been checked elsewhere.

    Raises PolicyError if the folder is not empty or no policy can be made, SettingsError, or the
    ConnectorErrors of a reading Salesforce.
    """
    settings = load_org_settings()
    where = directory or settings.policy_dir
    _refuse_unless_empty(where)
    starter = start_policy(
        load_roster(settings.people_file),
        _look_at(settings),
        datetime.now(UTC),
        it=it,
        security=security,
        url=settings.salesforce.url,
    )
    files = {
        name: f"{first_line(kind_by_place(name), name)}\n{text}"
        for name, text in starter_files(starter).items()
    }
    with TemporaryDirectory() as folder:
        trial = Path(folder) / where.absolute().name
        _write(trial, files)
        policy, run = _checked(trial, starter)
    _write(where, files)
    return First(directory=where, starter=starter, files=files, policy=policy, run=run)


def _refuse_unless_empty(directory: Path) -> None:
    try:
        is_free = not directory.exists() or not any(directory.iterdir())
    except NotADirectoryError:
        detail = f"{directory} is a file: name a folder that is empty or not there yet."
        raise PolicyError(detail) from None
    except OSError as error:
        raise PolicyError(f"{directory} cannot be read: {error.strerror}.") from error
    if not is_free:
        raise PolicyError(
            f"{directory} is not empty, and nothing there is ever overwritten: name another folder."
        )


def _look_at(settings: OrgSettings) -> Inventory:
    with reading(settings) as gateway:
        return read_inventory(gateway)


def _write(directory: Path, files: Mapping[str, str]) -> None:
    schemas = {f"{FOLDER}/{name}": text for name, text in schema_files().items()}
    try:
        for name, text in {**files, **schemas}.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise PolicyError(f"{directory} cannot be written: {error.strerror}.") from error


def _checked(directory: Path, starter: Starter) -> tuple[Policy, Run]:
    """Load the policy, play its cases and compare it with the org; raises for any difference."""
    policy, cases = load_cases(directory)
    run = run_cases(policy, cases, is_coverage_required=False)
    odd = differences(policy, SYSTEM, starter.census, starter.inventory)
    wrong = (*(told(one) for one in run.failed), *odd)
    if wrong:
        raise PolicyError("The policy made of this org does not describe it.", faults=wrong)
    return policy, run


# ---- words --------------------------------------------------------------------------------------


def told_as_text(first: First) -> str:
    """Say what was written, what was checked, and what is left to people."""
    policy, starter, run = first.policy, first.starter, first.run
    levels = ", ".join(f"{SYSTEM}/{level.name}" for level in starter.levels)
    roles = _count(policy.roles, "role")
    accounts = _count(starter.census.placed, "active account")
    lines = [
        f"{first.directory}: {roles}, {_count(policy.levels, 'level')} ({levels}).",
        f"It loads without a mistake, and {_count(run.results, 'case')} of its own tests pass.",
        f"Compared with the org: {accounts} of people in the roster, no difference.",
        f"{questions_in(first.files)} questions are left to you: look for {QUESTION} in the files.",
        *_warnings(first),
    ]
    lines.append(f"Next: answer them, then usher policy check --roster {first.directory}.")
    return "\n".join(lines)


def _warnings(first: First) -> Iterable[str]:
    starter = first.starter
    if starter.census.unplaced:
        yield f"{_count(starter.census.unplaced, 'active account')} without a level:"
        for one in starter.census.unplaced:
            seat = one.account.seat
            yield f"  {_shown(seat.username)} ({_shown(seat.profile)}): {one.says}"
    for kind, count in sorted(starter.inventory.others.items()):
        yield f"{count} active of type {_shown(kind)}, whom Usher never touches."
    if starter.unrecognised:
        yield "Usher would not dare to adopt these: IT must write the person id into them."
        for placed in starter.unrecognised:
            yield f"  {_shown(placed.account.seat.username)}: {placed.person.id}"
    if starter.strangers:
        logins = ", ".join(starter.strangers)
        yield f"Nobody in the roster has the GitHub login {logins}, and so they cannot answer yet."


def told_as_document(first: First) -> dict[str, Any]:
    """Say the same to a script."""
    starter = first.starter
    return {
        "directory": str(first.directory),
        "files": sorted(first.files),
        "levels": {level.name: len(level.people) for level in starter.levels},
        "accounts": len(starter.census.placed),
        "cases": len(first.run.results),
        "questions": questions_in(first.files),
        "without_level": [
            {
                "username": one.account.seat.username,
                "profile": one.account.seat.profile,
                "because": one.because,
                "says": one.says,
            }
            for one in starter.census.unplaced
        ],
        "others": dict(starter.inventory.others),
        "unrecognised": [one.account.seat.username for one in starter.unrecognised],
        "strangers": list(starter.strangers),
    }


def _count(things: Iterable[object], noun: str) -> str:
    number = len(tuple(things))
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shown(text: str) -> str:
    return clean(text, _LONGEST_SHOWN)
