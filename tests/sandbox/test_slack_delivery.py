"""How the emulator reaches a bot: signatures, timeouts and the retry schedule of events."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from bot.sandbox.slack import SandboxUseError, SlackEmulator

ANN = "U0ANN00004"
EVENT = {"type": "app_home_opened", "user": ANN, "tab": "home"}
VIEW = {"type": "modal", "title": {"type": "plain_text", "text": "Ask"}, "blocks": []}


class Clock(SdkClock):
    """One clock for the emulator and for slack_sdk's verifier."""

    def __init__(self) -> None:
        self.now_s = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now_s

    def now(self) -> float:
        return self.now_s


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Bot:
    """A bot that answers with what it is told, and waits while `may_answer` is cleared."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[Response] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        request.get_data(cache=True)
        self.requests.append(request)
        self.may_answer.wait(10)
        return self.answers.pop(0) if self.answers else Response("", 200)

    def headers(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.requests]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackEmulator]:
    emulator = SlackEmulator(clock=clock, ack_timeout_s=0.3)
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def bot(slack: SlackEmulator) -> Iterator[Bot]:
    bot = Bot()
    server = make_server("127.0.0.1", 0, bot, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.connect(f"http://127.0.0.1:{server.server_port}")
    yield bot
    bot.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_request_is_signed_as_the_sdk_verifies_it(
    slack: SlackEmulator, bot: Bot, clock: Clock
) -> None:
    verifier = SignatureVerifier(slack.signing_secret, clock=clock)

    slack.person(ANN).command("/access", "ü & <x>")
    slack.person(ANN).say("hello")

    assert len(bot.requests) == 2
    for request in bot.requests:
        headers = dict(request.headers)
        assert verifier.is_valid_request(request.get_data(), headers)
        assert not verifier.is_valid_request(request.get_data() + b" ", headers)
        assert not SignatureVerifier("other", clock=clock).is_valid_request(
            request.get_data(), headers
        )
    assert bot.requests[0].form["text"] == "ü & <x>"
    clock.now_s += 301
    assert not verifier.is_valid_request(bot.requests[0].get_data(), dict(bot.requests[0].headers))


def test_an_acknowledged_event_is_sent_once(slack: SlackEmulator, bot: Bot) -> None:
    answer = slack.deliver(EVENT)

    assert (answer.status, answer.retries) == (200, 0)
    assert slack.retry_due() == []
    assert bot.requests[0].get_json()["event_id"].startswith("Ev")
    assert bot.headers("X-Slack-Retry-Num") == [None]


def test_a_failed_event_is_retried_at_once_after_a_minute_and_after_five(
    slack: SlackEmulator, bot: Bot, clock: Clock
) -> None:
    bot.answers = [Response("", 500) for _ in range(4)]

    slack.deliver(EVENT)
    tries = [len(slack.retry_due()), len(slack.retry_due())]
    clock.now_s += 60
    tries += [len(slack.retry_due()), len(slack.retry_due())]
    clock.now_s += 299
    tries.append(len(slack.retry_due()))
    clock.now_s += 1
    tries.append(len(slack.retry_due()))
    clock.now_s += 3600
    tries.append(len(slack.retry_due()))

    assert tries == [1, 0, 1, 0, 0, 1, 0]
    assert bot.headers("X-Slack-Retry-Num") == [None, "1", "2", "3"]
    assert bot.headers("X-Slack-Retry-Reason") == [None, *["http_error"] * 3]
    assert len({request.get_json()["event_id"] for request in bot.requests}) == 1
    assert slack.deliveries[0].is_done


def test_a_bot_can_ask_for_no_retry(slack: SlackEmulator, bot: Bot) -> None:
    bot.answers = [Response("", 500, headers={"X-Slack-No-Retry": "1"})]

    slack.deliver(EVENT)

    assert slack.retry_due() == []


def test_an_event_delivered_twice_by_hand_keeps_its_id(slack: SlackEmulator, bot: Bot) -> None:
    slack.deliver(EVENT)
    slack.deliver(slack.deliveries[0].payload)

    assert len({request.get_json()["event_id"] for request in bot.requests}) == 1


def test_a_slow_bot_is_a_timeout_that_the_person_sees(slack: SlackEmulator, bot: Bot) -> None:
    bot.may_answer.clear()

    answer = slack.person(ANN).command("/access")
    slack.deliver(EVENT)
    bot.may_answer.set()
    (retried,) = slack.retry_due()

    assert (answer.timed_out, answer.status, answer.error) == (True, None, "operation_timeout")
    (notice,) = slack.dm(ANN)
    assert notice.text == '/access failed with the error "operation_timeout"'
    assert notice.ephemeral_for == ANN
    assert (retried.ok, retried.retries) == (True, 1)
    assert bot.headers("X-Slack-Retry-Reason")[-1] == "http_timeout"


def test_a_bot_that_is_down_is_a_failed_dispatch(slack: SlackEmulator, bot: Bot) -> None:
    bot.answers = [Response("", 500)]

    broken = slack.person(ANN).command("/access")
    slack.connect("http://127.0.0.1:9")
    gone = slack.person(ANN).command("/access")

    assert (broken.status, broken.error) == (500, "dispatch_failed")
    assert (gone.status, gone.error, gone.timed_out) == (None, "dispatch_failed", False)


def test_a_bot_address_is_needed(slack: SlackEmulator) -> None:
    with pytest.raises(SandboxUseError, match="connect"):
        slack.person(ANN).command("/access")


def test_the_request_url_is_verified_by_a_challenge(slack: SlackEmulator, bot: Bot) -> None:
    with pytest.raises(SandboxUseError, match="challenge"):
        slack.verify_url()
    assert bot.requests[0].get_json()["type"] == "url_verification"


def test_a_trigger_lives_three_seconds_and_a_response_url_half_an_hour(
    slack: SlackEmulator, bot: Bot, clock: Clock
) -> None:
    slack.person(ANN).command("/access")
    form = bot.requests[0].form
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    hook = WebhookClient(form["response_url"], retry_handlers=[])

    clock.now_s += 3.1
    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=form["trigger_id"], view=VIEW)
    clock.now_s += 30 * 60
    late = hook.send(text="late")

    assert caught.value.response["error"] == "expired_trigger_id"
    assert (late.status_code, "expired_url" in late.body) == (404, True)


def test_a_refused_view_names_the_place_and_spends_no_trigger(
    slack: SlackEmulator, bot: Bot
) -> None:
    slack.person(ANN).command("/access")
    trigger_id = bot.requests[0].form["trigger_id"]
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    bad: dict[str, Any] = VIEW | {"title": {"type": "plain_text", "text": "x" * 25}}

    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=trigger_id, view=bad)
    client.views_open(trigger_id=trigger_id, view=VIEW)

    assert caught.value.response["error"] == "invalid_arguments"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]


def test_a_third_push_is_one_too_many(slack: SlackEmulator, bot: Bot) -> None:
    ann = slack.person(ANN)
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    ann.command("/access")
    client.views_open(trigger_id=bot.requests[0].form["trigger_id"], view=VIEW)

    def trigger() -> str:
        with slack.lock:
            return slack.workspace.new_trigger(ANN, "V0")

    client.views_push(trigger_id=trigger(), view=VIEW)
    client.views_push(trigger_id=trigger(), view=VIEW)
    with pytest.raises(SlackApiError) as caught:
        client.views_push(trigger_id=trigger(), view=VIEW)

    assert caught.value.response["error"] == "push_limit_reached"
