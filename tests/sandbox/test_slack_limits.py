"""How the Slack emulator holds back callers that ask too often or send too much."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.slack import SlackEmulator

ANN, BEA = "U0ANN00004", "U0BEA00003"


class Clock:
    def __init__(self) -> None:
        self.now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackEmulator]:
    emulator = SlackEmulator(clock=clock)
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def client(slack: SlackEmulator) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def dm(client: WebClient, user: str = ANN) -> str:
    return str(client.conversations_open(users=user)["channel"]["id"])


def test_more_than_a_message_a_second_is_held_back_after_a_burst(
    slack: SlackEmulator, client: WebClient, clock: Clock
) -> None:
    channel = dm(client)
    for number in range(5):
        client.chat_postMessage(channel=channel, text=str(number))

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel, text="too much")

    response = caught.value.response
    assert response.status_code == 429
    assert response.data == {"ok": False, "error": "ratelimited"}
    assert int(response.headers["Retry-After"]) == 1
    client.chat_postMessage(channel=BEA, text="another channel has its own second")
    clock.now += 1
    client.chat_postMessage(channel=channel, text="later")
    assert len(slack.dm(ANN)) == 6


def test_a_method_called_more_often_than_its_tier_is_held_back(
    client: WebClient, clock: Clock
) -> None:
    for _ in range(50):
        client.users_lookupByEmail(email="ann.ortiz@acme.example")

    with pytest.raises(SlackApiError) as caught:
        client.users_lookupByEmail(email="ann.ortiz@acme.example")

    assert caught.value.response.headers["Retry-After"] == "60"
    clock.now += 60
    assert client.users_lookupByEmail(email="ann.ortiz@acme.example")["ok"]


def test_an_injected_429_is_waited_for_by_the_sdk(slack: SlackEmulator) -> None:
    fault = Fault(route="POST /api/auth.test", kind=FaultKind.STATUS, status=429, retry_after=0)
    slack.faults.add(fault)
    handlers: list[Any] = [RateLimitErrorRetryHandler(max_retry_count=1)]
    client = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=handlers)

    assert client.auth_test()["ok"]
    assert json.loads(slack.exchanges[0].response_body or b"")["error"] == "ratelimited"


def test_rate_limits_can_be_switched_off(clock: Clock) -> None:
    slack = SlackEmulator(clock=clock, rate_limits=False)
    slack.serve()
    client = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])

    for number in range(8):
        client.chat_postMessage(channel=ANN, text=str(number))

    assert len(slack.dm(ANN)) == 8
    slack.close()


def test_a_view_over_a_quarter_megabyte_is_refused(client: WebClient) -> None:
    long = {"type": "section", "fields": [{"type": "plain_text", "text": "x" * 2000}] * 10}

    with pytest.raises(SlackApiError) as caught:
        client.views_publish(user_id=ANN, view={"type": "home", "blocks": [long] * 20})

    assert caught.value.response["error"] == "view_too_large"
