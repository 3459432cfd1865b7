"""The HTTP door: signatures, replays, retries, other workspaces, broken databases; raw requests."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI

from bot.domain.inbound import Chatter, Envelope, Press, Verb
from handlers.slack.routes import MAX_BODY_BYTES, slack_routes
from tests.fakes.desk import FakeDesk
from tests.fakes.inbox import FakeInbox
from tests.fakes.slack_wire import (
    NOW,
    TEAM,
    direct_message,
    form,
    signed,
    slack_app,
)

FORM = "application/x-www-form-urlencoded"


class Slack:
    """Slack's end of the wire, over the real route."""

    def __init__(self, **changes: Any) -> None:
        self.inbox, self.desk = changes.pop("inbox", None) or FakeInbox(), FakeDesk()
        web = FastAPI()
        web.include_router(slack_routes(slack_app(self.inbox, self.desk, **changes)))
        self._web = web

    def send(self, body: bytes, headers: Any = None) -> httpx.Response:
        [answer] = self.send_at_once([(body, signed(body) if headers is None else headers)])
        return answer

    def send_at_once(self, requests: list[tuple[bytes, Any]]) -> list[httpx.Response]:
        async def send_all() -> list[httpx.Response]:
            door = httpx.ASGITransport(self._web, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=door, base_url="http://bot") as client:
                posts = [
                    client.post("/slack/events", content=body, headers=headers)
                    for body, headers in requests
                ]
                return list(await asyncio.gather(*posts))

        return asyncio.run(send_all())

    def interact(self, payload: dict[str, Any]) -> Any:
        body = form(payload)
        return self.send(body, signed(body, kind=FORM))

    def command(self, text: str, **changes: str) -> Any:
        fields = {
            "command": "/access",
            "text": text,
            "user_id": "U0ANN00004",
            "team_id": TEAM,
            "trigger_id": "1.1.a",
        }
        body = urlencode(fields | changes).encode()
        return self.send(body, signed(body, kind=FORM))


@pytest.fixture
def slack() -> Slack:
    return Slack()


def press(action_id: str = "request:approve", value: str = "r-1:abc", **changes: Any) -> Any:
    return {
        "type": "block_actions",
        "user": {"id": "U0BEA00003", "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "1.1.a",
        "actions": [{"action_id": action_id, "value": value, "type": "button"}],
    } | changes


def test_a_direct_message_is_kept_before_it_is_acknowledged_but_not_its_words(slack: Slack) -> None:
    answer = slack.send(direct_message("Ev7", text="my password is hunter2"))

    assert (answer.status_code, answer.text) == (200, "")
    [kept] = slack.inbox.envelopes
    assert kept.delivery_id == "Ev7"
    assert kept.message == Chatter(
        actor=kept.message.actor, event_type="message.im", text_length=len("my password is hunter2")
    )
    assert kept.message.actor.slack_id == "U0ANN00004"
    assert kept.message.actor.slack_team == TEAM


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-slack-signature": "v0=00", "x-slack-request-timestamp": ""},
        {"x-slack-signature": "v0=\u00e9", "x-slack-request-timestamp": str(int(NOW.timestamp()))},
        {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "-1"},
        {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "12 or 1=1"},
        {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "9" * 400},
    ],
)
def test_an_unsigned_or_oddly_signed_request_is_refused(
    slack: Slack, headers: dict[str, str]
) -> None:
    raw = [(name, value.encode("latin-1")) for name, value in headers.items()]

    answer = slack.send(direct_message(), raw)

    assert answer.status_code == 401
    assert slack.inbox.envelopes == []


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe", b"payload=%7B", b"{" * 5000])
def test_forged_garbage_is_refused_before_it_is_parsed(slack: Slack, body: bytes) -> None:
    assert slack.send(body, signed(body, secret="guessed")).status_code == 401


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff\xfe", b"payload=[1]", b'{"a":' * 90_000])
def test_signed_garbage_is_refused_too(slack: Slack, body: bytes) -> None:
    assert slack.send(body).status_code == 400


@pytest.mark.parametrize(("age", "status"), [(301, 401), (-301, 401), (299, 200), (-299, 200)])
def test_a_request_counts_for_five_minutes(slack: Slack, age: int, status: int) -> None:
    body = direct_message()

    answer = slack.send(body, signed(body, at=NOW - timedelta(seconds=age)))

    assert answer.status_code == status


def test_a_body_changed_under_its_signature_is_refused(slack: Slack) -> None:
    headers = signed(direct_message("Ev1"))

    assert slack.send(direct_message("Ev2"), headers).status_code == 401


def test_an_enormous_body_is_not_read(slack: Slack) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)

    assert slack.send(body).status_code == 413


