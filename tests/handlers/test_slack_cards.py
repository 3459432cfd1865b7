"""The buttons of real cards: what the adapter draws, the doorway understands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import make_client
from bot.domain.cards import CardAction
from bot.domain.inbound import Press, Verb
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.slack import SlackEmulator, SlackMessage
from tests.fakes.cards import card
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox
from tests.fakes.slack_wire import TOKEN, Stage, issue_url, slack_app, staged

BEA = "U0BEA00003"


@dataclass
class Approver:
    """Bea with a card in her direct messages."""

    slack: SlackEmulator
    inbox: FakeInbox

    @property
    def card(self) -> SlackMessage:
        return self.slack.dm(BEA)[0]

    def press(self, action: CardAction) -> None:
        assert self.slack.person(BEA).press(self.card, action).ok


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as one:
        yield one


@pytest.fixture
def bea(stage: Stage) -> Iterator[Approver]:
    slack = SlackEmulator()
    slack.serve()
    inbox = FakeInbox()
    app = slack_app(inbox, FakeDesk(), api_url=slack.api_url, now=lambda: datetime.now(UTC))
    stage.play(app)
    slack.connect(stage.url)
    client = make_client(token=TOKEN, api_url=slack.api_url)
    shown = card(request_id="req:2026:1", actions=tuple(CardAction))
    SlackChat(client, issue_url=issue_url).post(BEA, shown, "k")
    yield Approver(slack, inbox)
    slack.close()


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        (CardAction.APPROVE, Verb.APPROVE),
        (CardAction.CANCEL, Verb.CANCEL),
        (CardAction.GIVE_BACK, Verb.REVOKE),
    ],
)
def test_a_press_names_the_request_and_what_its_card_showed(
    bea: Approver, action: CardAction, verb: Verb
) -> None:
    bea.press(action)

    [press] = bea.inbox.messages
    assert press == Press(
        actor=press.actor,
        verb=verb,
        request_id="req:2026:1",
        digest="d1g3st",
        response_url=press.response_url,
    )
    assert press.actor.slack_id == BEA


def test_a_link_to_the_issue_is_only_acknowledged(bea: Approver) -> None:
    bea.press(CardAction.OPEN_ISSUE)

    assert bea.inbox.messages == []


def test_a_denial_asks_for_the_reason_and_carries_only_what_is_denied(bea: Approver) -> None:
    person = bea.slack.person(BEA)
    bea.press(CardAction.DENY)
    assert person.view.private_metadata == '{"request_id": "req:2026:1", "digest": "d1g3st"}'
    assert bea.inbox.messages == []

    person.submit({"why": "Ask for\u202e reports instead"})

    [press] = bea.inbox.messages
    assert (press.verb, press.request_id, press.digest) == (Verb.DENY, "req:2026:1", "d1g3st")
    assert press.reason == "Ask for reports instead"
    assert person.view is None


def test_a_denial_without_words_is_asked_again(bea: Approver) -> None:
    bea.press(CardAction.DENY)

    bea.slack.person(BEA).submit({"why": "🙅"})

    assert bea.slack.person(BEA).view_errors == {"why": "Please say why in words."}
    assert bea.inbox.messages == []


def test_a_denial_that_slack_does_not_ask_about_says_so(bea: Approver) -> None:
    bea.slack.faults.add(Fault(route="POST /api/views.open", kind=FaultKind.DROP_BEFORE))

    bea.press(CardAction.DENY)

    answer = bea.slack.dm(BEA)[-1]
    assert "press Deny again" in answer.text
    assert answer.ephemeral_for == BEA
    assert bea.card.blocks


def test_a_denial_while_the_database_is_gone_keeps_the_reason_on_screen(bea: Approver) -> None:
    bea.press(CardAction.DENY)
    bea.inbox.is_down = True

    bea.slack.person(BEA).submit({"why": "No budget"})

    assert "Nothing was saved" in bea.slack.person(BEA).view_errors["why"]
