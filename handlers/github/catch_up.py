"""Find what webhooks would have told while Usher was away, in GitHub's listings.

The ids are those of the webhooks, so what did arrive is known. A listing does not say who edited or
closed something: such a message has an actor without a login, who may nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from bot.domain.errors import Unavailable
from bot.domain.inbound import Actor, Envelope, IssueTouched, Surface, TasksTicked
from handlers.github.commands import parse_command
from handlers.github.payloads import Comment, Issue
from handlers.github.tasks import ticked
from handlers.github.translate import (
    Doorway,
    actor_of,
    closed_id,
    command_envelope,
    comment_edited_id,
    edited_id,
    envelope,
    opened_id,
    submission,
)

SOMEBODY = Actor(surface=Surface.GITHUB, name="somebody on GitHub")


def catch_up(
    *,
    issues: Iterable[Mapping[str, Any]],
    comments: Iterable[Mapping[str, Any]],
    since: datetime,
    door: Doorway,
) -> tuple[Envelope, ...]:
    """Translate listings of what changed since then; raises Unavailable for nonsense."""
    try:
        rows = [Issue.model_validate(row) for row in issues]
        talk = [Comment.model_validate(row) for row in comments]
    except ValidationError as exc:
        raise Unavailable("GitHub's listing cannot be read.", service="github") from exc
    rows.sort(key=lambda issue: issue.number)
    talk.sort(key=lambda comment: comment.id)
    found = [message for issue in rows for message in _from_issue(issue, since, door)]
    found += [message for comment in talk for message in _from_comment(comment, since, door)]
    return tuple(found)


def _from_issue(issue: Issue, since: datetime, door: Doorway) -> Iterator[Envelope]:
    if issue.pull_request is not None or not door.concerns(issue):
        return
    author = issue.user
    if author is not None and not author.is_bot(door.bot_login) and door.is_request(issue):
        if _at(issue.created_at) >= since:
            yield envelope(opened_id(issue), submission(issue, actor_of(author), is_edit=False))
        if issue.updated_at != issue.created_at:
            # Perhaps only a comment or label came: the workflow drops an edit without a change.
            yield envelope(edited_id(issue), submission(issue, SOMEBODY, is_edit=True))
    if issue.closed_at and _at(issue.closed_at) >= since:
        closed = IssueTouched(actor=SOMEBODY, issue_number=issue.number, action="closed")
        yield envelope(closed_id(issue), closed)


def _from_comment(comment: Comment, since: datetime, door: Doorway) -> Iterator[Envelope]:
    author = comment.user
    command = parse_command(comment.body or "")
    if author is None or "/pull/" in comment.html_url:
        return
    number = int(comment.issue_url.rpartition("/")[2])
    is_edited = comment.updated_at != comment.created_at
    done, boxes = ticked(comment.body or "")
    if is_edited and door.is_us(author) and done:
        # Perhaps we wrote these ticks ourselves: the workflow drops those that it knows.
        message = TasksTicked(
            actor=SOMEBODY, issue_number=number, done=done, boxes=boxes, comment_id=comment.id
        )
        yield envelope(comment_edited_id(comment), message)
    if author.is_bot(door.bot_login) or command is None:
        return
    # An edited comment may have been no command, or somebody else's words, when its author sent it.
    if is_edited or _at(comment.created_at) >= since:
        yield command_envelope(comment, number, command, actor_of(author), is_edited=is_edited)


def _at(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)
