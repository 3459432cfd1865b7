"""Git's own objects and a repository's content over REST (docs "Git database", "Contents")."""

import posixpath
import re

from flask import Response, request

from bot.sandbox.github import errors
from bot.sandbox.github.endpoints import Call, Endpoint, View, answer
from bot.sandbox.github.git_objects import FOLDER, SYMLINK, Commit, Entry
from bot.sandbox.github.shapes import Json

_REPO = "/repos/<owner>/<repo>"
_READ = ("contents", "read")
_SHA = re.compile(r"[0-9a-f]{40}")
MOST_IN_FOLDER = 1_000  # docs "Get repository content"
MOST_TREE_BYTES = 7_000_000  # docs "Get a tree"
MOST_BLOB_BYTES = 100_000_000  # docs "Get a blob"


def git_endpoints() -> list[Endpoint]:
    git = f"{_REPO}/git"
    contents = "rest/repos/contents#get-repository-content"
    endpoints: list[tuple[str, str, View, frozenset[str]]] = [
        (f"GET {git}/ref/<path:ref>", "rest/git/refs#get-a-reference", get_ref, frozenset()),
        (
            f"GET {git}/commits/<sha>",
            "rest/git/commits#get-a-commit-object",
            get_commit,
            frozenset(),
        ),
        (
            f"GET {git}/trees/<path:ref>",
            "rest/git/trees#get-a-tree",
            get_tree,
            frozenset({"recursive"}),
        ),
        (f"GET {git}/blobs/<sha>", "rest/git/blobs#get-a-blob", get_blob, frozenset()),
        (f"GET {_REPO}/contents/", contents, get_root, frozenset({"ref"})),
        (f"GET {_REPO}/contents/<path:path>", contents, get_content, frozenset({"ref"})),
    ]
    return [
        Endpoint(route=route, docs=docs, view=view, needs=_READ, query=query)
        for route, docs, view, query in endpoints
    ]


def get_ref(call: Call, ref: str) -> Response:
    sha = call.service.code.store.refs.get(ref)
    if sha is None:
        raise errors.not_found()
    return answer(call.code_shapes.ref(ref, sha))


def get_commit(call: Call, sha: str) -> Response:
    commit = call.service.code.store.commits.get(sha)
    if commit is None:
        raise errors.not_found()
    return answer(call.code_shapes.git_commit(commit))


def get_tree(call: Call, ref: str) -> Response:
    """`recursive` counts by being there, whatever it says. What is too much is cut, and said."""
    store = call.service.code.store
    commit = store.find_commit(ref)
    sha = commit.tree if commit else ref
    if sha not in store.trees:
        raise errors.not_found()
    rows = store.walk(sha) if "recursive" in request.args else store.trees[sha].items()
    found: list[Json] = []
    size = 0
    for path, entry in rows:
        drawn = call.code_shapes.tree_entry(path, entry)
        size += len(str(drawn))
        if len(found) >= call.service.most_tree_entries or size > MOST_TREE_BYTES:
            return answer(call.code_shapes.tree(sha, found, is_truncated=True))
        found.append(drawn)
    return answer(call.code_shapes.tree(sha, found, is_truncated=False))


def get_blob(call: Call, sha: str) -> Response:
    if not _SHA.fullmatch(sha):
        text = "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."
        raise errors.GitHubError(422, text)
    data = call.service.code.store.blobs.get(sha)
    if data is None:
        raise errors.not_found()
    if len(data) > MOST_BLOB_BYTES:
        error = {"resource": "Blob", "field": "data", "code": "too_large"}
        text = "This API returns blobs up to 100 MB in size."
        raise errors.GitHubError(403, text, errors=[error])
    return answer(call.code_shapes.blob(sha))


def get_root(call: Call) -> Response:
    return get_content(call, "")


def get_content(call: Call, path: str) -> Response:
    """A folder is a list of at most 1,000; a link to a file is the file (docs)."""
    ref = request.args.get("ref") or call.service.repository.default_branch
    store, shapes = call.service.code.store, call.code_shapes
    commit = store.find_commit(ref)
    if commit is None:
        raise errors.not_found(f"No commit found for the ref {ref}")
    path = path.strip("/")
    entry = store.entry(commit.tree, path)
    if entry is None:
        raise errors.not_found()
    if entry.mode == FOLDER:
        inside = sorted(store.trees[entry.sha].items())[:MOST_IN_FOLDER]
        return answer(
            [
                shapes.content(f"{path}/{name}".strip("/"), one, ref, in_folder=True)
                for name, one in inside
            ]
        )
    if entry.mode == SYMLINK:
        entry = _followed(call, commit, path, entry)
    return answer(shapes.content(path, entry, ref))


def _followed(call: Call, commit: Commit, path: str, link: Entry) -> Entry:
    """Return the file that a link leads to, or the link if that is no file in the repository."""
    store = call.service.code.store
    target = store.blobs[link.sha].decode(errors="replace")
    where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    found = None if where.startswith(("/", "..")) else store.entry(commit.tree, where)
    return found if found is not None and found.kind == "blob" and found.mode != SYMLINK else link
