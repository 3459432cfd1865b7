"""What people are shown: one card for Slack and issue alike. Words are plain, renderers escape."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.request import RequestState

_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:\d{1,5})?/[A-Za-z0-9/_-]{0,200}")


class CardAction(StrEnum):
    """Buttons a card may offer; also the Slack action ids."""

    APPROVE = "request:approve"
    DENY = "request:deny"
    CANCEL = "request:cancel"
    GIVE_BACK = "grant:give_back"
    OPEN_ISSUE = "issue:open"


@dataclass(frozen=True)
class Fact:
    """A labelled value; the label is ours, the text may be a stranger's."""

    label: str
    text: str


@dataclass(frozen=True)
class TaskLine:
    """A step of the checklist."""

    text: str
    done_by: str | None


@dataclass(frozen=True)
class Link:
    """An address in a system of the company; renderers drop what is not surely one."""

    label: str
    url: str

    @property
    def is_safe(self) -> bool:
        """Whether nothing in the address can end it or hide where it leads."""
        return _ADDRESS.fullmatch(self.url) is not None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One request as one person sees it: how it stands, and in the notes why and what is next."""

    request_id: str
    digest: str
    headline: str
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    tasks: tuple[TaskLine, ...] = ()
    actions: tuple[CardAction, ...] = ()
    issue_number: int | None = None
    links: tuple[Link, ...] = ()
    confirm_loss: bool = False


@dataclass(frozen=True, kw_only=True)
class IssuePage:
    """The issue of a request: title and body are written once, the rest follows the state.

    `is_ours` tells whether Usher wrote the issue, and so its title and body, or a person did.
    """

    title: str
    card: Card
    state: RequestState
    is_open: bool
    is_completed: bool
    is_ours: bool
    extra_labels: tuple[str, ...] = ()


STATE_LABEL_PREFIX = "access: "


def state_label(state: RequestState) -> str:
    """Return the issue label of a state, such as «access: awaiting approval»."""
    return STATE_LABEL_PREFIX + state.replace("_", " ")
