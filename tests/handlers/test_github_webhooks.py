"""Signed raw requests through the real router: what is kept, what is ignored, what is refused."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI

from bot.domain.errors import Unavailable
from bot.domain.inbound import (
    Actor,
    IssueCommand,
    IssueTouched,
    Submission,
    Surface,
    TasksTicked,
    Verb,
)
from handlers.github.webhooks import MAX_BODY_BYTES, github_routes
from tests.fakes.github_wire import (
    BOT,
    FORM,
    REPO,
    SECRET,
    comment,
    comment_event,
    encoded,
    headers,
    issue,
    issues_event,
    sign,
    user,
)
from tests.fakes.inbox import FakeInbox
from tests.fakes.web import Caller

Send = Callable[..., Any]
ANN = Actor(surface=Surface.GITHUB, github="octo-ann")
BEA = Actor(surface=Surface.GITHUB, github="octo-bea")
OUR_BOT = user(BOT, "Bot")
POLICY_REPO = "acme/policies"


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


def app_with(inbox: FakeInbox, bot_login: Callable[[], str] = lambda: BOT) -> FastAPI:
    app = FastAPI()
    app.include_router(
        github_routes(
            secret=SECRET,
            repo=REPO,
            policy_repo=POLICY_REPO,
            bot_login=bot_login,
            inbox=inbox,
        )
    )
    return app


@pytest.fixture
def client(inbox: FakeInbox) -> Caller:
    return Caller(app_with(inbox))


@pytest.fixture
def send(client: Caller) -> Send:
    def send(payload: Any, event: str = "issues", **changes: str) -> Any:
        body = payload if isinstance(payload, bytes) else encoded(payload)
        answer = client.post(
            "/github/webhooks", content=body, headers=headers(body, event, **changes)
        )
        assert answer.headers["content-type"] == "application/json"
        return answer

    return send


# ---- issues -------------------------------------------------------------------------------------


def test_an_issue_made_with_the_form_is_a_request(send: Send, inbox: FakeInbox) -> None:
    answer = send(issues_event("opened"))

    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert inbox.messages == [
        Submission(
            actor=ANN,
            level="salesforce/standard",
            how_long="30 days",
            why="Quarter end.",
            issue_number=7,
            written_at=datetime.fromisoformat(issues_event("opened")["issue"]["updated_at"]),
        )
    ]


def test_the_forms_own_label_event_and_four_redeliveries_are_the_same_request(
    send: Send, inbox: FakeInbox
) -> None:
    labelled = issues_event("labeled", label={"name": "Access-Request"})
    answers = [send(labelled)]
    answers += [
        send(issues_event("opened"), **{"X-GitHub-Delivery": f"guid-{n}"}) for n in range(4)
    ]

    assert [answer.json()["status"] for answer in answers] == ["accepted", *["known"] * 4]
    assert len(inbox.messages) == 1


def test_an_issue_with_the_label_and_without_answers_is_kept_with_its_problems(
    send: Send, inbox: FakeInbox
) -> None:
    send(issues_event("opened", issue=issue(body=None)))

    (message,) = inbox.messages
    assert isinstance(message, Submission)
    assert len(message.problems) == 3


def test_an_issue_with_the_headings_needs_no_label(send: Send, inbox: FakeInbox) -> None:
    send(issues_event("opened", issue=issue(labels=[])))

    assert len(inbox.messages) == 1


def test_an_edit_amends_in_the_name_of_the_editor(send: Send, inbox: FakeInbox) -> None:
    event = issues_event("edited", user("octo-bea"), changes={"body": {"from": "x"}})
    send(event)

    (message,) = inbox.messages
    assert isinstance(message, Submission)
    assert message.is_edit
    assert message.actor == BEA


def test_two_edits_within_one_second_are_two_messages(send: Send, inbox: FakeInbox) -> None:
    changes = {"body": {"from": "x"}}
    send(issues_event("edited", changes=changes))
    other = issue(body=FORM.replace("standard", "admin"))
    send(issues_event("edited", issue=other, changes=changes))

    assert len(inbox.messages) == 2


def test_rewriting_our_own_issue_is_told(send: Send, inbox: FakeInbox) -> None:
    ours = issue(user=OUR_BOT, body="anything", labels=[])
    send(issues_event("edited", issue=ours, changes={"body": {"from": "x"}}))

    assert inbox.messages == [IssueTouched(actor=ANN, issue_number=7, action="edited")]


@pytest.mark.parametrize("action", ["closed", "reopened", "unlabeled", "labeled"])
def test_closing_reopening_and_labelling_by_hand_is_told(
    action: str, send: Send, inbox: FakeInbox
) -> None:
    closed_at = "2026-11-21T11:00:00Z" if action == "closed" else None
    event = issues_event(action, issue=issue(closed_at=closed_at), label={"name": "access: denied"})
    send(event)

    assert inbox.messages == [IssueTouched(actor=ANN, issue_number=7, action=action)]


def test_labelling_somebody_elses_issue_makes_no_request_in_their_name(
    send: Send, inbox: FakeInbox
) -> None:
    send(issues_event("labeled", user("octo-bea"), label={"name": "access-request"}))

    assert inbox.messages == [IssueTouched(actor=BEA, issue_number=7, action="labeled")]


@pytest.mark.parametrize(
    "event",
    [
        issues_event("opened", issue=issue(labels=[], body="The coffee machine is broken.")),
        issues_event("closed", issue=issue(labels=[], body="The coffee machine is broken.")),
        issues_event("edited", issue=issue(labels=[], body="no"), changes={"body": {"from": "x"}}),
        issues_event("edited", changes={}),
        issues_event("assigned"),
        issues_event("opened", OUR_BOT, issue=issue(user=OUR_BOT)),
        issues_event("labeled", user("dependabot[bot]", "Bot"), label={"name": "access: denied"}),
        issues_event("opened", user(BOT.upper())),
        issues_event("opened", issue=issue(pull_request={"url": "…"})),
        {**issues_event("opened"), "repository": {"full_name": "acme/other"}},
        {**issues_event("opened"), "repository": None},
    ],
)
def test_what_is_no_business_of_ours_is_acknowledged_and_ignored(
    event: dict[str, Any], send: Send, inbox: FakeInbox
) -> None:
    answer = send(event)

    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert answer.json()["why"]
    assert inbox.messages == []


# ---- comments -----------------------------------------------------------------------------------


def test_a_comment_that_begins_with_a_slash_is_a_command(send: Send, inbox: FakeInbox) -> None:
    send(comment_event("created", comment("/deny not now")), "issue_comment")

    assert inbox.messages == [
        IssueCommand(
            actor=BEA,
            issue_number=7,
            comment_id=99,
            verb=Verb.DENY,
            argument="not now",
            typed="deny",
            written_at=datetime.fromisoformat(comment("")["created_at"]),
        )
    ]


def test_the_same_comment_under_another_delivery_is_known(send: Send, inbox: FakeInbox) -> None:
    event = comment_event("created", comment("/approve"))
    send(event, "issue_comment")
    again = send(event, "issue_comment", **{"X-GitHub-Delivery": "another"})

    assert again.json()["status"] == "known"
    assert len(inbox.messages) == 1


def test_a_comment_edited_into_a_command_is_marked_as_edited(send: Send, inbox: FakeInbox) -> None:
    send(comment_event("created", comment("/help")), "issue_comment")
    later = comment("/approve", updated_at="2026-11-21T12:00:00Z")
    send(comment_event("edited", later, user("octo-ann")), "issue_comment")

    edited = inbox.messages[1]
    assert isinstance(edited, IssueCommand)
    assert (edited.is_edited, edited.actor, edited.verb) == (True, ANN, Verb.APPROVE)


def test_ticking_a_box_of_our_comment_is_told(send: Send, inbox: FakeInbox) -> None:
    ours = comment("- [x] one\n- [ ] two\n- [x] three", user=OUR_BOT)
    send(comment_event("edited", ours), "issue_comment")

    ticks = TasksTicked(actor=BEA, issue_number=7, done=(0, 2), boxes=3, comment_id=99)
    assert inbox.messages == [ticks]


@pytest.mark.parametrize(
    "event",
    [
        comment_event("created", comment("Looks good to me")),
        comment_event("created", comment("> /approve")),
        comment_event("created", comment("/approve"), OUR_BOT),
        comment_event("edited", comment("- [x] one", user=OUR_BOT), OUR_BOT),
        comment_event("deleted", comment("/approve")),
        comment_event("created", comment("/approve"), issue=issue(pull_request={})),
    ],
)
def test_other_comments_are_ignored(event: dict[str, Any], send: Send, inbox: FakeInbox) -> None:
    assert send(event, "issue_comment").json()["status"] == "ignored"
    assert inbox.messages == []


def test_other_events_are_ignored_and_a_ping_is_answered(send: Send) -> None:
    assert send({"zen": "Design for failure."}, "ping").json() == {"status": "pong"}
    about_us = {"repository": {"full_name": REPO}}
    assert send(about_us, "push").json()["status"] == "ignored"
    assert send(about_us, "star").json()["status"] == "ignored"


# ---- bad input ----------------------------------------------------------------------------------


def test_a_webhook_without_signature_is_refused(client: Caller, inbox: FakeInbox) -> None:
    body = encoded(issues_event("opened"))
    unsigned = headers(body)
    del unsigned["X-Hub-Signature-256"]

    answer = client.post("/github/webhooks", content=body, headers=unsigned)

    assert answer.status_code == 401
    assert "X-Hub-Signature-256" in answer.json()["detail"]
    assert inbox.messages == []


@pytest.mark.parametrize(
    "signature",
    [
        sign(b"another body"),
        sign(encoded(issues_event("opened")), "another secret"),
        sign(encoded(issues_event("opened"))).removeprefix("sha256="),
        "sha1=0",
        "sha256=",
        "sha256=" + "0" * 64,
    ],
)
def test_a_forged_webhook_is_refused(signature: str, send: Send, inbox: FakeInbox) -> None:
    answer = send(issues_event("opened"), **{"X-Hub-Signature-256": signature})

    assert answer.status_code == 401
    assert inbox.messages == []


def test_without_a_secret_nothing_is_trusted(inbox: FakeInbox) -> None:
    app = FastAPI()
    app.include_router(
        github_routes(secret="", repo=REPO, policy_repo=REPO, bot_login=lambda: BOT, inbox=inbox)
    )
    body = encoded(issues_event("opened"))
    forged = headers(body, **{"X-Hub-Signature-256": sign(body, "")})

    answer = Caller(app).post("/github/webhooks", content=body, headers=forged)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"{not json", {}),
        (b"[]", {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        (b"{}", {"X-GitHub-Event": ""}),
        (b"{}", {"X-GitHub-Delivery": ""}),
        (b"{}", {"X-GitHub-Delivery": "g" * 101}),
        (b"payload=%7B%7D", {"Content-Type": "application/x-www-form-urlencoded"}),
        (json.dumps({"repository": {"full_name": REPO}, "action": "opened"}).encode(), {}),
        (encoded(issues_event("opened", issue=issue(number="seven"))), {}),
        (encoded(issues_event("opened", issue=issue(body=["list"]))), {}),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    body: bytes, changes: dict[str, str], send: Send, inbox: FakeInbox
) -> None:
    answer = send(body, **changes)

    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert inbox.messages == []


def test_a_huge_body_is_refused(send: Send) -> None:
    answer = send(b" " * (MAX_BODY_BYTES + 1))

    assert answer.status_code == 413


def test_hostile_text_travels_as_data(send: Send, inbox: FakeInbox) -> None:
    why = "<!channel> <@U1> **x** \u202e\ud83d\ude00 \ud800\n/approve\n@octo-eva"
    answer = send(issues_event("opened", issue=issue(body=FORM.replace("Quarter end.", why))))

    assert answer.status_code == 202
    (message,) = inbox.messages
    assert isinstance(message, Submission)
    assert "\u202e" not in message.why
    assert "/approve" in message.why


def test_a_lone_surrogate_in_an_edit_does_no_harm(send: Send) -> None:
    event = issues_event("edited", issue=issue(title="\ud800"), changes={"title": {"from": "x"}})

    assert send(event).status_code == 202


def test_while_the_database_is_gone_github_is_told_to_come_back(
    send: Send, inbox: FakeInbox
) -> None:
    inbox.is_down = True
    refused = send(issues_event("opened"))
    inbox.is_down = False
    taken = send(issues_event("opened"))

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert taken.json()["status"] == "accepted"


def test_while_our_own_name_is_unknown_nothing_is_guessed(inbox: FakeInbox) -> None:
    def unknown() -> str:
        raise Unavailable("GitHub cannot be reached.", service="github")

    body = encoded(issues_event("opened"))
    caller = Caller(app_with(inbox, unknown))
    answer = caller.post("/github/webhooks", content=body, headers=headers(body))

    assert answer.status_code == 503
    assert inbox.messages == []
