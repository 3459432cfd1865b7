"""People filling in modals of a real Bolt app: signed gestures in, effects on screens out."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.sandbox.slack import SandboxUseError, SlackEmulator

ANN, BEA = "U0ANN00004", "U0BEA00003"
LEVELS = [
    {"text": {"type": "plain_text", "text": name}, "value": name.lower()}
    for name in ("Read", "Edit")
]


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    element = {"action_id": block_id} | element
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": element,
    } | more


def form(title: str = "Ask") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "ask",
        "title": plain(title),
        "submit": plain("Send"),
        "private_metadata": "r1",
        "notify_on_close": True,
        "blocks": [
            field("level", {"type": "external_select", "min_query_length": 0}),
            field("whom", {"type": "users_select", "initial_user": ANN}),
            field("why", {"type": "plain_text_input", "max_length": 50}),
            field("until", {"type": "datepicker"}, optional=True),
        ],
    }


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


@pytest.fixture
def asking(bot: Bot) -> Bot:
    """A bot whose /access opens the form."""

    @bot.app.command("/access")
    def open_form(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=form())

    @bot.app.options("level")
    def offer(ack: Any, payload: dict[str, Any]) -> None:
        words = payload["value"].lower()
        ack(options=[o for o in LEVELS if words in str(o["value"])])

    return bot


def test_a_command_arrives_as_bolt_expects_and_opens_a_modal(
    slack: SlackEmulator, asking: Bot
) -> None:
    ann = slack.person(ANN)

    answer = ann.command("/access", "salesforce")

    assert (answer.status, answer.ok, answer.retries) == (200, True, 0)
    body = asking.heard[0]
    assert (body["user_id"], body["text"], body["command"]) == (ANN, "salesforce", "/access")
    assert (body["channel_id"], body["channel_name"]) == ("D0ANN00004", "directmessage")
    assert ann.view is not None
    assert (ann.view.callback_id, ann.view.title) == ("ask", "Ask")
    assert ann.view.state["whom"]["whom"]["selected_user"] == ANN


def test_suggestions_fill_an_external_select_and_the_submission_carries_the_state(
    slack: SlackEmulator, asking: Bot
) -> None:
    submitted: list[dict[str, Any]] = []

    @asking.app.view("ask")
    def submit(ack: Any, view: dict[str, Any]) -> None:
        submitted.append(view)
        ack()

    ann = slack.person(ANN)
    ann.command("/access")
    options = ann.suggest("level", "level", "ed")
    answer = ann.submit({"level": options[0], "whom": BEA, "why": "Quarter end"})

    assert [o["value"] for o in options] == ["edit"]
    assert answer.ok
    assert ann.view is None
    (view,) = submitted
    values = view["state"]["values"]
    assert values["level"]["level"]["selected_option"]["value"] == "edit"
    assert values["whom"]["whom"] == {"type": "users_select", "selected_user": BEA}
    assert values["why"]["why"] == {"type": "plain_text_input", "value": "Quarter end"}
    assert values["until"]["until"] == {"type": "datepicker", "selected_date": None}
    assert view["private_metadata"] == "r1"


def test_the_client_refuses_what_a_person_cannot_do(slack: SlackEmulator, asking: Bot) -> None:
    ann = slack.person(ANN)
    ann.command("/access")
    heard = len(asking.heard)

    answer = ann.submit({"why": ""})

    assert answer.error == "refused_by_client"
    assert set(ann.view_errors) == {"level", "why"}
    with pytest.raises(SandboxUseError, match="no input 'nonsense'"):
        ann.submit({"nonsense": "x"})
    with pytest.raises(SandboxUseError, match="not among the options"):
        ann.submit({"level": LEVELS[0], "why": "x"})
    with pytest.raises(SandboxUseError, match="after 50 characters"):
        ann.submit({"why": "x" * 51})
    with pytest.raises(SandboxUseError, match="no modal"):
        slack.person(BEA).submit({})
    assert len(asking.heard) == heard


def test_a_forged_submission_skips_the_client(slack: SlackEmulator, asking: Bot) -> None:
    seen: list[Any] = []

    @asking.app.view("ask")
    def submit(ack: Any, view: dict[str, Any]) -> None:
        seen.append(view["state"]["values"]["level"]["level"]["selected_option"]["value"])
        ack()

    ann = slack.person(ANN)
    ann.command("/access")
    admin = {"text": plain("Admin"), "value": "admin"}

    ann.submit({"level": admin, "why": "x" * 9000}, forged=True)

    assert seen == ["admin"]


def test_errors_update_push_and_clear_do_what_slack_does(slack: SlackEmulator, asking: Bot) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"why": "Say more."}},
        {"response_action": "update", "view": form("Again")},
        {"response_action": "push", "view": form("Pushed")},
        {"response_action": "clear"},
    ]

    @asking.app.view("ask")
    def submit(ack: Any) -> None:
        ack(**answers.pop(0))

    ann = slack.person(ANN)
    ann.command("/access")
    first = ann.view
    ann.submit({"level": ann.suggest("level", "level", "read")[0], "why": "x"})
    errors = ann.view_errors
    ann.submit()
    again = ann.view
    ann.submit()
    pushed = ann.view
    assert first is not None
    assert again is not None
    assert pushed is not None
    assert errors == {"why": "Say more."}
    assert (again.title, again.id) == ("Again", first.id)
    assert again.hash != first.hash
    assert again.state["why"]["why"]["value"] == "x"
    assert pushed.title == "Pushed"
    assert pushed.state["why"]["why"]["value"] is None
    ann.submit({"level": ann.suggest("level", "level", "read")[0], "why": "y"})
    assert ann.view is None


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"elsewhere": "?"}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"text": "thanks"},
    ],
)
def test_a_wrong_answer_to_a_submission_leaves_the_modal_open(
    slack: SlackEmulator, asking: Bot, answer: dict[str, Any]
) -> None:
    @asking.app.view("ask")
    def submit(ack: Any) -> None:
        ack(answer)

    ann = slack.person(ANN)
    ann.command("/access")

    outcome = ann.submit({"level": ann.suggest("level", "level", "read")[0], "why": "x"})

    assert outcome.error == "trouble_connecting"
    assert ann.view is not None


def test_a_trigger_is_good_once_and_an_old_hash_conflicts(slack: SlackEmulator, bot: Bot) -> None:
    errors: list[str] = []

    @bot.app.command("/access")
    def open_twice(ack: Any, body: dict[str, Any]) -> None:
        ack()
        view = bot.client.views_open(trigger_id=body["trigger_id"], view=form())["view"]
        bot.client.views_update(view_id=view["id"], hash=view["hash"], view=form("Second"))
        for call, arguments in (
            (bot.client.views_open, {"trigger_id": body["trigger_id"]}),
            (bot.client.views_open, {"trigger_id": "1.2.nonsense"}),
            (bot.client.views_update, {"view_id": view["id"], "hash": view["hash"]}),
            (bot.client.views_update, {"view_id": "V0NOWHERE"}),
        ):
            with pytest.raises(SlackApiError) as caught:
                call(view=form(), **arguments)
            errors.append(caught.value.response["error"])

    ann = slack.person(ANN)
    ann.command("/access")

    assert errors == [
        "exchanged_trigger_id",
        "invalid_trigger_id",
        "hash_conflict",
        "not_found",
    ]
    assert ann.view is not None
    assert ann.view.title == "Second"


def test_a_choice_in_a_modal_reaches_the_bot_with_what_was_typed(
    slack: SlackEmulator, bot: Bot
) -> None:
    views: list[dict[str, Any]] = []
    view = form()
    view["blocks"][1]["dispatch_action"] = True

    @bot.app.command("/access")
    def open_form(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=view)

    @bot.app.action("whom")
    def chosen(ack: Any, body: dict[str, Any]) -> None:
        ack()
        views.append(body["view"])
        bot.client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    ann = slack.person(ANN)
    ann.command("/access")
    ann.press_in_view("whom", value=BEA, values={"why": "typed before"})

    assert views[0]["state"]["values"]["whom"]["whom"]["selected_user"] == BEA
    assert ann.view is not None
    assert ann.view.state["why"]["why"]["value"] == "typed before"
    with pytest.raises(SandboxUseError, match="no dispatch_action"):
        ann.press_in_view("why", value="x")


def test_closing_a_modal_tells_the_bot_if_it_asked(slack: SlackEmulator, asking: Bot) -> None:
    closed: list[bool] = []

    @asking.app.view_closed("ask")
    def on_close(ack: Any, body: dict[str, Any]) -> None:
        ack()
        closed.append(body["is_cleared"])

    ann = slack.person(ANN)
    ann.command("/access")

    assert ann.close() is not None
    assert closed == [False]
    assert ann.view is None


def test_options_over_the_limit_are_not_shown(slack: SlackEmulator, bot: Bot) -> None:
    @bot.app.command("/access")
    def open_form(ack: Any, body: dict[str, Any]) -> None:
        ack()
        bot.client.views_open(trigger_id=body["trigger_id"], view=form())

    @bot.app.options("level")
    def offer(ack: Any) -> None:
        ack(options=[{"text": plain("x" * 76), "value": "x"}])

    ann = slack.person(ANN)
    ann.command("/access")

    with pytest.raises(SandboxUseError, match="less than 76 characters"):
        ann.suggest("level", "level", "x")
