"""Which version of a policy this is: the Git commit when the files are exactly that commit's."""

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

_TIMEOUT_S = 10
_SHA1_DIGITS = 40


def revision(directory: Path, files: Mapping[str, bytes]) -> str:
    """Return HEAD when it holds these very files in this directory, else a digest of them.

    What was read is compared with the commit, not the work tree with it: a pull may be under way.
    """
    head = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    if head and _committed(directory, head) == _blobs(files, head):
        return head
    return f"sha256:{_digest(files)[:12]}"


def _digest(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for file, content in sorted(files.items()):
        total.update(f"{len(file.encode())} {file} {len(content)} ".encode() + content)
    return total.hexdigest()


def _committed(directory: Path, head: str) -> dict[str, str]:
    """Map the YAML files that a commit has below this directory to their blob ids."""
    found: dict[str, str] = {}
    for line in _git(directory, "ls-tree", "-r", "-z", head, "--", ".").split("\0"):
        facts, _, path = line.partition("\t")
        parts = path.split("/")
        if path.endswith((".yml", ".yaml")) and not any(part.startswith(".") for part in parts):
            found[path] = facts.rpartition(" ")[2]
    return found


def _blobs(files: Mapping[str, bytes], head: str) -> dict[str, str]:
    """Compute the ids that Git gives to these contents, by the hash that the repository uses."""
    name = "sha1" if len(head) == _SHA1_DIGITS else "sha256"
    return {
        file: hashlib.new(
            name, b"blob %d\0" % len(content) + content, usedforsecurity=False
        ).hexdigest()
        for file, content in files.items()
    }


def _git(directory: Path, *arguments: str) -> str:
    """Run git there; whatever goes wrong means that this is no work tree to speak of."""
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")
