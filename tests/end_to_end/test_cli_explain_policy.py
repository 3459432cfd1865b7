"""Which policy `usher policy explain` asks: the one in force, a named folder, or POLICY_DIR."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.policy_version import (
    DIRECTORY,
    REPOSITORY,
    PolicyFiles,
    PolicyVersion,
    VersionState,
)
from tests.end_to_end.files import FILES, keep, settle
from tests.end_to_end.shell import Told, usher

OK, NO, WRONG_USE, BROKEN = 0, 1, 2, 3
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ASK = ("policy", "explain", "--person", "ann", "--level", "crm/view", "--days", "30")
GOOD, REFUSED = "a" * 40, "b" * 40


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    made = settle(tmp_path)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


def explain(*words: str) -> Told:
    told = CliRunner().invoke(app, [*ASK, *words])
    return Told(code=told.exit_code, out=told.stdout, err=told.stderr)


def version(commit: str = GOOD, *, longest: str = "20d", **changes: object) -> PolicyVersion:
    """Make a version in which crm/view is given for so long, and not for 90 days."""
    files = {name: text.lstrip().encode() for name, text in FILES.items()}
    files["systems/crm.yml"] = files["systems/crm.yml"].replace(b"90d", longest.encode())
    content = PolicyFiles(name="policies", files=files)
    usual = {"commit": commit, "content": content, "at": NOON, "source": REPOSITORY}
    return PolicyVersion(**usual | changes)  # type: ignore[arg-type]  # fields by name


def test_the_version_in_force_is_asked_and_named(environ: dict[str, str]) -> None:
    keep(environ, versions=(version(),))

    told, said = explain(), explain("--json").json

    assert told.code == NO
    policy = f"Policy  {GOOD}, from the policy repository, in force since 2026-11-01 06:00 CST\n"
    assert policy in told.out
    assert "Ask for 20 days instead of 30 days." in told.out
    assert (said["policy_commit"], said["policy_from"]) == (
        GOOD,
        {
            "source": "repository",
            "in_force_since": "2026-11-01T06:00:00-06:00",
            "folder": None,
        },
    )


def test_neither_a_refused_version_nor_one_of_the_directory_is_in_force(
    environ: dict[str, str],
) -> None:
    later = NOON + timedelta(hours=1)
    refused = version(REFUSED, longest="1d", at=later, state=VersionState.REFUSED)
    keep(environ, versions=(version(), refused, version("c" * 40, at=later, source=DIRECTORY)))

    assert explain("--json").json["policy_commit"] == GOOD


def test_a_folder_that_is_named_is_asked_instead_and_what_is_held_still_counts(
    environ: dict[str, str], tmp_path: Path
) -> None:
    keep(environ, versions=(version(),))
    other = settle(tmp_path / "other")["POLICY_DIR"]

    told, said = explain("--policy", other), explain("--policy", other, "--json").json

    assert told.code == OK
    assert f", from the folder {other}\n" in told.out
    source = {"source": "directory", "in_force_since": None, "folder": other}
    assert said["policy_from"] == source
    assert said["held_access"]["considered"] is True


@pytest.mark.parametrize("has_database", [True, False])
def test_before_anything_is_adopted_the_policy_directory_is_asked(
    environ: dict[str, str], *, has_database: bool
) -> None:
    if has_database:
        keep(environ, versions=(version(source=DIRECTORY),))

    told = explain()

    assert told.code == OK
    assert f", from the folder {environ['POLICY_DIR']}\n" in told.out


def test_without_the_database_nobody_looks_for_the_version_in_force(
    environ: dict[str, str],
) -> None:
    keep(environ, versions=(version(),))

    assert f", from the folder {environ['POLICY_DIR']}\n" in explain("--no-database").out


def test_a_version_in_force_that_cannot_be_read_is_an_error_and_no_other_stands_in(
    environ: dict[str, str],
) -> None:
    keep(environ, versions=(version(longest="for ever"),))

    told = usher(environ, *ASK)

    assert (told.code, told.out) == (BROKEN, "")
    assert f"Commit {GOOD[:12]} of the policy is in force, and this version of Usher" in told.err
    assert "mend it with a new commit, or run the Usher before" in told.err
    assert "policies/systems/crm.yml:12:" in told.err
    assert "--policy FOLDER" in told.err
    assert explain("--policy", environ["POLICY_DIR"]).code == OK


def test_a_named_folder_with_a_mistake_is_a_no(environ: dict[str, str], tmp_path: Path) -> None:
    told = usher(environ, *ASK, "--policy", str(tmp_path / "none"))

    assert (told.code, told.out) == (NO, "")
    assert "none" in told.err
