"""Webhooks as a receiver on loopback gets them, and the people whose actions send them."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import github
import pytest

from bot.sandbox.github import GitHubEmulator, GitHubError

SECRET = "sandbox-webhook-secret"


class Receiver:
    """Takes deliveries on loopback and answers with `status`."""

    def __init__(self) -> None:
        self.status = 202
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def emulator(receiver: Receiver) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator()
    emulator.serve()
    emulator.connect(receiver.url)
    yield emulator
    emulator.close()


def names(emulator: GitHubEmulator) -> list[str]:
    emulator.deliver_pending()
    return [f"{delivery.event}.{delivery.action}" for delivery in emulator.deliveries]


def last(emulator: GitHubEmulator) -> dict[str, Any]:
    emulator.deliver_pending()
    return emulator.deliveries[-1].payload


def test_deliveries_are_signed_and_say_what_they_are(
    emulator: GitHubEmulator, receiver: Receiver
) -> None:
    emulator.person("octo-ann").open_issue("Bitte ein Zugang", "für Zoë")
    emulator.deliver_pending()

    path, headers, body = receiver.got[-1]
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert path == "/github/webhooks"
    assert headers["X-Hub-Signature-256"] == signature
    assert headers["X-GitHub-Event"] == "issues"
    assert headers["X-GitHub-Delivery"] == emulator.deliveries[-1].guid
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == "424242"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == emulator.deliveries[-1].payload


def test_a_payload_tells_the_whole_story(emulator: GitHubEmulator) -> None:
    ann = emulator.person("octo-ann")
    comment = ann.comment(ann.open_issue("Seat", "please").number, "/help")

    payload = last(emulator)

    assert payload["action"] == "created"
    assert payload["comment"]["id"] == comment.id
    assert payload["comment"]["body"] == "/help"
    assert payload["comment"]["author_association"] == "MEMBER"
    assert payload["issue"]["number"] == 1
    assert payload["repository"]["full_name"] == "acme/access"
    assert payload["organization"]["login"] == "acme"
    assert payload["installation"]["id"] == 777
    assert payload["sender"]["login"] == payload["comment"]["user"]["login"] == "octo-ann"
    assert payload["sender"]["type"] == "User"


def test_every_action_has_its_event_in_order(emulator: GitHubEmulator) -> None:
    bea = emulator.person("octo-bea")
    number = bea.open_issue("Seat", "please", labels=["new"]).number
    bea.edit_issue(number, body="please!")
    bea.label(number, "urgent")
    bea.unlabel(number, "urgent")
    comment = bea.comment(number, "hello")
    bea.edit_comment(comment.id, "hello!")
    bea.delete_comment(comment.id)
    bea.close(number, "not_planned")
    bea.reopen(number)

    assert names(emulator) == [
        "ping.None",
        "issues.opened",
        "issues.labeled",
        "issues.edited",
        "issues.labeled",
        "issues.unlabeled",
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "issues.closed",
        "issues.reopened",
    ]


def test_an_edit_says_what_was_there_before(emulator: GitHubEmulator) -> None:
    ann = emulator.person("octo-ann")
    number = ann.open_issue("Seat", "for 30 days").number
    ann.edit_issue(number, title="Seat!", body="for 90 days")
    assert last(emulator)["changes"] == {
        "title": {"from": "Seat"},
        "body": {"from": "for 30 days"},
    }
    sent = len(emulator.deliveries)

    ann.edit_issue(number, body="for 90 days")

    assert len(emulator.deliveries) == sent, "an edit that changes nothing is no event"


def test_what_the_app_writes_comes_back_as_the_bots(emulator: GitHubEmulator) -> None:
    app = github.GithubIntegration(
        auth=github.Auth.AppAuth("424242", emulator.private_key_pem),
        base_url=emulator.url,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )
    with app, app.get_github_for_installation(777, {"issues": "write"}) as client:
        issue = client.get_repo("acme/access").create_issue("Seat", assignees=["octo-bea"])
        issue.create_comment("status")

    assert names(emulator)[1:] == ["issues.opened", "issues.assigned", "issue_comment.created"]
    payload = last(emulator)
    assert payload["sender"]["login"] == "usher-bot[bot]"
    assert payload["sender"]["type"] == "Bot"
    assert payload["comment"]["performed_via_github_app"]["slug"] == "usher-bot"


def test_a_failed_delivery_is_not_repeated_but_can_be_redelivered(
    emulator: GitHubEmulator, receiver: Receiver
) -> None:
    emulator.deliver_pending()
    receiver.status = 503
    emulator.person("octo-ann").open_issue("Seat", "")
    emulator.deliver_pending()
    failed = emulator.deliveries[-1]
    assert (failed.status, failed.attempts) == (503, 1)

    receiver.status = 202
    again = emulator.redeliver(failed.guid)

    assert (again.guid, again.status, again.attempts) == (failed.guid, 202, 2)
    (_, first, body), (_, second, same_body) = receiver.got[-2:]
    assert first["X-GitHub-Delivery"] == second["X-GitHub-Delivery"]
    assert body == same_body


def test_a_receiver_that_is_down_loses_the_delivery() -> None:
    emulator, receiver = GitHubEmulator(), Receiver()
    receiver.close()
    emulator.connect(receiver.url)
    emulator.deliver_pending()

    (ping,) = emulator.deliveries

    assert (ping.status, ping.attempts, ping.error) == (None, 1, "ConnectionError")
    emulator.close()


def test_another_secret_and_another_address_count_from_then_on(
    emulator: GitHubEmulator, receiver: Receiver
) -> None:
    other = Receiver()
    emulator.connect(other.url, "rotated")
    emulator.person("octo-ann").open_issue("Seat", "")
    emulator.deliver_pending()
    other.close()

    _, headers, body = other.got[-1]
    signature = hmac.new(b"rotated", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={signature}"
    assert all(event["X-GitHub-Event"] == "ping" for _, event, _ in receiver.got)


def test_nobody_connected_means_no_deliveries() -> None:
    emulator = GitHubEmulator()

    emulator.person("octo-ann").open_issue("Seat", "")

    assert emulator.deliveries == []


def test_a_form_becomes_headings_and_answers(emulator: GitHubEmulator) -> None:
    fields = {"Level": "salesforce/sales", "For whom": "", "Why": "Q4\n\ncampaign"}

    issue = emulator.person("octo-ann").open_form(fields)

    assert issue.body == (
        "### Level\n\nsalesforce/sales\n\n### For whom\n\n_No response_"
        "\n\n### Why\n\nQ4\n\ncampaign"
    )
    assert issue.labels == ["access-request"]


def test_people_can_do_only_what_their_role_allows(emulator: GitHubEmulator) -> None:
    bea, kim = emulator.person("octo-bea"), emulator.add_user("octo-kim", permission="read")
    theirs = bea.open_issue("Seat", "")
    own = kim.open_issue("Mine", "", labels=["dropped"])
    assert own.labels == []
    assert kim.close(own.number).state == "closed"
    assert kim.comment(theirs.number, "/approve").author == "octo-kim"

    for forbidden in (
        lambda: kim.edit_issue(theirs.number, body="x"),
        lambda: kim.close(theirs.number),
        lambda: kim.label(own.number, "approved"),
        lambda: kim.delete_comment(bea.comment(theirs.number, "no").id),
    ):
        with pytest.raises(GitHubError, match="403"):
            forbidden()


def test_a_stranger_does_not_see_the_private_repository(emulator: GitHubEmulator) -> None:
    emulator.person("octo-ann").open_issue("Seat", "")
    stranger = emulator.add_user("mallory")

    with pytest.raises(GitHubError, match="404"):
        stranger.comment(1, "/approve")
    with pytest.raises(KeyError):
        emulator.person("nobody-here")
