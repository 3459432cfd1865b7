"""Slack with its people, and a doorway over fakes, for the tests of what people meet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.domain.desk import HeldLevel, Mine, PendingLevel
from bot.sandbox.slack import Person, SlackEmulator
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox
from tests.fakes.slack_wire import Stage, slack_app, staged

ANN, BEA = "U0ANN00004", "U0BEA00003"


@dataclass
class Office:
    """Slack with its people, and a doorway over fakes."""

    slack: SlackEmulator
    inbox: FakeInbox
    desk: FakeDesk

    @property
    def ann(self) -> Person:
        return self.slack.person(ANN)

    def holds(self, *held: HeldLevel, pending: tuple[PendingLevel, ...] = ()) -> None:
        self.desk.holdings[ANN] = Mine(timezone="America/New_York", held=held, pending=pending)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as one:
        yield one


@pytest.fixture
def office(stage: Stage) -> Iterator[Office]:
    slack = SlackEmulator()
    slack.serve()
    inbox, desk = FakeInbox(), FakeDesk()
    stage.play(slack_app(inbox, desk, api_url=slack.api_url, now=lambda: datetime.now(UTC)))
    slack.connect(stage.url)
    yield Office(slack, inbox, desk)
    slack.close()