def test_retries_of_an_event_are_one_delivery(slack: Slack) -> None:
    body = direct_message("Ev3")

    for number in range(4):
        later = NOW + timedelta(seconds=number)
        retry = {"x-slack-retry-num": str(number), "x-slack-retry-reason": "http_timeout"}
        assert slack.send(body, signed(body, at=later) | retry).status_code == 200

    assert len(slack.inbox.envelopes) == 1


def test_an_exact_replay_of_a_press_is_one_delivery_and_a_second_press_another(
    slack: Slack,
) -> None:
    slack.interact(press())
    slack.interact(press())
    slack.interact(press(trigger_id="2.2.b"))

    assert [m.verb for m in slack.inbox.messages] == [Verb.APPROVE, Verb.APPROVE]
    assert all(e.delivery_id.startswith("sig:v0=") for e in slack.inbox.envelopes)


def test_unsigned_headers_cannot_steer_bolt(slack: Slack) -> None:
    body = direct_message("Ev9")

    slack.send(body, signed(body) | {"x-slack-bolt-lazy-only": "1"})

    assert len(slack.inbox.envelopes) == 1


def test_slack_can_verify_the_address(slack: Slack) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-42"}).encode()

    assert slack.send(body).json() == {"challenge": "c-42"}


@pytest.mark.parametrize(
    "event",
    [
        {"bot_id": "B0USHERBOT"},
        {"subtype": "message_changed", "user": None},
        {"subtype": "bot_message"},
        {"channel_type": "channel"},
        {"type": "reaction_added"},
        {"type": "app_home_opened", "tab": "messages"},
    ],
)
def test_bots_and_other_events_are_acknowledged_and_not_kept(
    slack: Slack, event: dict[str, Any]
) -> None:
    assert slack.send(direct_message(**event)).status_code == 200
    assert slack.inbox.envelopes == []


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "app_mention", "channel": "C1"}, "app_mention"),
        ({"type": "app_home_opened", "tab": "home", "text": None}, "app_home_opened"),
    ],
)
def test_mentions_and_the_home_tab_are_kept(slack: Slack, event: dict[str, Any], kind: str) -> None:
    slack.send(direct_message(**event))

    assert [m.event_type for m in slack.inbox.messages] == [kind]


def test_an_event_is_not_acknowledged_while_the_database_is_gone(slack: Slack) -> None:
    slack.inbox.is_down = True
    assert slack.send(direct_message("Ev5")).status_code == 503

    slack.inbox.is_down = False
    assert slack.send(direct_message("Ev5")).status_code == 200
    assert len(slack.inbox.envelopes) == 1


def test_another_workspace_is_refused_politely(slack: Slack) -> None:
    command = slack.command("mine", team_id="T0ELSEWHERE")
    outsider = {"id": "U0OUT", "team_id": "T0ELSEWHERE"}
    pressed = slack.interact(press(user=outsider))
    event = slack.send(direct_message(user_team="T0ELSEWHERE"))

    assert command.json()["response_type"] == "ephemeral"
    assert "own workspace" in command.json()["text"]
    assert (pressed.status_code, event.status_code) == (200, 200)
    assert slack.inbox.envelopes == []


def test_without_a_team_of_our_own_the_signature_alone_decides() -> None:
    slack = Slack(team_id=None)

    slack.send(direct_message(team="T0ELSEWHERE"))

    assert slack.inbox.messages[0].actor.slack_team == "T0ELSEWHERE"


def test_every_press_carries_what_the_card_showed(slack: Slack) -> None:
    url = "https://hooks.slack.example/actions/1"
    for action in ("request:approve", "request:cancel", "grant:give_back"):
        slack.interact(press(action, "req:7:d1g", response_url=url))
    slack.interact(press("issue:open", "", url="https://github.example/1"))

    assert slack.inbox.messages == [
        Press(
            actor=slack.inbox.messages[0].actor,
            verb=verb,
            request_id="req:7",
            digest="d1g",
            response_url=url,
        )
        for verb in (Verb.APPROVE, Verb.CANCEL, Verb.REVOKE)
    ]


@pytest.mark.parametrize("value", ["", "nocolon", ":digest"])
def test_a_button_that_no_card_has_is_not_kept(slack: Slack, value: str) -> None:
    assert slack.interact(press(value=value)).status_code == 200
    assert slack.inbox.envelopes == []


def test_a_failure_inside_shows_a_reference_and_no_trace(slack: Slack) -> None:
    slack.desk.failure = RuntimeError("secret stack detail")

    answer = slack.command("mine")

    assert answer.status_code == 200
    assert "reference" in answer.json()["text"]
    assert "secret stack detail" not in answer.text


