"""What holds for every test: a property is not wrong because the machine is busy."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() != "ci":  # hypothesis chooses that one by itself, for CI
    settings.load_profile("patient")

HERE = Path(__file__).parent
UNMEASURED = (
    "crash/",
    "end_to_end/",
    "test_bench.py",
    "test_house.py",
    "test_serving.py",
    "test_stopping.py",
    "adapters/policy_files/test_hostile_files.py",
    "adapters/policy_files/test_random_edits.py",
    "adapters/policy_files/test_strict_yaml_hostile.py",
    "workflows/test_invariants.py",
)
MEASURED = "end_to_end/test_cli"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage where other tests reach the same lines: it makes tests twice as slow."""
    for item in items:
        path = item.path.relative_to(HERE).as_posix()
        if path.startswith(UNMEASURED) and not path.startswith(MEASURED):
            item.add_marker("no_cover")
