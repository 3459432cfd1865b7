"""Check runs and commit statuses: the App's by the real PyGithub, mistakes by raw HTTP."""

from collections.abc import Iterator
from typing import Any

import github
import pytest
import requests
from github.Repository import Repository

from bot.sandbox.github import Annotation, GitHubEmulator

ANN = "octo-ann"
NAME = "Usher policy"
NOWHERE = "0123456789abcdef0123456789abcdef01234567"
NOTE = {
    "path": "policies/a.yml",
    "start_line": 1,
    "end_line": 1,
    "annotation_level": "failure",
    "message": "There is no role «seller».",
}


@pytest.fixture
def emulator() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(rate_limits=False)
    emulator.serve()
    emulator.commit_files("topic", {"policies/a.yml": b"a\n"}, "Begin", ANN)
    yield emulator
    emulator.close()


@pytest.fixture
def token(emulator: GitHubEmulator) -> str:
    return emulator._service.credentials.issue_token({}).token


@pytest.fixture
def repo(emulator: GitHubEmulator, token: str) -> Iterator[Repository]:
    with github.Github(
        auth=github.Auth.Token(token),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        yield client.get_repo("acme/access")


@pytest.fixture
def send(emulator: GitHubEmulator, token: str) -> Any:
    def send(method: str, path: str, body: Any = None, *, by: str = token) -> requests.Response:
        return requests.request(
            method,
            f"{emulator.url}/repos/acme/access{path}",
            headers={"Authorization": f"token {by}"},
            json=body,
            timeout=5,
        )

    return send


def check(emulator: GitHubEmulator, **more: Any) -> dict[str, Any]:
    return {"name": NAME, "head_sha": emulator.head("topic"), **more}


def finished(emulator: GitHubEmulator, **output: Any) -> dict[str, Any]:
    said = {"title": "Refused", "summary": "1 mistake", **output}
    return check(emulator, conclusion="failure", output=said)


def test_a_check_run_goes_from_queued_to_completed(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    head = emulator.head("topic")
    run = repo.create_check_run(NAME, head, external_id="42")
    assert (run.status, run.conclusion, run.completed_at) == ("queued", None, None)

    run.edit(status="in_progress")
    run.edit(conclusion="success", output={"title": "Good", "summary": "No change."})

    seen = repo.get_check_run(run.id)
    assert (seen.status, seen.conclusion, seen.external_id) == ("completed", "success", "42")
    assert (seen.output.title, seen.output.summary) == ("Good", "No change.")
    assert seen.completed_at is not None
    assert seen.app.slug == "usher-bot"
    (view,) = emulator.checks(head)
    assert (view.name, view.conclusion, view.summary) == (NAME, "success", "No change.")
    run.edit(status="in_progress")
    assert repo.get_check_run(run.id).conclusion is None


def test_annotations_are_added_to_those_that_are_there(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    said = {"title": "Refused", "summary": "60 mistakes"}
    run = repo.create_check_run(
        NAME,
        emulator.head("topic"),
        conclusion="failure",
        output={**said, "annotations": [NOTE] * 50},
    )

    placed = {**NOTE, "start_column": 3, "end_column": 9, "title": "Role"}
    run.edit(output={**said, "annotations": [placed] * 10})
    run.edit(output={**said, "summary": "60 mistakes!"})

    notes = list(repo.get_check_run(run.id).get_annotations())
    assert len(notes) == repo.get_check_run(run.id).output.annotations_count == 60
    assert (notes[0].start_column, notes[-1].start_column, notes[-1].title) == (None, 3, "Role")
    (view,) = emulator.checks(emulator.head("topic"))
    assert view.annotations[0] == Annotation(
        path="policies/a.yml",
        start_line=1,
        end_line=1,
        level="failure",
        message="There is no role «seller».",
        title="",
    )


def test_the_newest_run_of_each_name_is_listed(emulator: GitHubEmulator, repo: Repository) -> None:
    commit = repo.get_commit("topic")
    first = repo.create_check_run(NAME, commit.sha, conclusion="failure")
    second = repo.create_check_run(NAME, commit.sha)
    other = repo.create_check_run("Tests", commit.sha, conclusion="skipped")

    def ids(**query: str) -> list[int]:
        return [run.id for run in commit.get_check_runs(**query)]

    assert ids() == [other.id, second.id]
    assert ids(filter="all") == [other.id, second.id, first.id]
    assert ids(check_name=NAME) == [second.id]
    assert ids(status="completed") == [other.id]
    assert commit.get_check_runs().totalCount == 2


def test_a_check_run_names_the_pull_requests_of_its_commit(
    emulator: GitHubEmulator, repo: Repository
) -> None:
    number = emulator.open_pull("topic", "Loosen", "", ANN)

    run = repo.create_check_run(NAME, emulator.head("topic"))

    assert [pull.number for pull in run.pull_requests] == [number]
    assert [one.name for one in emulator.pull(number).checks] == [NAME]


def test_only_an_app_writes_checks(emulator: GitHubEmulator, send: Any) -> None:
    by_user = send("POST", "/check-runs", check(emulator), by="ghp_sandbox")
    reader = emulator._service.credentials.issue_token({"checks": "read"}).token
    by_reader = send("POST", "/check-runs", check(emulator), by=reader)

    assert (by_user.status_code, by_user.json()["message"]) == (
        403,
        "You must authenticate via a GitHub App.",
    )
    assert (by_reader.status_code, by_reader.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )
    assert send("GET", "/commits/topic/check-runs", by="ghp_sandbox").json()["total_count"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, '"name" wasn\'t supplied.'),
        ({"name": None, "head_sha": None}, '"head_sha", "name" weren\'t supplied.'),
        ({"head_sha": NOWHERE}, f"No commit found for SHA: {NOWHERE}"),
        ({"status": "done"}, "done is not a member of"),
        ({"conclusion": "stale"}, "stale is not a member of"),
        ({"status": "completed"}, '"conclusion" wasn\'t supplied.'),
        ({"completed_at": "2026-11-02T09:00:00Z"}, '"conclusion" wasn\'t supplied.'),
        ({"started_at": "yesterday"}, "yesterday is not a valid date-time."),
        ({"output": "text"}, "is not an object"),
        ({"output": {"title": "t"}}, '"summary" wasn\'t supplied.'),
    ],
)
def test_a_check_run_that_fits_no_schema_is_refused(
    emulator: GitHubEmulator, send: Any, change: dict[str, Any], message: str
) -> None:
    answer = send("POST", "/check-runs", check(emulator, **change))

    assert answer.status_code == 422
    assert message in answer.json()["message"]
    assert emulator.checks(emulator.head("topic")) == []


@pytest.mark.parametrize("field", ["summary", "text"])
def test_long_texts_are_counted_in_characters_and_in_bytes(
    emulator: GitHubEmulator, send: Any, field: str
) -> None:
    fits = send("POST", "/check-runs", finished(emulator, **{field: "x" * 65_535}))
    long = send("POST", "/check-runs", finished(emulator, **{field: "x" * 65_536}))
    heavy = send("POST", "/check-runs", finished(emulator, **{field: "ü" * 32_768}))

    assert fits.status_code == 201
    assert long.status_code == heavy.status_code == 422
    assert "Only 65535 characters are allowed; 65536 were supplied." in long.json()["message"]
    assert heavy.json()["errors"] == [
        {
            "resource": "CheckRun",
            "code": "custom",
            "field": field,
            "message": f"{field} exceeds a maximum bytesize of 65535",
        }
    ]


def test_more_than_50_annotations_at_once_are_refused(emulator: GitHubEmulator, send: Any) -> None:
    answer = send("POST", "/check-runs", finished(emulator, annotations=[NOTE] * 51))

    assert answer.status_code == 422
    assert "No more than 50 items are allowed; 51 were supplied." in answer.json()["message"]
    assert emulator.checks(emulator.head("topic")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"start_line": 0},
        {"start_line": 3, "end_line": 2},
        {"path": ""},
        {"message": ""},
        {"message": "x" * 65_537},
        {"title": "x" * 256},
        {"start_column": 1},
        {"start_column": 5, "end_column": 4},
        {"end_line": 2, "start_column": 1, "end_column": 2},
    ],
)
def test_annotations_that_lead_nowhere_are_refused(
    emulator: GitHubEmulator, send: Any, change: dict[str, Any]
) -> None:
    answer = send("POST", "/check-runs", finished(emulator, annotations=[NOTE | change]))

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"resource": "CheckRun", "code": "invalid", "field": "annotations"}
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotation_level": "error"}, "error is not a member of"),
        ({"start_line": "1"}, '"1" is not an integer'),
        ({"path": None, "message": None}, '"message", "path" weren\'t supplied.'),
    ],
)
def test_annotations_of_the_wrong_form_are_refused(
    emulator: GitHubEmulator, send: Any, change: dict[str, Any], message: str
) -> None:
    answer = send("POST", "/check-runs", finished(emulator, annotations=[NOTE | change]))

    assert answer.status_code == 422
    assert message in answer.json()["message"]


