"""Which version of a policy directory is in force, and what it is called."""

import subprocess
from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import CHECK_EVERY_S, PolicyDirectory, load_policy
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.folders import GONG, Edit


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(directory), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def committed(policies: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Commit the copy, whatever repository the tests themselves run in."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git(policies.parent, "init", "-q")
    git(policies.parent, "add", ".")
    git(policies.parent, "commit", "-qm", "Policies")
    return git(policies.parent, "rev-parse", "HEAD")


def test_the_version_is_the_commit_that_has_these_files(policies: Path, committed: str) -> None:
    (policies.parent / "notes.txt").write_text("something else that is not committed")

    assert load_policy(policies).commit == committed


def test_an_uncommitted_change_makes_the_version_a_digest(
    policies: Path, committed: str, edit: Edit
) -> None:
    edit("company.yml", "id: acme", "id: acne")

    first = load_policy(policies).commit
    edit("company.yml", "id: acne", "id: acre")

    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 12
    assert load_policy(policies).commit not in (first, committed)


def test_a_file_that_git_does_not_know_makes_the_version_a_digest(
    policies: Path, committed: str
) -> None:
    text = (policies / GONG).read_text().replace("gong", "gang")
    (policies / "systems/gang.yml").write_text(text)

    assert load_policy(policies).commit.startswith("sha256:")
    assert committed not in load_policy(policies).commit


def test_outside_of_git_the_version_is_a_digest_of_the_content(policies: Path) -> None:
    commit = load_policy(policies).commit
    (policies / "README.md").write_text("not part of the policy")

    assert commit.startswith("sha256:")
    assert load_policy(policies).commit == commit


# ---- the last good one --------------------------------------------------------------------------


class Clock:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_changed_directory_is_in_force_after_five_seconds(policies: Path, edit: Edit) -> None:
    clock = Clock()
    directory = PolicyDirectory(policies, monotonic=clock)
    edit("company.yml", "id: acme", "id: other-name")

    before = directory.policy().company.id
    clock.now += CHECK_EVERY_S

    assert (before, directory.policy().company.id) == ("acme", "other-name")


def test_a_broken_change_leaves_the_last_good_policy_in_force(policies: Path, edit: Edit) -> None:
    clock = Clock()
    directory = PolicyDirectory(policies, monotonic=clock)
    good = directory.policy()

    edit("company.yml", "id: acme", "ids: acme")
    clock.now += CHECK_EVERY_S

    assert directory.policy() is good
    assert directory.error is not None
    assert "company.yml:2:1: error: unknown key 'ids' - did you mean 'id'?" in directory.error

    edit("company.yml", "ids: acme", "id: mended")
    clock.now += CHECK_EVERY_S
    assert directory.policy().company.id == "mended"
    assert directory.error is None


def test_a_vanished_directory_leaves_the_last_good_policy_in_force(policies: Path) -> None:
    clock = Clock()
    directory = PolicyDirectory(policies, monotonic=clock)

    policies.rename(policies.with_name("elsewhere"))
    clock.now += CHECK_EVERY_S

    assert directory.policy().company.id == "acme"
    assert "there is no such folder" in (directory.error or "")


def test_a_directory_that_is_broken_at_the_start_is_refused(policies: Path, edit: Edit) -> None:
    edit("company.yml", "id: acme", "ids: acme")

    with pytest.raises(PolicyError, match="policies cannot be used: 1 error"):
        PolicyDirectory(policies)


def test_the_files_of_the_version_in_force_and_of_the_one_before_can_be_had(
    policies: Path, edit: Edit
) -> None:
    clock = Clock()
    directory = PolicyDirectory(policies, monotonic=clock)
    first = directory.policy().commit

    edit("company.yml", "id: acme", "id: mended")
    clock.now += CHECK_EVERY_S
    second = directory.policy().commit

    now, before = directory.files(second), directory.files(first)
    assert now is not None
    assert before is not None
    assert (now.name, b"id: mended" in now.files["company.yml"]) == ("policies", True)
    assert b"id: acme" in before.files["company.yml"]
    assert directory.files("unheard-of") is None
