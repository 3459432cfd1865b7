"""Pull requests over REST by the real PyGithub, and what people do to them in the browser."""

from collections.abc import Iterator
from typing import Any

import github
import pytest
import requests
from github.Repository import Repository

from bot.sandbox.github import GitHubEmulator, GitHubError

ANN, BEA = "octo-ann", "octo-bea"
BODIES = {"comments": {"body": "x"}, "labels": {"labels": ["x"]}}
START = 1_800_000_000


class Clock:
    def __init__(self) -> None:
        self.now: float = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(clock=clock, rate_limits=False)
    emulator.serve()
    emulator.commit_files("main", {"policies/a.yml": b"a\n"}, "Begin", ANN)
    emulator.commit_files("topic", {"policies/a.yml": b"b\n"}, "Loosen", ANN)
    yield emulator
    emulator.close()


@pytest.fixture
def repo(emulator: GitHubEmulator) -> Iterator[Repository]:
    with github.Github(
        auth=github.Auth.Token("ghp_sandbox"),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        yield client.get_repo("acme/access")


def as_app(emulator: GitHubEmulator, permissions: dict[str, str], call: str) -> requests.Response:
    """Send "METHOD /path" with a token of the App that has just these permissions."""
    issued = emulator._service.credentials.issue_token(permissions)
    method, path = call.split()
    return requests.request(
        method,
        f"{emulator.url}/repos/acme/access{path}",
        headers={"Authorization": f"token {issued.token}"},
        json=BODIES.get(path.rsplit("/", 1)[-1]) if method == "POST" else None,
        timeout=5,
    )


def test_a_pull_request_tells_what_it_changes(emulator: GitHubEmulator, repo: Repository) -> None:
    number = emulator.open_pull("topic", "Loosen a rule", "Please.", ANN)

    pull = repo.get_pull(number)

    assert (pull.title, pull.body, pull.state, pull.user.login) == (
        "Loosen a rule",
        "Please.",
        "open",
        ANN,
    )
    assert (pull.head.ref, pull.head.sha) == ("topic", emulator.head("topic"))
    assert (pull.base.ref, pull.base.sha) == ("main", emulator.head())
    assert (pull.changed_files, pull.additions, pull.deletions, pull.commits) == (1, 1, 1, 1)
    assert (pull.mergeable, pull.mergeable_state, pull.merged) == (True, "clean", False)
    (file,) = pull.get_files()
    assert (file.filename, file.status, file.patch) == (
        "policies/a.yml",
        "modified",
        "@@ -1 +1 @@\n-a\n+b",
    )
    assert [commit.commit.message for commit in pull.get_commits()] == ["Loosen"]
    assert repo.get_git_ref(f"pull/{number}/head").object.sha == pull.head.sha


def test_the_files_of_a_pull_request_are_paged(emulator: GitHubEmulator, repo: Repository) -> None:
    files = {f"policies/{number:02}.yml": b"x" for number in range(65)}
    emulator.commit_files("large", files, "Much", ANN)
    number = emulator.open_pull("large", "Much", "", ANN)

    answer = requests.get(
        f"{emulator.url}/repos/acme/access/pulls/{number}/files?per_page=50",
        headers={"Authorization": "token ghp_sandbox"},
        timeout=5,
    )

    assert len(answer.json()) == 50
    assert answer.links["next"]["url"].endswith("page=2")
    assert [file.filename for file in repo.get_pull(number).get_files()] == sorted(files)


def test_pull_requests_are_found_by_state_branch_and_order(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    first = emulator.open_pull("topic", "One", "", ANN)
    clock.now += 60
    emulator.commit_files("other", {"b": b"b"}, "Two", BEA)
    second = emulator.open_pull("other", "Two", "", BEA)
    emulator.close_pull(first, ANN)

    def numbers(**query: str) -> list[int]:
        return [pull.number for pull in repo.get_pulls(**query)]

    assert numbers() == [second]
    assert numbers(state="closed") == [first]
    assert numbers(state="all") == [second, first]
    assert numbers(state="all", sort="updated") == [first, second]
    assert numbers(state="all", head="acme:topic") == [first]
    assert numbers(state="all", base="release") == []


def test_a_pull_request_is_an_issue_too(emulator: GitHubEmulator, repo: Repository) -> None:
    issue = emulator.person(ANN).open_issue("Seat", "please").number
    number = emulator.open_pull("topic", "Loosen", "", ANN)

    listed = {one.number: one for one in repo.get_issues()}
    seen = repo.get_issue(number)
    seen.create_comment("the plan")
    seen.add_to_labels("loosens/policy")

    assert listed[issue].pull_request is None
    assert listed[number].pull_request is not None
    assert seen.html_url.endswith(f"/acme/access/pull/{number}")
    assert seen.id != repo.get_pull(number).id, "an issue's id and a pull request's are two"
    assert [one.body for one in repo.get_pull(number).get_issue_comments()] == ["the plan"]
    assert [one.name for one in repo.get_pull(number).labels] == ["loosens/policy"]
    assert repo.get_label("loosens/policy").color == "ededed"
    repo.update()
    assert repo.open_issues_count == 2
    assert [one.number for one in emulator.issues()] == [issue]
    with pytest.raises(github.UnknownObjectException):
        repo.get_pull(issue)


def test_a_merge_moves_the_base_branch(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    before, head = emulator.head(), emulator.head("topic")
    clock.now += 60

    merged = emulator.merge_pull(number, BEA)

    pull = repo.get_pull(number)
    assert emulator.head() == merged == pull.merge_commit_sha
    assert (pull.state, pull.merged, pull.merged_by.login) == ("closed", True, BEA)
    assert (pull.base.sha, pull.changed_files) == (before, 1)
    commit = repo.get_commit(merged)
    assert [parent.sha for parent in commit.parents] == [before, head]
    assert commit.commit.message.startswith(f"Merge pull request #{number} from acme/topic")
    assert emulator.pull(number).is_merged
    with pytest.raises(GitHubError, match="405 Pull Request is not mergeable"):
        emulator.merge_pull(number, BEA)
    with pytest.raises(GitHubError, match="cannot be reopened"):
        emulator.person(BEA).reopen(number)


def test_two_changes_to_one_line_are_a_conflict(emulator: GitHubEmulator, repo: Repository) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    emulator.commit_files("main", {"policies/a.yml": b"c\n", "b.yml": b"b\n"}, "Tighten", BEA)

    pull = repo.get_pull(number)

    assert (pull.mergeable, pull.mergeable_state) == (False, "dirty")
    assert pull.base.sha != emulator.head(), "GitHub does not move it along with the branch"
    with pytest.raises(GitHubError, match="not mergeable"):
        emulator.merge_pull(number, BEA)


def test_a_merge_takes_both_sides_file_by_file(emulator: GitHubEmulator) -> None:
    emulator.commit_files("main", {"gone": b"x", "kept": b"x"}, "Both", ANN)
    emulator.commit_files("side", {"gone": None, "new": b"n", "same": b"s"}, "Side", ANN)
    number = emulator.open_pull("side", "Side", "", ANN)
    emulator.commit_files("main", {"same": b"s", "kept": b"y"}, "Main", BEA)

    emulator.merge_pull(number, BEA)

    store = emulator.code.store
    files = store.files(store.commits[emulator.head()].tree)
    assert {path: store.blobs[entry.sha] for path, entry in files.items() if "." not in path} == {
        "kept": b"y",
        "new": b"n",
        "same": b"s",
    }


def test_a_file_where_the_other_side_has_a_folder_is_a_conflict(emulator: GitHubEmulator) -> None:
    emulator.commit_files("side", {"policies/new": b"file"}, "Side", ANN)
    number = emulator.open_pull("side", "Side", "", ANN)
    assert emulator.pull(number).is_mergeable

    emulator.commit_files("main", {"policies/new/a": b"x"}, "Main", BEA)

    assert not emulator.pull(number).is_mergeable


def test_the_trial_merge_is_on_no_branch(emulator: GitHubEmulator, repo: Repository) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    emulator.commit_files("main", {"b.yml": b"b\n"}, "More", BEA)

    trial = repo.get_commit(repo.get_pull(number).merge_commit_sha)

    assert [one.sha for one in trial.parents] == [emulator.head(), emulator.head("topic")]
    assert trial.sha == repo.get_pull(number).merge_commit_sha
    files = {entry.path for entry in repo.get_git_tree(trial.sha, recursive=True).tree}
    assert {"policies/a.yml", "b.yml"} <= files


def test_a_push_of_all_its_commits_to_the_base_merges_it(emulator: GitHubEmulator) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)

    emulator.person(BEA).push("main", emulator.head("topic"))

    assert (emulator.pull(number).state, emulator.pull(number).is_merged) == ("closed", True)


def test_deleting_its_branch_closes_a_pull_request(emulator: GitHubEmulator) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)

    emulator.person(ANN).delete_branch("topic")

    assert emulator.pull(number).state == "closed"
    with pytest.raises(GitHubError, match="cannot be reopened"):
        emulator.person(ANN).reopen(number)
    with pytest.raises(GitHubError, match="Reference does not exist"):
        emulator.person(ANN).delete_branch("topic")
    with pytest.raises(GitHubError, match="default branch"):
        emulator.person(ANN).delete_branch("main")


def test_a_reopened_pull_request_has_what_was_pushed_meanwhile(emulator: GitHubEmulator) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    emulator.close_pull(number, ANN)
    head = emulator.commit_files("topic", {"more": b"x"}, "More", ANN)
    assert emulator.pull(number).head_sha != head

    emulator.person(ANN).reopen(number)

    assert (emulator.pull(number).state, emulator.pull(number).head_sha) == ("open", head)


def test_a_pull_request_needs_two_branches_and_a_difference(emulator: GitHubEmulator) -> None:
    emulator.person(ANN).push("same", emulator.head())
    emulator.open_pull("topic", "Loosen", "", ANN)

    for head, words in (
        ("nowhere", "head"),
        ("same", "No commits between main and same"),
        ("topic", "A pull request already exists for acme:topic."),
    ):
        with pytest.raises(GitHubError, match=words):
            emulator.open_pull(head, "Again", "", ANN)
    with pytest.raises(GitHubError, match="422"):
        emulator.delete_issue(emulator.pulls()[0].number)


def test_readers_and_strangers_cannot_change_code(emulator: GitHubEmulator) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    kim, mallory = emulator.add_user("kim", permission="read"), emulator.add_user("mallory")

    for person, status in ((kim, "403"), (mallory, "404")):
        with pytest.raises(GitHubError, match=status):
            person.commit("main", {"a": b"x"}, "Mine")
        with pytest.raises(GitHubError, match=status):
            person.merge_pull(number)
        with pytest.raises(GitHubError, match=status):
            person.delete_branch("topic")
    assert emulator.pull(number).state == "open"


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("GET /contents/README.md", "contents"),
        ("GET /git/trees/main", "contents"),
        ("GET /git/ref/heads/main", "contents"),
        ("GET /branches/main", "contents"),
        ("GET /commits/main", "contents"),
        ("GET /compare/main...topic", "contents"),
        ("GET /pulls", "pull_requests"),
        ("GET /pulls/2", "pull_requests"),
        ("GET /pulls/2/files", "pull_requests"),
        ("GET /commits/main/check-runs", "checks"),
        ("GET /commits/main/status", "statuses"),
        ("GET /issues/2/comments", "pull_requests"),
        ("GET /issues/2/comments", "issues"),
    ],
)
def test_the_app_sees_only_what_its_permissions_open(
    emulator: GitHubEmulator, call: str, permission: str
) -> None:
    emulator.person(ANN).open_issue("Seat", "")
    emulator.open_pull("topic", "Loosen", "", ANN)

    without = as_app(emulator, {"metadata": "read"}, call)
    given = as_app(emulator, {permission: "read"}, call)

    assert without.status_code == 403
    assert without.json()["message"] == "Resource not accessible by integration"
    assert given.status_code == 200
    assert f"{permission}=read" in given.headers["X-Accepted-GitHub-Permissions"]


def test_rights_on_pull_requests_do_not_open_issues(emulator: GitHubEmulator) -> None:
    issue = emulator.person(ANN).open_issue("Seat", "").number
    pull = emulator.open_pull("topic", "Loosen", "", ANN)
    only_pulls = {"pull_requests": "write"}

    def status(call: str) -> int:
        return as_app(emulator, only_pulls, call).status_code

    assert status(f"POST /issues/{pull}/comments") == 201
    assert status(f"POST /issues/{pull}/labels") == 200
    assert status(f"POST /issues/{issue}/comments") == 403
    assert status(f"POST /issues/{issue}/labels") == 403
    assert status("GET /issues") == 403
    assert status("POST /issues/99/comments") == 404
    comment: Any = emulator.person(ANN).comment(issue, "hello")
    assert status(f"GET /issues/comments/{comment.id}") == 403


def test_reading_a_pull_request_is_not_commenting_on_it(emulator: GitHubEmulator) -> None:
    pull = emulator.open_pull("topic", "Loosen", "", ANN)

    answer = as_app(emulator, {"pull_requests": "read"}, f"POST /issues/{pull}/comments")

    assert answer.status_code == 403
    assert emulator.pull(pull).comments == []
