"""The Slack emulator's Web API, asked by the unmodified slack_sdk."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import SlackEmulator

ANN, BEA = "U0ANN00004", "U0BEA00003"
BLOCKS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Salesforce* for Ann"}}
]


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


def refusal(call: Any, /, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    data: dict[str, Any] = caught.value.response.data
    assert data["ok"] is False
    return data


def dm(client: WebClient, user: str = ANN) -> str:
    return str(client.conversations_open(users=user)["channel"]["id"])


def test_auth_test_names_the_bot_and_its_scopes(client: WebClient) -> None:
    answer = client.auth_test()

    assert (answer["user_id"], answer["team_id"]) == ("U0USHERBOT", "T0ACME0001")
    assert "chat:write" in answer.headers["X-OAuth-Scopes"]


def test_a_missing_and_a_wrong_token_are_told_apart(slack: SlackEmulator) -> None:
    stranger = WebClient(token="xoxb-other", base_url=slack.api_url)

    assert refusal(stranger.auth_test)["error"] == "invalid_auth"
    assert requests.post(f"{slack.api_url}auth.test", timeout=5).json()["error"] == "not_authed"


def test_a_scope_that_was_not_granted_is_named(slack: SlackEmulator, client: WebClient) -> None:
    slack.web_api.scopes = ("chat:write",)

    data = refusal(client.users_info, user=ANN)

    assert data["error"] == "missing_scope"
    assert data["needed"] == "users:read"


def test_the_roster_is_there_with_time_zones(client: WebClient) -> None:
    user = client.users_info(user="U0LEO00005")["user"]

    assert user["profile"]["email"] == "leo.brandt@acme.example"
    assert user["tz"] == "Europe/Berlin"
    assert user["tz_offset"] in {3600, 7200}
    assert client.users_lookupByEmail(email="leo.brandt@acme.example")["user"]["id"] == user["id"]


def test_guests_bots_strangers_and_leavers_say_so(slack: SlackEmulator, client: WebClient) -> None:
    slack.add_user("U0GUEST001", name="Guest", mail="g@x.example", is_restricted=True)
    slack.add_user("U0OTHER001", name="Other", mail="o@x.example", is_stranger=True)
    slack.deactivate(BEA)

    assert client.users_info(user="U0GUEST001")["user"]["is_restricted"]
    stranger = client.users_info(user="U0OTHER001")["user"]
    assert stranger["is_stranger"]
    assert stranger["team_id"] != slack.team_id
    assert client.users_info(user=BEA)["user"]["deleted"]
    assert client.users_info(user=slack.bot_user_id)["user"]["is_bot"]
    gone = refusal(client.users_lookupByEmail, email="bea.kline@acme.example")
    assert gone["error"] == "users_not_found"
    assert refusal(client.users_info, user="U0NOBODY01")["error"] == "user_not_found"
    assert refusal(client.conversations_open, users=BEA)["error"] == "user_disabled"


def test_opening_a_dm_twice_gives_the_same_channel(client: WebClient) -> None:
    first, second = client.conversations_open(users=ANN), client.conversations_open(users=ANN)

    assert first["channel"]["id"] == second["channel"]["id"]
    assert second["already_open"]


def test_a_posted_message_keeps_blocks_metadata_and_client_msg_id(
    slack: SlackEmulator, client: WebClient
) -> None:
    channel = dm(client)
    metadata = {"event_type": "card", "event_payload": {"request": "r1"}}

    posted = client.chat_postMessage(
        channel=channel, text="Card", blocks=BLOCKS, metadata=metadata, client_msg_id="c-1"
    )

    (message,) = slack.dm(ANN)
    assert (message.ts, message.text, message.metadata) == (posted["ts"], "Card", metadata)
    assert message.blocks[0]["block_id"]
    assert message.client_msg_id == "c-1"
    plain = client.conversations_history(channel=channel)["messages"][0]
    assert "metadata" not in plain
    told = client.conversations_history(channel=channel, include_all_metadata=True)
    assert told["messages"][0]["metadata"] == metadata
    assert told["messages"][0]["client_msg_id"] == "c-1"


def test_a_person_id_is_good_for_posting_but_not_for_updating(client: WebClient) -> None:
    posted = client.chat_postMessage(channel=ANN, text="Hi")

    assert posted["channel"] == dm(client)
    data = refusal(client.chat_update, channel=ANN, ts=posted["ts"], text="Ho")
    assert data["error"] == "channel_not_found"


def test_text_without_blocks_takes_the_blocks_away(slack: SlackEmulator, client: WebClient) -> None:
    channel = dm(client)
    ts = client.chat_postMessage(channel=channel, text="a", blocks=BLOCKS)["ts"]

    client.chat_update(channel=channel, ts=ts, text="b", blocks=BLOCKS)
    with_blocks = slack.dm(ANN)[0]
    client.chat_update(channel=channel, ts=ts, text="c")
    without = slack.dm(ANN)[0]

    assert with_blocks.blocks
    assert not with_blocks.edited
    assert without.blocks == []
    assert without.edited


def test_metadata_survives_an_update_until_it_is_emptied(
    slack: SlackEmulator, client: WebClient
) -> None:
    channel = dm(client)
    metadata = {"event_type": "card", "event_payload": {}}
    ts = client.chat_postMessage(channel=channel, text="a", metadata=metadata)["ts"]

    client.chat_update(channel=channel, ts=ts, text="b")
    kept = slack.dm(ANN)[0].metadata
    client.chat_update(channel=channel, ts=ts, text="c", metadata={})

    assert kept == metadata
    assert slack.dm(ANN)[0].metadata is None


def test_only_own_messages_can_be_changed(slack: SlackEmulator, client: WebClient) -> None:
    channel = dm(client)
    slack.connect("http://127.0.0.1:9")
    slack.person(ANN).say("mine")
    ts = slack.dm(ANN)[0].ts

    assert refusal(client.chat_update, channel=channel, ts=ts, text="x")["error"] == (
        "cant_update_message"
    )
    assert refusal(client.chat_delete, channel=channel, ts=ts)["error"] == "cant_delete_message"
    data = refusal(client.chat_update, channel=channel, ts="1.000001", text="x")
    assert data["error"] == "message_not_found"


def test_an_ephemeral_message_is_in_no_history_and_cannot_be_changed(
    slack: SlackEmulator, client: WebClient
) -> None:
    channel = dm(client)

    ts = client.chat_postEphemeral(channel=channel, user=ANN, text="psst")["message_ts"]

    assert slack.dm(ANN)[0].ephemeral_for == ANN
    assert client.conversations_history(channel=channel)["messages"] == []
    data = refusal(client.chat_update, channel=channel, ts=ts, text="x")
    assert data["error"] == "message_not_found"
    data = refusal(client.chat_postEphemeral, channel=channel, user=BEA, text="x")
    assert data["error"] == "user_not_in_channel"


def test_posting_is_refused_in_slacks_words(client: WebClient) -> None:
    post, channel = client.chat_postMessage, dm(client)

    assert refusal(post, channel="C0NOWHERE1", text="x")["error"] == "channel_not_found"
    assert refusal(post, channel="#general", text="x")["error"] == "not_in_channel"
    with pytest.warns(UserWarning, match="text"):
        assert refusal(post, channel=channel)["error"] == "no_text"
    assert refusal(post, channel=channel, text="x" * 40_001)["error"] == "msg_too_long"
    data = refusal(post, channel=channel, text="x", blocks="{nonsense")
    assert data["error"] == "invalid_blocks_format"
    data = refusal(post, channel=channel, text="x", metadata={"event_type": "x"})
    assert data["error"] == "invalid_metadata_format"


def test_a_block_over_a_limit_is_refused_with_a_pointer(client: WebClient) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]

    data = refusal(client.chat_postMessage, channel=dm(client), text="x", blocks=blocks)

    assert data["error"] == "invalid_blocks"
    told = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert data["errors"] == [told]
    assert data["response_metadata"]["messages"] == [f"[ERROR] {told}"]


def test_history_pages_newest_first(client: WebClient, clock: Clock) -> None:
    channel = dm(client)
    stamps = []
    for number in range(5):
        clock.now += 10
        stamps.append(client.chat_postMessage(channel=channel, text=str(number))["ts"])

    first = client.conversations_history(channel=channel, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel=channel, limit=2, cursor=cursor)
    between = client.conversations_history(channel=channel, oldest=stamps[1], latest=stamps[3])
    inclusive = client.conversations_history(
        channel=channel, oldest=stamps[1], latest=stamps[3], inclusive=True
    )

    def texts(answer: Any) -> list[str]:
        return [m["text"] for m in answer["messages"]]

    assert (texts(first), first["has_more"]) == (["4", "3"], True)
    assert texts(second) == ["2", "1"]
    assert texts(between) == ["2"]
    assert texts(inclusive) == ["3", "2", "1"]
    data = refusal(client.conversations_history, channel=channel, cursor="nonsense")
    assert data["error"] == "invalid_cursor"


def test_a_deleted_message_is_gone(slack: SlackEmulator, client: WebClient) -> None:
    channel = dm(client)
    ts = client.chat_postMessage(channel=channel, text="oops")["ts"]

    client.chat_delete(channel=channel, ts=ts)

    assert slack.dm(ANN) == []
    assert refusal(client.chat_delete, channel=channel, ts=ts)["error"] == "message_not_found"


def test_nobody_writes_to_those_who_left_or_to_other_bots(
    slack: SlackEmulator, client: WebClient
) -> None:
    slack.deactivate(BEA)
    slack.add_user("U0OTHERBOT", name="Other", mail="", is_bot=True)

    for user, opened in ((BEA, "user_disabled"), ("U0OTHERBOT", "cannot_dm_bot")):
        assert refusal(client.chat_postMessage, channel=user, text="x")["error"] == (
            "channel_not_found"
        )
        assert refusal(client.conversations_open, users=user)["error"] == opened


def test_a_channel_is_found_by_id_and_by_name(slack: SlackEmulator, client: WebClient) -> None:
    slack.add_channel("C0ACCESS01", name="access", members=[ANN])

    client.chat_postMessage(channel="#access", text="by name")
    client.chat_postMessage(channel="C0ACCESS01", text="by id")

    assert [m.text for m in slack.messages("C0ACCESS01")] == ["by name", "by id"]


def test_arguments_of_the_wrong_kind_are_refused(client: WebClient) -> None:
    channel = dm(client)

    data = refusal(client.conversations_history, channel=channel, limit="many")
    assert data["response_metadata"]["messages"] == [
        "[ERROR] must be an integer [json-pointer:/limit]"
    ]
    data = refusal(client.conversations_history, channel=channel, oldest="yesterday")
    assert data["error"] == "invalid_ts_oldest"
    assert refusal(client.users_info, user="")["error"] == "invalid_arguments"
    data = refusal(client.conversations_replies, channel=channel, ts="1.000001")
    assert data["error"] == "thread_not_found"


def test_blocks_with_too_much_text_together_are_refused(client: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3000}}] * 5

    data = refusal(client.chat_postMessage, channel=dm(client), text="x", blocks=blocks)

    assert data["error"] == "msg_blocks_too_long"


def test_a_home_tab_is_published_against_its_hash(slack: SlackEmulator, client: WebClient) -> None:
    def home(text: str, external_id: str = "") -> dict[str, Any]:
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": text}}]
        return {"type": "home", "blocks": blocks, "external_id": external_id}

    first = client.views_publish(user_id=ANN, view=home("one", "ann"))["view"]
    second = client.views_publish(user_id=ANN, view=home("two"), hash=first["hash"])["view"]

    publish = client.views_publish
    assert second["id"] == first["id"]
    assert refusal(publish, user_id=ANN, view=home("3"), hash=first["hash"])["error"] == (
        "hash_conflict"
    )
    publish(user_id=BEA, view=home("bea", "bea"))
    assert refusal(publish, user_id=ANN, view=home("4", "bea"))["error"] == "duplicate_external_id"
    assert refusal(publish, user_id="U0NOBODY01", view=home("5"))["error"] == "user_not_found"
    shown = slack.person(ANN).home
    assert shown is not None
    assert shown.blocks[0]["text"]["text"] == "two"


def test_a_thread_is_read_apart_from_the_history(client: WebClient) -> None:
    channel = dm(client)
    parent = client.chat_postMessage(channel=channel, text="card")["ts"]
    client.chat_postMessage(channel=channel, text="approved", thread_ts=parent)

    history = client.conversations_history(channel=channel)["messages"]
    replies = client.conversations_replies(channel=channel, ts=parent)["messages"]

    assert [m["text"] for m in history] == ["card"]
    assert [m["text"] for m in replies] == ["card", "approved"]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("conversations.invite", {"channel": "C1", "users": ANN}),
        ("chat.postMessage", {"channel": ANN, "text": "x", "username": "Mallory"}),
        ("chat.postMessage", {"channel": ANN, "text": "x", "link_names": True}),
        ("chat.postMessage", {"channel": ANN, "text": "x", "blocks": [{"type": "rich_text"}]}),
    ],
)
def test_what_is_not_modelled_answers_501(
    slack: SlackEmulator, method: str, arguments: dict[str, Any]
) -> None:
    answer = requests.post(
        slack.api_url + method,
        json=arguments,
        headers={"Authorization": f"Bearer {slack.bot_token}"},
        timeout=5,
    )

    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]


def test_writes_are_marked_as_writes(slack: SlackEmulator, client: WebClient) -> None:
    channel = dm(client)
    client.auth_test()
    client.chat_postMessage(channel=channel, text="x")
    client.conversations_history(channel=channel)

    assert [(e.path, e.is_write) for e in slack.exchanges] == [
        ("/api/conversations.open", False),
        ("/api/auth.test", False),
        ("/api/chat.postMessage", True),
        ("/api/conversations.history", False),
    ]
    assert slack.is_write("POST", "/actions/T1/1/x", b"")
    assert all(
        slack.is_write("POST", f"/api/{name}", b"")
        for name in ("chat.update", "chat.delete", "chat.postEphemeral", "views.open")
    )


@pytest.mark.parametrize(
    ("text", "pings"),
    [
        ("<!channel> and <!here|here>", ("<!channel>", "<!here>")),
        ("hello <@U0ANN00004> and <!subteam^S0AAA|@it>", ("<@U0ANN00004>", "<!subteam^S0AAA>")),
        ("&lt;!channel&gt; @here <https://x.example>", ()),
    ],
)
def test_a_message_tells_whom_it_would_ping(
    slack: SlackEmulator, client: WebClient, text: str, pings: tuple[str, ...]
) -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}},
    ]

    client.chat_postMessage(channel=ANN, text="card", blocks=blocks)

    assert slack.dm(ANN)[0].mentions == pings
