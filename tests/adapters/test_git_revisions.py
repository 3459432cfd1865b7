"""Policies at git revisions: in a repository of the test's own, with the real git command."""

import os
import subprocess
from pathlib import Path

import pytest

from bot.adapters.git_revisions import load_version, read_revision
from bot.domain.errors import NotFound, PolicyError, Unavailable
from bot.domain.policy_version import NO_FILE

EXAMPLE = Path(__file__).parents[2] / "policies"
WHO = ("-c", "user.name=Test", "-c", "user.email=test@acme.example", "-c", "commit.gpgsign=0")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *WHO, "-C", str(folder), *words], capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Make a repository whose `rules/policies` has two commits: the example, and one role more."""
    folder = tmp_path / "house"
    policies = folder / "rules" / "policies"
    for file in EXAMPLE.rglob("*.yml"):
        copy = policies / file.relative_to(EXAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    _commit(folder, "first")
    git(folder, "tag", "first")
    roles = policies / "roles.yml"
    roles.write_text(f"{roles.read_text()}\n  juggler: {{ department: any }}\n")
    _commit(folder, "second")
    return folder


def _commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize("words", ["first", "main~1", "HEAD^", "main@{0}~1", "HEAD~1"])
def test_a_revision_is_read_by_every_name_that_git_knows_for_it(house: Path, words: str) -> None:
    policies = house / "rules" / "policies"

    policy = load_version(policies, words)

    assert policy.commit == git(house, "rev-parse", "first")
    assert "juggler" not in policy.roles
    assert "juggler" in load_version(policies, "main").roles


def test_a_full_commit_id_is_a_revision_and_a_folder_is_a_folder(house: Path) -> None:
    policies = house / "rules" / "policies"
    (policies / "roles.yml").write_text(
        (policies / "roles.yml").read_text().replace("juggler", "clown")
    )

    by_id = load_version(policies, git(house, "rev-parse", "HEAD"))
    by_folder = load_version(policies, str(policies))

    assert "juggler" in by_id.roles
    assert "clown" in by_folder.roles
    assert by_folder.commit.startswith("sha256:")


def test_places_in_a_revision_read_like_those_in_the_folder(house: Path) -> None:
    policies = house / "rules" / "policies"

    at_head, in_folder = load_version(policies, "HEAD"), load_version(policies, str(policies))

    assert [level.where for level in at_head.levels] == [level.where for level in in_folder.levels]
    assert at_head == in_folder


def test_a_folder_that_is_gone_now_is_still_read_where_it_was(house: Path) -> None:
    git(house, "rm", "-r", "--quiet", "rules")
    _commit(house, "gone")

    policy = load_version(house / "rules" / "policies", "first")

    assert policy.roles
    with pytest.raises(NotFound, match="no policy files"):
        load_version(house / "rules" / "policies", "HEAD")


def test_the_whole_repository_may_be_the_policy_folder(house: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    (house / "rules" / "policies").rename(flat)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(flat))
    _commit(flat, "flat")

    assert "juggler" in load_version(flat, "main").roles


@pytest.mark.parametrize(
    "words",
    [
        "",
        "no-such-branch",
        "deadbeef" * 5,
        "-h",
        "--output=stolen",
        "--upload-pack=touch stolen",
        "main..first",
        "main:rules",
        ":/second",
        "main\nfirst",
        "main first",
        "$(touch stolen)",
        "^main",
        "x" * 300,
        "main^{tree}",
        "main\0",
        "é",
    ],
)
def test_what_is_no_revision_is_said_to_be_none(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotFound, match="neither a folder nor a revision"):
        read_revision(house / "rules" / "policies", words)

    assert not list(tmp_path.rglob("stolen"))


def test_nothing_of_the_repository_changes(house: Path) -> None:
    def everything() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in house.rglob("*")
            if path.is_file()
        }

    before = everything()

    load_version(house / "rules" / "policies", "first")

    assert everything() == before


def test_a_broken_revision_tells_its_faults_with_their_places(house: Path) -> None:
    roles = house / "rules" / "policies" / "roles.yml"
    roles.write_text(roles.read_text().replace("juggler: { department", "juggler: { departmen"))
    _commit(house, "broken")

    with pytest.raises(PolicyError) as caught:
        load_version(house / "rules" / "policies", "HEAD")

    assert any(fault.startswith("policies/roles.yml:") for fault in caught.value.faults)


def test_a_link_in_a_revision_is_not_followed(house: Path, tmp_path: Path) -> None:
    """On GitHub anybody can propose a link that leads to a file of the machine that reads it."""
    secret = tmp_path / "secret.yml"
    secret.write_text("kind: system\nid: secret\n")
    (house / "rules" / "policies" / "systems" / "secret.yml").symlink_to(secret)
    _commit(house, "link")

    with pytest.raises(PolicyError, match="cannot be used") as caught:
        load_version(house / "rules" / "policies", "HEAD")

    assert caught.value.faults == (f"policies/systems/secret.yml:1:1: error: {NO_FILE}",)


def test_a_submodule_in_a_revision_is_no_file_either(house: Path) -> None:
    entry = f"160000,{git(house, 'rev-parse', 'HEAD')},rules/policies/systems/crm.yml"
    git(house, "update-index", "--add", "--cacheinfo", entry)
    git(house, "commit", "--quiet", "--message", "submodule")

    with pytest.raises(PolicyError) as caught:
        read_revision(house / "rules" / "policies", "HEAD")

    assert caught.value.faults == (f"policies/systems/crm.yml:1:1: error: {NO_FILE}",)


def test_too_much_is_refused_before_it_is_read(house: Path) -> None:
    systems = house / "rules" / "policies" / "systems"
    for number in range(21):
        (systems / f"big-{number}.yml").write_text(f"# {number}\n" + "#" * 1_000_000)
    _commit(house, "big")

    with pytest.raises(PolicyError) as caught:
        load_version(house / "rules" / "policies", "HEAD")

    assert "can be read" in caught.value.faults[0]


def test_outside_of_a_repository_there_are_only_folders(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="in no Git repository"):
        load_version(tmp_path, "main")


def test_a_git_that_does_not_start_is_unavailable(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)

    with pytest.raises(Unavailable, match="git"):
        load_version(house / "rules" / "policies", "main")
