"""The repository where policies are reviewed: its folder at any commit, and what we say there."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.adapters.github.client import GitHubClient
from bot.adapters.github.errors import nonsense
from bot.domain.errors import NotFound
from bot.domain.policy_review import (
    FOLDER,
    MAX_TITLE,
    Annotation,
    Conclusion,
    Opinion,
    Proposal,
    Standing,
)
from bot.domain.policy_version import PolicyFiles
from bot.domain.text import clean

CHECK = "Usher policy"
STATUS = "usher/policy"
MAX_FILES, MAX_BYTES = 500, 1_000_000
"""More than that is no policy folder; a single file has the loader's own limit."""
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# Docs, "Create a check run": at most 50 annotations per call, 65,535 characters of text; a title
# has no stated limit.
_MOST_ANNOTATIONS = 50
_MAX_SUMMARY = 65_535
_MAX_MESSAGE = 1000
_CUT = "\n\nThe rest is in the comment."
# A description with such a character is refused (422, "contains unsupported characters").
_FOUR_BYTES = re.compile("[\U00010000-\U0010ffff]")


class GitHubPolicies:
    """Implements PolicyRepository and PolicyVerdicts on one repository; blobs are read once."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client
        self._blobs: dict[str, bytes] = {}

    # ---- reading --------------------------------------------------------------------------------

    def newest(self) -> str:
        """Return the commit at the tip of the default branch."""
        action = "find the policy's newest commit"
        branch = self._client.read("", action).get("default_branch")
        if not isinstance(branch, str):
            raise nonsense(action, is_write=False)
        found = self._client.read(f"/branches/{quote(branch, safe='')}", action)
        return _sha(_at(found, "commit", "sha"), action)

    def files(self, commit: str) -> PolicyFiles:
        """Return the YAML files of the policy folder at a commit, by their paths in it."""
        action = f"read the policies of {_checked(commit)[:12]}"
        tree = self._client.read(f"/git/trees/{commit}?recursive=1", action)
        rows = tree.get("tree")
        if tree.get("truncated") is True or not isinstance(rows, list):
            raise nonsense(action, is_write=False)
        wanted = [row for row in rows if _is_policy_file(row)]
        if not wanted or len(wanted) > MAX_FILES:
            raise NotFound(f"Commit {commit[:12]} has no folder {FOLDER}/.", service="github")
        blobs = {
            str(row["path"]).removeprefix(f"{FOLDER}/"): self._blob(_sha(row.get("sha"), action))
            for row in wanted
        }
        self._blobs = {sha: self._blobs[sha] for sha in (row["sha"] for row in wanted)}
        return PolicyFiles(name=FOLDER, files=blobs)

    def proposal(self, number: int) -> Proposal:
        """Return a pull request as it is now."""
        action = f"read pull request {number}"
        pull = self._client.read(f"/pulls/{number}", action)
        head, tip = (_sha(_at(pull, side, "sha"), action) for side in ("head", "base"))
        compared = self._client.read(f"/compare/{tip}...{head}", action)
        rows = self._client.read_pages(f"/pulls/{number}/files", {}, action)
        return Proposal(
            number=number,
            head=head,
            base=_sha(_at(compared, "merge_base_commit", "sha"), action),
            files=tuple(name for row in rows for name in _names(row)),
            is_open=pull.get("state") == "open",
        )

    def proposals_since(self, since: datetime) -> tuple[int, ...]:
        """List the open pull requests that changed since then, for events that never arrived."""
        action, found = "list pull requests", []
        order = {"state": "open", "sort": "updated", "direction": "desc"}
        for row in self._client.read_pages("/pulls", order, action):
            number, changed = row.get("number"), row.get("updated_at")
            if not isinstance(number, int) or not isinstance(changed, str):
                raise nonsense(action, is_write=False)
            if datetime.fromisoformat(changed) < since:
                break
            found.append(number)
        return tuple(reversed(found))

    def _blob(self, sha: str) -> bytes:
        if sha not in self._blobs:
            action = "read a policy file"
            blob = self._client.read(f"/git/blobs/{sha}", action)
            try:
                content = base64.b64decode(str(blob["content"]), validate=False)
            except (KeyError, binascii.Error) as exc:
                raise nonsense(action, is_write=False) from exc
            self._blobs[sha] = content
        return self._blobs[sha]

    # ---- saying ---------------------------------------------------------------------------------

    def set_status(self, commit: str, standing: Standing) -> None:
        """Mark a commit, unless its newest mark says the same."""
        path, action = f"/commits/{_checked(commit)}/statuses", f"mark commit {commit[:12]}"
        wanted = {
            "state": "success" if standing.is_in_force else "failure",
            "context": STATUS,
            "description": _FOUR_BYTES.sub("?", clean(standing.title, MAX_TITLE)),
        }
        ours = (
            row for row in self._client.read_pages(path, {}, action) if row.get("context") == STATUS
        )
        newest = next(ours, {})  # the newest comes first, and counts
        if any(newest.get(key) != value for key, value in wanted.items()):
            self._client.write("POST", f"/statuses/{commit}", action, wanted)

    def set_check(self, commit: str, opinion: Opinion) -> None:
        """Make the check at a commit say this, with every mistake at its line; idempotent.

        A check that says something else stays, and a new one is put beside it: GitHub shows the
        newest, and annotations can only be added.
        """
        action = f"check commit {_checked(commit)[:12]}"
        if not self._client.is_app:  # docs: users and their tokens may read checks, never write
            is_fine = opinion.conclusion is not Conclusion.FAILURE
            self.set_status(commit, Standing(is_in_force=is_fine, title=opinion.title))
            return
        check_id, written = self._same_check(commit, opinion, action)
        if check_id is None:
            first = opinion.annotations[:_MOST_ANNOTATIONS]
            body = {"name": CHECK, "head_sha": commit, **_result(opinion, first)}
            check_id = _id(self._client.write("POST", "/check-runs", action, body), action)
            written = len(first)
        for start in range(written, len(opinion.annotations), _MOST_ANNOTATIONS):
            batch = opinion.annotations[start : start + _MOST_ANNOTATIONS]
            self._client.write("PATCH", f"/check-runs/{check_id}", action, _result(opinion, batch))

    def set_label(self, number: int, label: str, *, is_on: bool) -> None:
        """Put a label on a pull request, or take it off; idempotent."""
        action = f"label pull request {number}"
        rows = self._client.read(f"/pulls/{number}", action).get("labels")
        has = {str(row.get("name")) for row in rows or () if isinstance(row, dict)}
        path = f"/issues/{number}/labels"
        if is_on and label not in has:
            self._client.write("POST", path, action, {"labels": [label]})
        elif not is_on and label in has:
            try:
                self._client.write("DELETE", f"{path}/{quote(label, safe='')}", action)
            except NotFound:
                return  # somebody was faster

    def _same_check(self, commit: str, opinion: Opinion, action: str) -> tuple[int | None, int]:
        """Find the check that says this already, and how many of its annotations are written."""
        path = f"/commits/{commit}/check-runs?check_name={quote(CHECK)}&filter=latest"
        rows = self._client.read(path, action).get("check_runs")
        if not isinstance(rows, list):
            raise nonsense(action, is_write=False)
        wanted = (str(opinion.conclusion), opinion.title, _summary(opinion))
        for row in rows:
            said = (
                row.get("conclusion"),
                _at(row, "output", "title"),
                _at(row, "output", "summary"),
            )
            if said == wanted:
                return _id(row, action), int(_at(row, "output", "annotations_count") or 0)
        return None, 0


def _summary(opinion: Opinion) -> str:
    """Cut by whole lines; GitHub counts characters and bytes."""
    if len(opinion.text.encode()) <= _MAX_SUMMARY:
        return opinion.text
    kept = opinion.text.encode()[: _MAX_SUMMARY - len(_CUT)].decode(errors="ignore")
    return kept.rpartition("\n")[0] + _CUT


def _result(opinion: Opinion, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    return {
        "status": "completed",
        "conclusion": str(opinion.conclusion),
        "output": {
            "title": opinion.title,
            "summary": _summary(opinion),
            "annotations": [_annotation(one) for one in annotations],
        },
    }


def _annotation(one: Annotation) -> dict[str, Any]:
    """Docs: columns only where start and end are on one line, so ours begin and end there."""
    columns = {"start_column": one.column, "end_column": one.column} if one.column else {}
    return {
        "path": one.file,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": "failure",
        "message": clean(one.message, _MAX_MESSAGE),
        **columns,
    }


def _is_policy_file(row: Any) -> bool:
    if not isinstance(row, dict) or row.get("type") != "blob":
        return False
    path = str(row.get("path"))
    parts = path.split("/")
    is_yaml = path.endswith((".yml", ".yaml"))
    return is_yaml and parts[0] == FOLDER and not any(part.startswith(".") for part in parts)


def _names(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A renamed file has changed under both of its names."""
    names = (row.get("filename"), row.get("previous_filename"))
    return tuple(name for name in names if isinstance(name, str))


def _at(data: Mapping[str, Any], *path: str) -> Any:
    found: Any = data
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _sha(value: Any, action: str) -> str:
    if not isinstance(value, str) or _SHA.fullmatch(value) is None:
        raise nonsense(action, is_write=False)
    return value


def _checked(commit: str) -> str:
    """Let nothing but a commit id into an address."""
    if _SHA.fullmatch(commit) is None:
        raise NotFound(f"{commit[:60]!r} is not a commit id.", service="github")
    return commit


def _id(data: Any, action: str) -> int:
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise nonsense(action, is_write=True)
    return int(data["id"])
