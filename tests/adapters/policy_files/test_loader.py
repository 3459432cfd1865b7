"""The loader through its public door: a directory in, a policy or every fault out."""

import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.adapters.policy_files.loader import CHECK_EVERY_S, PolicyDirectory, load_policy
from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.errors import PolicyError
from bot.domain.policy import Pool, Provider, Risk, Where

SHIPPED = Path(__file__).parents[3] / "policies"
Edit = Callable[[str, str, str], None]
Faults = Callable[[], tuple[str, ...]]
SALESFORCE, GONG = "systems/salesforce.yml", "systems/gong.yml"


def test_the_shipped_policies_load() -> None:
    policy = load_policy(SHIPPED, commit="abc")

    level = policy.level("salesforce/view-only")
    assert policy.commit == "abc"
    assert level is not None
    assert level.request is not None
    assert (level.risk, level.request.not_) == (Risk.LOW, ("consultant",))
    assert level.request.longest == Duration(90, Unit.DAYS)
    assert policy.systems["gong"].provider is Provider.TASK
    assert policy.systems["salesforce"].pools == {"Salesforce": Pool(keep_free=1)}
    assert policy.roles["csm"].birthright == ("salesforce/standard",)
    standard = policy.level("salesforce/standard")
    assert standard is not None
    assert standard.request is not None
    assert standard.request.longest == PERMANENT


def test_every_rule_knows_its_file_line_and_column() -> None:
    policy = load_policy(SHIPPED, commit="abc")

    level = policy.level("salesforce/view-only")
    assert level is not None
    assert level.where == Where("policies/systems/salesforce.yml", 11, 3)
    assert level.mark("longest") == Where("policies/systems/salesforce.yml", 15, 80)
    assert level.mark("not").column == 37
    assert policy.roles["csm"].where == Where("policies/roles.yml", 5, 3)
    assert policy.company.groups["it"].where == Where("policies/company.yml", 11, 3)


def test_business_days_come_from_the_named_calendar(policies: Path, edit: Edit) -> None:
    edit("company.yml", "holidays: US", "holidays: DE-BY")

    calendar = load_policy(policies).company.calendar

    assert calendar.timezone == "America/Chicago"
    assert date(2026, 1, 6) in calendar.holidays
    assert date(2040, 12, 25) in calendar.holidays


def test_without_a_calendar_only_weekends_are_free(policies: Path, edit: Edit) -> None:
    edit("company.yml", "holidays: US\n", "")

    assert load_policy(policies).company.calendar.holidays == frozenset()


def test_a_level_without_approve_follows_the_companys_default(policies: Path, edit: Edit) -> None:
    edit(SALESFORCE, "approve: [manager], longest: 90d", "longest: 90d")
    edit("company.yml", "default: [manager]", "default: [it]")

    level = load_policy(policies).level("salesforce/view-only")

    assert level is not None
    assert level.request is not None
    assert level.request.approve == ("it",)
    assert level.mark("approve") == Where("policies/company.yml", 15, 12)


def test_a_company_may_leave_its_approvals_to_the_defaults(policies: Path, edit: Edit) -> None:
    text = (policies / "company.yml").read_text()
    (policies / "company.yml").write_text(text.partition("approvals:")[0])
    edit(SALESFORCE, "approve: [manager], longest: 90d", "longest: 90d")

    policy = load_policy(policies)

    level = policy.level("salesforce/view-only")
    assert level is not None
    assert level.request is not None
    assert level.request.approve == ("manager",)
    assert level.mark("approve") == level.where
    assert policy.company.approvals.lapse_after == Duration(7, Unit.DAYS)


# ---- versions -----------------------------------------------------------------------------------


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


# ---- files --------------------------------------------------------------------------------------


