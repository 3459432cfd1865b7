"""What GitHub sends about code: pushes, pull requests, checks, to an App that may know of them."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from bot.sandbox.github import GitHubEmulator

ANN, BEA = "octo-ann", "octo-bea"
ZEROS = "0" * 40
Json = dict[str, Any]


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    """Takes every delivery; what was sent is read from the App's settings."""

    @Request.application
    def receive(incoming: Request) -> Response:
        json.loads(incoming.get_data())
        return Response(status=202)

    server = make_server("127.0.0.1", 0, receive, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def emulator(receiver: str) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(rate_limits=False)
    emulator.connect(receiver)
    yield emulator
    emulator.deliver_pending()
    emulator.close()


def sent(emulator: GitHubEmulator, event: str) -> list[Json]:
    return [one.payload for one in emulator.deliveries if one.event == event]


def names(emulator: GitHubEmulator) -> list[str]:
    found = [f"{one.event}.{one.action or ''}".rstrip(".") for one in emulator.deliveries]
    return [name for name in found if name != "ping"]


def test_a_push_tells_each_commit_and_its_files(emulator: GitHubEmulator) -> None:
    before = emulator.head()
    emulator.commit_files("main", {"policies/a.yml": b"a\n" * 9, "b": b"b"}, "One", ANN)
    changed = {"policies/c.yml": b"a\n" * 9, "policies/a.yml": None, "b": b"B", "d": b"d"}
    after = emulator.commit_files("main", changed, "Two", ANN)

    first, push = sent(emulator, "push")

    assert (first["before"], push["after"]) == (before, after)
    assert push["ref"] == "refs/heads/main"
    assert push["repository"]["default_branch"] == "main"
    assert (push["created"], push["deleted"], push["forced"]) == (False, False, False)
    (commit,) = push["commits"]
    assert commit == push["head_commit"]
    assert (commit["id"], commit["message"], commit["distinct"]) == (after, "Two", True)
    assert (commit["added"], commit["removed"], commit["modified"]) == (
        ["d", "policies/c.yml"],
        ["policies/a.yml"],
        ["b"],
    )
    assert commit["author"]["username"] == push["sender"]["login"] == ANN
    assert push["installation"]["id"] == 777
    assert "action" not in push
    assert isinstance(push["repository"]["pushed_at"], int)


def test_a_new_branch_a_forced_and_a_deleted_one_say_so(emulator: GitHubEmulator) -> None:
    main = emulator.head()
    head = emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    emulator.person(ANN).push("topic", main)
    emulator.person(ANN).delete_branch("topic")

    created, forced, deleted = sent(emulator, "push")

    assert (created["created"], created["before"], created["after"]) == (True, ZEROS, head)
    assert [one["id"] for one in created["commits"]] == [head]
    assert (forced["forced"], forced["before"], forced["after"]) == (True, head, main)
    assert forced["commits"] == []
    assert forced["head_commit"]["distinct"] is False
    assert (deleted["deleted"], deleted["after"], deleted["head_commit"]) == (True, ZEROS, None)


def test_a_push_without_news_sends_nothing(emulator: GitHubEmulator) -> None:
    emulator.person(ANN).push("main", emulator.head())

    assert names(emulator) == []


def test_a_push_lists_no_more_than_2048_commits(emulator: GitHubEmulator) -> None:
    code, ann = emulator.code, emulator._service.accounts.find(ANN)
    assert ann is not None
    sha = emulator.head()
    for number in range(2050):
        tree = code.store.commits[sha].tree
        sha = code._commit(ann, tree, (sha,), f"{number}").sha
    emulator.person(ANN).push("main", sha)

    (push,) = sent(emulator, "push")

    assert len(push["commits"]) == 2048
    assert push["commits"][-1]["message"] == "2049"


def test_what_happens_to_a_pull_request_is_told_in_order(emulator: GitHubEmulator) -> None:
    emulator.commit_files("topic", {"policies/a.yml": b"a"}, "One", ANN)
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    ann = emulator.person(ANN)
    ann.edit_issue(number, title="Loosen a rule")
    ann.label(number, "policy")
    before = emulator.head("topic")
    after = emulator.commit_files("topic", {"policies/a.yml": b"b"}, "Two", ANN)
    ann.close(number)
    ann.reopen(number)
    ann.comment(number, "ready")
    emulator.merge_pull(number, BEA)

    assert [name for name in names(emulator) if not name.startswith("check_suite")] == [
        "push",
        "pull_request.opened",
        "pull_request.edited",
        "pull_request.labeled",
        "push",
        "pull_request.synchronize",
        "pull_request.closed",
        "pull_request.reopened",
        "issue_comment.created",
        "push",
        "pull_request.closed",
    ]
    opened, edited, labeled, pushed, closed, _, merged = sent(emulator, "pull_request")
    assert opened["number"] == opened["pull_request"]["number"] == number
    assert opened["pull_request"]["head"]["sha"] == before
    assert (opened["pull_request"]["changed_files"], opened["pull_request"]["mergeable"]) == (
        1,
        None,
    )
    assert edited["changes"] == {"title": {"from": "Loosen"}}
    assert labeled["label"]["name"] == "policy"
    assert (pushed["before"], pushed["after"]) == (before, after)
    assert pushed["pull_request"]["head"]["sha"] == after
    assert (closed["pull_request"]["merged"], merged["pull_request"]["merged"]) == (False, True)
    assert merged["pull_request"]["merge_commit_sha"] == emulator.head()
    assert merged["sender"]["login"] == BEA
    (comment,) = sent(emulator, "issue_comment")
    assert "pull_request" in comment["issue"], "a comment on a pull request is an issue's comment"


def test_a_push_elsewhere_leaves_a_pull_request_alone(emulator: GitHubEmulator) -> None:
    emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    emulator.open_pull("topic", "Loosen", "", ANN)

    emulator.commit_files("main", {"b": b"b"}, "Two", ANN)
    emulator.commit_files("other", {"c": b"c"}, "Three", ANN)

    assert [one["action"] for one in sent(emulator, "pull_request")] == ["opened"]


def test_checks_are_asked_for_told_and_asked_for_again(emulator: GitHubEmulator) -> None:
    head = emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    board, bot = emulator.code.checks, emulator._service.bot
    run = board.create_run(bot, head, "topic", {"name": "Usher policy"})
    board.update_run(bot, run, {"conclusion": "timed_out"})
    emulator.person(ANN).rerun_check(run.id)

    assert names(emulator)[-5:] == [
        "pull_request.opened",
        "check_run.created",
        "check_run.completed",
        "check_suite.completed",
        "check_run.rerequested",
    ]
    asked, done = sent(emulator, "check_suite")
    assert (asked["check_suite"]["head_sha"], asked["check_suite"]["before"]) == (head, ZEROS)
    assert (asked["check_suite"]["status"], asked["sender"]["login"]) == ("queued", ANN)
    assert done["check_suite"]["conclusion"] == "timed_out"
    again = sent(emulator, "check_run")[-1]
    assert again["check_run"]["check_suite"]["head_branch"] == "topic"
    assert [one["number"] for one in again["check_run"]["pull_requests"]] == [number]


def test_a_status_is_told_with_its_branches(emulator: GitHubEmulator) -> None:
    head = emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    emulator.code.checks.add_status(
        emulator._service.bot,
        head,
        state="success",
        context="usher/policy",
        description="Loaded",
        target_url=None,
    )

    (status,) = sent(emulator, "status")

    assert (status["sha"], status["state"], status["context"]) == (head, "success", "usher/policy")
    assert [one["name"] for one in status["branches"]] == ["topic"]
    assert status["commit"]["sha"] == head


def test_only_what_the_app_subscribes_to_and_may_know_is_sent(receiver: str) -> None:
    """Checks come by themselves to an App that may write them (docs, `check_run`)."""
    manifest = {
        "default_permissions": {"checks": "write", "contents": "read", "metadata": "read"},
        "default_events": ["push", "pull_request", "issues"],
    }
    emulator = GitHubEmulator(manifest=manifest, rate_limits=False)
    emulator.connect(receiver)

    emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    emulator.open_pull("topic", "Loosen", "", ANN)
    emulator.person(ANN).open_issue("Seat", "")

    assert names(emulator) == ["push", "check_suite.requested"]
    emulator.deliver_pending()
    emulator.close()


def test_an_app_that_hears_of_issues_alone_hears_nothing_of_code(receiver: str) -> None:
    emulator = GitHubEmulator(permissions={"issues": "write"}, rate_limits=False)
    emulator.connect(receiver)

    emulator.commit_files("topic", {"a": b"a"}, "One", ANN)
    number = emulator.open_pull("topic", "Loosen", "", ANN)
    emulator.person(ANN).comment(number, "hello")

    assert names(emulator) == ["issue_comment.created"]
    emulator.deliver_pending()
    emulator.close()


def test_a_payload_over_25_megabytes_is_not_sent(emulator: GitHubEmulator) -> None:
    long = "x" * 4096
    files = {f"{number}/{long}": b"" for number in range(3_500)}

    emulator.commit_files("main", files, "Much", ANN)

    assert names(emulator) == ["check_suite.requested"]
