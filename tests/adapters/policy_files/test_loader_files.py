"""Which files the loader takes, wherever they come from, and how it refuses the others."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from bot.adapters.policy_files.loader import load_policy, load_policy_files
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.folders import GONG, SALESFORCE, Faults, contents


def test_misplaced_files_are_refused_by_name(policies: Path, faults: Faults) -> None:
    shutil.rmtree(policies / "tests")
    (policies / "tests.yml").write_text("kind: tests\n")
    (policies / "separations.yml").write_text("kind: separation\n")
    (policies / "slack.yml").write_text("kind: system\n")
    (policies / "roles.yml").rename(policies / "role.yml")
    (policies / GONG).rename(policies / "systems/gong.yaml")
    (policies / "system").mkdir()
    (policies / "system/zoom.yml").write_text("kind: system\n")

    meant = "a system belongs into systems/, tests into tests/"
    system = "policies/system/zoom.yml:1:1: error: unknown folder 'system'"
    separation = "policies/separations.yml:1:1: error: unknown file 'separations.yml'"
    assert faults() == (
        "policies/role.yml:1:1: error: unknown file 'role.yml' - did you mean 'roles.yml'?",
        f"{separation} - did you mean 'separation.yml'?",
        f"policies/slack.yml:1:1: error: unknown file 'slack.yml': {meant}",
        f"{system}: systems belong into systems/",
        "policies/systems/gong.yaml:1:1: error: policy files end in .yml: rename it to gong.yml",
        f"policies/tests.yml:1:1: error: unknown file 'tests.yml': {meant}",
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

    problem = "there is no such folder"
    assert caught.value.detail == f"{policies}/nowhere cannot be used: {problem}"
    (fault,) = caught.value.faults
    assert fault.startswith(f"{policies}/nowhere: error: {problem} (write the folder in which")


def test_a_file_is_no_directory(policies: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be used: this is not a folder"):
        load_policy(policies / "company.yml")


def test_a_directory_that_may_not_be_read_says_so(
    policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(PolicyError, match="this folder cannot be read: Permission denied"):
        load_policy(policies)


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
        ("kind: tests\n", "1:7: error: this file must be of kind 'roles', not 'tests'"),
        (
            "kind: [roles]\nroles: {}\n",
            "1:7: error: unknown kind ['roles'] - did you mean 'roles'?",
        ),
        ("kind: rolls\nroles: {}\n", "1:7: error: unknown kind 'rolls' - did you mean 'roles'?"),
        ("kind: xyz\nroles: {}\n", "1:7: error: unknown kind 'xyz' (write kind: roles)"),
        ("kin: roles\nroles: {}\n", "1:1: error: unknown key 'kin' - did you mean 'kind'?"),
    ],
)
def test_each_file_says_its_kind(policies: Path, faults: Faults, text: str, message: str) -> None:
    (policies / "roles.yml").write_text(text)

    told = [fault for fault in faults() if fault.startswith("policies/roles.yml")]

    assert told == [f"policies/roles.yml:{message}"]


# ---- files from elsewhere -----------------------------------------------------------------------


def test_files_that_were_read_before_make_the_same_policy(policies: Path) -> None:
    files = contents(policies) | {".github/x.yml": b"kind: nothing", "notes.txt": b"hello"}

    policy = load_policy_files("policies", files, "c0ffee")

    assert policy == load_policy(policies, commit="c0ffee")


def test_faults_of_files_that_were_read_before_name_them_as_people_see_them(
    policies: Path,
) -> None:
    files = contents(policies) | {"roles.yml": b"kind: rolls\nroles: {}\n"}

    with pytest.raises(PolicyError) as caught:
        load_policy_files("access", files, "c0ffee")

    assert "access/roles.yml:1:7: error: unknown kind 'rolls'" in caught.value.faults[0]


def test_a_file_name_cannot_break_a_line(policies: Path) -> None:
    files = contents(policies) | {"x\n::error ::y.yml": b""}

    with pytest.raises(PolicyError) as caught:
        load_policy_files("policies", files, "c0ffee")

    (fault,) = caught.value.faults
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({f"tests/t{n}.yml": b"" for n in range(2_000)}, "over 2,000 files"),
        ({f"tests/t{n}.yml": b"#" * 1_000_000 for n in range(21)}, "over 20,000,000 bytes"),
    ],
    ids=["files", "bytes"],
)
def test_more_than_a_policy_ever_has_is_one_fault(
    policies: Path, more: dict[str, bytes], problem: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_files("policies", contents(policies) | more, "c0ffee")

    (fault,) = caught.value.faults
    assert problem in fault

    for file, content in more.items():
        (policies / file).write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        load_policy(policies)
    assert caught.value.faults == (fault,)


def test_links_between_folders_are_followed_once(policies: Path) -> None:
    for name in ("again", "once-more", "systems/up"):
        (policies / name).symlink_to(policies, target_is_directory=True)

    assert load_policy(policies).systems.keys() == {"gong", "salesforce"}


def test_what_is_no_file_is_not_opened(policies: Path, faults: Faults) -> None:
    os.mkfifo(policies / "systems/zoom.yml")

    (fault,) = faults()

    assert fault.startswith("policies/systems/zoom.yml:1:1: error: this is not a file")
