"""The front page as a newcomer's browser meets it, with a small real Bolt app behind it."""

import html
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from bot.sandbox.front import Front
from bot.sandbox.world import World

ANN, BEA = "U0ANN00004", "U0BEA00003"
ANNS_VAULT = "vaultann000000000000000004"
EVIL = '<script>alert("x")</script>'
LEVELS = ("salesforce/view-only", "salesforce/standard", "gong/recorder")


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value), "value": value}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    element = {"action_id": block_id} | element
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": element,
    } | more


def form() -> dict[str, Any]:
    days = [option("7d"), option("30d")]
    return {
        "type": "modal",
        "callback_id": "ask",
        "title": plain("Ask for access"),
        "submit": plain("Ask"),
        "blocks": [
            field("level", {"type": "external_select", "min_query_length": 2}),
            field("whom", {"type": "users_select", "initial_user": ANN}),
            field("long", {"type": "static_select", "options": days, "initial_option": days[1]}),
            field("extras", {"type": "checkboxes", "options": days}, optional=True),
            field("why", {"type": "plain_text_input", "multiline": True, "max_length": 50}),
        ],
    }


class Bot:
    """A small Bolt app; tests hang listeners into `app`."""

    def __init__(self, world: World) -> None:
        client = WebClient(
            token="xoxb-sandbox-bot", base_url=world.slack.api_url, retry_handlers=[]
        )
        self.app = App(
            client=client,
            signing_secret=world.slack.signing_secret,
            process_before_response=True,
            logger=logging.getLogger("test-bot"),
        )
        self.client = self.app.client
        self.submitted: list[dict[str, Any]] = []
        self.pressed: list[dict[str, Any]] = []
        self.errors: dict[str, str] = {}
        self.app.command("/access")(self._open)
        self.app.options("level")(self._offer)
        self.app.view("ask")(self._submit)
        self.app.action(re.compile("request:.*"))(self._press)

    def _open(self, ack: Any, body: dict[str, Any]) -> None:
        if body["text"] == "help":
            ack("Only *you* read this")
            return
        ack()
        self.client.views_open(trigger_id=body["trigger_id"], view=form())

    def _offer(self, ack: Any, payload: dict[str, Any]) -> None:
        ack(options=[option(level) for level in LEVELS if payload["value"] in level])

    def _submit(self, ack: Any, view: dict[str, Any]) -> None:
        self.submitted.append(view["state"]["values"])
        ack(response_action="errors", errors=self.errors) if self.errors else ack()

    def _press(self, ack: Any, body: dict[str, Any]) -> None:
        ack()
        self.pressed.append(body["actions"][0] | {"by": body["user"]["id"]})
        self.client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="Approved"
        )


