"""What the workflows count on in Chat and Members, of the fake and of Slack alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import make_client
from bot.adapters.slack.members import SlackMembers
from bot.domain.errors import NotFound, OutcomeUnknown, Unavailable
from bot.ports import Chat, Members
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.slack import SlackEmulator
from tests.fakes.cards import card
from tests.fakes.clock import FakeClock
from tests.fakes.slack import FakeChat, FakeMembers
from tests.fakes.slack_wire import TOKEN, issue_url

ANN, BEA, GUEST = "U0ANN00004", "U0BEA00003", "U0GUEST999"
NOBODY = "U0NOBODY99"


@dataclass
class Bench:
    """An implementation, and ways to break its next post."""

    chat: Chat
    members: Members
    fake: FakeChat | None = None
    slack: SlackEmulator | None = None

    def lose_answer(self) -> None:
        self._break("lose", FaultKind.DROP_AFTER)

    def refuse(self) -> None:
        self._break("refuse", FaultKind.STATUS)

    def _break(self, how: str, kind: FaultKind) -> None:
        if self.slack is not None:
            self.slack.faults.add(Fault(route="POST /api/chat.postMessage", kind=kind))
        elif self.fake is not None and how == "lose":
            self.fake.troubles.lose("post")
        elif self.fake is not None:
            self.fake.troubles.refuse("post", Unavailable("down"))


@pytest.fixture(params=["fake", "slack"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "fake":
        fake, members = FakeChat(FakeClock(datetime.now(UTC))), FakeMembers()
        fake.gone.add(NOBODY)
        members.refused |= {
            GUEST: "Guests cannot use Usher.",
            NOBODY: "I do not find this account.",
        }
        yield Bench(fake, members, fake=fake)
        return
    slack = SlackEmulator(rate_limits=False)
    slack.add_user(GUEST, name="Guest", mail="guest@elsewhere.example", is_ultra_restricted=True)
    slack.serve()
    client = make_client(token=TOKEN, api_url=slack.api_url)
    chat = SlackChat(client, issue_url=issue_url)
    yield Bench(chat, SlackMembers(client, team_id=slack.team_id), slack=slack)
    slack.close()


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_a_message_is_found_by_person_and_key(bench: Bench) -> None:
    handle = bench.chat.post(ANN, card(), "k-1")

    assert bench.chat.find_message(ANN, "k-1", an_hour_ago()) == handle
    assert bench.chat.find_message(ANN, "k-2", an_hour_ago()) is None
    assert bench.chat.find_message(BEA, "k-1", an_hour_ago()) is None


def test_a_message_from_before_is_not_looked_for(bench: Bench) -> None:
    bench.chat.post(ANN, card(), "k-1")

    assert bench.chat.find_message(ANN, "k-1", datetime.now(UTC) + timedelta(hours=1)) is None


def test_posting_twice_is_two_messages_and_updating_twice_is_one(bench: Bench) -> None:
    first, second = bench.chat.post(ANN, card(), "k-1"), bench.chat.post(ANN, card(), "k-2")
    changed = card(headline="Approved")

    bench.chat.update(first, changed, "k-1")
    bench.chat.update(first, changed, "k-1")

    assert first != second
    assert bench.chat.find_message(ANN, "k-1", an_hour_ago()) == first
    assert bench.chat.find_message(ANN, "k-2", an_hour_ago()) == second


def test_a_post_whose_answer_was_lost_is_unknown_and_can_be_found(bench: Bench) -> None:
    bench.lose_answer()

    with pytest.raises(OutcomeUnknown):
        bench.chat.post(ANN, card(), "k-1")

    assert bench.chat.find_message(ANN, "k-1", an_hour_ago()) is not None


def test_a_post_that_did_not_get_through_says_so_and_is_not_there(bench: Bench) -> None:
    bench.refuse()

    with pytest.raises((Unavailable, OutcomeUnknown)):
        bench.chat.post(ANN, card(), "k-1")

    assert bench.chat.find_message(ANN, "k-1", an_hour_ago()) is None


def test_nobody_to_reach_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.chat.post(NOBODY, card(), "k")
    with pytest.raises(NotFound):
        bench.chat.find_message(NOBODY, "k", an_hour_ago())
    with pytest.raises(NotFound):
        bench.chat.whisper(NOBODY, "hello")


def test_a_whisper_is_no_message_that_could_be_found(bench: Bench) -> None:
    bench.chat.whisper(ANN, "Only you see this")

    assert bench.chat.find_message(ANN, "Only you see this", an_hour_ago()) is None


def test_members_are_fine_and_others_hear_why_not(bench: Bench) -> None:
    assert bench.members.refusal(ANN) == ""
    assert "cannot use Usher" in bench.members.refusal(GUEST)
    assert "do not find" in bench.members.refusal(NOBODY)
