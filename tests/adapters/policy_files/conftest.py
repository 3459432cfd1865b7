"""A copy of the shipped policies that tests may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import load_policy
from bot.domain.errors import PolicyError

SHIPPED = Path(__file__).parents[3] / "policies"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


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
