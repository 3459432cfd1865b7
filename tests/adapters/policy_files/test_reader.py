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
    assert PolicyFilesReader().review(content(), "a" * 40) == (policy, ())
    assert PolicyFilesReader().review(content(), "a" * 40) == (policy, ())


def test_mistakes_name_the_file_as_the_repository_does() -> None:
    with pytest.raises(PolicyError) as refused:
        PolicyFilesReader().read(content(**{"company.yml": b"kind: companie\n"}), "a" * 40)

    faults = refused.value.faults
    assert any(f.startswith("policies/company.yml:1:7: error: unknown kind") for f in faults)


def test_a_case_that_fails_is_told_at_its_place() -> None:
    changed = FILES["systems/salesforce.yml"].replace(b"longest: 90d", b"longest: 365d")

    _policy, failed = PolicyFilesReader().review(
        content(**{"systems/salesforce.yml": changed}), "a" * 40
    )

    assert failed
    assert all(case.startswith("policies/tests/salesforce.yml:") for case in failed)


def test_more_people_than_a_review_can_play_are_told_and_nothing_is_played() -> None:
    roles = b"".join(b"  p%d: { role: account-executive }\n" % n for n in range(1_001))
    case = b"cases:\n  - { name: goes, left: p1, expect: { revokes: [] } }\n"
    many = content(**{"tests/zz.yml": b"kind: tests\npeople:\n" + roles + case})

    _, failed = PolicyFilesReader().review(many, "a" * 40)

    (told,) = failed
    assert told.startswith("policies/tests/zz.yml:1:1: FAIL a review plays at most 2,000 cases")


def test_more_cases_than_a_review_can_play_are_told_too() -> None:
    cases = b"".join(
        b"  - { name: c%d, left: ann, expect: { revokes: [] } }\n" % n for n in range(2_001)
    )
    people = b"people:\n  ann: { role: account-executive }\n"
    many = content(**{"tests/zz.yml": b"kind: tests\n" + people + b"cases:\n" + cases})

    _policy, (told,) = PolicyFilesReader().review(many, "a" * 40)

    assert "and 1,000 people of all files: none was played" in told
