"""`usher policy test` as an owner of the policy runs it: words, JSON and exit codes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.end_to_end.shell import ROOT, usher

OK, NO, WRONG_USE = 0, 1, 2
SUITE = "tests/salesforce.yml"
REFUSED = 'expect: { decision: refused, rule: "salesforce/view-only request.not" }'
Edit = Callable[[str, str, str], None]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))


@pytest.fixture
def edit(policies: Path) -> Edit:
    """Replace a text of a file of the copy; it must be there."""

    def replace(file: str, old: str, new: str) -> None:
        text = (policies / file).read_text()
        assert old in text
        (policies / file).write_text(text.replace(old, new, 1))

    return replace


def run(policies: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["policy", "test", str(policies), *words])


def document(policies: Path, *words: str) -> Any:
    return json.loads(run(policies, *words, "--json").output)


def test_the_shipped_policy_holds_and_is_covered() -> None:
    told = usher({}, "policy", "test", "policies", "--require-coverage")

    assert (told.code, told.err) == (OK, "")
    assert " passed, 0 failed. Every level and every rule is reached by a case" in told.out


def test_the_command_explains_itself() -> None:
    told = CliRunner().invoke(app, ["policy", "test", "--help"])

    assert told.exit_code == OK
    assert "--require-coverage" in told.output


def test_a_loosened_rule_fails_its_case_at_its_line(policies: Path, edit: Edit) -> None:
    edit("systems/salesforce.yml", "by: [everyone], not: [consultant],", "by: [everyone],")

    done = run(policies)

    line = _line(policies / SUITE, "- name: a consultant is refused")
    assert done.exit_code == NO
    assert done.output.splitlines()[:3] == [
        f"policies/{SUITE}:{line}:5: FAIL a consultant is refused",
        '    expected decision: refused, rule: "salesforce/view-only request.not"',
        '    got      decision: needs_approval, rule: "salesforce/view-only request.approve"',
    ]
    assert "if the policy is right, write expect: { decision: needs_approval" in done.output
    assert "1 failed" in done.output.splitlines()[-1]


def test_a_level_more_than_expected_fails(policies: Path, edit: Edit) -> None:
    edit("roles.yml", "birthright: [salesforce/standard]", "birthright: [salesforce/standard, "
         "gong/listener]")  # fmt: skip

    done = run(policies)

    assert done.exit_code == NO
    assert "    surplus  grants: [gong/listener]" in done.output


def test_what_no_case_reaches_is_listed_and_counts_when_coverage_is_required(
    policies: Path, edit: Edit
) -> None:
    edit(SUITE, REFUSED, "expect: { decision: refused }")
    edit(SUITE, "request: { who: kim, level: salesforce/view-only, days: 30 }",
         "request: { who: cai, level: salesforce/view-only, days: 300 }")  # fmt: skip
    line = _line(policies / "systems/salesforce.yml", "by: [everyone], not: [consultant]")

    listed, required = run(policies), run(policies, "--require-coverage")

    missed = f"policies/systems/salesforce.yml:{line}:"
    assert any(
        text.startswith(missed)
        and "no case reaches rule salesforce/view-only request.not: let one of consultant ask"
        in text
        for text in listed.output.splitlines()
    )
    assert "No case reaches 0 levels and 1 rule (policy" in listed.output
    assert (listed.exit_code, required.exit_code) == (OK, NO)
    assert "and coverage is required" in required.output


def test_a_new_level_is_missed_until_a_case_reaches_it(policies: Path, edit: Edit) -> None:
    level = (
        "levels:\n"
        "  editor:\n"
        "    says: Edit calls.\n"
        "    risk: low\n"
        '    bundle: { by_hand: ["Assign a seat"] }\n'
        "    request: { by: [everyone], approve: [manager], longest: permanent }\n"
    )
    edit("systems/gong.yml", "levels:\n", level)

    missed = document(policies, "--require-coverage")
    edit("tests/gong.yml", "cases:\n", "cases:\n  - { name: edit, request: { who: cai, "
         "level: gong/editor, days: 7 }, expect: { from: [dov] } }\n")  # fmt: skip
    reached = document(policies, "--require-coverage")

    assert [one["name"] for one in missed["coverage"]["unreached"]] == [
        "gong/editor",
        "gong/editor request.by (yes)",
    ]
    assert (missed["ok"], missed["failed"], missed["coverage"]["required"]) == (False, 0, True)
    assert (reached["ok"], reached["coverage"]["complete"]) == (True, True)


def test_a_script_gets_one_document(policies: Path, edit: Edit) -> None:
    edit(SUITE, "expect: { decision: needs_approval, from: [dov] }", "expect: { from: [bea] }")

    told = document(policies)

    line = _line(policies / SUITE, "- name: an engineer may read for 30 days")
    (failed,) = [case for case in told["cases"] if not case["passed"]]
    assert (told["ok"], told["failed"]) == (False, 1)
    assert told["passed"] == len(told["cases"]) - 1
    assert (failed["file"], failed["line"], failed["column"]) == (f"policies/{SUITE}", line, 5)
    assert failed["differences"] == [
        {
            "key": "from",
            "expected": "[bea]",
            "got": "[dov]",
            "missing": ["bea"],
            "surplus": ["dov"],
        }
    ]
    assert failed["write"] == "expect: { decision: needs_approval, from: [dov] }"
    assert told["policy"]


def test_a_mistake_in_a_file_is_told_and_nothing_is_played(policies: Path, edit: Edit) -> None:
    edit(SUITE, REFUSED, "expect: { decision: refuse }")

    told, faults = run(policies), document(policies)["faults"]

    assert told.exit_code == NO
    assert "did you mean 'refused'?" in told.output
    assert "passed" not in told.output
    assert [fault["file"] for fault in faults] == [f"policies/{SUITE}"]


def test_a_policy_without_cases_says_how_to_write_the_first(policies: Path) -> None:
    shutil.rmtree(policies / "tests")

    plain, required = run(policies), run(policies, "--require-coverage")

    assert "No case (write the first one into tests/<name>.yml, kind: tests)." in plain.output
    assert (plain.exit_code, required.exit_code) == (OK, NO)


def test_a_directory_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere")

    assert done.exit_code == NO
    assert "nowhere" in done.output
    assert "Traceback" not in done.output


def test_wrong_use_is_2(policies: Path) -> None:
    assert run(policies, "--no-such-option").exit_code == WRONG_USE


def _line(path: Path, words: str) -> int:
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)