def test_what_is_not_modelled_of_checks_says_so(emulator: GitHubEmulator, send: Any) -> None:
    for body in (
        check(emulator, actions=[{"label": "Fix", "description": "Fix it", "identifier": "fix"}]),
        finished(emulator, images=[]),
        finished(emulator, annotations=[NOTE | {"colour": "red"}]),
    ):
        assert send("POST", "/check-runs", body).status_code == 501
    assert send("GET", "/commits/topic/check-suites").status_code == 501


def test_there_is_no_check_run_that_nobody_made(send: Any) -> None:
    assert send("GET", "/check-runs/1").status_code == 404
    assert send("PATCH", "/check-runs/1", {"status": "queued"}).status_code == 404
    assert send("GET", "/commits/nowhere/check-runs").status_code == 422
    assert send("GET", "/commits/nowhere/status").status_code == 404


def test_only_a_thousand_runs_of_a_name_are_kept(emulator: GitHubEmulator) -> None:
    board, bot = emulator.code.checks, emulator._service.bot
    head = emulator.head("topic")
    first = board.create_run(bot, head, "topic", {"name": NAME})
    other = board.create_run(bot, head, "topic", {"name": "Tests"})

    for _ in range(1000):
        board.create_run(bot, head, "topic", {"name": NAME})

    assert first.id not in board.runs
    assert other.id in board.runs
    assert len(board.runs) == 1001


