"""The repository's content in memory: blobs, trees, commits, and the refs that name them."""

import re
from collections import deque
from collections.abc import Iterator, Mapping

from bot.sandbox.github.git_objects import (
    FILE,
    FOLDER,
    SUBMODULE,
    SYMLINK,
    Commit,
    Content,
    Entry,
    Signature,
    Submodule,
    Symlink,
    Tree,
    encode_tree,
    new_commit,
    object_id,
)

_FULL = re.compile(r"[0-9a-f]{40}")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
# git-check-ref-format(1) and the paths that git itself refuses (verify_path)
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|(^|/)\.|\.lock(/|$)")
_BAD_STEP = {"", ".", "..", ".git"}

Files = Mapping[str, Entry]
"""All files of a tree by their whole path, without the folders."""


class GitStore:
    """Objects are never forgotten, as at GitHub: a commit stays readable by its id."""

    def __init__(self, default_branch: str) -> None:
        self.default_branch = default_branch
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, Tree] = {}
        self.commits: dict[str, Commit] = {}
        self.refs: dict[str, str] = {}
        """From a name without "refs/", such as heads/main, to a commit."""

    @property
    def is_empty(self) -> bool:
        return not self.refs

    def branch(self, name: str) -> str | None:
        return self.refs.get(f"heads/{name}")

    def find_commit(self, ref: str) -> Commit | None:
        """Find what a person may write: a branch, a ref, a whole id or at least seven digits."""
        names = (f"heads/{ref}", ref, ref.removeprefix("refs/"))
        sha = next((self.refs[name] for name in names if name in self.refs), None)
        if sha is None and _FULL.fullmatch(ref):
            sha = ref
        if sha is None and _SHORT.fullmatch(ref):
            found = [known for known in self.commits if known.startswith(ref)]
            sha = found[0] if len(found) == 1 else None
        return None if sha is None else self.commits.get(sha)

    # ---- writing --------------------------------------------------------------------------------

    def commit(
        self,
        *,
        tree: str,
        parents: tuple[str, ...],
        author: Signature,
        message: str,
    ) -> Commit:
        commit = new_commit(
            tree=tree, parents=parents, author=author, committer=author, message=message
        )
        self.commits[commit.sha] = commit
        return commit

    def changed(self, tree: str | None, changes: Mapping[str, Content]) -> str:
        """Write the tree that results from changes to another one, and return its id."""
        files = dict(self.files(tree)) if tree else {}
        for path, content in changes.items():
            check_path(path)
            if content is None:
                if path not in files:
                    raise ValueError(f"there is no file {path!r} to remove")
                del files[path]
            else:
                files[path] = self.entry_of(content)
        return self.write_files(files)

    def write_files(self, files: Files) -> str:
        """Write the folders above these files as trees and return the root's id."""
        folders: dict[str, dict[str, Entry]] = {"": {}}
        for path, entry in files.items():
            *steps, name = path.split("/")
            for depth in range(len(steps)):
                folders.setdefault("/".join(steps[: depth + 1]), {})
            folders["/".join(steps)][name] = entry
        root = ""
        for path in sorted(folders, key=lambda name: -name.count("/") if name else 1):
            if path in files:
                raise ValueError(f"{path!r} would be a file and a folder")
            root = self._write_tree(folders[path])
            if path:
                above, _, name = path.rpartition("/")
                folders[above][name] = Entry(mode=FOLDER, sha=root)
        return root

    def _write_tree(self, tree: Tree) -> str:
        sha = object_id("tree", encode_tree(tree))
        self.trees[sha] = dict(sorted(tree.items()))
        return sha

    def entry_of(self, content: bytes | Symlink | Submodule) -> Entry:
        """Write a file's content and return what a tree says of it."""
        match content:
            case Submodule():
                return Entry(mode=SUBMODULE, sha=content.sha)
            case Symlink():
                return Entry(mode=SYMLINK, sha=self._write_blob(content.target.encode()))
            case _:
                return Entry(mode=FILE, sha=self._write_blob(content))

    def _write_blob(self, data: bytes) -> str:
        sha = object_id("blob", data)
        self.blobs[sha] = data
        return sha

    # ---- reading --------------------------------------------------------------------------------

    def walk(self, tree: str, above: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield every entry below a tree with its path, folders before what is in them."""
        for name, entry in self.trees[tree].items():
            yield f"{above}{name}", entry
            if entry.mode == FOLDER:
                yield from self.walk(entry.sha, f"{above}{name}/")

    def files(self, tree: str) -> Files:
        return {path: entry for path, entry in self.walk(tree) if entry.mode != FOLDER}

    def entry(self, tree: str, path: str) -> Entry | None:
        """Find a file or folder; the empty path is the root."""
        found = Entry(mode=FOLDER, sha=tree)
        for step in filter(None, path.split("/")):
            inside = self.trees[found.sha] if found.mode == FOLDER else {}
            if step not in inside:
                return None
            found = inside[step]
        return found

    def history(self, sha: str) -> dict[str, Commit]:
        """Return a commit and all that it builds on, newest first."""
        found: dict[str, Commit] = {}
        waiting = deque([sha])
        while waiting:
            current = waiting.popleft()
            if current not in found:
                found[current] = self.commits[current]
                waiting.extend(found[current].parents)
        return self._newest_first(found)

    def between(self, base: str | None, head: str) -> list[Commit]:
        """Return what `head` has and `base` has not, oldest first, as compare and push list it."""
        known = self.history(base) if base in self.commits else {}
        return [commit for sha, commit in self.history(head).items() if sha not in known][::-1]

    def merge_base(self, one: str, other: str) -> Commit | None:
        """Return the newest commit that both build on; None for unrelated histories."""
        theirs = self.history(other)
        shared = {sha for sha in self.history(one) if sha in theirs}
        beneath = {parent for sha in shared for parent in self.commits[sha].parents}
        best = [self.commits[sha] for sha in shared - beneath]
        return max(best, key=lambda commit: commit.committer.at, default=None)

    def _newest_first(self, found: dict[str, Commit]) -> dict[str, Commit]:
        """Order children before parents, and by time where the history leaves it open."""
        waits = dict.fromkeys(found, 0)
        for commit in found.values():
            for parent in commit.parents:
                waits[parent] += 1
        ready = [sha for sha, count in waits.items() if not count]
        ordered: dict[str, Commit] = {}
        while ready:
            sha = max(ready, key=lambda one: found[one].committer.at)
            ready.remove(sha)
            ordered[sha] = found[sha]
            for parent in found[sha].parents:
                waits[parent] -= 1
                if not waits[parent]:
                    ready.append(parent)
        return ordered


def check_path(path: str) -> None:
    if any(step.lower() in _BAD_STEP for step in path.split("/")) or "\0" in path:
        raise ValueError(f"git has no path {path!r}")


def check_branch(name: str) -> None:
    if not name or name.startswith("-") or _BAD_REF.search(name):
        raise ValueError(f"git has no branch {name!r}")