class Browser:
    """One newcomer's browser: follows redirects and sends each form's token."""

    def __init__(self, front: Front) -> None:
        self._client = front.app.test_client()
        self._token = front.token

    def get(self, path: str, expect: int = 200) -> str:
        return self._text(self._client.get(path, base_url="http://127.0.0.1"), expect)

    def post(self, path: str, expect: int = 200, **sent: Any) -> str:
        answer = self._client.post(
            path,
            base_url="http://127.0.0.1",
            data={"token": self._token} | sent,
            follow_redirects=True,
        )
        return self._text(answer, expect)

    def fill(self, person: str, **sent: Any) -> str:
        """Send the form of the modal that this person's page shows."""
        found = re.search(r'name="seen" value="([^"]*)"', self.get(person))
        assert found, "no modal is open"
        return self.post(f"{person}/modal", seen=html.unescape(found[1]), **sent)

    @staticmethod
    def _text(answer: TestResponse, status: int) -> str:
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def bot(world: World) -> Iterator[Bot]:
    bot = Bot(world)
    server = make_server(
        "127.0.0.1", 0, SlackRequestHandler(bot.app), threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    world.slack.connect(f"http://127.0.0.1:{server.server_port}")
    yield bot
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(world: World) -> Front:
    return Front(world, bot_url="http://127.0.0.1:8080", patience_s=0)


@pytest.fixture
def browser(front: Front) -> Browser:
    return Browser(front)


def test_the_first_page_names_everybody_and_what_to_try(browser: Browser) -> None:
    page = browser.get("/")

    assert page.count('scope="row"') == 15
    assert 'href="/people/p004">Ann Ortiz</a>' in page
    assert '<a href="/people/p006">Cai Moreno</a>, <a href="/people/p014">Kim Baran</a>' in page
    assert "Try this first" in page
    assert "Nobody in the example company" in browser.get("/people/p999", expect=404)


def test_a_command_opens_the_modal_in_the_page(browser: Browser, bot: Bot) -> None:
    page = browser.post("/people/p004/say", words="/access sales")

    assert "Ask for access</h2>" in page
    assert f'<option value="{ANN}" selected>Ann Ortiz</option>' in page
    assert '<option value="30d" selected>' in page
    assert 'maxlength="50"' in page
    assert "Ask for access</h2>" not in browser.get("/people/p003")


def test_searching_offers_levels_and_keeps_what_was_typed(browser: Browser, bot: Bot) -> None:
    browser.post("/people/p004/say", words="/access")

    page = browser.fill(
        "/people/p004", **{"do": "search:level", "query:level": "sales", "value:why": "half a"}
    )

    assert re.findall(r'<option value="([a-z]+/[^"]+)"', page) == list(LEVELS[:2])
    assert "half a</textarea>" in page
    assert bot.submitted == []
    page = browser.fill("/people/p004", **{"do": "search:level", "query:level": "nothing"})
    assert "No results." in page


def test_a_submit_reaches_the_bot_with_every_value(browser: Browser, bot: Bot) -> None:
    browser.post("/people/p004/say", words="/access")
    browser.fill("/people/p004", **{"do": "search:level", "query:level": "sales"})

    page = browser.fill(
        "/people/p004",
        **{
            "do": "submit",
            "value:level": LEVELS[0],
            "value:whom": BEA,
            "value:long": "7d",
            "value:extras": ["_nothing_", "7d", "30d"],
            "value:why": "one\r\ntwo",
        },
    )

    assert 'name="seen"' not in page
    (values,) = bot.submitted
    assert values["level"]["level"]["selected_option"]["value"] == LEVELS[0]
    assert values["whom"]["whom"]["selected_user"] == BEA
    assert values["long"]["long"]["selected_option"]["value"] == "7d"
    assert [o["value"] for o in values["extras"]["extras"]["selected_options"]] == ["7d", "30d"]
    assert values["why"]["why"]["value"] == "one\ntwo"


def test_inline_errors_stand_at_their_field(browser: Browser, bot: Bot) -> None:
    bot.errors = {"why": f"Say {EVIL} more"}
    browser.post("/people/p004/say", words="/access")
    browser.fill("/people/p004", **{"do": "search:level", "query:level": "gong"})

    empty = browser.fill("/people/p004", **{"do": "submit", "value:why": ""})
    refused = browser.fill(
        "/people/p004", **{"do": "submit", "value:level": LEVELS[2], "value:why": "because"}
    )

    assert empty.count("Please complete this required field.") == 2
    assert len(bot.submitted) == 1
    assert '<p class="error" id="field-4-error">Say &lt;script&gt;' in refused
    assert "because</textarea>" in refused
    assert f'<option value="{LEVELS[2]}" selected>' in refused


def test_what_the_client_would_not_allow_is_said_and_nothing_is_lost(
    browser: Browser, bot: Bot
) -> None:
    browser.post("/people/p004/say", words="/access")
    old = browser.post("/people/p004/modal", seen="V0 old", do="submit")
    long = browser.fill("/people/p004", **{"do": "submit", "value:why": "x" * 51})
    closed = browser.fill("/people/p004", do="close")

    assert "the form has changed or is gone" in old
    assert "stops typing after 50 characters" in long
    assert f"{'x' * 51}</textarea>" in long
    assert 'name="seen"' not in closed
    assert "an empty message" in browser.post("/people/p004/say", words="  ")


def test_a_button_reaches_the_bot_and_asks_first_where_slack_does(
    browser: Browser, bot: Bot, world: World
) -> None:
    sure = {"title": plain("Sure?"), "text": plain("It ends now."), "confirm": plain("End it")}
    buttons = [
        {"type": "button", "action_id": "request:approve", "text": plain("Approve"), "value": "r1"},
        {"type": "button", "action_id": "request:end", "text": plain("Give back"), "value": "r1"}
        | {"confirm": sure | {"deny": plain("Keep it")}},
        {"type": "button", "action_id": "open", "text": plain("Open the issue")}
        | {"url": f"{world.github.url}/acme/access/issues/3"},
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(EVIL)},
        {
            "type": "section",
            "fields": [{"type": "mrkdwn", "text": "*For*\n<@U0ANN00004> &lt;b&gt;"}],
        },
        {"type": "context", "elements": [plain("small print")]},
        {"type": "actions", "elements": buttons},
    ]
    posted = bot.client.chat_postMessage(channel=BEA, text="Approve?", blocks=blocks)

    page = browser.get("/people/p003")
    assert "&lt;script&gt;alert" in page
    assert EVIL not in page
    assert '<strong>For</strong>\n<span class="mention">@Ann Ortiz</span> &lt;b&gt;' in page
    assert "It ends now." in page
    assert '<a class="button" href="/issues/3">Open the issue</a>' in page
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    after = browser.post("/people/p003/press", action_id="request:approve", value="r1", **place)

    assert [(one["action_id"], one["value"], one["by"]) for one in bot.pressed] == [
        ("request:approve", "r1", BEA)
    ]
    assert "Approved" in after
    gone = browser.post("/people/p004/press", action_id="request:approve", **place)
    assert "this message is gone" in gone