def test_misplaced_and_later_files_are_refused_by_name(policies: Path, faults: Faults) -> None:
    (policies / "tests").mkdir()
    (policies / "tests/salesforce.yml").write_text("kind: tests\n")
    (policies / "separation.yml").write_text("kind: separation\n")
    (policies / "slack.yml").write_text("kind: system\n")
    (policies / "roles.yml").rename(policies / "role.yml")
    (policies / GONG).rename(policies / "systems/gong.yaml")
    (policies / "system").mkdir()
    (policies / "system/zoom.yml").write_text("kind: system\n")

    later = "this version of Usher does not know"
    system = "policies/system/zoom.yml:1:1: error: unknown folder 'system'"
    assert faults() == (
        "policies/role.yml:1:1: error: unknown file 'role.yml' - did you mean 'roles.yml'?",
        f"policies/separation.yml:1:1: error: {later} 'separation' yet: remove this file",
        "policies/slack.yml:1:1: error: unknown file 'slack.yml': a system belongs into systems/",
        f"{system}: systems belong into systems/",
        "policies/systems/gong.yaml:1:1: error: policy files end in .yml: rename it to gong.yml",
        f"policies/tests/salesforce.yml:1:1: error: {later} 'tests' yet: remove this file",
    )


def test_missing_files_are_told_once_each(policies: Path, faults: Faults) -> None:
    for file in ("company.yml", "roles.yml", SALESFORCE, GONG):
        (policies / file).unlink()

    none = "there is no system: write one file for each, such as salesforce.yml"
    assert faults() == (
        "policies/company.yml:1:1: error: this file is missing (it starts with kind: company)",
        "policies/roles.yml:1:1: error: this file is missing (it starts with kind: roles)",
        f"policies/systems:1:1: error: {none}",
    )


def test_a_directory_that_is_not_there_is_one_fault(policies: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(policies / "nowhere")

    assert caught.value.detail == "nowhere cannot be used: 1 error"
    assert caught.value.faults[0].startswith("nowhere:1:1: error: this directory cannot be read")


def test_a_file_that_cannot_be_read_is_one_fault(policies: Path, faults: Faults) -> None:
    (policies / "roles.yml").unlink()
    (policies / "roles.yml").symlink_to("roles.yml.gone")

    (fault,) = faults()

    assert fault.startswith("policies/roles.yml:1:1: error: this file cannot be read: No such file")


def test_hidden_and_other_files_are_left_alone(policies: Path) -> None:
    (policies / ".cache").mkdir()
    (policies / ".cache/x.yml").write_text("kind: nothing")
    (policies / "notes.txt").write_text("hello")

    assert load_policy(policies).systems.keys() == {"gong", "salesforce"}


def test_a_system_file_is_named_for_its_id(policies: Path, faults: Faults) -> None:
    (policies / GONG).rename(policies / "systems/gang.yml")
    text = (policies / SALESFORCE).read_text()
    (policies / "systems/sf.yml").write_text(text)

    differ = "id 'gong' and file name 'gang.yml' differ: rename the file to gong.yml"
    duplicate = "duplicate system id 'salesforce' (first in policies/systems/salesforce.yml)"
    assert faults() == (
        f"policies/systems/gang.yml:2:5: error: {differ}",
        f"policies/systems/sf.yml:2:5: error: {duplicate}: write id: sf",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("roles: {}\n", "1:1: error: 'kind' is required: write kind: roles"),
        ("kind: company\n", "1:7: error: this file must be of kind 'roles', not 'company'"),
        ("kind: tests\n", "1:7: error: this version of Usher does not know kind 'tests' yet"),
        ("kind: rolls\nroles: {}\n", "1:7: error: unknown kind 'rolls' - did you mean 'roles'?"),
        ("kind: xyz\nroles: {}\n", "1:7: error: unknown kind 'xyz' (write kind: roles)"),
        ("kin: roles\nroles: {}\n", "1:1: error: unknown key 'kin' - did you mean 'kind'?"),
    ],
)
def test_each_file_says_its_kind(policies: Path, faults: Faults, text: str, message: str) -> None:
    (policies / "roles.yml").write_text(text)

    told = [fault for fault in faults() if fault.startswith("policies/roles.yml")]

    assert told == [f"policies/roles.yml:{message}"]


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
    assert "cannot be read" in (directory.error or "")


def test_a_directory_that_is_broken_at_the_start_is_refused(policies: Path, edit: Edit) -> None:
    edit("company.yml", "id: acme", "ids: acme")

    with pytest.raises(PolicyError, match="policies cannot be used: 1 error"):
        PolicyDirectory(policies)
