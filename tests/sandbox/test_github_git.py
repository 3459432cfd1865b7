"""Git content over REST, driven by the real PyGithub, and judged by the real git."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import github
import pytest
import requests
from github.ContentFile import ContentFile
from github.Repository import Repository

from bot.sandbox.github import Content, GitHubEmulator, Submodule, Symlink

ANN, BEA = "octo-ann", "octo-bea"
START = 1_800_000_000
NOWHERE = "0123456789abcdef0123456789abcdef01234567"


class Clock:
    def __init__(self) -> None:
        self.now: float = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(clock=clock, rate_limits=False, most_tree_entries=8)
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def repo(emulator: GitHubEmulator) -> Iterator[Repository]:
    with github.Github(
        auth=github.Auth.Token("ghp_sandbox"),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        yield client.get_repo("acme/access")


def get(emulator: GitHubEmulator, path: str) -> requests.Response:
    return requests.get(
        f"{emulator.url}/repos/acme/access{path}",
        headers={"Authorization": "token ghp_sandbox"},
        timeout=5,
    )


def commit(emulator: GitHubEmulator, files: Mapping[str, Content], branch: str = "main") -> str:
    return emulator.commit_files(branch, files, "Change the policy", ANN)


def test_refs_and_branches_lead_to_commits(emulator: GitHubEmulator, repo: Repository) -> None:
    main = emulator.head()
    head = commit(emulator, {"a": b"1"}, "feature/one")

    assert repo.default_branch == "main"
    assert repo.get_git_ref("heads/main").object.sha == main == repo.get_branch("main").commit.sha
    assert repo.get_git_ref("heads/feature/one").object.sha == head
    assert repo.get_branch("feature/one").commit.parents[0].sha == main
    assert repo.get_git_commit(head).message == "Change the policy"
    assert repo.get_commit("feature/one").sha == repo.get_commit(head[:8]).sha == head
    assert [one.sha for one in repo.get_commits(sha="feature/one")] == [head, main]


def test_the_default_branch_may_have_another_name() -> None:
    emulator = GitHubEmulator(default_branch="trunk", rate_limits=False)
    emulator.serve()

    head = emulator.commit_files("trunk", {"a": b"1"}, "Begin", ANN)
    emulator.commit_files("topic", {"a": b"2"}, "Change", ANN)
    number = emulator.open_pull("topic", "Change", "", ANN)

    assert get(emulator, "").json()["default_branch"] == "trunk"
    assert (
        get(emulator, "/contents/a").json()["sha"]
        == get(emulator, f"/contents/a?ref={head}").json()["sha"]
    )
    assert get(emulator, f"/pulls/{number}").json()["base"]["ref"] == "trunk"
    assert get(emulator, "/branches/main").status_code == 404
    emulator.close()


def test_trees_and_blobs_give_back_every_byte(emulator: GitHubEmulator, repo: Repository) -> None:
    wild = bytes(range(256)) * 3
    commit(emulator, {"policies/wild.bin": wild, "policies/deep/x.yml": b"x"})

    tree = repo.get_git_tree("main", recursive=True)
    by_path = {entry.path: entry for entry in tree.tree}
    blob = repo.get_git_blob(by_path["policies/wild.bin"].sha)

    assert sorted(by_path) == [
        "README.md",
        "policies",
        "policies/deep",
        "policies/deep/x.yml",
        "policies/wild.bin",
    ]
    assert (by_path["policies"].type, by_path["policies"].mode) == ("tree", "040000")
    assert (blob.encoding, blob.size) == ("base64", len(wild))
    assert base64.b64decode(blob.content) == wild
    assert max(map(len, blob.content.splitlines())) == 60
    flat = repo.get_git_tree(by_path["policies"].sha)
    assert [entry.path for entry in flat.tree] == ["deep", "wild.bin"]
    assert not tree.raw_data["truncated"]


def test_a_tree_that_is_too_large_is_cut_and_says_so(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    commit(emulator, {f"policies/{number}.yml": b"x" for number in range(9)})

    tree = repo.get_git_tree("main", recursive=True)

    assert tree.raw_data["truncated"]
    assert len(tree.tree) == 8
    assert not repo.get_git_tree("main").raw_data["truncated"]


def test_contents_are_files_folders_links_and_submodules(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    other = "b" * 40
    files: dict[str, Content] = {
        "policies/company.yml": b"kind: company\n",
        "link": Symlink(target="policies/company.yml"),
        "policies/outside": Symlink(target="../../etc/passwd"),
        "theirs": Submodule(sha=other),
    }
    commit(emulator, files, "next")

    def one(path: str) -> ContentFile:
        found = repo.get_contents(path, ref="next")
        assert isinstance(found, ContentFile)
        return found

    root = repo.get_contents("", ref="next")
    assert isinstance(root, list)
    assert {entry.path: entry.type for entry in root} == {
        "README.md": "file",
        "link": "symlink",
        "policies": "dir",
        "theirs": "file",
    }
    assert one("policies/company.yml").decoded_content == b"kind: company\n"
    assert one("link").decoded_content == b"kind: company\n"
    assert (one("policies/outside").type, one("policies/outside").target) == (
        "symlink",
        "../../etc/passwd",
    )
    assert (one("theirs").type, one("theirs").sha) == ("submodule", other)
    with pytest.raises(github.UnknownObjectException):
        repo.get_contents("policies/company.yml")


def test_a_file_over_a_megabyte_comes_without_its_text(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    commit(emulator, {"large": b"x" * 1_000_001, "fits": b"x" * 1_000_000})

    large, fits = get(emulator, "/contents/large").json(), get(emulator, "/contents/fits").json()

    assert (large["encoding"], large["content"], large["size"]) == ("none", "", 1_000_001)
    assert fits["encoding"] == "base64"
    assert repo.get_git_blob(large["sha"]).size == 1_000_001


def test_a_comparison_starts_where_the_branches_parted(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    fork = commit(emulator, {"policies/a.yml": b"a"})
    clock.now += 60
    theirs = commit(emulator, {"policies/b.yml": b"b"}, "topic")
    clock.now += 60
    main = commit(emulator, {"policies/c.yml": b"c"})

    seen = repo.compare("main", "topic")

    assert (seen.status, seen.ahead_by, seen.behind_by) == ("diverged", 1, 1)
    assert seen.merge_base_commit.sha == fork
    assert seen.base_commit.sha == main
    assert [one.sha for one in seen.commits] == [theirs]
    assert [(f.filename, f.status) for f in seen.files] == [("policies/b.yml", "added")]
    assert repo.compare(fork, main).status == "ahead"
    assert repo.compare(main, fork).status == "behind"
    assert repo.compare("main", "acme:main").status == "identical"


def test_a_comparison_shows_300_files_on_its_first_page_only(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    base = emulator.head()
    commit(emulator, {f"f{number:03}": b"x" for number in range(302)})
    commit(emulator, {"last": b"x"})

    first = get(emulator, f"/compare/{base}...main?per_page=1")
    second = requests.get(
        first.links["next"]["url"], headers={"Authorization": "token ghp_sandbox"}, timeout=5
    ).json()

    assert (len(first.json()["files"]), len(first.json()["commits"])) == (300, 1)
    assert (second["files"], len(second["commits"])) == ([], 1)
    assert second["total_commits"] == 2


def test_a_large_commit_is_paged_by_its_files(emulator: GitHubEmulator) -> None:
    sha = commit(emulator, {f"f{number:03}": b"x" for number in range(302)})

    first = get(emulator, f"/commits/{sha}")

    assert len(first.json()["files"]) == 300
    assert first.json()["stats"] == {"total": 302, "additions": 302, "deletions": 0}
    assert first.links["next"]["url"].endswith("page=2")
    assert len(get(emulator, f"/commits/{sha}?page=2").json()["files"]) == 2


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/git/ref/heads/nowhere", 404, "Not Found"),
        ("/branches/nowhere", 404, "Branch not found"),
        ("/commits/nowhere", 422, "No commit found for SHA: nowhere"),
        (f"/commits/{NOWHERE}", 422, f"No commit found for SHA: {NOWHERE}"),
        ("/commits?sha=nowhere", 404, "Not Found"),
        (f"/git/commits/{NOWHERE}", 404, "Not Found"),
        (f"/git/trees/{NOWHERE}", 404, "Not Found"),
        (f"/git/blobs/{NOWHERE}", 404, "Not Found"),
        (
            "/git/blobs/x",
            422,
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        ),
        ("/contents/nowhere", 404, "Not Found"),
        ("/contents/README.md?ref=nowhere", 404, "No commit found for the ref nowhere"),
        ("/compare/main...nowhere", 404, "Not Found"),
        ("/compare/main...mallory:main", 404, "Not Found"),
    ],
)
def test_what_is_not_there_gets_githubs_answer(
    emulator: GitHubEmulator, path: str, status: int, message: str
) -> None:
    answer = get(emulator, path)

    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["documentation_url"].startswith("https://docs.github.com/rest/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/branches"),
        ("GET", "/tarball/main"),
        ("POST", "/git/refs"),
        ("PUT", "/contents/README.md"),
        ("GET", "/commits?path=policies"),
        ("GET", "/commits/main/pulls"),
        ("GET", "/branches/main/protection"),
        ("GET", "/pulls/1/reviews"),
        ("PUT", "/pulls/1/merge"),
    ],
)
def test_what_is_not_modelled_of_code_says_so(
    emulator: GitHubEmulator, method: str, path: str
) -> None:
    answer = requests.request(
        method,
        f"{emulator.url}/repos/acme/access{path}",
        headers={"Authorization": "token ghp_sandbox"},
        json={} if method != "GET" else None,
        timeout=5,
    )

    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]


def test_an_unchanged_answer_about_code_costs_nothing(emulator: GitHubEmulator) -> None:
    first = get(emulator, "/git/ref/heads/main")
    tag = {"If-None-Match": first.headers["ETag"], "Authorization": "token ghp_sandbox"}
    url = f"{emulator.url}/repos/acme/access/git/ref/heads/main"

    again = requests.get(url, headers=tag, timeout=5)
    commit(emulator, {"a": b"x"})
    changed: Any = requests.get(url, headers=tag, timeout=5)

    assert again.status_code == 304
    assert changed.json()["object"]["sha"] == emulator.head()
