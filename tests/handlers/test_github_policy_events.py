"""Pushes and pull requests of the policies' repository become news; everything else is let go."""

from typing import Any

import pytest
from fastapi import FastAPI

from bot.domain.inbound import PolicyProposed, PolicyPushed
from handlers.github.webhooks import github_routes
from tests.fakes.github_wire import BOT, REPO, SECRET, encoded, headers, user
from tests.fakes.inbox import FakeInbox
from tests.fakes.web import Caller

POLICIES = "acme/policies"
SHA = "a" * 40


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def client(inbox: FakeInbox) -> Caller:
    app = FastAPI()
    routes = github_routes(
        secret=SECRET, repo=REPO, policy_repo=POLICIES, bot_login=lambda: BOT, inbox=inbox
    )
    app.include_router(routes)
    return Caller(app)


def push(repo: str = POLICIES, **changes: Any) -> dict[str, Any]:
    usual = {
        "ref": "refs/heads/trunk",
        "after": SHA,
        "repository": {"full_name": repo, "default_branch": "trunk"},
        "sender": user(),
    }
    return {**usual, **changes}


def pull(action: str, repo: str = POLICIES) -> dict[str, Any]:
    repository = {"full_name": repo, "default_branch": "trunk"}
    return {"action": action, "number": 12, "repository": repository, "sender": user()}


def send(client: Caller, event: str, payload: dict[str, Any], **changes: str) -> Any:
    body = encoded(payload)
    return client.post("/github/webhooks", content=body, headers=headers(body, event, **changes))


def test_a_push_to_the_default_branch_is_news_once(client: Caller, inbox: FakeInbox) -> None:
    first, again = (send(client, "push", push()).json() for _ in range(2))

    (message,) = inbox.messages
    assert isinstance(message, PolicyPushed)
    assert (first["status"], again["status"]) == ("accepted", "known")


def test_the_same_commit_pushed_again_is_news_again(client: Caller, inbox: FakeInbox) -> None:
    send(client, "push", push())
    send(client, "push", push(), **{"X-GitHub-Delivery": "another-guid"})

    assert len(inbox.messages) == 2


@pytest.mark.parametrize(
    "payload",
    [
        push(ref="refs/heads/idea"),
        push(ref="refs/tags/trunk"),
        push(deleted=True, after="0" * 40),
        push(repo=REPO),
        push(repo="evil/policies"),
    ],
)
def test_other_pushes_are_let_go(client: Caller, inbox: FakeInbox, payload: dict[str, Any]) -> None:
    assert send(client, "push", payload).json()["status"] == "ignored"
    assert inbox.messages == []


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "edited"])
def test_a_pull_request_with_something_new_is_news(
    client: Caller, inbox: FakeInbox, action: str
) -> None:
    send(client, "pull_request", pull(action))

    (message,) = inbox.messages
    assert isinstance(message, PolicyProposed)
    assert message.pull_number == 12


@pytest.mark.parametrize("payload", [pull("closed"), pull("labeled"), pull("opened", repo=REPO)])
def test_other_news_of_pull_requests_is_let_go(
    client: Caller, inbox: FakeInbox, payload: dict[str, Any]
) -> None:
    assert send(client, "pull_request", payload).json()["status"] == "ignored"
    assert inbox.messages == []


def test_requests_in_the_policies_repository_are_none(client: Caller, inbox: FakeInbox) -> None:
    payload = {"action": "opened", "repository": {"full_name": POLICIES}}

    assert send(client, "issues", payload).json()["status"] == "ignored"
    assert inbox.messages == []


def test_a_forged_push_is_refused(client: Caller, inbox: FakeInbox) -> None:
    forged = {"X-Hub-Signature-256": "sha256=" + "0" * 64}

    assert send(client, "push", push(), **forged).status_code == 401
    assert inbox.messages == []


def test_a_push_that_cannot_be_read_says_why(client: Caller) -> None:
    answer = send(client, "push", {"repository": {"full_name": POLICIES}})

    assert answer.status_code == 400
    assert "ref" in answer.json()["detail"]
