"""The emulated GitHub delivers to the real route over HTTP, and catching up finds the same."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from fastapi import FastAPI

from bot.adapters.github import AppCredential, GitHubChanges, GitHubClient
from bot.domain.inbound import Envelope, IssueCommand, Submission, Verb
from bot.domain.secret import Secret
from bot.sandbox.github import GitHubEmulator
from handlers.github.catch_up import catch_up
from handlers.github.translate import Doorway
from handlers.github.webhooks import github_routes
from tests.fakes.inbox import FakeInbox

FORM = {
    "Level": "salesforce/standard",
    "For whom": "",
    "For how long": "30 days",
    "Why": "Quarter end.",
}


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator()
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def inbox(github: GitHubEmulator) -> Iterator[FakeInbox]:
    inbox, app = FakeInbox(), FastAPI()
    app.include_router(
        github_routes(
            secret=github.webhook_secret,
            repo=github.repo,
            policy_repo=github.repo,
            bot_login=lambda: github.app_login,
            inbox=inbox,
        )
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    socket = server.config.bind_socket()
    socket.listen()  # so that a delivery waits for a server that is still starting
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    github.connect(f"http://127.0.0.1:{socket.getsockname()[1]}")
    yield inbox
    server.should_exit = True
    thread.join(10)
    socket.close()


def test_form_comment_redelivery_and_catching_up_are_each_one_message(
    github: GitHubEmulator, inbox: FakeInbox
) -> None:
    number = github.person("octo-ann").open_form(FORM).number
    github.person("octo-bea").comment(number, "/approve")
    github.deliver_pending()
    assert {delivery.status for delivery in github.deliveries} <= {200, 202}
    told = list(inbox.envelopes)

    request, command = (envelope.message for envelope in told)
    assert isinstance(request, Submission)
    assert (request.level, request.problems) == ("salesforce/standard", ())
    assert isinstance(command, IssueCommand)
    assert command.verb is Verb.APPROVE

    for delivery in github.deliveries:
        github.redeliver(delivery.guid)
    for envelope in listed(github):
        inbox.receive(envelope)
    again = [e.message for e in inbox.envelopes if e not in told]
    assert all(isinstance(m, Submission) and m.is_edit and m.level == request.level for m in again)


def listed(github: GitHubEmulator) -> tuple[Envelope, ...]:
    credential = AppCredential(app_id="424242", private_key=Secret(github.private_key_pem))
    client = GitHubClient(repo=github.repo, credential=credential, api_url=github.url)
    since = datetime.now(UTC) - timedelta(hours=1)
    changes = GitHubChanges(client)
    issues, comments = changes.issues_since(since), changes.comments_since(since)
    door = Doorway(label="access-request", bot_login=client.bot_login())
    client.close()
    return catch_up(issues=issues, comments=comments, since=since, door=door)
