"""GitHub's events as messages for the inbox, under ids that make a repeated event a known one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.cards import STATE_LABEL_PREFIX
from bot.domain.inbound import (
    Actor,
    Envelope,
    Inbound,
    IssueCommand,
    IssueTouched,
    Submission,
    Surface,
    TasksTicked,
    Verb,
)
from handlers.github.commands import Command, parse_command
from handlers.github.issue_form import looks_like_form, parse_form
from handlers.github.payloads import Comment, CommentEvent, Issue, IssueEvent, Label, User
from handlers.github.tasks import ticked

_TOUCHES = frozenset({"closed", "reopened", "labeled", "unlabeled"})


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """An event with nothing to do, and why."""

    why: str


Outcome: TypeAlias = Envelope | Ignored


@dataclass(frozen=True, kw_only=True)
class Doorway:
    """What decides whether an issue is ours: the form's label, and who we are on GitHub."""

    label: str
    bot_login: str

    def is_us(self, user: User | None) -> bool:
        return user is not None and user.login.casefold() == self.bot_login.casefold()

    def is_form_label(self, label: Label | None) -> bool:
        return label is not None and label.name.casefold() == self.label.casefold()

    def is_request(self, issue: Issue) -> bool:
        """Say whether a person's issue is a request: by the form's label, or by its headings."""
        return any(map(self.is_form_label, issue.labels)) or looks_like_form(issue.body or "")

    def concerns(self, issue: Issue, label: Label | None = None) -> bool:
        """Say whether this issue matters to Usher; `label` was just put on or taken off."""
        labels = (*issue.labels, *((label,) if label else ()))
        return (
            self.is_us(issue.user)
            or any(map(self.is_form_label, labels))
            or any(found.name.startswith(STATE_LABEL_PREFIX) for found in labels)
            or looks_like_form(issue.body or "")
        )


def envelope(delivery_id: str, message: Inbound) -> Envelope:
    return Envelope(source=Surface.GITHUB, delivery_id=delivery_id, message=message)


# ---- issues -------------------------------------------------------------------------------------


def translate_issue(event: IssueEvent, guid: str, door: Doorway) -> Outcome:
    """Turn an event of «issues» into a message, or say why there is none."""
    issue = event.issue
    if issue.pull_request is not None:
        return Ignored(why="a pull request is not a request for access")
    if event.sender.is_bot(door.bot_login):
        return Ignored(why="done by a bot")
    # The form's own label arrives as an event of its own, right after «opened».
    is_form = event.action == "labeled" and door.is_form_label(event.label) and _is_author(event)
    if event.action == "opened" or is_form:
        return _opened(issue, event.sender, door)
    if event.action == "edited":
        return _edited(event, door)
    if event.action in _TOUCHES:
        return _touched(event, guid, door)
    return Ignored(why=f"nothing to do when an issue is {event.action}")


def submission(issue: Issue, actor: Actor, *, is_edit: bool) -> Submission:
    form = parse_form(issue.body or "")
    return Submission(
        actor=actor,
        level=form.level,
        how_long=form.how_long,
        why=form.why,
        for_whom=form.for_whom,
        answers=form.answers,
        issue_number=issue.number,
        is_edit=is_edit,
        problems=form.problems,
        written_at=datetime.fromisoformat(issue.updated_at),
    )


def opened_id(issue: Issue) -> str:
    return f"gh:issue:{issue.number}:opened"


def edited_id(issue: Issue) -> str:
    """Name an edit by time and content: two edits may share a second, GitHub's smallest unit."""
    return f"gh:issue:{issue.number}:{issue.updated_at}:{_digest(issue.title, issue.body)}"


def closed_id(issue: Issue) -> str:
    return f"gh:issue:{issue.number}:closed:{issue.closed_at}"


def _opened(issue: Issue, sender: User, door: Doorway) -> Outcome:
    if not door.is_request(issue):
        return Ignored(why="the issue has neither the form's label nor its headings")
    return envelope(opened_id(issue), submission(issue, actor_of(sender), is_edit=False))


def _edited(event: IssueEvent, door: Doorway) -> Outcome:
    issue, actor = event.issue, actor_of(event.sender)
    if event.changes.title is None and event.changes.body is None:
        return Ignored(why="neither title nor text changed")
    if door.is_us(issue.user):
        # Somebody rewrote the record of a request that was made elsewhere.
        touched = IssueTouched(actor=actor, issue_number=issue.number, action="edited")
        return envelope(edited_id(issue), touched)
    if not door.is_request(issue):
        return Ignored(why="the issue has neither the form's label nor its headings")
    return envelope(edited_id(issue), submission(issue, actor, is_edit=True))


def _touched(event: IssueEvent, guid: str, door: Doorway) -> Outcome:
    issue = event.issue
    if not door.concerns(issue, event.label):
        return Ignored(why="the issue is not a request for access")
    is_closed = event.action == "closed" and issue.closed_at
    message = IssueTouched(
        actor=actor_of(event.sender), issue_number=issue.number, action=event.action
    )
    return envelope(closed_id(issue) if is_closed else f"gh:{guid}", message)


def _is_author(event: IssueEvent) -> bool:
    return event.issue.user is not None and event.issue.user.login == event.sender.login


# ---- comments -----------------------------------------------------------------------------------


def translate_comment(event: CommentEvent, door: Doorway) -> Outcome:
    """Turn an event of «issue_comment» into a message, or say why there is none."""
    comment, number = event.comment, event.issue.number
    if event.issue.pull_request is not None:
        return Ignored(why="a pull request is not a request for access")
    if event.sender.is_bot(door.bot_login):
        return Ignored(why="done by a bot")
    if event.action not in {"created", "edited"}:
        return Ignored(why=f"nothing to do when a comment is {event.action}")
    is_edited = event.action == "edited"
    actor = actor_of(event.sender)
    if is_edited and door.is_us(comment.user):
        done, boxes = ticked(comment.body or "")
        message = TasksTicked(
            actor=actor, issue_number=number, done=done, boxes=boxes, comment_id=comment.id
        )
        return envelope(comment_edited_id(comment), message)
    command = parse_command(comment.body or "")
    if command is None or (command.verb is Verb.UNKNOWN and not door.concerns(event.issue)):
        return Ignored(why="the comment is not a command, or not one for us")
    return command_envelope(comment, number, command, actor, is_edited=is_edited)


def command_envelope(
    comment: Comment, number: int, command: Command, actor: Actor, *, is_edited: bool
) -> Envelope:
    message = IssueCommand(
        actor=actor,
        issue_number=number,
        comment_id=comment.id,
        verb=command.verb,
        argument=command.argument,
        typed=command.typed,
        is_edited=is_edited,
        written_at=datetime.fromisoformat(comment.created_at),
    )
    return envelope(
        comment_edited_id(comment) if is_edited else f"gh:comment:{comment.id}", message
    )


def comment_edited_id(comment: Comment) -> str:
    return f"gh:comment:{comment.id}:{comment.updated_at}:{_digest(comment.body)}"


def actor_of(user: User) -> Actor:
    return Actor(surface=Surface.GITHUB, github=user.login)


def _digest(*parts: str | None) -> str:
    text = "\0".join(part or "" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