def test_only_the_one_who_typed_reads_an_ephemeral_answer(browser: Browser, bot: Bot) -> None:
    page = browser.post("/people/p004/say", words="/access help")

    assert "Only <strong>you</strong> read this" in page
    assert "only visible to Ann Ortiz" in page
    assert "read this" not in browser.get("/people/p003")


def test_a_bot_that_is_gone_is_reported_as_slack_does(
    browser: Browser, bot: Bot, world: World
) -> None:
    world.slack.connect("http://127.0.0.1:9")

    page = browser.post("/people/p004/say", words="/access")

    assert "dispatch_failed" in page
    assert "/access failed with the error" in page


def test_the_home_tab_opens_and_its_buttons_work(browser: Browser, bot: Bot) -> None:
    ask = {"type": "button", "action_id": "home:ask", "text": plain("Ask here")}

    @bot.app.event("app_home_opened")
    def opened(ack: Any, event: dict[str, Any]) -> None:
        ack()
        view = {"type": "home", "blocks": [{"type": "actions", "elements": [ask]}]}
        bot.client.views_publish(user_id=event["user"], view=view)

    @bot.app.action("home:ask")
    def asked(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=form())

    assert "Ask here</button>" in browser.post("/people/p004/open-home")
    page = browser.post("/people/p004/press-home", action_id="home:ask")
    assert "Ask for access</h2>" in page
    again = browser.post("/people/p004/press-home", action_id="home:ask")
    assert "in front of the Home tab" in again


def test_the_vault_hides_its_password_until_asked(browser: Browser, world: World) -> None:
    fields = [
        {
            "id": "username",
            "purpose": "USERNAME",
            "type": "STRING",
            "value": "ann@acme.example.crm",
        },
        {"id": "password", "purpose": "PASSWORD", "type": "CONCEALED", "value": "opensesame-1"},
    ]
    item = {"title": EVIL, "category": "LOGIN", "vault": {"id": ANNS_VAULT}, "fields": fields}
    requests.post(
        f"{world.onepassword.url}/v1/vaults/{ANNS_VAULT}/items",
        json=item,
        headers={"Authorization": "Bearer sandbox-connect-token"},
        timeout=5,
    ).raise_for_status()
    (kept,) = world.onepassword.items(ANNS_VAULT)

    page = browser.get("/people/p004")

    assert "ann@acme.example.crm" in page
    assert EVIL not in page
    assert "opensesame-1" not in page
    assert "opensesame-1" in browser.get(f"/people/p004?show={kept.id}")
    assert "opensesame-1" not in browser.get("/wire")
