"""Block Kit on the front page: what it draws, what it can touch, and that it waits for the bot."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.sandbox.front import Front
from bot.sandbox.front.drawing import Drawing
from bot.sandbox.front.links import Links
from bot.sandbox.world import World

ANN = "U0ANN00004"
PAGE = "/people/p004"
HOST = "http://127.0.0.1"


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(value.title()), "value": value} for value in values]


@pytest.fixture
def world(tmp_path: Any) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def app(world: World) -> Iterator[App]:
    app = App(
        client=WebClient(token="xoxb-sandbox-bot", base_url=world.slack.api_url, retry_handlers=[]),
        signing_secret=world.slack.signing_secret,
        process_before_response=True,
        logger=logging.getLogger("test-bot"),
    )
    server = make_server(
        "127.0.0.1", 0, SlackRequestHandler(app), threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    world.slack.connect(f"http://127.0.0.1:{server.server_port}")
    yield app
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(world: World) -> Front:
    return Front(world, bot_url="http://127.0.0.1:8080", patience_s=0)


def post(front: Front, path: str, **sent: str) -> str:
    data = {"token": front.token} | sent
    client = front.app.test_client()
    return client.post(path, base_url=HOST, data=data, follow_redirects=True).text


def test_every_block_is_drawn_or_named() -> None:
    drawing = Drawing(Links("http://127.0.0.1:1", "acme/access"), {})
    blocks: list[dict[str, Any]] = [
        {"type": "divider", "block_id": "a"},
        {"type": "image", "block_id": "b", "image_url": "https://x.example/a", "alt_text": "<A>"},
        {"type": "markdown", "block_id": "c", "text": "**<b>**"},
        {"type": "video", "block_id": "d"},
        {"type": "context", "block_id": "e", "elements": [{"type": "image", "alt_text": "<E>"}]},
    ]

    drawn = [(part.kind, str(part.text), *map(str, part.columns)) for part in drawing.parts(blocks)]

    assert drawn == [
        ("divider", ""),
        ("image", "&lt;A&gt;"),
        ("section", "**&lt;b&gt;**"),
        ("unknown", "video"),
        ("context", "", "&lt;E&gt;"),
    ]


def test_touching_a_modal_sends_what_was_typed_so_far(front: Front, app: App) -> None:
    heard: list[dict[str, Any]] = []
    more = {"type": "button", "action_id": "more", "text": plain("More"), "value": "v1"}
    kind = {"type": "radio_buttons", "action_id": "kind", "options": options("red", "blue")}
    size = {"type": "static_select", "action_id": "size", "options": options("s", "m")}
    when = {"type": "datetimepicker", "action_id": "when"}
    blocks: list[dict[str, Any]] = [
        {"type": "input", "block_id": "kind", "label": plain("Kind"), "element": kind},
        {"type": "section", "block_id": "size", "text": plain("Size"), "accessory": size},
        {"type": "actions", "block_id": "more", "elements": [more]},
        {"type": "input", "block_id": "when", "label": plain("When"), "element": when}
        | {"optional": True},
    ]
    view = {"type": "modal", "callback_id": "c", "title": plain("T"), "submit": plain("S")}

    @app.command("/access")
    def opening(ack: Any, body: dict[str, Any]) -> None:
        ack()
        app.client.views_open(trigger_id=body["trigger_id"], view=view | {"blocks": blocks})

    for action_id in ("more", "size"):

        @app.action(action_id)
        def touched(ack: Any, body: dict[str, Any]) -> None:
            ack()
            heard.append(body)

    page = post(front, f"{PAGE}/say", words="/access")
    assert 'type="radio" name="value:kind" value="blue"' in page
    assert "does not draw datetimepicker" in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    sent = {"seen": seen, "value:kind": "blue", "value:size": "m"}
    post(front, f"{PAGE}/modal", **sent, do="press:2")
    post(front, f"{PAGE}/modal", **sent, do="press:1")
    nowhere = post(front, f"{PAGE}/modal", **sent, do="press:9")

    assert [one["actions"][0]["action_id"] for one in heard] == ["more", "size"]
    values = heard[0]["view"]["state"]["values"]
    assert values["kind"]["kind"]["selected_option"]["value"] == "blue"
    assert heard[1]["actions"][0]["selected_option"]["value"] == "m"
    assert "nothing to press there" in nowhere
    assert 'value="blue" checked' in nowhere


def test_a_menu_in_a_message_can_be_chosen_from(front: Front, app: App) -> None:
    chosen: list[str] = []

    @app.action("size")
    def choose(ack: Any, payload: dict[str, Any]) -> None:
        ack()
        chosen.append(payload["selected_option"]["value"])

    menu = {"type": "static_select", "action_id": "size", "options": options("s", "m")}
    block = {"type": "section", "block_id": "b", "text": plain("Size"), "accessory": menu}
    sent = app.client.chat_postMessage(channel=ANN, text="Size?", blocks=[block])
    place = {"channel": str(sent["channel"]), "ts": str(sent["ts"]), "block_id": "b"}

    post(front, f"{PAGE}/press", action_id="size", value="m", **place)
    refused = post(front, f"{PAGE}/press", action_id="size", value="xxl", **place)

    assert chosen == ["m"]
    assert "is not among the options" in refused


def test_a_page_waits_a_moment_for_what_the_bot_says_later(world: World, app: App) -> None:
    patient = Front(world, bot_url="http://127.0.0.1:8080", patience_s=20)
    threads: list[threading.Timer] = []

    @app.event("message")
    def hear(ack: Any, event: dict[str, Any]) -> None:
        ack()
        answer = {"channel": event["channel"], "text": f"You said {event['text']}"}
        threads.append(threading.Timer(0.1, app.client.chat_postMessage, kwargs=answer))
        threads[0].start()

    page = post(patient, f"{PAGE}/say", words="hello <you>")
    threads[0].join()

    assert "You said hello &lt;you&gt;" in page


def test_menus_that_need_no_words_are_filled_at_once(front: Front, app: App) -> None:
    level = {"type": "external_select", "action_id": "level", "min_query_length": 0}
    block = {"type": "input", "block_id": "level", "label": plain("Level"), "element": level}
    view = {"type": "modal", "callback_id": "c", "title": plain("T"), "submit": plain("S")}

    @app.command("/access")
    def opening(ack: Any, body: dict[str, Any]) -> None:
        ack()
        app.client.views_open(trigger_id=body["trigger_id"], view=view | {"blocks": [block]})

    @app.options("level")
    def offer(ack: Any) -> None:
        ack(options=options("read", "edit"))

    page = post(front, f"{PAGE}/say", words="/access")

    assert '<option value="read">Read</option>' in page
    assert "Choose …</option>" in page
