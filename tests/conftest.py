"""What holds for every test: a property is not wrong because the machine is busy."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() != "ci":  # hypothesis chooses that one by itself, for CI
    settings.load_profile("patient")

HERE = Path(__file__).parent
UNMEASURED = (
    "bench",
    "crash",
    "test_bench.py",
    "test_house.py",
    "test_serving.py",
    "test_stopping.py",
    "adapters/policy_files/test_hostile_files.py",
    "adapters/policy_files/test_random_edits.py",
    "adapters/policy_files/test_strict_yaml_hostile.py",
    "domain/test_policy_plan_brute_force.py",
    "workflows/test_invariants.py",
)
"""Tests that work in processes of their own or repeat what others cover; measuring doubles their
time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(UNMEASURED):
            item.add_marker("no_cover")
