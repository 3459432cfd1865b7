"""What comes in from people and systems, once verified and parsed: the messages the inbox keeps."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from bot.domain.durations import PERMANENT, Duration, Unit
from bot.domain.errors import InvalidRequest
from bot.domain.quoting import quoted

MAX_REASON = 1000
MAX_FIELD = 200
MAX_ANSWER = 300


class Surface(StrEnum):
    """Where somebody acts."""

    SLACK = "slack"
    GITHUB = "github"
    API = "api"
    CLI = "cli"
    CLOCK = "clock"


class Verb(StrEnum):
    """What a comment command or button asks for."""

    APPROVE = "approve"
    DENY = "deny"
    CANCEL = "cancel"
    REVOKE = "revoke"
    BREAK_GLASS = "break-glass"
    HELP = "help"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts, as the surface vouches for it: a Slack id and team, a GitHub login, or a name."""

    surface: Surface
    slack_id: str = ""
    slack_team: str = ""
    github: str = ""
    name: str = ""

    def __str__(self) -> str:
        return self.github or self.slack_id or self.name or str(self.surface)


@dataclass(frozen=True)
class TypedAnswer:
    """What somebody wrote under a question, which is named by its id or by its own words.

    The doorway keeps one character more than fits, so that a cut answer is noticed.
    """

    question: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A request as typed: words, not yet judged. One made on an issue has `issue_number`.

    `answers` may go to questions that the level does not have: doorways know no policy.
    `written_at` is when the sender's own clock saw it, so that an older edit cannot undo a newer.
    `problems` are what the doorway could already see to be wrong (missing or doubled fields).
    """

    kind: Literal["submission"] = "submission"
    actor: Actor
    level: str
    how_long: str
    why: str
    for_whom: str = ""
    answers: tuple[TypedAnswer, ...] = ()
    issue_number: int | None = None
    is_edit: bool = False
    problems: tuple[str, ...] = ()
    written_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class IssueCommand:
    """A comment that looks like a command; `is_edited` ones are answered but never obeyed.

    `written_at` tells whether its author can have seen the request as it is now.
    """

    kind: Literal["issue_command"] = "issue_command"
    actor: Actor
    issue_number: int
    comment_id: int
    verb: Verb
    argument: str = ""
    typed: str = ""
    is_edited: bool = False
    written_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class IssueTouched:
    """Somebody closed or reopened an issue, or changed its labels by hand."""

    kind: Literal["issue_touched"] = "issue_touched"
    actor: Actor
    issue_number: int
    action: str


@dataclass(frozen=True, kw_only=True)
class TasksTicked:
    """The checklist in our status comment was edited; `done` lists the ticked positions from 0."""

    kind: Literal["tasks_ticked"] = "tasks_ticked"
    actor: Actor
    issue_number: int
    done: tuple[int, ...]
    comment_id: int = 0
    boxes: int = 0


@dataclass(frozen=True, kw_only=True)
class Press:
    """A button on a card; `digest` is what the card showed, so that a stale click is noticed."""

    kind: Literal["press"] = "press"
    actor: Actor
    verb: Verb
    request_id: str
    digest: str = ""
    reason: str = ""
    response_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Chatter:
    """Somebody wrote to the bot or looked at it; the words are not kept, only their length."""

    kind: Literal["chatter"] = "chatter"
    actor: Actor
    event_type: str
    text_length: int = 0


@dataclass(frozen=True, kw_only=True)
class PolicyPushed:
    """The default branch of the policies' repository has moved; where to is looked up."""

    kind: Literal["policy_pushed"] = "policy_pushed"
    actor: Actor


@dataclass(frozen=True, kw_only=True)
class PolicyProposed:
    """A pull request of the policies' repository is new or says something new."""

    kind: Literal["policy_proposed"] = "policy_proposed"
    actor: Actor
    pull_number: int


PolicyNews: TypeAlias = PolicyPushed | PolicyProposed
Inbound: TypeAlias = (
    Submission | IssueCommand | IssueTouched | TasksTicked | Press | Chatter | PolicyNews
)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A message with the sender's own delivery id, under which it is kept exactly once."""

    source: Surface
    delivery_id: str
    message: Inbound


_DURATION = re.compile(
    r"(?P<amount>\d{1,4})\s*(?P<unit>bd|business days?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE
)
_FOR_GOOD = {"permanent", "permanently", "for good", "forever", "no end"}


def parse_duration(words: str) -> Duration:
    """Read how long somebody wants access: 8h, 30 days, 2 weeks, 2bd, permanent.

    Raises InvalidRequest with examples.
    """
    text = words.strip()
    if text.casefold() in _FOR_GOOD:
        return PERMANENT
    match = _DURATION.fullmatch(text)
    if match is None or int(match["amount"]) == 0:
        raise InvalidRequest(
            f"I cannot read {quoted(text, 40)} as a length of time.",
            next_step="Write for example 8h, 30 days, 2 weeks or permanent.",
            field="how_long",
        )
    amount, unit = int(match["amount"]), match["unit"].casefold()
    if unit.startswith("b"):
        return Duration(amount, Unit.BUSINESS_DAYS)
    if unit.startswith("h"):
        return Duration(amount, Unit.HOURS)
    return Duration(amount * 7 if unit.startswith("w") else amount, Unit.DAYS)
