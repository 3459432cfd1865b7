"""Branches, commits and comparisons over REST (docs "Commits", "Branches")."""

from flask import Response, request

from bot.sandbox.github import errors, inputs
from bot.sandbox.github.endpoints import Call, Endpoint, NotModelledError, answer
from bot.sandbox.github.git_objects import Commit

_REPO = "/repos/<owner>/<repo>"
_READ = ("contents", "read")
MOST_FILES_OF_COMMIT = 3_000  # docs "Get a commit": 300 on a page, 3,000 in all
MOST_FILES_OF_COMPARISON = 300  # docs "Compare two commits": on the first page, and no more
FILES_A_PAGE = 300
COMMITS_OF_COMPARISON = 250  # the same page: without paging, the newest 250


def commit_endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            route=f"GET {_REPO}/branches/<path:name>",
            docs="rest/branches/branches#get-a-branch",
            view=get_branch,
            needs=_READ,
        ),
        Endpoint(
            route=f"GET {_REPO}/commits",
            docs="rest/commits/commits#list-commits",
            view=list_commits,
            needs=_READ,
            query=frozenset({"sha", *inputs.PAGE_QUERY}),
        ),
        Endpoint(
            route=f"GET {_REPO}/commits/<path:ref>",
            docs="rest/commits/commits#get-a-commit",
            view=get_commit,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
        Endpoint(
            route=f"GET {_REPO}/compare/<path:basehead>",
            docs="rest/commits/commits#compare-two-commits",
            view=compare,
            needs=_READ,
            query=inputs.PAGE_QUERY,
        ),
    ]


def get_branch(call: Call, name: str) -> Response:
    sha = call.service.code.store.branch(name)
    if sha is None:
        _refuse_unmodelled(name, "protection", "rename")
        raise errors.not_found("Branch not found")
    return answer(call.code_shapes.branch(name, sha))


def list_commits(call: Call) -> Response:
    ref = inputs.argument("sha") or call.service.repository.default_branch
    commit = call.service.code.store.find_commit(ref)
    if commit is None:
        raise errors.not_found()
    history = list(call.service.code.store.history(commit.sha).values())
    return inputs.paginated(history, call.code_shapes.commit)


def get_commit(call: Call, ref: str) -> Response:
    code, shapes = call.service.code, call.code_shapes
    if code.store.find_commit(ref) is None:
        _refuse_unmodelled(ref, "branches-where-head", "check-suites", "comments", "pulls")
    commit = known_commit(call, ref)
    parent = code.store.commits[commit.parents[0]] if commit.parents else None
    found = code.changes(parent, commit)
    page = inputs.page_of(found[:MOST_FILES_OF_COMMIT], per_page=FILES_A_PAGE, most=FILES_A_PAGE)
    added, deleted = (
        sum(getattr(change, name) for change in found) for name in ("additions", "deletions")
    )
    body = {
        **shapes.commit(commit),
        "stats": {"total": added + deleted, "additions": added, "deletions": deleted},
        "files": [shapes.file(change, commit.sha) for change in page.rows],
    }
    return answer(body, headers=page.headers)


def compare(call: Call, basehead: str) -> Response:
    """Compare with where the two parted (docs "About comparing branches", three dots)."""
    base_ref, dots, head_ref = basehead.partition("...")
    store, shapes = call.service.code.store, call.code_shapes
    base, head = _side(call, base_ref), _side(call, head_ref)
    if not dots or base is None or head is None:
        raise errors.not_found()
    fork = store.merge_base(base.sha, head.sha)
    if fork is None:
        raise errors.not_found(f"No common ancestor between {base_ref} and {head_ref}.")
    ahead, behind = store.between(base.sha, head.sha), store.between(head.sha, base.sha)
    is_paged = bool(inputs.argument("page") or inputs.argument("per_page"))
    commits = ahead if is_paged else ahead[-COMMITS_OF_COMPARISON:]
    page = inputs.page_of(commits, per_page=COMMITS_OF_COMPARISON, most=COMMITS_OF_COMPARISON)
    found = call.service.code.changes(fork, head) if page.number == 1 else []
    name = call.service.repository.full_name
    url = f"{call.shapes.base}/repos/{name}/compare/{basehead}"
    web = f"{call.shapes.base}/{name}/compare/{basehead}"
    owner = call.service.repository.owner.login
    body = {
        "url": url,
        "html_url": web,
        "permalink_url": f"{call.shapes.base}/{name}/compare/"
        f"{owner}:{base.sha[:7]}...{owner}:{head.sha[:7]}",
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": shapes.commit(base),
        "merge_base_commit": shapes.commit(fork),
        "status": _relation(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(commit) for commit in page.rows],
        "files": [shapes.file(change, head.sha) for change in found[:MOST_FILES_OF_COMPARISON]],
    }
    return answer(body, headers=page.headers)


def known_commit(call: Call, ref: str) -> Commit:
    """Find a commit by branch or id, or raise what GitHub answers where it wants a commit."""
    commit = call.service.code.store.find_commit(ref)
    if commit is None:
        raise errors.GitHubError(422, f"No commit found for SHA: {ref}")
    return commit


def _refuse_unmodelled(name: str, *parts: str) -> None:
    """Tell a slash in a name from a part of the API that is not here."""
    if any(f"/{part}/" in f"{name}/" for part in parts):
        raise NotModelledError(f"GET {request.path}")


def _side(call: Call, ref: str) -> Commit | None:
    """Read one side, `branch` or `owner:branch`; there are no forks here."""
    owner, colon, name = ref.partition(":")
    if colon and owner.lower() != call.service.repository.owner.login.lower():
        return None
    return call.service.code.store.find_commit(name if colon else ref)


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"
