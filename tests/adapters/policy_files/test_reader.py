"""Policies from memory: read as from a folder, and their own tests played."""

from pathlib import Path

import pytest

from bot.adapters.policy_files.reader import PolicyFilesReader
from bot.domain.errors import PolicyError
from bot.domain.policy_version import PolicyFiles

POLICIES = Path(__file__).parents[3] / "policies"
FILES = {f.relative_to(POLICIES).as_posix(): f.read_bytes() for f in POLICIES.rglob("*.yml")}


def content(**changes: bytes) -> PolicyFiles:
    return PolicyFiles(name="policies", files={**FILES, **changes})


def test_files_from_elsewhere_are_the_same_policy_under_their_commit() -> None:
    policy = PolicyFilesReader().read(content(), "a" * 40)

    assert policy.commit == "a" * 40
    assert policy.level("salesforce/view-only") is not None
    assert PolicyFilesReader().failed_cases(content(), "a" * 40) == ()


def test_mistakes_name_the_file_as_the_repository_does() -> None:
    with pytest.raises(PolicyError) as refused:
        PolicyFilesReader().read(content(**{"company.yml": b"kind: companie\n"}), "a" * 40)

    faults = refused.value.faults
    assert any(f.startswith("policies/company.yml:1:7: error: unknown kind") for f in faults)


def test_a_case_that_fails_is_told_at_its_place() -> None:
    changed = FILES["systems/salesforce.yml"].replace(b"longest: 90d", b"longest: 365d")

    failed = PolicyFilesReader().failed_cases(
        content(**{"systems/salesforce.yml": changed}), "a" * 40
    )

    assert failed
    assert all(case.startswith("policies/tests/salesforce.yml:") for case in failed)
