"""The repository where policies are reviewed: its folder at any commit, and what we say there."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.adapters.github.client import GitHubClient
from bot.adapters.github.errors import nonsense
from bot.domain.errors import NotFound, PolicyError, Unavailable
from bot.domain.policy_review import (
    FOLDER,
    MAX_TITLE,
    Annotation,
    Conclusion,
    Opinion,
    Proposal,
    Standing,
)
from bot.domain.policy_version import (
    GIT_FILE_MODES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_TOTAL_BYTES,
    NO_FILE,
    TOO_BIG,
    TOO_LONG,
    TOO_MANY,
    PolicyFiles,
    is_policy_file,
)
from bot.domain.text import clean

CHECK = "Usher policy"
STATUS = "usher/policy"
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
    """Implements PolicyRepository and PolicyVerdicts on one repository.

    What the folder that was read last had in it is not fetched again for the next one.
    """

    def __init__(self, client: GitHubClient) -> None:
        self._client = client
        # Replaced as a whole and never changed, so that threads may share it.
        self._last_read: Mapping[str, bytes] = {}

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
        """Return the YAML files of the policy folder at a commit, by their paths in it.

        Raises PolicyError for what is no file or too big, before anything of it is fetched.
        """
        action = f"read the policies of {_checked(commit)[:12]}"
        rows = self._tree(f"{commit}?recursive=1", action)
        wanted = {file: row for row in rows if (file := _policy_file(row))}
        if not wanted:
            raise NotFound(f"Commit {commit[:12]} has no folder {FOLDER}/.", service="github")
        if faults := tuple(_unreadable(wanted, action)):
            raise PolicyError(f"{FOLDER} of {commit[:12]} cannot be used", faults=faults)
        ids = {file: _sha(row.get("sha"), action) for file, row in wanted.items()}
        known, blobs = self._last_read, {}
        for sha in set(ids.values()):
            blobs[sha] = known[sha] if sha in known else self._blob(sha)
        self._last_read = blobs
        return PolicyFiles(name=FOLDER, files={file: blobs[sha] for file, sha in ids.items()})

    def proposal(self, number: int) -> Proposal:
        """Return a pull request as it is now."""
        action = f"read pull request {number}"
        pull = self._client.read(f"/pulls/{number}", action)
        head, tip = (_sha(_at(pull, side, "sha"), action) for side in ("head", "base"))
        compared = self._client.read(f"/compare/{tip}...{head}", action)
        base = _sha(_at(compared, "merge_base_commit", "sha"), action)
        # Not from the list of changed files, of which GitHub shows the first 3,000.
        return Proposal(
            number=number,
            head=head,
            base=base,
            touches_policy=self._folder(base, action) != self._folder(head, action),
            is_open=pull.get("state") == "open",
        )

    def proposal_head(self, number: int) -> str:
        """Return the newest commit of a pull request, to see whether it moved meanwhile."""
        action = f"read pull request {number}"
        return _sha(_at(self._client.read(f"/pulls/{number}", action), "head", "sha"), action)

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

    def _folder(self, commit: str, action: str) -> tuple[Any, Any] | None:
        """Return what names everything in the policy folder of a commit; None without one."""
        rows = self._tree(commit, action)
        found = (row for row in rows if row.get("path") == FOLDER)
        return next(((row.get("mode"), row.get("sha")) for row in found), None)

    def _tree(self, which: str, action: str) -> list[dict[str, Any]]:
        tree = self._there(f"/git/trees/{which}", action)
        rows = tree.get("tree")
        is_list = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        if tree.get("truncated") is True or not is_list:
            raise nonsense(action, is_write=False)
        return list(rows or ())

    def _blob(self, sha: str) -> bytes:
        action = "read a policy file"
        blob = self._there(f"/git/blobs/{sha}", action)
        try:
            return base64.b64decode(str(blob["content"]), validate=False)
        except (KeyError, binascii.Error) as exc:
            raise nonsense(action, is_write=False) from exc

    def _there(self, path: str, action: str) -> dict[str, Any]:
        """Fetch what must be there: right after a push GitHub may not have it everywhere."""
        try:
            return self._client.read(path, action)
        except NotFound as gone:
            raise Unavailable(gone.detail, service=gone.service, code=gone.code) from gone

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


def _policy_file(row: Mapping[str, Any]) -> str:
    """Return a row's path in the policy folder if it is for us; links and submodules are too."""
    folder, _, file = str(row.get("path")).partition("/")
    is_ours = folder == FOLDER and row.get("type") != "tree" and is_policy_file(file)
    return file if is_ours else ""


def _unreadable(rows: Mapping[str, Mapping[str, Any]], action: str) -> Iterator[str]:
    """Say which files are none or too long, and whether they are too many."""
    company, total = f"{FOLDER}/company.yml:1:1: error:", 0
    if len(rows) > MAX_FILES:
        yield f"{company} {TOO_MANY}"
        return
    for file, row in rows.items():
        name = "".join(letter if letter.isprintable() else "?" for letter in file)
        place, size = f"{FOLDER}/{name}:1:1: error:", row.get("size")
        if row.get("mode") not in GIT_FILE_MODES:
            yield f"{place} {NO_FILE}"
        elif not isinstance(size, int):
            raise nonsense(action, is_write=False)
        elif size > MAX_FILE_BYTES:
            yield f"{place} {TOO_LONG}"
        else:
            total += size
    if total > MAX_TOTAL_BYTES:
        yield f"{company} {TOO_BIG}"


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
