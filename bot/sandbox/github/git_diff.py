"""What changed between two trees, file by file, with renames and patches as GitHub shows them.

The hunks are Python's `difflib`, not git's: they say the same change, but may cut it differently.
"""

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from bot.sandbox.github.git_objects import SUBMODULE, Entry
from bot.sandbox.github.git_store import Files, GitStore

MOST_PATCH_LINES = 20_000  # docs "Limits for viewing content and diffs in a repository", one file
MOST_PATCH_BYTES = 500_000  # the same page
_LOOKED_AT = 8_000  # git looks for a NUL byte in the first 8,000 (buffer_is_binary in xdiff)
_HUNK = re.compile(r"@@ -(\d+)")
_HEADING = re.compile(r"[A-Za-z_$]")  # def_ff in xdiff, for files without a driver of their own
_MOST_HEADING = 80
_ALIKE = 0.5  # git-diff(1), --find-renames: half of the content


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One changed file; `status` is added, removed, modified or renamed."""

    path: str
    status: str
    old: bytes | None
    new: bytes | None
    sha: str
    previous: str | None = None

    @cached_property
    def _body(self) -> list[str]:
        """The hunks without the header of the file; empty where git says "Binary files differ"."""
        old, new = self.old or b"", self.new or b""
        if is_binary(old) or is_binary(new):
            return []
        before = lines_of(old.decode(errors="replace"))
        lines = difflib.unified_diff(
            before, lines_of(new.decode(errors="replace")), lineterm="", n=3
        )
        return [_headed(line, before) for number, line in enumerate(lines) if number > 1]

    @property
    def additions(self) -> int:
        return sum(line.startswith("+") for line in self._body)

    @property
    def deletions(self) -> int:
        return sum(line.startswith("-") for line in self._body)

    @property
    def patch(self) -> str | None:
        """The hunks; None for a binary file, a pure rename, or one that is too large to show."""
        text = "\n".join(_written(line) for line in self._body)
        too_large = len(self._body) > MOST_PATCH_LINES or len(text.encode()) > MOST_PATCH_BYTES
        return None if not text or too_large else text


def is_binary(data: bytes) -> bool:
    return b"\0" in data[:_LOOKED_AT]


def changes(store: GitStore, base: str | None, head: str) -> list[FileChange]:
    """Compare two trees; `base` None means that everything is new. Ordered by path, as git does."""
    old, new = store.files(base) if base else {}, store.files(head)
    gone = {path: entry for path, entry in old.items() if path not in new}
    fresh = {path: entry for path, entry in new.items() if path not in old}
    moved = _renames(store, gone, fresh)
    found = [_change(store, path, old.get(path), new.get(path)) for path in _altered(old, new)]
    found = [c for c in found if c.path not in moved and c.path not in moved.values()]
    found += [_change(store, path, gone[was], fresh[path], was) for path, was in moved.items()]
    return sorted(found, key=lambda change: change.path.encode())


def _altered(old: Files, new: Files) -> list[str]:
    return [path for path in {**old, **new} if old.get(path) != new.get(path)]


def _change(
    store: GitStore, path: str, old: Entry | None, new: Entry | None, previous: str | None = None
) -> FileChange:
    if previous is not None:
        status = "renamed"
    elif old is None:
        status = "added"
    else:
        status = "removed" if new is None else "modified"
    named = new or old
    return FileChange(
        path=path,
        status=status,
        old=_data(store, old),
        new=_data(store, new),
        sha=named.sha if named else "",
        previous=previous,
    )


def _data(store: GitStore, entry: Entry | None) -> bytes | None:
    if entry is None:
        return None
    if entry.mode == SUBMODULE:
        return f"Subproject commit {entry.sha}\n".encode()
    return store.blobs[entry.sha]


def _renames(store: GitStore, gone: Files, fresh: Files) -> dict[str, str]:
    """Pair new paths with vanished ones: the same content first, then what is half alike."""
    pairs: dict[str, str] = {}
    scored = sorted(
        (
            (score, path, was)
            for path, entry in fresh.items()
            for was, before in gone.items()
            if entry.mode == before.mode and (score := _likeness(store, before, entry)) >= _ALIKE
        ),
        key=lambda row: (-row[0], row[1], row[2]),
    )
    for _, path, was in scored:
        if path not in pairs and was not in pairs.values():
            pairs[path] = was
    return pairs


def _likeness(store: GitStore, old: Entry, new: Entry) -> float:
    """Say how much of the larger file is in the other, by lines, as git estimates it."""
    if old.sha == new.sha:
        return 1.0
    before, after = _data(store, old) or b"", _data(store, new) or b""
    if not before or not after:
        return 0.0
    shared = Counter(before.splitlines(keepends=True)) & Counter(after.splitlines(keepends=True))
    same = sum(len(line) * count for line, count in shared.items())
    return same / max(len(before), len(after))


def lines_of(text: str) -> list[str]:
    """Split at line feeds only, as git does; each line keeps its own, to tell a missing last."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _headed(line: str, before: list[str]) -> str:
    """Add what git writes after a hunk's numbers: the last line above that begins with a word."""
    if not (numbers := _HUNK.match(line)):
        return line
    above = before[: max(0, int(numbers[1]) - 1)]
    heading = next((one for one in reversed(above) if _HEADING.match(one)), "")
    return f"{line} {heading[:_MOST_HEADING].rstrip()}".rstrip()


def _written(line: str) -> str:
    if line.startswith("@@") or line.endswith("\n"):
        return line.removesuffix("\n")
    return f"{line}\n\\ No newline at end of file"
