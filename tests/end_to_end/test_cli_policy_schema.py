"""`usher policy schema` prints and writes what editors check policy files with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.end_to_end.shell import ROOT

OK, WRONG_USE = 0, 2
COMMITTED = ROOT / "policies" / "schema"
KINDS = ["company", "roles", "system", "separation", "tests"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "schema", *words])


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_printed_as_it_is_committed(kind: str) -> None:
    told = run(kind)

    assert told.exit_code == OK
    assert told.output == (COMMITTED / f"{kind}.schema.json").read_text("utf-8")


def test_all_kinds_are_one_document() -> None:
    found = json.loads(run().output)

    assert list(found) == KINDS
    assert found["system"] == json.loads((COMMITTED / "system.schema.json").read_text("utf-8"))


def test_the_files_are_written_anew(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "schema"

    told, again = run("--write", str(folder)), run("--write", str(folder))

    assert (told.exit_code, again.exit_code) == (OK, OK)
    assert told.output.splitlines()[0] == f"{folder / 'company.schema.json'} written."
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == {
        path.name: path.read_text("utf-8") for path in COMMITTED.iterdir()
    }


def test_one_kind_is_written_alone(tmp_path: Path) -> None:
    run("roles", "--write", str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["roles.schema.json"]


def test_a_kind_that_is_none_is_refused_with_the_one_that_was_meant() -> None:
    told = run("sytem")

    assert told.exit_code == WRONG_USE
    words = " ".join(told.output.replace("│", " ").split())  # typer draws a box around it
    assert "did you mean 'system'?" in words


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = run("--write", str(tmp_path / "file" / "schema"))

    assert told.exit_code == WRONG_USE
    assert "cannot be" in told.output
