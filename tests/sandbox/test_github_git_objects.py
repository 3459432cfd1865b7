"""Git's objects in the emulated repository, judged by the real git."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import github
import pytest
from github.ContentFile import ContentFile
from github.Repository import Repository

from bot.sandbox.github import Content, GitHubEmulator, Symlink
from bot.sandbox.github.git_merge import merged_text

ANN = "octo-ann"
START = 1_800_000_000


@pytest.fixture
def emulator() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(clock=lambda: START, rate_limits=False)
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


def commit(emulator: GitHubEmulator, files: Mapping[str, Content], branch: str = "main") -> str:
    return emulator.commit_files(branch, files, "Change the policy", ANN)


class RealGit:
    """The same commits, made by git itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._head = ""
        self._run("init", "-q", "-b", "main")

    def commit(self, files: Mapping[str, Content], *, by: tuple[str, str], message: str) -> str:
        for path, content in files.items():
            self._put(self._folder / path, content)
        self._run("add", "-A")
        name, mail = by
        who = {f"GIT_{role}_NAME": name for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_EMAIL": mail for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_DATE": f"{START} +0000" for role in ("AUTHOR", "COMMITTER")}
        tree = self._run("write-tree").strip()
        parents = ["-p", self._head] if self._head else []
        text = self._folder / ".git" / "message"
        text.write_text(message)
        made = self._run("commit-tree", tree, *parents, "-F", str(text), **who)
        self._head = made.strip()
        self._run("reset", "-q", "--hard", self._head)
        return self._head

    def patch(self, path: str) -> str:
        whole = self._run("diff", "-M", "HEAD~1", "HEAD", "--", path)
        return whole[whole.index("@@") :].removesuffix("\n")

    def changed(self) -> list[str]:
        return self._run("diff", "-M", "--name-status", "HEAD~1", "HEAD").splitlines()

    def _put(self, path: Path, content: Content) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        match content:
            case None:
                path.unlink()
            case Symlink():
                path.symlink_to(content.target)
            case bytes():
                path.write_bytes(content)

    def _run(self, *arguments: str, **environ: str) -> str:
        clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **environ}
        return subprocess.run(
            ["git", *arguments],
            cwd=self._folder,
            env={**clean, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self._folder)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@pytest.fixture
def git(tmp_path: Path) -> RealGit:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    return RealGit(tmp_path)


def test_commits_have_the_ids_that_git_gives_them(
    emulator: GitHubEmulator, repo: Repository, git: RealGit
) -> None:
    first = repo.get_commit("main")
    readme = repo.get_contents("README.md")
    assert isinstance(readme, ContentFile)
    author = first.commit.author
    begun = git.commit(
        {"README.md": readme.decoded_content},
        by=(author.name, author.email),
        message="Initial commit",
    )
    assert first.sha == begun

    steps: list[dict[str, Content]] = [
        {"policies/a.yml": b"a\n" * 20, "policies-old": b"x", "policies/a/b": b"", "ü": b"\xff"},
        {"policies/b.yml": b"a\n" * 20 + b"b\n", "policies/a.yml": None, "a": Symlink(target="ü")},
    ]
    for files in steps:
        ours = commit(emulator, files)
        made = repo.get_commit(ours).commit
        theirs = git.commit(
            files, by=(made.author.name, made.author.email), message="Change the policy"
        )
        assert ours == theirs


def test_changes_and_their_patches_read_as_gits_own(
    emulator: GitHubEmulator, repo: Repository, git: RealGit
) -> None:
    lines = [f"level {number}" for number in range(40)]
    before: dict[str, Content] = {
        "policies/sales.yml": "\n".join(lines).encode(),
        "policies/old.yml": "\n".join(lines[::-1]).encode() + b"\n",
        "gone.txt": b"gone\n",
        "picture": b"\0\1",
    }
    lines[3:4], lines[30:30] = ["level three"], ["one more", "and more"]
    after: dict[str, Content] = {
        "policies/sales.yml": "\n".join(lines).encode() + b"\n",
        "policies/new.yml": b"first\n" + (before["policies/old.yml"] or b""),  # type: ignore[operator]  # these are bytes
        "policies/old.yml": None,
        "gone.txt": None,
        "picture": b"\0\2",
        "empty": b"",
    }
    commit(emulator, before)
    git.commit(before, by=("a", "b"), message="before")
    head = commit(emulator, after)
    git.commit(after, by=("a", "b"), message="after")

    files = repo.get_commit(head).files

    letters = {"added": "A", "removed": "D", "modified": "M", "renamed": "R"}
    seen = [
        "\t".join(filter(None, (letters[f.status], f.previous_filename, f.filename)))
        for f in sorted(files, key=lambda one: one.filename)
    ]
    theirs = [line.replace(line.split("\t")[0], line[0], 1) for line in git.changed()]
    assert sorted(seen) == sorted(theirs)
    patches = {f.filename: f.patch for f in files}
    assert patches["policies/sales.yml"] == git.patch("policies/sales.yml")
    assert patches["gone.txt"] == git.patch("gone.txt")
    assert patches["policies/new.yml"] == "@@ -1,3 +1,4 @@\n+first\n level 39\n level 38\n level 37"
    assert patches["picture"] is None, "a binary file has no patch"
    assert patches["empty"] is None


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a//b", ".git/config", "a/./b", ""])
def test_git_refuses_paths_that_leave_the_repository(emulator: GitHubEmulator, path: str) -> None:
    with pytest.raises(ValueError, match="git has no path"):
        commit(emulator, {path: b"x"})


@pytest.mark.parametrize("branch", ["a..b", "a b", "-x", "a.lock", "/a", "a~1", ""])
def test_git_refuses_names_that_are_no_branch(emulator: GitHubEmulator, branch: str) -> None:
    with pytest.raises(ValueError, match="git has no branch"):
        commit(emulator, {"a": b"x"}, branch)


def test_a_file_cannot_be_where_a_folder_is(emulator: GitHubEmulator) -> None:
    commit(emulator, {"policies/a": b"x"})

    with pytest.raises(ValueError, match="would be a file and a folder"):
        commit(emulator, {"policies/a/b": b"x"})
    with pytest.raises(ValueError, match="no file 'nothing'"):
        commit(emulator, {"nothing": None})


BASE = "".join(f"line {number}\n" for number in range(12))


def swapped(*edits: tuple[str, str]) -> str:
    text = BASE
    for old, new in edits:
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (swapped(("line 1\n", "one\n")), swapped(("line 8\n", "eight\nand more\n"))),
        (swapped(("line 1\n", "")), swapped(("line 9\n", ""), ("line 4\n", "four\n"))),
        (swapped(("line 5\n", "five\n")), swapped(("line 5\n", "five\n"))),
        (swapped(("line 5\n", "five\n")), swapped(("line 5\n", "5\n"))),
        (swapped(("line 5\n", "five\n")), swapped(("line 6\n", "six\n"))),
        (swapped(("line 5\n", "five\n")), swapped(("line 7\n", "seven\n"))),
        (BASE + "end\n", "start\n" + BASE),
        (BASE + "end\n", BASE + "other end\n"),
        (BASE.rstrip(), swapped(("line 0\n", "zero\n"))),
    ],
)
def test_two_changes_to_one_file_are_merged_as_git_merges_them(
    tmp_path: Path, ours: str, theirs: str
) -> None:
    names = ("ours", "base", "theirs")
    for name, text in zip(names, (ours, BASE, theirs), strict=True):
        (tmp_path / name).write_text(text)
    command = ["git", "merge-file", "-p", *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    merged = merged_text(BASE.encode(), ours.encode(), theirs.encode())

    assert merged == (None if done.returncode else done.stdout)


@pytest.mark.parametrize("unreadable", [b"\0", b"\xff\n"])
def test_what_is_no_text_is_not_merged(unreadable: bytes) -> None:
    assert merged_text(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\n" + unreadable) is None
