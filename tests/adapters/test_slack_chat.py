"""Cards sent, found again and changed; against the emulator over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import is_slacks, make_client
from bot.domain.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.slack import SlackEmulator
from tests.fakes.cards import card
from tests.fakes.slack_wire import TOKEN, issue_url

ANN = "U0ANN00004"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
POST, HISTORY = "POST /api/chat.postMessage", "POST /api/conversations.history"


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    emulator = SlackEmulator(rate_limits=False)
    emulator.serve()
    yield emulator
    emulator.close()


def chat_with(slack: SlackEmulator, token: str = TOKEN) -> SlackChat:
    return SlackChat(make_client(token=token, api_url=slack.api_url), issue_url=issue_url)


@pytest.fixture
def chat(slack: SlackEmulator) -> SlackChat:
    return chat_with(slack)


def calls(slack: SlackEmulator, name: str) -> int:
    return sum(exchange.path == f"/api/{name}" for exchange in slack.exchanges)


def test_a_card_is_posted_once_and_found_again_by_its_key(
    slack: SlackEmulator, chat: SlackChat
) -> None:
    handle = chat.post(ANN, card(), "r-1:ann")

    [message] = slack.dm(ANN)
    assert handle == f"{message.channel}:{message.ts}"
    assert chat_with(slack).find_message(ANN, "r-1:ann", LONG_AGO) == handle
    assert chat.find_message(ANN, "r-1:bea", LONG_AGO) is None


def test_an_update_edits_the_card_in_place_and_may_be_made_twice(
    slack: SlackEmulator, chat: SlackChat
) -> None:
    handle = chat.post(ANN, card(), "k")
    decided = card(headline="Approved by Bea Kline", actions=())

    chat.update(handle, decided, "k")
    chat.update(handle, decided, "k")

    [message] = slack.dm(ANN)
    assert message.text.startswith("Approved by Bea Kline")
    assert "actions" not in [block["type"] for block in message.blocks]
    assert chat.find_message(ANN, "k", LONG_AGO) == handle


def test_a_card_far_back_is_found_over_pages_and_an_older_one_is_not_looked_for(
    slack: SlackEmulator, chat: SlackChat
) -> None:
    handle = chat.post(ANN, card(), "first")
    for number in range(210):
        slack.workspace.post(slack.workspace.dm(ANN), ANN, f"chat {number}")

    assert chat.find_message(ANN, "first", LONG_AGO) == handle
    assert chat.find_message(ANN, "first", datetime.now(UTC) + timedelta(hours=1)) is None


def test_the_channel_of_a_person_is_asked_for_once(slack: SlackEmulator, chat: SlackChat) -> None:
    chat.post(ANN, card(), "a")
    chat.post(ANN, card(), "b")

    assert calls(slack, "conversations.open") == 1


def test_hostile_words_ping_nobody(slack: SlackEmulator, chat: SlackChat) -> None:
    hostile = "<!channel> <@U0EVA00001> " + "x" * 10_000
    chat.post(ANN, card(headline=hostile, notes=(hostile,)), "k")
    chat.whisper(ANN, hostile)

    assert all(message.mentions == () for message in slack.dm(ANN))


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE, FaultKind.HTML])
def test_a_post_whose_answer_is_lost_is_unknown_and_sent_once(
    slack: SlackEmulator, chat: SlackChat, kind: FaultKind
) -> None:
    slack.faults.add(Fault(route=POST, kind=kind, status=502))

    with pytest.raises(OutcomeUnknown):
        chat.post(ANN, card(), "k")

    assert calls(slack, "chat.postMessage") == 1
    found = chat.find_message(ANN, "k", LONG_AGO)
    assert (found is not None) == (kind is FaultKind.DROP_AFTER)


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HTML, FaultKind.STATUS])
def test_a_failed_look_is_unavailable(
    slack: SlackEmulator, chat: SlackChat, kind: FaultKind
) -> None:
    slack.faults.add(Fault(route=HISTORY, kind=kind, status=500))

    with pytest.raises(Unavailable):
        chat.find_message(ANN, "k", LONG_AGO)


def test_a_rate_limit_says_how_long_to_wait_and_nothing_is_repeated(
    slack: SlackEmulator, chat: SlackChat
) -> None:
    slack.faults.add(Fault(route=POST, kind=FaultKind.STATUS, status=429, retry_after=17))

    with pytest.raises(RateLimited) as caught:
        chat.post(ANN, card(), "k")

    assert caught.value.retry_after_s == 17
    assert calls(slack, "chat.postMessage") == 1


def test_nobody_to_reach_is_not_found(slack: SlackEmulator, chat: SlackChat) -> None:
    slack.deactivate("U0GUS00002")

    for nobody in ("U0NOBODY00", "U0GUS00002", slack.bot_user_id):
        with pytest.raises(NotFound):
            chat.post(nobody, card(), "k")


def test_a_message_that_is_gone_is_not_found(chat: SlackChat) -> None:
    chat.post(ANN, card(), "k")

    with pytest.raises(NotFound) as caught:
        chat.update("D0ANN00004:1.000000", card(), "k")
    assert caught.value.code == "message_not_found"


def test_a_wrong_token_is_unauthorized_and_never_quoted(slack: SlackEmulator) -> None:
    with pytest.raises(Unauthorized) as caught:
        chat_with(slack, "xoxb-wrong-token").post(ANN, card(), "k")

    assert "xoxb" not in f"{caught.value!r} {caught.value.__cause__}"


def test_a_missing_scope_is_named(slack: SlackEmulator, chat: SlackChat) -> None:
    slack.web_api.scopes = ("im:write",)

    with pytest.raises(Unauthorized, match="chat:write"):
        chat.post(ANN, card(), "k")


def test_slack_out_of_reach_did_nothing() -> None:
    chat = SlackChat(
        make_client(token=TOKEN, api_url="http://127.0.0.1:9/api/"), issue_url=issue_url
    )

    with pytest.raises(Unavailable):
        chat.post(ANN, card(), "k")


def test_a_whisper_is_seen_by_one_person(slack: SlackEmulator, chat: SlackChat) -> None:
    chat.whisper(ANN, "You may not approve your *own* request.")

    [message] = slack.dm(ANN)
    assert message.ephemeral_for == ANN
    assert "*own*" not in message.text


def click_path(slack: SlackEmulator, chat: SlackChat) -> str:
    chat.post(ANN, card(), "k")
    origin = slack.workspace.messages[-1]
    return slack.workspace.new_response_path("actions", ANN, origin.channel, origin)


def test_a_click_is_answered_through_its_response_url_and_the_card_stays(
    slack: SlackEmulator, chat: SlackChat
) -> None:
    path = click_path(slack, chat)

    chat.whisper(ANN, "Already decided.", slack.url + path)

    first, answer = slack.dm(ANN)
    assert first.blocks
    assert (answer.text, answer.ephemeral_for) == ("Already decided.", ANN)
    assert calls(slack, "chat.postEphemeral") == 0


@pytest.mark.parametrize("address", ["/actions/T0/9/gone", "https://evil.example/collect"])
def test_a_used_up_or_foreign_response_url_gives_way_to_the_direct_message(
    slack: SlackEmulator, chat: SlackChat, address: str
) -> None:
    url = address if address.startswith("https") else slack.url + address

    chat.whisper(ANN, "Already decided.", url)

    assert calls(slack, "chat.postEphemeral") == 1


def test_a_lost_answer_at_a_response_url_is_unknown(slack: SlackEmulator, chat: SlackChat) -> None:
    path = click_path(slack, chat)
    slack.faults.add(Fault(route="POST /actions/*", kind=FaultKind.STATUS, status=500))

    with pytest.raises(OutcomeUnknown):
        chat.whisper(ANN, "Already decided.", slack.url + path)


def test_what_slack_refuses_for_good_is_a_conflict(slack: SlackEmulator, chat: SlackChat) -> None:
    body = '{"ok": false, "error": "restricted_action"}'
    slack.faults.add(Fault(route=POST, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Conflict) as caught:
        chat.post(ANN, card(), "k")
    assert caught.value.code == "restricted_action"


@pytest.mark.parametrize(
    ("url", "api_url", "is_ours"),
    [
        ("https://hooks.slack.com/actions/1", "https://slack.com/api/", True),
        ("https://hooks.slack-gov.com/actions/1", "https://slack-gov.com/api/", True),
        ("http://hooks.slack.com/actions/1", "https://slack.com/api/", False),
        ("https://hooks.slack.com.evil.example/1", "https://slack.com/api/", False),
        ("https://evilslack.com/1", "https://slack.com/api/", False),
        ("http://127.0.0.1:81/actions/1", "http://127.0.0.1:80/api/", False),
        ("http://127.0.0.1:80/actions/1", "http://127.0.0.1:80/api/", True),
    ],
)
def test_answers_go_to_slack_alone(url: str, api_url: str, *, is_ours: bool) -> None:
    assert is_slacks(url, api_url) is is_ours
