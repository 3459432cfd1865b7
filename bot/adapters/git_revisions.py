"""Policies of any Git revision, read with the git command: nothing is checked out or written."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.adapters.policy_files.loader import load_policy, load_policy_files
from bot.adapters.policy_files.marks import Fault, Mark
from bot.adapters.policy_files.messages import printable
from bot.domain.errors import NotFound, PolicyError, Unavailable
from bot.domain.policy import Policy
from bot.domain.policy_version import (
    GIT_FILE_MODES,
    MAX_FILES,
    MAX_TOTAL_BYTES,
    NO_FILE,
    PolicyFiles,
    is_policy_file,
)
from bot.domain.quoting import quoted

_TIMEOUT_S = 30
# What git allows in a name, and its ways to say «before»; nothing that it could take for an option,
# a path inside a commit, or a range.
_REVISION = re.compile(r"(?!-)(?!.*(\.\.|:))[A-Za-z0-9._/@{}^~+#=-]{1,250}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_GIT = ("git", "--no-replace-objects", "--no-optional-locks")


@dataclass(frozen=True, kw_only=True)
class PolicyAt:
    """A policy folder as a commit has it."""

    commit: str
    content: PolicyFiles


@dataclass(frozen=True, kw_only=True)
class _Blob:
    path: str
    id: str
    size: int
    is_file: bool


def load_version(directory: Path, version: str) -> Policy:
    """Load a policy from a folder, or from what `directory` was at a Git revision.

    Raises NotFound for what is neither, PolicyError when it is broken, Unavailable without git.
    """
    folder = Path(version)
    if folder.is_dir():
        return load_policy(folder)
    found = read_revision(directory, version)
    return load_policy_files(found.content.name, found.content.files, found.commit)


def read_revision(directory: Path, revision: str) -> PolicyAt:
    """Read the policy files that a commit has in this directory, which need not be there now.

    Raises PolicyError for what is no file or too big, before anything of it is read.
    """
    if _REVISION.fullmatch(revision) is None:
        raise _unknown(revision)
    there, inside = _nearest(directory.absolute())
    top = _Git(there).line("rev-parse", "--show-toplevel")
    if not top:
        raise NotFound(
            f"{quoted(str(directory), 200)} is in no Git repository: name folders, not revisions.",
            service="git",
        )
    git = _Git(Path(top))
    commit = git.line(
        "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"
    )
    if _COMMIT.fullmatch(commit) is None:
        raise _unknown(revision)
    path = (there.resolve() / inside).relative_to(Path(top).resolve())
    name = directory.absolute().name
    files = git.files(commit, path, name)
    if not files:
        raise NotFound(
            f"There are no policy files in {quoted(path.as_posix(), 200)} at {quoted(revision)}.",
            service="git",
        )
    return PolicyAt(commit=commit, content=PolicyFiles(name=name, files=files))


def _unknown(revision: str) -> NotFound:
    return NotFound(
        f"{quoted(revision, 100)} is neither a folder nor a revision of the policies' repository.",
        service="git",
    )


def _nearest(directory: Path) -> tuple[Path, PurePosixPath]:
    """Split a path at the last folder that is there now."""
    there = directory
    while not there.is_dir():
        there = there.parent
    return there, PurePosixPath(directory.relative_to(there))


class _Git:
    """The git command in one folder, with arguments of ours and ids that were looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self, commit: str, path: Path, name: str) -> Mapping[str, bytes]:
        """Read every YAML file below a folder of a commit, but in hidden folders."""
        blobs = tuple(self._blobs(commit, path))
        strays = [f"{name}/{blob.path}" for blob in blobs if not blob.is_file]
        if strays:
            raise PolicyError(
                f"{path.as_posix()} at {commit[:12]} cannot be used",
                faults=tuple(str(Fault(printable(at), Mark(1, 1), NO_FILE)) for at in strays),
            )
        total = sum(blob.size for blob in blobs)
        if len(blobs) > MAX_FILES or total > MAX_TOTAL_BYTES:
            most = f"at most {MAX_FILES:,} files with {MAX_TOTAL_BYTES:,} bytes can be read"
            raise PolicyError(
                f"{path.as_posix()} at {commit[:12]} cannot be used: it is too big",
                faults=(f"{path.name}: error: {len(blobs):,} files, {total:,} bytes ({most})",),
            )
        contents = self._contents([blob.id for blob in blobs])
        return {blob.path: content for blob, content in zip(blobs, contents, strict=True)}

    def _blobs(self, commit: str, path: Path) -> Iterator[_Blob]:
        where = path.as_posix()
        tree = f"{commit}:{'' if where == '.' else where}"
        listed = self.run("ls-tree", "-r", "-z", "-l", tree)
        for line in listed.decode(errors="surrogateescape").split("\0"):
            facts, _, name = line.partition("\t")
            if not is_policy_file(name):
                continue
            mode, _kind, id_, size = facts.split()
            is_file = mode in GIT_FILE_MODES  # git gives a submodule's size as «-»
            yield _Blob(path=name, id=id_, size=int(size) if is_file else 0, is_file=is_file)

    def _contents(self, ids: Sequence[str]) -> Iterator[bytes]:
        wanted = "".join(f"{id_}\n" for id_ in ids)
        batch = memoryview(self.run("cat-file", "--batch", given=wanted.encode()))
        at = 0
        for _ in ids:
            end = at + bytes(batch[at : at + 200]).index(b"\n")
            size = int(bytes(batch[at:end]).split()[2])
            start = end + 1
            yield bytes(batch[start : start + size])
            at = start + size + 1

    def line(self, *arguments: str) -> str:
        return self.run(*arguments).decode(errors="replace").strip()

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what git prints; nothing when it says no."""
        try:
            done = subprocess.run(
                [*_GIT, "-C", str(self._folder), *arguments],
                input=given,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"git does not answer: {error}", service="git") from error
        return done.stdout if done.returncode == 0 else b""