def test_the_last_status_of_each_context_counts(emulator: GitHubEmulator, repo: Repository) -> None:
    commit = repo.get_commit("topic")
    assert commit.get_combined_status().state == "pending"
    commit.create_status("pending", context="usher/policy")
    commit.create_status("success", context="Usher/Policy", description="Loaded")
    commit.create_status("success", context="tests", target_url="https://ci.example/1")
    assert commit.get_combined_status().state == "success"

    commit.create_status("error", context="tests")

    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("failure", 2)
    assert [one.state for one in commit.get_statuses()] == [
        "error",
        "success",
        "success",
        "pending",
    ]
    assert [(one.context, one.state, one.author) for one in emulator.statuses(commit.sha)] == [
        ("Usher/Policy", "success", "usher-bot[bot]"),
        ("tests", "error", "usher-bot[bot]"),
    ]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"state": "broken"}, "state", "state is not included in the list"),
        (
            {"state": "error", "description": "x" * 141},
            "description",
            "description is too long (maximum is 140 characters)",
        ),
        (
            {"state": "error", "description": "🐛"},
            "description",
            "description doesn't accept 4-byte Unicode",
        ),
        (
            {"state": "error", "context": "x" * 256},
            "context",
            "context is too long (maximum is 255 characters)",
        ),
        (
            {"state": "error", "target_url": "ftp://x"},
            "target_url",
            "target_url must use http(s) scheme",
        ),
    ],
)
def test_a_status_that_breaks_a_rule_is_refused(
    emulator: GitHubEmulator, send: Any, body: dict[str, str], field: str, message: str
) -> None:
    answer = send("POST", f"/statuses/{emulator.head('topic')}", body)

    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
    assert answer.json()["errors"] == [
        {"resource": "Status", "code": "custom", "field": field, "message": message}
    ]


def test_a_status_needs_a_commit_and_the_right_to_say_it(
    emulator: GitHubEmulator, send: Any
) -> None:
    head = emulator.head("topic")
    weak = emulator._service.credentials.issue_token({"statuses": "read"}).token

    lost = send("POST", f"/statuses/{NOWHERE}", {"state": "success"})
    longest = send("POST", f"/statuses/{head}", {"state": "success", "description": "ü" * 140})

    assert lost.json()["message"] == f"No commit found for SHA: {NOWHERE}"
    assert longest.status_code == 201
    assert send("POST", f"/statuses/{head}", {"state": "success"}, by=weak).status_code == 403
    by_user = send("POST", f"/statuses/{head}", {"state": "success"}, by="ghp_sandbox")
    assert by_user.json()["context"] == "default"


def test_a_thousand_statuses_of_a_context_are_enough(emulator: GitHubEmulator, send: Any) -> None:
    head = emulator.head("topic")
    board, bot = emulator.code.checks, emulator._service.bot
    said: dict[str, Any] = {"state": "success", "description": None, "target_url": None}
    for _ in range(1000):
        board.add_status(bot, head, context="usher", **said)

    answer = send("POST", f"/statuses/{head}", {"state": "success", "context": "Usher"})

    assert answer.json()["errors"] == [
        {
            "resource": "Status",
            "code": "custom",
            "message": "This SHA and context has reached the maximum number of statuses.",
        }
    ]
    assert send("POST", f"/statuses/{head}", {"state": "success"}).status_code == 201
