"""What policies/README.md shows is policy that loads, and whose cases pass."""

import re
from pathlib import Path

import pytest

from bot.adapters.policy_files.case_loader import load_cases
from bot.adapters.policy_files.loader import load_policy
from bot.adapters.policy_files.models import EVENTS, FILE_MODELS, BundleModel
from bot.cli.policy_testing import run_cases

README = Path(__file__).parents[3] / "policies" / "README.md"
BLOCK = re.compile(
    r"^```yaml\n# policies/(?P<file>\S+?)(?:, continued)?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the blocks as the files that they are; one that continues a file comes after it."""
    for block in BLOCK.finditer(README.read_text("utf-8")):
        path = tmp_path / "policies" / block["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(block["text"])
    return tmp_path / "policies"


def test_the_yaml_blocks_of_the_readme_are_a_policy(folder: Path) -> None:
    text = README.read_text("utf-8")

    policy = load_policy(folder, commit="readme")

    assert len(BLOCK.findall(text)) == text.count("```yaml") == 7
    assert {level.id for level in policy.levels} == {
        "salesforce/admin",
        "salesforce/campaigns",
        "salesforce/standard",
        "salesforce/view-only",
        "salesforce/warehouse",
        "zapier/builder",
    }


def test_the_cases_of_the_readme_pass(folder: Path) -> None:
    policy, cases = load_cases(folder)

    run = run_cases(policy, cases, is_coverage_required=False)

    assert run.failed == ()
    assert len(run.results) == 9


def test_the_readme_has_an_example_of_everything_that_can_be_written(folder: Path) -> None:
    """Of every kind of file, every event of a case, and every key that people are to know of."""
    shown = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.yml"))
    keys = ("questions", "break_glass", "user_fields", "on_leave", "auto_approve", "exception")
    keys += ("native_expiry", "integration", *BundleModel.model_fields)

    assert set(re.findall(r"^kind: (\w+)$", shown, re.MULTILINE)) == set(FILE_MODELS)
    assert [key for key in (*keys, *EVENTS) if f"{key}: " not in shown.replace(":\n", ": \n")] == []
