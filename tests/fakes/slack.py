"""Slack in memory: everybody's direct messages, whispers, and who may use Usher."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.cards import Card
from bot.domain.errors import NotFound
from bot.ports import Clock
from tests.fakes.troubles import Troubles


@dataclass
class FakeMessage:
    """One message as the person sees it now."""

    slack_id: str
    key: str
    card: Card
    posted_at: datetime
    edits: int = 0


class FakeChat:
    """Implements the Chat port; everybody can be reached but those in `gone`."""

    def __init__(self, clock: Clock) -> None:
        self.messages: dict[str, FakeMessage] = {}
        self.whispers: list[tuple[str, str, str]] = []
        self.gone: set[str] = set()
        self.troubles = Troubles()
        self._clock = clock

    def find_message(self, slack_id: str, key: str, since: datetime) -> str | None:
        with self.troubles.around("find_message"):
            self._reach(slack_id)
            for handle, message in self.messages.items():
                is_it = (message.slack_id, message.key) == (slack_id, key)
                if is_it and message.posted_at >= since:
                    return handle
            return None

    def post(self, slack_id: str, card: Card, key: str) -> str:
        with self.troubles.around("post"):
            self._reach(slack_id)
            handle = f"D-{slack_id}:{len(self.messages) + 1}"
            self.messages[handle] = FakeMessage(slack_id, key, card, self._clock.now())
        return handle

    def update(self, handle: str, card: Card, key: str) -> None:
        with self.troubles.around("update"):
            if handle not in self.messages:
                raise NotFound("no such message", service="slack")
            message = self.messages[handle]
            message.card, message.edits = card, message.edits + 1

    def whisper(self, slack_id: str, text: str, response_url: str = "") -> None:
        with self.troubles.around("whisper"):
            self._reach(slack_id)
            self.whispers.append((slack_id, text, response_url))

    def of(self, slack_id: str) -> list[FakeMessage]:
        """List what somebody has in their direct messages, oldest first."""
        return [m for m in self.messages.values() if m.slack_id == slack_id]

    def _reach(self, slack_id: str) -> None:
        if slack_id in self.gone:
            raise NotFound("nobody to reach", service="slack", code="channel_not_found")


class FakeMembers:
    """Implements the Members port; whoever is not in `refused` is fine."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.troubles = Troubles()

    def refusal(self, slack_id: str) -> str:
        with self.troubles.around("refusal"):
            return self.refused.get(slack_id, "")
