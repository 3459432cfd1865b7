"""Policy folders as tests need them: the shipped one, what is in one, and edits of a copy."""

from collections.abc import Callable
from pathlib import Path

SHIPPED = Path(__file__).parents[3] / "policies"
Edit = Callable[[str, str, str], None]
Faults = Callable[[], tuple[str, ...]]
SALESFORCE, GONG = "systems/salesforce.yml", "systems/gong.yml"


def contents(directory: Path) -> dict[str, bytes]:
    every = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in every}
