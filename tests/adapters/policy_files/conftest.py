"""A copy of the shipped policies that tests may spoil, and the two readers of YAML."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.policy_files.loader import load_policy
from bot.adapters.policy_files.strict_yaml import LOADER
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.folders import SHIPPED


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "policies"))
    for path in copy.rglob("*.yml"):
        # The first line is for editors; tests count lines from what people write.
        first, _, rest = path.read_text().partition("\n")
        if first.startswith("# yaml-language-server:"):
            path.write_text(rest)
    return copy


@pytest.fixture
def edit(policies: Path) -> Callable[[str, str, str], None]:
    """Replace the first occurrence of a text in a file of the copy; it must be there."""

    def replace(file: str, old: str, new: str) -> None:
        text = (policies / file).read_text()
        assert old in text
        (policies / file).write_text(text.replace(old, new, 1))

    return replace


@pytest.fixture
def faults(policies: Path) -> Callable[[], tuple[str, ...]]:
    """Load the copy, which must be refused, and return the faults."""

    def load() -> tuple[str, ...]:
        with pytest.raises(PolicyError) as caught:
            load_policy(policies, commit="test")
        return caught.value.faults

    return load


@pytest.fixture(params=[LOADER, yaml.SafeLoader], ids=["libyaml", "python"], scope="module")
def loader(request: pytest.FixtureRequest) -> Any:
    return request.param
