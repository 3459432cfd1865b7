"""`usher policy check --live`: the policy held against the org, words, places and exit codes."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.domain.errors import SettingsError, Unavailable
from bot.sandbox.world import World
from tests.end_to_end.shell import ROOT

OK, NO = 0, 1
NEEDED = ("DATABASE_URL", "PEOPLE_FILE", "SALESFORCE_", "USHER_CA_FILE")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture
def environ(world: World, tmp_path: Path) -> Mapping[str, str]:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    everything = world.settings(
        database_url=f"sqlite:///{tmp_path}/usher.db",
        port=8080,
        policy_dir=tmp_path / "policies",
    )
    chosen = {name: value for name, value in everything.items() if name.startswith(NEEDED)}
    return {**chosen, "POLICY_DIR": str(tmp_path / "policies")}


def check(environ: Mapping[str, str | None], *words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "check", *words], env=dict(environ))


def misspell(environ: Mapping[str, str]) -> None:
    file = Path(environ["POLICY_DIR"]) / "systems/salesforce.yml"
    file.write_text(file.read_text().replace("profile: Read Only", "profile: Read-Only", 1))


def test_the_example_policy_names_what_the_example_org_has(environ: Mapping[str, str]) -> None:
    told = check(environ, "--live")

    assert (told.exit_code, told.stderr) == (OK, "")
    assert ": fine. 2 systems" in told.stdout


def test_a_name_that_the_org_lacks_is_told_at_its_place(environ: Mapping[str, str]) -> None:
    misspell(environ)

    told = check(environ, "--live", "--format", "json")

    (fault,) = json.loads(told.stdout)["faults"]
    assert told.exit_code == NO
    assert (fault["line"], fault["column"]) == (15, 45)
    assert fault["message"] == "the org has no profile 'Read-Only' - did you mean 'Read Only'?"
    assert check(environ).exit_code == OK  # only when asked


def test_without_an_org_or_an_answer_of_it_there_is_no_verdict(
    environ: Mapping[str, str],
) -> None:
    local = {name: None for name in environ if name.startswith("SALESFORCE_")}
    away = {**environ, "SALESFORCE_URL": "https://127.0.0.1:1"}

    unset, silent = check({**environ, **local}, "--live"), check(away, "--live")

    assert isinstance(unset.exception, SettingsError)
    assert isinstance(silent.exception, Unavailable)
    assert unset.stdout == silent.stdout == ""
