"""The Slack emulator: a workspace with one installed app, its Web API and the people."""

import json
import time
from collections.abc import Callable, Iterable

from bot.sandbox.example import Colleague, colleagues
from bot.sandbox.slack import payloads, web_api
from bot.sandbox.slack.delivery import ACK_TIMEOUT_S, Delivery, EventDelivery
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.records import (
    BotAnswer,
    Channel,
    Json,
    SandboxUseError,
    SlackMessage,
    User,
)
from bot.sandbox.slack.state import Workspace, dm_id
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.wire import Emulator

GENERAL = "C0ACMEALL1"
DEFAULT_TIMEZONE = "America/New_York"

# Slack's words for a few HTTP statuses (the error tables of all Web API methods)
_FAULTS = {429: "ratelimited", 503: "service_unavailable", 408: "request_timeout"}


class SlackEmulator(Emulator):
    """Slack as the bot and its people meet it.

    Everybody of `people` is a member and in #general, where the app is not. Signatures carry
    `clock`'s time;
    the three seconds a bot has to answer are real ones, `ack_timeout_s` shortens them for tests.
    The bot's own messages cause no events.
    """

    name = "slack"

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-sandbox-bot",
        signing_secret: str = "sandbox-signing-secret",
        team_id: str = "T0ACME0001",
        app_id: str = "A0USHER001",
        bot_user_id: str = "U0USHERBOT",
        people: Iterable[Colleague] | None = None,
        clock: Callable[[], float] = time.time,
        rate_limits: bool = True,
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        super().__init__(clock=clock)
        self.bot_token = bot_token
        self.signing_secret = signing_secret
        self.team_id = team_id
        self.app_id = app_id
        self.bot_user_id = bot_user_id
        self.workspace = Workspace(
            team_id=team_id, app_id=app_id, bot_user_id=bot_user_id, clock=clock
        )
        self.delivery = Delivery(
            signing_secret=signing_secret, clock=clock, ack_timeout_s=ack_timeout_s
        )
        self.web_api = WebApi(
            workspace=self.workspace,
            bot_token=bot_token,
            clock=clock,
            not_modelled=self.not_modelled,
            rate_limits=rate_limits,
        )
        self.web_api.add_routes(self.app)
        self._seed(colleagues() if people is None else people)

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL is set to."""
        return f"{self.url}/api/"

    def connect(self, bot_url: str) -> None:
        """Tell Slack the app's request URL: {bot_url}/slack/events."""
        self.delivery.bot_url = bot_url.rstrip("/")

    def add_user(
        self,
        slack_id: str,
        *,
        name: str,
        mail: str,
        is_restricted: bool = False,
        is_ultra_restricted: bool = False,
        is_bot: bool = False,
        deleted: bool = False,
        team_id: str | None = None,
        is_stranger: bool = False,
        timezone: str = DEFAULT_TIMEZONE,
    ) -> None:
        """Add a person, or change one: the id decides. Strangers come from another team."""
        user = User(
            id=slack_id,
            name=name,
            mail=mail,
            timezone=timezone,
            team_id=team_id or ("T0ELSEWHERE" if is_stranger else self.team_id),
            is_restricted=is_restricted,
            is_ultra_restricted=is_ultra_restricted,
            is_bot=is_bot,
            deleted=deleted,
            is_stranger=is_stranger,
        )
        with self.lock:
            self.workspace.users[slack_id] = user

    def deactivate(self, slack_id: str) -> None:
        """Let a person leave: they can do nothing more and their mail is found no more."""
        with self.lock:
            self.workspace.users[slack_id].deleted = True

    def add_channel(
        self, channel_id: str, *, name: str, members: Iterable[str], has_bot: bool = True
    ) -> None:
        with self.lock:
            everyone = set(members) | ({self.bot_user_id} if has_bot else set())
            self.workspace.channels[channel_id] = Channel(
                id=channel_id, name=name, members=everyone
            )

    def person(self, slack_id: str) -> Person:
        """Return that person's Slack client."""
        if slack_id not in self.workspace.users:
            raise SandboxUseError(f"nobody in this workspace has the id {slack_id}")
        return Person(
            slack_id,
            workspace=self.workspace,
            delivery=self.delivery,
            lock=self.lock,
            base_url=self.url,
        )

    def messages(self, channel: str | None = None) -> list[SlackMessage]:
        """Return all messages there are (ephemeral ones too), newest last."""
        with self.lock:
            return [
                m.snapshot()
                for m in self.workspace.messages
                if channel is None or m.channel == channel
            ]

    def dm(self, slack_id: str) -> list[SlackMessage]:
        """Return the conversation between the bot and a person, newest last."""
        return self.messages(dm_id(slack_id))

    @property
    def deliveries(self) -> list[EventDelivery]:
        """Every event sent so far with its attempts."""
        return list(self.delivery.events)

    def deliver(self, event: Json) -> BotAnswer:
        """Send an event (the inner object, or a whole event_callback): the first attempt."""
        if event.get("type") == "event_callback":
            return self.delivery.send_event(event)
        with self.lock:
            payload = payloads.event(self.workspace, event, at=self.clock())
        return self.delivery.send_event(payload)

    def retry_due(self) -> list[BotAnswer]:
        """Retry the events whose time has come: at once, after 1 and 5 minutes."""
        return self.delivery.retry_due()

    def verify_url(self) -> BotAnswer:
        """Send url_verification, as Slack does when the request URL is entered; the bot echoes the
        challenge.
        """
        challenge = self.workspace.token()
        answer = self.delivery.send_json(
            {
                "token": payloads.VERIFICATION_TOKEN,
                "challenge": challenge,
                "type": "url_verification",
            }
        )
        is_echo = answer.body == challenge or (
            isinstance(answer.body, dict) and answer.body.get("challenge") == challenge
        )
        if answer.ok and not is_echo:
            raise SandboxUseError(
                "the bot did not answer with the challenge: Slack refuses this URL"
            )
        return answer

    def is_write(self, method: str, path: str, body: bytes) -> bool:  # noqa: ARG002  # the base asks so
        return web_api.is_write(path)

    def fault_body(self, status: int) -> str:
        return json.dumps({"ok": False, "error": _FAULTS.get(status, "internal_error")})

    def _seed(self, people: Iterable[Colleague]) -> None:
        for one in people:
            self.add_user(one.slack_id, name=one.name, mail=one.mail, timezone=one.timezone)
        self.add_channel(GENERAL, name="general", members=self.workspace.users, has_bot=False)
        self.add_user(self.bot_user_id, name="Usher", mail="", is_bot=True)
