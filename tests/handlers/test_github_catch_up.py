"""What webhooks would have told is found again, and what they did tell is known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.errors import Unavailable
from bot.domain.inbound import Envelope, IssueCommand, IssueTouched, Submission, TasksTicked
from handlers.github.catch_up import SOMEBODY, catch_up
from handlers.github.payloads import CommentEvent, IssueEvent
from handlers.github.translate import Doorway, translate_comment, translate_issue
from tests.fakes.github_wire import BOT, comment, comment_event, issue, issues_event, user

SINCE = datetime(2026, 11, 21, 9, tzinfo=UTC)
LONG_AGO = "2026-01-01T00:00:00Z"
LATER = "2026-11-21T12:00:00Z"
DOOR = Doorway(label="access-request", bot_login=BOT)


def found(
    issues: list[dict[str, Any]] | None = None, comments: list[dict[str, Any]] | None = None
) -> tuple[Envelope, ...]:
    return catch_up(issues=issues or [], comments=comments or [], since=SINCE, door=DOOR)


def test_a_new_issue_is_the_same_message_as_its_webhook() -> None:
    webhook = translate_issue(IssueEvent.model_validate(issues_event("opened")), "guid", DOOR)

    assert found([issue()]) == (webhook,)


def test_a_new_command_is_the_same_message_as_its_webhook() -> None:
    said = comment("/approve")
    event = CommentEvent.model_validate(comment_event("created", said))

    assert found(comments=[said]) == (translate_comment(event, DOOR),)


def test_an_old_issue_is_not_opened_again_but_its_edit_is_found_without_an_editor() -> None:
    (message,) = found([issue(created_at=LONG_AGO)])

    assert isinstance(message.message, Submission)
    assert message.message.is_edit
    assert message.message.actor == SOMEBODY
    assert message.message.actor.github == ""


def test_an_edit_has_the_id_of_its_webhook() -> None:
    edited = issue(created_at=LONG_AGO)
    event = issues_event("edited", issue=edited, changes={"body": {"from": "x"}})
    webhook = translate_issue(IssueEvent.model_validate(event), "guid", DOOR)

    assert isinstance(webhook, Envelope)
    assert found([edited])[0].delivery_id == webhook.delivery_id


def test_a_closed_issue_has_the_id_of_its_webhook() -> None:
    closed = issue(closed_at=LATER, created_at=LONG_AGO, user=user(BOT, "Bot"))
    event = IssueEvent.model_validate(issues_event("closed", issue=closed))
    webhook = translate_issue(event, "guid", DOOR)

    (message,) = found([closed])

    assert isinstance(webhook, Envelope)
    assert message.delivery_id == webhook.delivery_id
    assert message.message == IssueTouched(actor=SOMEBODY, issue_number=7, action="closed")


def test_an_edited_comment_is_never_obeyed() -> None:
    (message,) = found(comments=[comment("/approve", updated_at=LATER)])

    assert isinstance(message.message, IssueCommand)
    assert message.message.is_edited


def test_ticks_in_our_own_comment_are_found_without_whoever_ticked() -> None:
    said = comment("- [x] Add the user", user=user(BOT, "Bot"), updated_at=LATER)
    event = CommentEvent.model_validate(comment_event("edited", said))
    webhook = translate_comment(event, DOOR)

    (message,) = found(comments=[said])

    assert isinstance(webhook, Envelope)
    assert message.delivery_id == webhook.delivery_id
    assert message.message == TasksTicked(
        actor=SOMEBODY, issue_number=7, done=(0,), boxes=1, comment_id=99
    )


def test_what_is_no_business_of_ours_is_left_out() -> None:
    issues = [
        issue(labels=[], body="The coffee machine is broken."),
        issue(pull_request={"url": "…"}),
        issue(user=None, created_at=LONG_AGO),
        issue(user=user("dependabot[bot]", "Bot")),
        issue(created_at=LONG_AGO, updated_at=LONG_AGO, closed_at=LONG_AGO),
    ]
    comments = [
        comment("Looks good"),
        comment("/approve", user=user(BOT, "Bot")),
        comment("/approve", user=None),
        comment("/approve", html_url="https://github.com/acme/access/pull/7#issuecomment-99"),
        comment("/approve", created_at=LONG_AGO, updated_at=LONG_AGO),
    ]

    assert found(issues, comments) == ()


def test_issues_come_before_the_comments_on_them_and_oldest_first() -> None:
    ids = [message.delivery_id for message in found([issue(number=9), issue()], [comment("/help")])]

    assert ids == ["gh:issue:7:opened", "gh:issue:9:opened", "gh:comment:99"]


def test_a_listing_that_cannot_be_read_is_tried_again_later() -> None:
    with pytest.raises(Unavailable):
        found([{"number": "seven"}])