def test_a_failing_search_offers_nothing(slack: Slack) -> None:
    slack.desk.failure = RuntimeError("broken")
    payload = press() | {
        "type": "block_suggestion",
        "action_id": "form:level",
        "block_id": "level",
        "value": "x",
    }

    assert slack.interact(payload).json() == {"options": []}


def test_many_first_requests_at_once_lose_no_argument() -> None:
    """Bolt edits a shared list when a listener is a bound method; ours must not be."""
    slack = Slack()
    bodies = [direct_message(f"Ev{n}") for n in range(40)]

    codes = [a.status_code for a in slack.send_at_once([(b, signed(b)) for b in bodies])]

    assert codes == [200] * 40
    assert len(slack.inbox.envelopes) == 40


def test_an_empty_secret_lets_nobody_start() -> None:
    with pytest.raises(ValueError, match="secret is empty"):
        Slack(signing_secret=" ")


def submission(callback: str, metadata: str, **values: Any) -> dict[str, Any]:
    inputs = {name: {"form": {"value": value}} for name, value in values.items()}
    return press() | {
        "type": "view_submission",
        "view": {
            "type": "modal",
            "callback_id": callback,
            "private_metadata": metadata,
            "blocks": [{"type": "input", "block_id": "why"}],
            "state": {"values": inputs},
        },
    }


@pytest.mark.parametrize("metadata", ["", "[]", "{}", "{"])
def test_a_denial_that_lost_its_request_is_told_so_in_the_form(slack: Slack, metadata: str) -> None:
    answer = slack.interact(submission("request:deny_reason", metadata, why="No budget"))

    assert "Press the button again" in answer.json()["errors"]["why"]
    assert slack.inbox.envelopes == []


def test_a_form_sent_from_another_workspace_is_refused_in_the_form(slack: Slack) -> None:
    sent = submission("request:ask", "", why="Numbers")
    sent["user"] = {"id": "U0OUT", "team_id": "T0ELSEWHERE"}

    assert "own workspace" in slack.interact(sent).json()["errors"]["why"]


def test_a_form_without_inputs_is_simply_closed_on_a_failure(slack: Slack) -> None:
    slack.desk.failure = RuntimeError("boom")
    sent = submission("request:ask", "", why="Numbers")
    sent["view"]["blocks"] = []

    answer = slack.interact(sent)

    assert (answer.status_code, answer.text) == (200, "")


def test_a_request_with_nothing_filled_in_is_judged_and_does_not_break(slack: Slack) -> None:
    slack.interact(submission("request:ask", "", why="Numbers"))

    [message] = slack.inbox.messages
    assert (message.level, message.how_long, message.for_whom) == ("", "", "")


@pytest.mark.parametrize("callback", ["request:ask", "request:deny_reason"])
def test_a_form_that_is_sent_in_again_is_the_same_request_and_says_so(
    slack: Slack, callback: str
) -> None:
    """Slack shows an error when our answer is lost, and leaves the form open for corrections."""
    sent = submission(callback, '{"request_id": "r-1", "digest": "d"}', why="Numbers")
    sent["view"]["id"] = "V0ONE"
    assert slack.interact(sent).text == ""

    sent["view"]["state"]["values"]["why"]["form"]["value"] = "Numbers, please"

    assert slack.interact(sent).json()["errors"]["why"].startswith("I have this already")
    assert len(slack.inbox.messages) == 1


@pytest.mark.parametrize("view_id", ["V0TWO", "x y", ""])
def test_another_form_is_another_request(slack: Slack, view_id: str) -> None:
    for number in ("V0ONE", view_id):
        sent = submission("request:ask", "", why=f"Numbers {number}")
        sent["view"]["id"] = number
        assert slack.interact(sent).text == ""

    assert len(slack.inbox.messages) == 2


def test_a_press_by_nobody_is_not_kept(slack: Slack) -> None:
    assert slack.interact(press(user={})).status_code == 200
    assert slack.inbox.envelopes == []


def test_an_event_that_breaks_us_is_asked_for_again() -> None:
    class Broken(FakeInbox):
        def receive(self, envelope: Envelope) -> bool:
            raise RuntimeError("boom")

    broken = Slack(inbox=Broken())

    assert broken.send(direct_message()).status_code == 500


def test_an_answer_to_a_click_that_cannot_be_delivered_is_let_go(slack: Slack) -> None:
    slack.inbox.is_down = True

    answer = slack.interact(press(response_url="http://127.0.0.1:9/actions/1"))

    assert answer.status_code == 200
