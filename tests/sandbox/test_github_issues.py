"""Issues, comments, labels and assignees, driven by the real PyGithub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import github
import pytest
import requests
from github.Repository import Repository

from bot.sandbox.github import GitHubEmulator

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


def send(emulator: GitHubEmulator, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(
        method,
        f"{emulator.url}/repos/acme/access{path}",
        headers={"Authorization": "token ghp_sandbox", **options.pop("headers", {})},
        timeout=5,
        **options,
    )


def test_an_issue_lives_from_open_to_closed_and_back(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    issue = repo.create_issue("Seat for Ann", "please", labels=["access-request"])
    clock.now += 60
    issue.edit(title="Seat for Ann Ortiz", state="closed", state_reason="not_planned")
    assert (issue.state, issue.state_reason) == ("closed", "not_planned")
    assert issue.closed_at == issue.created_at + timedelta(minutes=1)
    assert issue.closed_by is not None

    issue.edit(state="open")

    seen = emulator.issue(1)
    assert (seen.title, seen.state, seen.state_reason) == ("Seat for Ann Ortiz", "open", "reopened")
    assert (seen.labels, seen.author) == (["access-request"], "usher-pat")
    assert repo.get_issue(1).closed_at is None


def test_comments_are_made_changed_and_deleted(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    issue = repo.create_issue("Seat")
    comment = issue.create_comment("waiting")
    clock.now += 5
    issue.get_comment(comment.id).edit("approved")
    assert [(c.body, c.edited) for c in emulator.issue(1).comments] == [("approved", True)]

    comment.delete()

    assert emulator.issue(1).comments == []
    with pytest.raises(github.UnknownObjectException):
        issue.get_comment(comment.id)


def test_lists_are_paged_with_links_to_the_host_that_was_called(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    for number in range(5):
        repo.create_issue(f"Request {number}")
    port = emulator.url.rsplit(":", 1)[1]

    answer = requests.get(
        f"http://localhost:{port}/repos/acme/access/issues",
        params={"per_page": "2", "page": "2"},
        headers={"Authorization": "token ghp_sandbox"},
        timeout=5,
    )

    pages = {rel: link["url"] for rel, link in answer.links.items()}
    assert sorted(pages) == ["first", "last", "next", "prev"]
    assert pages["last"].endswith("per_page=2&page=3")
    assert all(url.startswith(f"http://localhost:{port}/") for url in pages.values())
    assert answer.json()[0]["url"].startswith(f"http://localhost:{port}/")


def test_the_sdk_walks_all_pages(emulator: GitHubEmulator, repo: Repository) -> None:
    ann = emulator.person("octo-ann")
    for number in range(35):
        ann.open_issue(f"Request {number}", "")

    assert [issue.number for issue in repo.get_issues(direction="asc")] == list(range(1, 36))
    assert repo.get_issues().totalCount == 35


def test_issues_are_found_by_state_label_creator_and_time(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    emulator.person("octo-ann").open_form({"Level": "salesforce/sales"})
    clock.now += 3600
    repo.create_issue("Other", labels=["Access-Request", "state/new"]).edit(state="closed")
    since = datetime.fromtimestamp(clock.now, UTC)

    def numbers(**query: Any) -> list[int]:
        return [issue.number for issue in repo.get_issues(**query)]

    assert numbers() == [1]
    assert numbers(state="closed") == [2]
    assert numbers(state="all", labels=["access-request"]) == [2, 1]
    assert numbers(state="all", labels=["access-request", "state/new"]) == [2]
    assert numbers(state="all", creator="octo-ann") == [1]
    assert numbers(state="all", since=since) == [2]
    assert numbers(state="all", sort="comments", direction="asc") == [1, 2]


def test_issues_are_found_by_assignee(repo: Repository) -> None:
    repo.create_issue("one", assignees=["octo-ann"])
    repo.create_issue("two")

    def numbers(assignee: str) -> list[int]:
        return [issue.number for issue in repo.get_issues(assignee=assignee)]

    assert (numbers("octo-ann"), numbers("octo-bea")) == ([1], [])
    assert (numbers("*"), numbers("none")) == ([1], [2])


def test_an_issues_comments_are_listed_oldest_first_and_since_a_time(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    issue = repo.create_issue("Seat")
    issue.create_comment("first")
    clock.now += 60
    issue.create_comment("second")
    since = datetime.fromtimestamp(clock.now, UTC)

    assert [comment.body for comment in issue.get_comments()] == ["first", "second"]
    assert [comment.body for comment in issue.get_comments(since=since)] == ["second"]
    assert issue.updated_at < repo.get_issue(1).updated_at


def test_the_repository_lists_comments_of_all_issues_since_a_time(
    emulator: GitHubEmulator, repo: Repository, clock: Clock
) -> None:
    ann = emulator.person("octo-ann")
    for title in ("one", "two"):
        ann.comment(ann.open_issue(title, "").number, f"on {title}")
    clock.now += 60
    first = emulator.issue(1).comments[0]
    ann.edit_comment(first.id, "on one, again")
    since = datetime.fromtimestamp(clock.now, UTC)

    newest = repo.get_issues_comments(sort="updated", direction="desc")

    assert [comment.body for comment in newest] == ["on one, again", "on two"]
    assert [comment.id for comment in repo.get_issues_comments(since=since)] == [first.id]


def test_labels_are_created_when_first_used(emulator: GitHubEmulator, repo: Repository) -> None:
    repo.create_label("state/waiting", "FBCA04", "waits for approval")
    issue = repo.create_issue("Seat")

    issue.add_to_labels("STATE/waiting", "brand/new")
    issue.remove_from_labels("brand/new")

    assert emulator.issue(1).labels == ["state/waiting"]
    assert repo.get_label("brand/new").color == "ededed"
    assert [label.name for label in repo.get_labels()] == ["state/waiting", "brand/new"]
    assert repo.get_label("state/waiting").color == "fbca04"
    issue.set_labels("done")
    assert [label.name for label in issue.get_labels()] == ["done"]
    issue.delete_labels()
    assert emulator.issue(1).labels == []


def test_label_mistakes_get_githubs_answers(emulator: GitHubEmulator, repo: Repository) -> None:
    repo.create_label("taken", "ffffff")
    repo.create_issue("Seat")

    twice = send(emulator, "POST", "/labels", json={"name": "Taken", "color": "ffffff"})
    ugly = send(emulator, "POST", "/labels", json={"name": "x", "color": "#fff"})
    absent = send(emulator, "DELETE", "/issues/1/labels/taken")

    assert twice.json()["errors"][0]["code"] == "already_exists"
    assert ugly.json()["errors"] == [{"resource": "Label", "code": "invalid", "field": "color"}]
    assert (absent.status_code, absent.json()["message"]) == (404, "Label does not exist")
    assert send(emulator, "GET", "/labels/unknown").status_code == 404
    assert send(emulator, "POST", "/issues/1/labels", json=[]).status_code == 422


def test_assignees_who_cannot_be_are_left_out_in_silence(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    emulator.add_user("outsider")
    issue = repo.create_issue("Seat", assignees=["octo-ann", "nobody-here"])

    issue.add_to_assignees("outsider", "usher-bot[bot]", "OCTO-LEO")
    assert emulator.issue(1).assignees == ["octo-ann", "octo-leo"]
    issue.remove_from_assignees("octo-ann")
    assert emulator.issue(1).assignees == ["octo-leo"]

    everybody = [f"octo-{name}" for name in ("it-1", "it-2", "sec-1", "sec-2", "eva", "bea")]
    issue.edit(assignees=[*everybody, "octo-ann", "octo-cai", "octo-dov", "octo-mia", "octo-raj"])
    assert len(emulator.issue(1).assignees) == 10


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("POST", "/issues", {"title": " "}, ("Issue", "missing_field", "title")),
        ("POST", "/issues", {"title": "t" * 257}, ("Issue", "custom", "title")),
        ("POST", "/issues", {"title": "t", "body": "b" * 65537}, ("Issue", "custom", "body")),
        ("PATCH", "/issues/1", {"body": "b" * 65537}, ("Issue", "custom", "body")),
        ("PATCH", "/issues/1", {"state": "gone"}, ("Issue", "invalid", "state")),
        ("POST", "/issues/1/comments", {"body": ""}, ("IssueComment", "unprocessable", "data")),
        (
            "POST",
            "/issues/1/comments",
            {"body": "b" * 65537},
            ("IssueComment", "unprocessable", "data"),
        ),
        ("PATCH", "/issues/1", {"state_reason": "bored"}, ("Issue", "invalid", "state_reason")),
        ("PATCH", "/issues/1", {"body": "b", "labels": ["l" * 51]}, ("Label", "custom", "name")),
        ("POST", "/issues/1/labels", ["l" * 51], ("Label", "custom", "name")),
        ("PUT", "/issues/1/labels", {"labels": [" "]}, ("Label", "missing_field", "name")),
        ("GET", "/issues?since=yesterday", None, ("Issue", "invalid", "since")),
        ("GET", "/issues?sort=beauty", None, ("Issue", "invalid", "sort")),
        ("GET", "/issues?creator=nobody-here", None, ("Issue", "invalid", "creator")),
    ],
)
def test_what_breaks_a_rule_fails_validation(
    emulator: GitHubEmulator, method: str, path: str, body: Any, error: tuple[str, str, str]
) -> None:
    before = emulator.person("octo-ann").open_issue("Seat", "please")

    answer = send(emulator, method, path, json=body)

    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    found = answer.json()["errors"][0]
    assert (found["resource"], found["code"], found["field"]) == error
    assert emulator.issues() == [before]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("{", 400, "Problems parsing JSON"),
        ("[]", 400, "Body should be a JSON object"),
        ("{}", 422, '"title" wasn\'t supplied'),
        ('{"title": ["t"]}', 422, "is not a string"),
        ('{"title": "t", "labels": "x"}', 422, "is not an array"),
    ],
)
def test_a_malformed_body_is_refused(
    emulator: GitHubEmulator, body: str, status: int, message: str
) -> None:
    answer = send(emulator, "POST", "/issues", data=body)

    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_the_longest_allowed_text_is_taken(repo: Repository) -> None:
    issue = repo.create_issue("t" * 256, "b" * 65536)

    assert len(issue.create_comment("c" * 65536).body) == 65536


def test_a_deleted_issue_is_gone_for_ever(emulator: GitHubEmulator, repo: Repository) -> None:
    repo.create_issue("Mistake").create_comment("oops")
    emulator.delete_issue(1)

    assert send(emulator, "GET", "/issues/1").status_code == 410
    assert send(emulator, "POST", "/issues/1/comments", json={"body": "x"}).status_code == 410
    assert repo.create_issue("Next").number == 2
    assert list(repo.get_issues_comments()) == []


def test_an_unchanged_answer_is_not_sent_again(emulator: GitHubEmulator, repo: Repository) -> None:
    issue = repo.create_issue("Seat")
    first = send(emulator, "GET", "/issues/1")
    tag = {"If-None-Match": first.headers["ETag"]}

    again = send(emulator, "GET", "/issues/1", headers=tag)
    issue.edit(body="changed")

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"]
    assert send(emulator, "GET", "/issues/1", headers=tag).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/readme", None),
        ("GET", "/issues?mentioned=octo-ann", None),
        ("POST", "/issues", {"title": "t", "type": "Bug"}),
        ("PATCH", "/issues/1", {"milestone": 3}),
        ("PATCH", "/issues/1", {"state": "closed", "state_reason": "duplicate"}),
        ("PUT", "/issues/1/lock", {}),
    ],
)
def test_what_is_not_modelled_says_so(
    emulator: GitHubEmulator, method: str, path: str, body: Any
) -> None:
    emulator.person("octo-ann").open_issue("Seat", "")

    answer = send(emulator, method, path, json=body)

    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]


def test_only_calls_that_change_something_count_as_writes(emulator: GitHubEmulator) -> None:
    send(emulator, "POST", "/issues", json={"title": "Seat"})
    send(emulator, "GET", "/issues/1")
    requests.post(f"{emulator.url}/app/installations/777/access_tokens", timeout=5)

    assert [exchange.is_write for exchange in emulator.exchanges] == [True, False, False]


def test_a_persons_role_can_be_looked_up(emulator: GitHubEmulator, repo: Repository) -> None:
    emulator.add_user("outsider")
    emulator.add_user("octo-kim", permission="triage")

    assert repo.get_collaborator_permission("octo-ann") == "write"
    assert repo.get_collaborator_permission("octo-kim") == "read"
    assert repo.get_collaborator_role_name("octo-kim") == "triage"
    assert repo.get_collaborator_permission("outsider") == "none"
    with pytest.raises(github.GithubException, match="is not a user"):
        repo.get_collaborator_permission("nobody-here")
