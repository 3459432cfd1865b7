"""Merging two trees that grew from one, as «Merge pull request» does: all of it, or a conflict.

Lines are matched with Python's `difflib` and not with git's algorithm: what is merged is what git
would merge, save where the two see different lines as the ones that stayed.
"""

import difflib
from typing import NamedTuple

from bot.sandbox.github.git_diff import is_binary, lines_of
from bot.sandbox.github.git_objects import FILE, Commit, Entry
from bot.sandbox.github.git_store import GitStore


class _Edit(NamedTuple):
    """Lines `start` to `end` of the old text become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


def merged_tree(store: GitStore, fork: Commit, ours: Commit, theirs: Commit) -> str | None:
    """Write the merged tree and return its id; None if there is a conflict."""
    before, mine, new = (store.files(commit.tree) for commit in (fork, ours, theirs))
    merged: dict[str, Entry] = dict(mine)
    for path in {**before, **new}:
        entries = (before.get(path), mine.get(path), new.get(path))
        is_clean, entry = _merged_entry(store, *entries)
        if not is_clean:
            return None
        if entry is None:
            merged.pop(path, None)
        else:
            merged[path] = entry
    try:
        return store.write_files(merged)
    except ValueError:  # a file on one side is a folder on the other
        return None


def _merged_entry(
    store: GitStore, was: Entry | None, mine: Entry | None, new: Entry | None
) -> tuple[bool, Entry | None]:
    """Say whether it can be merged, and into what; a removed file is None."""
    if new in {was, mine}:
        return True, mine
    if mine == was:
        return True, new
    if was is None or mine is None or new is None or {was.mode, mine.mode, new.mode} != {FILE}:
        return False, None
    text = merged_text(*(store.blobs[entry.sha] for entry in (was, mine, new)))
    return text is not None, None if text is None else store.entry_of(text)


def merged_text(was: bytes, mine: bytes, new: bytes) -> bytes | None:
    """Apply the edits of both sides; None if two touch, which is a conflict to git as well."""
    if any(map(is_binary, (was, mine, new))):
        return None
    try:
        before, *sides = (lines_of(text.decode()) for text in (was, mine, new))
    except UnicodeDecodeError:
        return None
    ours, theirs = (_edits(before, side) for side in sides)
    for one in ours:
        for other in theirs:
            if one != other and one.start <= other.end and other.start <= one.end:
                return None
    for edit in sorted({*ours, *theirs}, reverse=True):
        before[edit.start : edit.end] = edit.lines
    return "".join(before).encode()


def _edits(before: list[str], after: list[str]) -> list[_Edit]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        _Edit(start, end, tuple(after[first:last]))
        for tag, start, end, first, last in matcher.get_opcodes()
        if tag != "equal"
    ]
