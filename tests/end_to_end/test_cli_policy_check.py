"""`usher policy check --roster`: the policy held against the people, words, JSON and exit codes."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.adapters.roster_csv import COLUMNS
from bot.cli import app
from tests.end_to_end.shell import usher

OK, NO, WRONG_USE = 0, 1, 2
SHIPPED = Path(__file__).parents[2] / "policies"
HEAD = ",".join(COLUMNS) + "\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a copy of the shipped policies with a roster beside it."""
    shutil.copytree(SHIPPED, tmp_path / "policies")
    monkeypatch.setenv("POLICY_DIR", str(tmp_path / "policies"))
    monkeypatch.setenv("PEOPLE_FILE", str(tmp_path / "people.csv"))
    return tmp_path


def staff(home: Path, *roles: str) -> None:
    rows = "".join(
        f"p{n},p{n}@acme.example,P {n},{role},,core,x,UTC,2025-01-06,,octo-{n},,\n"
        for n, role in enumerate(roles)
    )
    (home / "people.csv").write_text(HEAD + rows)


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "check", *words])


def every_role(home: Path) -> list[str]:
    lines = (home / "policies/roles.yml").read_text().splitlines()
    return [line.split(":")[0].strip() for line in lines if line.startswith("  ")]


def test_a_roster_that_fits_the_policy_is_fine(home: Path) -> None:
    staff(home, *every_role(home))

    told = check("--roster")

    assert (told.exit_code, told.stderr) == (OK, "")
    assert ": fine. 2 systems" in told.stdout
    assert "note" not in told.stdout


def test_a_role_that_no_policy_knows_fails_and_one_that_nobody_has_does_not(home: Path) -> None:
    roles = every_role(home)
    staff(home, *roles[1:])
    unused = check("--roster")
    staff(home, *roles, "enginer")
    strange, told = check("--roster"), check("--roster", "--format", "json")

    assert unused.exit_code == OK
    assert f"note: nobody in the roster has the role '{roles[0]}'" in unused.stdout
    assert strange.exit_code == told.exit_code == NO
    assert strange.stdout.startswith("people.csv: error: no policy knows the role «enginer» of p")
    assert "did you mean 'engineer'?" in strange.stdout
    document = json.loads(told.stdout)
    assert (document["ok"], document["faults"][0]["file"]) == (False, "people.csv")
    assert check().exit_code == OK  # only when asked


def test_mistakes_in_the_policy_and_in_the_roster_are_told_together(home: Path) -> None:
    (home / "policies/company.yml").write_text("kind: company\n")
    (home / "people.csv").write_text("id,mail\n")

    told = check("--roster", "--format", "github")

    assert told.exit_code == NO
    assert "::error file=policies/company.yml,line=1,col=1::'id' is required" in told.stdout
    assert "::error file=people.csv" in told.stdout


def test_without_a_roster_there_is_nothing_to_hold_it_against(home: Path) -> None:
    told = usher({"POLICY_DIR": str(home / "policies")}, "policy", "check", "--roster")

    assert (told.code, told.out) == (WRONG_USE, "")
    assert "PEOPLE_FILE is missing: set it to the path of the roster's CSV." in told.err
