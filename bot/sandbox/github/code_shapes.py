"""The JSON of commits, files, pull requests, checks and statuses (docs: each endpoint's schema)."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.sandbox.github.code import CodeBase
from bot.sandbox.github.code_state import CheckRun, CheckSuite, Status
from bot.sandbox.github.git_diff import FileChange
from bot.sandbox.github.git_objects import FOLDER, SUBMODULE, Commit, Entry, Signature
from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.shapes import Json, Shapes
from bot.sandbox.github.state import (
    Accounts,
    Repository,
    User,
    node_id,
    timestamp,
)

MOST_IN_CONTENTS = 1_000_000  # docs "Get repository content": larger than 1 MB comes without text
_CONTENT_TYPES = {"120000": "symlink", SUBMODULE: "submodule", FOLDER: "dir"}


class CodeShapes:
    """Draws what is said about code, for a caller whom `shapes` knows."""

    def __init__(
        self,
        shapes: Shapes,
        *,
        repository: Repository,
        accounts: Accounts,
        app: AppIdentity,
        code: CodeBase,
    ) -> None:
        self._shapes = shapes
        self._repository = repository
        self._accounts = accounts
        self._app = app
        self._code = code
        self._url = f"{shapes.base}/repos/{repository.full_name}"
        self._page = f"{shapes.base}/{repository.full_name}"

    # ---- git ------------------------------------------------------------------------------------

    def ref(self, name: str, sha: str) -> Json:
        return {
            "ref": f"refs/{name}",
            "node_id": _opaque("REF", f"refs/{name}"),
            "url": f"{self._url}/git/refs/{quote(name)}",
            "object": {"sha": sha, "type": "commit", "url": f"{self._url}/git/commits/{sha}"},
        }

    def git_commit(self, commit: Commit) -> Json:
        return {
            "sha": commit.sha,
            "node_id": _opaque("C", commit.sha),
            "url": f"{self._url}/git/commits/{commit.sha}",
            "html_url": f"{self._page}/commit/{commit.sha}",
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "tree": self._tree_link(commit),
            "message": commit.message,
            "parents": [self._parent(sha, "git/commits") for sha in commit.parents],
            "verification": _UNSIGNED,
        }

    def tree_entry(self, path: str, entry: Entry) -> Json:
        drawn = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.mode == SUBMODULE:  # lives in another repository, so there is nothing to link
            return drawn
        if entry.kind == "blob":
            drawn["size"] = len(self._code.store.blobs[entry.sha])  # type: ignore[assignment]  # the one number
        return {**drawn, "url": f"{self._url}/git/{entry.kind}s/{entry.sha}"}

    def tree(self, sha: str, entries: list[Json], *, is_truncated: bool) -> Json:
        url = f"{self._url}/git/trees/{sha}"
        return {"sha": sha, "url": url, "tree": entries, "truncated": is_truncated}

    def blob(self, sha: str) -> Json:
        data = self._code.store.blobs[sha]
        return {
            "sha": sha,
            "node_id": _opaque("B", sha),
            "size": len(data),
            "url": f"{self._url}/git/blobs/{sha}",
            "content": _base64(data),
            "encoding": "base64",
        }

    def content(self, path: str, entry: Entry, ref: str, *, in_folder: bool = False) -> Json:
        """Draw a file or folder; in a folder's listing a file comes without its text."""
        store = self._code.store
        kind = _CONTENT_TYPES.get(entry.mode, "file")
        data = store.blobs.get(entry.sha, b"")
        url = f"{self._url}/contents/{quote(path)}?ref={quote(ref, safe='')}"
        git = f"{self._url}/git/{'trees' if entry.mode == FOLDER else 'blobs'}/{entry.sha}"
        view = "tree" if entry.mode in {FOLDER, SUBMODULE} else "blob"
        page = f"{self._page}/{view}/{quote(ref)}/{quote(path)}"
        has_text = kind in {"file", "symlink"}
        drawn: Json = {
            "name": path.rsplit("/", 1)[-1],
            "path": path,
            "sha": entry.sha,
            "size": len(data),
            "url": url,
            "html_url": page,
            "git_url": git,
            "download_url": f"{self._page}/raw/{quote(ref)}/{quote(path)}" if has_text else None,
            # docs: a folder's listing calls a submodule a file, for compatibility
            "type": "file" if in_folder and kind == "submodule" else kind,
            "_links": {"self": url, "git": git, "html": page},
        }
        if in_folder or kind == "dir":
            return drawn
        if kind == "symlink":
            return {**drawn, "target": data.decode(errors="replace")}
        if kind == "submodule":
            return {**drawn, "submodule_git_url": None}
        is_large = len(data) > MOST_IN_CONTENTS
        text = "" if is_large else _base64(data)
        return {**drawn, "content": text, "encoding": "none" if is_large else "base64"}

    # ---- commits --------------------------------------------------------------------------------

    def commit(self, commit: Commit) -> Json:
        url = f"{self._url}/commits/{commit.sha}"
        return {
            "sha": commit.sha,
            "node_id": _opaque("C", commit.sha),
            "commit": {
                "author": _signature(commit.author),
                "committer": _signature(commit.committer),
                "message": commit.message,
                "tree": self._tree_link(commit),
                "url": f"{self._url}/git/commits/{commit.sha}",
                "comment_count": 0,
                "verification": _UNSIGNED,
            },
            "url": url,
            "html_url": f"{self._page}/commit/{commit.sha}",
            "comments_url": f"{url}/comments",
            "author": self._account(commit.author),
            "committer": self._account(commit.committer),
            "parents": [self._parent(sha, "commits") for sha in commit.parents],
        }

    def branch(self, name: str, sha: str) -> Json:
        here = f"{self._url}/branches/{quote(name)}"
        return {
            "name": name,
            "commit": self.commit(self._code.store.commits[sha]),
            "_links": {"self": here, "html": f"{self._page}/tree/{quote(name)}"},
            "protected": False,
            "protection": {
                "enabled": False,
                "required_status_checks": {
                    "enforcement_level": "off",
                    "contexts": [],
                    "checks": [],
                },
            },
            "protection_url": f"{here}/protection",
        }

    def file(self, change: FileChange, head: str) -> Json:
        path = quote(change.path)
        drawn = {
            "sha": change.sha,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{self._page}/blob/{head}/{path}",
            "raw_url": f"{self._page}/raw/{head}/{path}",
            "contents_url": f"{self._url}/contents/{path}?ref={head}",
        }
        if (patch := change.patch) is not None:
            drawn["patch"] = patch
        if change.previous is not None:
            drawn["previous_filename"] = change.previous
        return drawn

    def pushed_commit(self, commit: Commit, *, is_distinct: bool) -> Json:
        """Draw a commit as webhooks do, with the paths that it changed."""
        parent = self._code.store.commits[commit.parents[0]] if commit.parents else None
        found = self._code.changes(parent, commit)
        renamed = [one for one in found if one.status == "renamed"]
        return {
            **self.short_commit(commit),
            "distinct": is_distinct,
            "url": f"{self._page}/commit/{commit.sha}",
            "author": self._pusher(commit.author),
            "committer": self._pusher(commit.committer),
            "added": sorted(_paths(found, "added") + [one.path for one in renamed]),
            "removed": sorted(
                _paths(found, "removed") + [one.previous for one in renamed if one.previous]
            ),
            "modified": _paths(found, "modified"),
        }

    def short_commit(self, commit: Commit) -> Json:
        return {
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": datetime.fromtimestamp(commit.author.at, UTC).isoformat(),
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
        }

    # ---- checks and statuses --------------------------------------------------------------------

    def check_run(self, run: CheckRun) -> Json:
        url = f"{self._url}/check-runs/{run.id}"
        return {
            "id": run.id,
            "name": run.name,
            "node_id": node_id("CR", run.id),
            "head_sha": run.suite.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": f"{self._page}/runs/{run.id}",
            "details_url": run.details_url or f"{self._shapes.base}/apps/{self._app.slug}",
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": timestamp(run.started_at),
            "completed_at": None if run.completed_at is None else timestamp(run.completed_at),
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": run.suite.id},
            "app": self._shapes.app(),
            "pull_requests": self._short_pulls(run.suite.head_sha),
        }

    def annotation(self, run: CheckRun, annotation: Json) -> Json:
        optional = ("start_column", "end_column", "title", "raw_details")
        sha = run.suite.head_sha
        return {
            **dict.fromkeys(optional),
            **annotation,
            "blob_href": f"{self._page}/blob/{sha}/{quote(annotation['path'])}",
        }

    def check_suite(self, suite: CheckSuite) -> Json:
        """Draw with what only the suite's own events say."""
        short = self.short_suite(suite)
        return {
            **short,
            "rerequestable": True,
            "runs_rerequestable": True,
            "latest_check_runs_count": len({run.name for run in suite.runs}),
            "check_runs_url": f"{short['url']}/check-runs",
            "head_commit": self.short_commit(self._code.store.commits[suite.head_sha]),
        }

    def short_suite(self, suite: CheckSuite) -> Json:
        url = f"{self._url}/check-suites/{suite.id}"
        return {
            "id": suite.id,
            "node_id": node_id("CS", suite.id),
            "head_branch": suite.head_branch or None,
            "head_sha": suite.head_sha,
            "status": suite.status,
            "conclusion": suite.conclusion,
            "url": url,
            "before": suite.before,
            "after": suite.head_sha,
            "pull_requests": self._short_pulls(suite.head_sha),
            "app": self._shapes.app(),
            "created_at": timestamp(suite.created_at),
            "updated_at": timestamp(suite.updated_at),
        }

    def status(self, status: Status, *, with_creator: bool = True) -> Json:
        creator = self._shapes.user(status.creator)
        at = timestamp(status.created_at)
        drawn = {
            "url": f"{self._url}/statuses/{status.sha}",
            "avatar_url": creator["avatar_url"],
            "id": status.id,
            "node_id": node_id("SC", status.id),
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": at,
            "updated_at": at,
        }
        return {**drawn, "creator": creator} if with_creator else drawn

    def _short_pulls(self, sha: str) -> list[Json]:
        repo = {"id": self._repository.id, "url": self._url, "name": self._repository.name}
        return [
            {
                "url": f"{self._url}/pulls/{pull.number}",
                "id": pull.pull_id,
                "number": pull.number,
                "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": repo},
                "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo},
            }
            for pull in self._code.pulls_at(sha)
        ]

    def _tree_link(self, commit: Commit) -> Json:
        return {"sha": commit.tree, "url": f"{self._url}/git/trees/{commit.tree}"}

    def _parent(self, sha: str, where: str) -> Json:
        page = f"{self._page}/commit/{sha}"
        return {"sha": sha, "url": f"{self._url}/{where}/{sha}", "html_url": page}

    def _account(self, signature: Signature) -> Json | None:
        user = self._user(signature)
        return None if user is None else self._shapes.user(user)

    def _pusher(self, signature: Signature) -> Json:
        user = self._user(signature)
        named = {"name": signature.name, "email": signature.email}
        return named if user is None else {**named, "username": user.login}

    def _user(self, signature: Signature) -> User | None:
        login = signature.email.partition("@")[0].partition("+")[2]
        return self._accounts.find(login)


_UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _paths(found: Iterable[FileChange], status: str) -> list[str]:
    return [one.path for one in found if one.status == status]


def _signature(signature: Signature) -> Json:
    return {
        "name": signature.name,
        "email": signature.email,
        "date": timestamp(signature.at),
    }


def _base64(data: bytes) -> str:
    """Encode as GitHub does: a line feed after 60 characters and at the end."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[at : at + 60]}\n" for at in range(0, len(text), 60))


def _opaque(prefix: str, name: Any) -> str:
    return f"{prefix}_kwDO{base64.urlsafe_b64encode(str(name).encode()).decode().rstrip('=')}"
