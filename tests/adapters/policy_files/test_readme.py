"""What policies/README.md shows is policy that loads."""

import re
from pathlib import Path

from bot.adapters.policy_files.loader import load_policy

README = Path(__file__).parents[3] / "policies" / "README.md"
BLOCK = re.compile(
    r"^```yaml\n# policies/(?P<file>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


def test_the_yaml_blocks_of_the_readme_are_a_policy(tmp_path: Path) -> None:
    text = README.read_text()
    blocks = list(BLOCK.finditer(text))
    for block in blocks:
        path = tmp_path / "policies" / block["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"])

    policy = load_policy(tmp_path / "policies", commit="readme")

    assert len(blocks) == text.count("```yaml") == 4
    assert {level.id for level in policy.levels} == {
        "gong/listener",
        "salesforce/admin",
        "salesforce/standard",
        "salesforce/view-only",
    }
