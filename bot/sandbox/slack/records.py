"""What the emulated workspace remembers, and the frozen snapshots that tests look at."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import mentions

Json = dict[str, Any]


class SandboxUseError(Exception):
    """A person cannot do this in Slack's client: no such button, block, view or choice."""


@dataclass(frozen=True, kw_only=True)
class SlackMessage:
    """A message as people see it; `ephemeral_for` is the only one who sees it, if set."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    metadata: Json | None
    edited: bool
    ephemeral_for: str | None
    thread_ts: str | None = None
    client_msg_id: str | None = None

    @property
    def mentions(self) -> tuple[str, ...]:
        """Return the sequences that would have notified people, such as "<!channel>"."""
        return mentions.in_text(self.text) + mentions.in_blocks(self.blocks)


@dataclass(frozen=True, kw_only=True)
class View:
    """A modal or Home tab as the person sees it; `state` is {block_id: {action_id: …}}."""

    id: str
    type: str
    hash: str
    callback_id: str
    blocks: list[Json]
    title: str
    private_metadata: str
    state: Json
    external_id: str = ""
    submit: str | None = None
    close: str | None = None


@dataclass(frozen=True, kw_only=True)
class BotAnswer:
    """What came back from the bot for one signed request, and what the person saw if it went wrong.

    `status` is None when nothing came back or nothing was sent. `error` is Slack's word for it
    (operation_timeout, dispatch_failed), or says why the client refused. `retries` counts earlier
    deliveries.
    """

    status: int | None
    body: Any
    took_s: float
    retries: int = 0
    timed_out: bool = False
    error: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(kw_only=True)
class User:
    """One member (or stranger, guest, bot) with the flags of users.info."""

    id: str
    name: str
    mail: str
    timezone: str
    team_id: str
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False
    is_stranger: bool = False

    @property
    def handle(self) -> str:
        return self.mail.partition("@")[0] or self.name.lower().replace(" ", ".")


@dataclass(kw_only=True)
class Channel:
    """A public channel or a direct message (`is_im`) with the ids of those who are in it."""

    id: str
    name: str
    members: set[str]
    is_im: bool = False


@dataclass(kw_only=True)
class Message:
    """One stored message; `edited` as Slack shows it, which for block edits is not at all."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    edited: Json | None = None
    ephemeral_for: str | None = None
    thread_ts: str | None = None
    client_msg_id: str | None = None

    def snapshot(self) -> SlackMessage:
        return SlackMessage(
            channel=self.channel,
            ts=self.ts,
            user=self.user,
            text=self.text,
            blocks=deepcopy(self.blocks),
            metadata=deepcopy(self.metadata),
            edited=self.edited is not None,
            ephemeral_for=self.ephemeral_for,
            thread_ts=self.thread_ts,
            client_msg_id=self.client_msg_id,
        )


@dataclass(kw_only=True)
class Screen:
    """What one person has open: the stack of modals (top last), the Home tab, the last inline
    errors.
    """

    modals: list[Json] = field(default_factory=list)
    home: Json | None = None
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[tuple[str, str], list[Json]] = field(default_factory=dict)

    def forget_inputs(self) -> None:
        self.errors = {}
        self.offered = {}


@dataclass(kw_only=True)
class Trigger:
    """A trigger_id: three seconds, one use (surfaces/modals)."""

    user: str
    made_at: float
    view_id: str | None
    is_used: bool = False


@dataclass(kw_only=True)
class ResponseUrl:
    """A response_url: five uses within 30 minutes (interactivity/handling-user-interaction)."""

    user: str
    channel: str
    made_at: float
    origin: Message | None
    uses: int = 0


def snapshot_view(view: Json) -> View:
    """Copy a stored view payload into a snapshot."""

    def label(name: str) -> str | None:
        part = view.get(name)
        return part["text"] if isinstance(part, dict) else None

    return View(
        id=view["id"],
        type=view["type"],
        hash=view["hash"],
        callback_id=view["callback_id"],
        blocks=deepcopy(view["blocks"]),
        title=label("title") or "",
        private_metadata=view["private_metadata"],
        state=deepcopy(view["state"]["values"]),
        external_id=view["external_id"],
        submit=label("submit"),
        close=label("close"),
    )
