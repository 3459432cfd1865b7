"""Pushes and pull requests as messages: only that something is new, never what it says.

What counts is looked up when the message is handled: events come late, twice and out of order.
"""

from pydantic import BaseModel

from bot.domain.inbound import PolicyProposed, PolicyPushed
from handlers.github.payloads import User
from handlers.github.translate import Ignored, Outcome, actor_of, envelope

PUSH, PULL = "push", "pull_request"
POLICY_EVENTS = frozenset({PUSH, PULL})
_NEWS = frozenset({"opened", "reopened", "synchronize", "edited", "ready_for_review"})


class Repository(BaseModel):
    """The part of a repository that a push needs."""

    full_name: str
    default_branch: str


class PushEvent(BaseModel):
    """A branch or tag has moved, or was deleted."""

    ref: str
    deleted: bool = False
    repository: Repository
    sender: User


class PullEvent(BaseModel):
    """Something happened to a pull request."""

    action: str
    number: int
    sender: User


def translate_push(event: PushEvent, guid: str) -> Outcome:
    """Turn a push to the default branch into a message."""
    if event.deleted or event.ref != f"refs/heads/{event.repository.default_branch}":
        return Ignored(why="only the default branch puts a policy in force")
    message = PolicyPushed(actor=actor_of(event.sender))
    return envelope(f"gh:push:{guid}", message)


def translate_pull(event: PullEvent, guid: str) -> Outcome:
    """Turn news of a pull request's content into a message."""
    if event.action not in _NEWS:
        return Ignored(why=f"nothing to do when a pull request is {event.action}")
    message = PolicyProposed(actor=actor_of(event.sender), pull_number=event.number)
    return envelope(f"gh:pull:{guid}", message)
