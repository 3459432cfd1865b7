"""Git's objects and their ids, byte for byte as git writes them (Pro Git, "Git Objects")."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FILE, SYMLINK, SUBMODULE, FOLDER = "100644", "120000", "160000", "040000"
NO_COMMIT = "0" * 40
"""What a push says of a branch that was not there before, or is not any more."""


@dataclass(frozen=True, kw_only=True)
class Symlink:
    """A link in the repository to `target`, written as git does: the target is the blob."""

    target: str


@dataclass(frozen=True, kw_only=True)
class Submodule:
    """A commit of another repository at this path."""

    sha: str


Content = bytes | Symlink | Submodule | None
"""What a commit puts at a path; None removes what is there."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a tree; `mode` as the API writes it, six digits."""

    mode: str
    sha: str

    @property
    def kind(self) -> str:
        return {FOLDER: "tree", SUBMODULE: "commit"}.get(self.mode, "blob")


Tree = Mapping[str, Entry]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who made a commit and when, in seconds; the sandbox lives in UTC."""

    name: str
    email: str
    at: int

    def encoded(self) -> bytes:
        return f"{self.name} <{self.email}> {self.at} +0000".encode()


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit object; the first parent is the branch it was made on."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


def object_id(kind: str, data: bytes) -> str:
    header = f"{kind} {len(data)}\0".encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def encode_tree(tree: Tree) -> bytes:
    """Write entries in git's order: a folder sorts as if its name ended with a slash."""

    def order(item: tuple[str, Entry]) -> bytes:
        name, entry = item
        return (f"{name}/" if entry.mode == FOLDER else name).encode()

    return b"".join(
        f"{entry.mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(entry.sha)
        for name, entry in sorted(tree.items(), key=order)
    )


def new_commit(
    *,
    tree: str,
    parents: Iterable[str],
    author: Signature,
    committer: Signature,
    message: str,
) -> Commit:
    parents = tuple(parents)
    lines = [f"tree {tree}".encode(), *(f"parent {sha}".encode() for sha in parents)]
    lines += [b"author " + author.encoded(), b"committer " + committer.encoded(), b""]
    data = b"\n".join(lines) + b"\n" + message.encode()
    parts: dict[str, Any] = {"author": author, "committer": committer, "message": message}
    return Commit(sha=object_id("commit", data), tree=tree, parents=parents, **parts)
