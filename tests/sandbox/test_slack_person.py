"""People pressing, reading and writing in Slack while a real Bolt app listens."""

import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.sandbox.slack import SandboxUseError, SlackEmulator

ANN, BEA = "U0ANN00004", "U0BEA00003"
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Ask"}, "blocks": []}


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


class Bot:
    """A small Bolt app that remembers what reached it; tests hang listeners into `app`."""

    def __init__(self, slack: SlackEmulator) -> None:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        self.app = App(
            client=client,
            signing_secret=slack.signing_secret,
            process_before_response=True,
            logger=logging.getLogger("test-bot"),
        )
        self.client = self.app.client
        self.heard: list[dict[str, Any]] = []
        self.app.middleware(self._hear)

    def _hear(self, body: dict[str, Any], next: Any) -> None:  # noqa: A002  # Bolt looks for this name
        self.heard.append(body)
        next()


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    emulator = SlackEmulator()
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def bot(slack: SlackEmulator) -> Iterator[Bot]:
    bot = Bot(slack)
    server = make_server(
        "127.0.0.1", 0, SlackRequestHandler(bot.app), threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    slack.connect(f"http://127.0.0.1:{server.server_port}")
    yield bot
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_button_press_carries_the_message_and_a_response_url(
    slack: SlackEmulator, bot: Bot
) -> None:
    presses: list[dict[str, Any]] = []

    @bot.app.action("give-back")
    def give_back(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        presses.append(body)
        respond(text="Gone.", replace_original=True)

    buttons = [
        {"type": "button", "action_id": "give-back", "value": v, "text": plain(v)}
        for v in ("one", "two")
    ]
    blocks = [{"type": "section", "text": plain(str(b["value"])), "accessory": b} for b in buttons]
    bot.client.chat_postMessage(channel=ANN, text="Your access", blocks=blocks)
    ann, (card,) = slack.person(ANN), slack.dm(ANN)

    with pytest.raises(SandboxUseError, match="2 elements"):
        ann.press(card, "give-back")
    with pytest.raises(SandboxUseError, match="nothing to press"):
        ann.press(card, "approve")
    with pytest.raises(SandboxUseError, match="sees no message"):
        slack.person(BEA).press(card, "give-back", value="one")
    assert ann.press(card, "give-back", value="two").ok

    (body,) = presses
    assert body["actions"][0]["value"] == "two"
    assert body["container"]["message_ts"] == body["message"]["ts"] == card.ts
    (after,) = slack.dm(ANN)
    assert (after.text, after.blocks) == ("Gone.", [])
    with pytest.raises(SandboxUseError, match="nothing to press"):
        ann.press(card, "give-back", value="two")


def test_a_response_url_is_good_five_times(slack: SlackEmulator, bot: Bot) -> None:
    urls: list[str] = []

    @bot.app.command("/access")
    def take_url(ack: Any, body: dict[str, Any]) -> None:
        ack("One moment.")
        urls.append(body["response_url"])

    slack.person(ANN).command("/access")
    hook = WebhookClient(urls[0], retry_handlers=[])
    sent = [hook.send(text=str(n)) for n in range(6)]

    assert [s.status_code for s in sent] == [200] * 5 + [404]
    assert sent[0].body == "ok"
    assert '"used_url"' in sent[5].body
    assert [m.text for m in slack.dm(ANN)] == ["One moment.", "0", "1", "2", "3", "4"]
    assert {m.ephemeral_for for m in slack.dm(ANN)} == {ANN}


def test_the_home_tab_is_published_and_pressed(slack: SlackEmulator, bot: Bot) -> None:
    button = {"type": "button", "action_id": "find", "text": plain("Find access")}
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}

    @bot.app.event("app_home_opened")
    def show(event: dict[str, Any]) -> None:
        bot.client.views_publish(user_id=event["user"], view=home)

    @bot.app.action("find")
    def find(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    ann = slack.person(ANN)
    assert ann.home is None
    ann.open_home()
    assert ann.home is not None
    assert ann.home.type == "home"
    ann.press_in_view("find")
    assert ann.view is not None
    assert bot.heard[-1]["container"]["type"] == "view"


def test_a_direct_message_arrives_escaped(slack: SlackEmulator, bot: Bot) -> None:
    texts: list[str] = []

    @bot.app.event("message")
    def on_message(event: dict[str, Any]) -> None:
        texts.append(f"{event['channel_type']}: {event['text']}")

    assert slack.person(ANN).say("is <!channel> & co there?").ok
    assert texts == ["im: is &lt;!channel&gt; &amp; co there?"]


def test_someone_who_left_can_do_nothing(slack: SlackEmulator, bot: Bot) -> None:
    slack.deactivate(ANN)

    with pytest.raises(SandboxUseError, match="deactivated"):
        slack.person(ANN).command("/access")
    assert bot.heard == []


def test_a_stranger_comes_with_the_other_team(slack: SlackEmulator, bot: Bot) -> None:
    slack.add_user(
        "U0OTHER001", name="Other", mail="o@x.example", is_stranger=True, team_id="T0OTHER"
    )

    slack.person("U0OTHER001").command("/access")

    assert bot.heard[0]["team_id"] == "T0OTHER"


def test_a_response_url_speaks_in_the_channel_and_takes_its_message_back(
    slack: SlackEmulator, bot: Bot
) -> None:
    urls: list[str] = []

    @bot.app.action("go")
    @bot.app.command("/access")
    def take_url(ack: Any, body: dict[str, Any]) -> None:
        ack()
        urls.append(body["response_url"])

    slack.add_channel("C0ACCESS01", name="access", members=[ANN, BEA])
    go = {"type": "button", "action_id": "go", "text": plain("Go")}
    blocks = [{"type": "actions", "elements": [go]}]
    bot.client.chat_postEphemeral(channel="C0ACCESS01", user=ANN, text="only you", blocks=blocks)
    ann = slack.person(ANN)
    ann.command("/access", channel="C0ACCESS01")
    ann.press(ann.messages()[0], "go")
    command, button = (WebhookClient(url, retry_handlers=[]) for url in urls)

    command.send(text="everyone", response_type="in_channel")
    button.send(delete_original=True)
    refused = command.send(blocks=[{"type": "header", "text": plain("x" * 151)}], text="x")
    replacing = command.send(text="x", replace_original=True)
    wordless = command.send(text="")

    assert "message" not in bot.heard[-1]
    assert [m.text for m in slack.person(BEA).messages()] == ["everyone"]
    assert [m.text for m in ann.messages()] == ["everyone"]
    assert "invalid_blocks" in refused.body
    assert replacing.status_code == 501
    assert "no_text" in wordless.body


def test_every_kind_of_choice_in_a_message_arrives(slack: SlackEmulator, bot: Bot) -> None:
    options = [{"text": plain(n), "value": n} for n in ("one", "two")]
    elements: list[dict[str, Any]] = [
        {"type": "static_select", "action_id": "static", "options": options},
        {"type": "multi_static_select", "action_id": "multi", "options": options},
        {"type": "overflow", "action_id": "more", "options": options},
        {"type": "users_select", "action_id": "user"},
        {"type": "datepicker", "action_id": "date"},
    ]
    chosen: dict[str, Any] = {}

    @bot.app.action(re.compile("."))
    def choose(ack: Any, action: dict[str, Any]) -> None:
        ack()
        chosen[action["action_id"]] = action

    blocks = [{"type": "actions", "elements": elements}]
    bot.client.chat_postMessage(channel=ANN, text="Choose", blocks=blocks)
    ann, (card,) = slack.person(ANN), slack.dm(ANN)
    for action_id, value in (
        ("static", "two"),
        ("multi", ["one", "two"]),
        ("more", options[0]),
        ("user", BEA),
        ("date", "2026-12-24"),
    ):
        ann.press(card, action_id, value=value)

    assert chosen["static"]["selected_option"]["value"] == "two"
    assert [o["value"] for o in chosen["multi"]["selected_options"]] == ["one", "two"]
    assert chosen["more"]["selected_option"]["value"] == "one"
    assert chosen["user"]["selected_user"] == BEA
    assert chosen["date"]["selected_date"] == "2026-12-24"
    with pytest.raises(SandboxUseError, match="not among the options"):
        ann.press(card, "static", value="three")


def test_an_answer_to_a_command_that_slack_cannot_show_is_said(
    slack: SlackEmulator, bot: Bot
) -> None:
    @bot.app.command("/access")
    def answer(ack: Any) -> None:
        ack(text="x", blocks=[{"type": "header", "text": plain("x" * 151)}])

    outcome = slack.person(ANN).command("/access")

    assert outcome.error == "invalid_command_response"
    assert "invalid_command_response" in slack.dm(ANN)[0].text


def test_a_command_is_typed_only_where_one_is(slack: SlackEmulator, bot: Bot) -> None:
    slack.add_channel("C0ACCESS01", name="access", members=[BEA])

    with pytest.raises(SandboxUseError, match="not in C0ACCESS01"):
        slack.person(ANN).command("/access", channel="C0ACCESS01")
    with pytest.raises(SandboxUseError, match="nobody"):
        slack.person("U0NOBODY01")
    assert bot.heard == []
