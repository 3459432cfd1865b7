"""The parts of GitHub's JSON that Usher reads, the same in webhooks and in listings."""

from pydantic import BaseModel, ConfigDict

_BOT = "Bot"


class _Json(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(_Json):
    """Somebody on GitHub; a deleted account has no user at all."""

    login: str
    type: str = "User"

    def is_bot(self, bot_login: str) -> bool:
        return self.type == _BOT or self.login.casefold() == bot_login.casefold()


class Label(_Json):
    """A label's name; GitHub ignores case."""

    name: str


class Issue(_Json):
    """An issue, or a pull request (which GitHub lists among the issues)."""

    number: int
    title: str
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    created_at: str
    updated_at: str
    closed_at: str | None = None
    pull_request: dict[str, object] | None = None


class Comment(_Json):
    """A comment; `issue_url` and `html_url` say on what."""

    id: int
    body: str | None = None
    user: User | None = None
    created_at: str
    updated_at: str
    issue_url: str
    html_url: str = ""


class Changes(_Json):
    """What an edit changed; the old values do not matter."""

    title: object = None
    body: object = None


class Repository(_Json):
    """Where it happened."""

    full_name: str


class Anything(_Json):
    """What tells whether a webhook is for us at all."""

    repository: Repository | None = None


class IssueEvent(_Json):
    """Webhook «issues»."""

    action: str
    issue: Issue
    sender: User
    label: Label | None = None
    changes: Changes = Changes()


class CommentEvent(_Json):
    """Webhook «issue_comment»."""

    action: str
    issue: Issue
    comment: Comment
    sender: User
