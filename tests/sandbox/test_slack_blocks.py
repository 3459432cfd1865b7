"""Block Kit limits as Slack enforces them, beside what slack_sdk's own models already catch."""

from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from bot.sandbox.slack.blocks import answer_problems, message_problems, view_problems
from bot.sandbox.slack.shapes import NotModelledError

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go"} | more


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def options(count: int) -> list[Json]:
    return [option(value=str(n)) for n in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": [option()]} | more


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def section(**more: Any) -> Json:
    return {"type": "section", "text": plain("Text")} | more


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Why"), "element": element} | more


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "title": plain("Ask"), "submit": plain("Send"), "blocks": list(blocks)}
    return view | more


TYPED: Json = {"type": "plain_text_input", "action_id": "why"}
PICKER: Json = {"type": "datepicker", "action_id": "until"}
CONFIRM: Json = {
    "title": plain("t"),
    "text": plain("t"),
    "confirm": plain("y"),
    "deny": plain("n"),
}

GOOD: list[Json] = [
    {"type": "header", "text": plain("x" * 150)},
    section(text={"type": "mrkdwn", "text": "x" * 3000}),
    section(fields=[plain("x" * 2000)] * 10),
    section(accessory=button(value="x" * 2000, text=plain("x" * 75), style="primary")),
    actions(*(button(action_id=str(n)) for n in range(25))),
    {"type": "context", "elements": [plain("x")] * 10},
    actions(select(options=options(100))),
    actions(select(options=[option("x" * 75, "x" * 150)], confirm=CONFIRM)),
    {"type": "divider"},
    field(TYPED, hint=plain("x" * 2000), optional=True),
    field(PICKER | {"initial_date": "2026-02-28"}),
    field({"type": "timepicker", "action_id": "t", "initial_time": "23:59"}),
    field(select(initial_option=option())),
    {"type": "markdown", "text": "x" * 12_000},
]

# (block, place below /blocks/0, what Slack says)
BAD: list[tuple[Json, str, str]] = [
    ({"type": "header", "text": plain("x" * 151)}, "/text/text", "less than 151 characters"),
    (section(text=plain("x" * 3001)), "/text/text", "less than 3001 characters"),
    (section(text=plain("")), "/text/text", "more than 0 characters"),
    (section(fields=[plain("x" * 2001)]), "/fields/0/text", "less than 2001 characters"),
    (section(fields=[plain("x")] * 11), "/fields", "no more than 10 items"),
    ({"type": "section"}, "", "missing required field: text"),
    (section(block_id="x" * 256), "/block_id", "less than 256 characters"),
    (section(colour="red"), "", "invalid additional property: colour"),
    (section(accessory=button(value="x" * 2001)), "/accessory/value", "less than 2001"),
    (actions(button(text=plain("x" * 76))), "/elements/0/text/text", "less than 76"),
    (actions(button(action_id="x" * 256)), "/elements/0/action_id", "less than 256"),
    (actions(button(url="x" * 3001)), "/elements/0/url", "less than 3001"),
    (actions(button(style="green")), "/elements/0/style", "must be one of"),
    (actions(button(), button()), "/elements/1/action_id", '`action_id` "go" already exists'),
    (actions(*(button(action_id=str(n)) for n in range(26))), "/elements", "no more than 25"),
    (actions(), "/elements", "no fewer than 1"),
    ({"type": "context", "elements": [plain("x")] * 11}, "/elements", "no more than 10"),
    (actions(select(options=[])), "/elements/0/options", "no fewer than 1"),
    (actions(select(options=options(101))), "/elements/0/options", "no more than 100"),
    (actions(select(options=[option("x" * 76)])), "/elements/0/options/0/text/text", "than 76"),
    (actions(select(options=[option("x", "x" * 151)])), "/elements/0/options/0/value", "than 151"),
    (actions(select(placeholder=plain("x" * 151))), "/elements/0/placeholder/text", "than 151"),
    (
        actions(select(initial_option=option("Two", "2"))),
        "/elements/0/initial_option",
        "must exactly match",
    ),
    (
        actions({"type": "overflow", "action_id": "o", "options": options(6)}),
        "/elements/0/options",
        "no more than 5",
    ),
    (
        actions({"type": "checkboxes", "action_id": "c", "options": options(11)}),
        "/elements/0/options",
        "no more than 10",
    ),
    (
        actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})),
        "/elements/0/confirm/title/text",
        "less than 101",
    ),
    (
        actions(button(confirm=CONFIRM | {"text": plain("x" * 301)})),
        "/elements/0/confirm/text/text",
        "less than 301",
    ),
    (
        actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})),
        "/elements/0/confirm/deny/text",
        "less than 31",
    ),
    (field(TYPED, label=plain("x" * 2001)), "/label/text", "less than 2001"),
    (field(TYPED | {"max_length": 3001}), "/element/max_length", "less than or equal to 3000"),
    (
        field(TYPED | {"max_length": 2, "initial_value": "abc"}),
        "/element/initial_value",
        "less than 3 characters",
    ),
    (field(button()), "/element/type", "unsupported type: button"),
    (
        {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "x" * 2001},
        "/alt_text",
        "less than 2001",
    ),
    (field(PICKER | {"initial_date": "2026-02-30"}), "/element/initial_date", "YYYY-MM-DD"),
    (
        field({"type": "timepicker", "action_id": "t", "initial_time": "25:00"}),
        "/element/initial_time",
        "HH:mm",
    ),
    (field(TYPED | {"min_length": -1}), "/element/min_length", "greater than or equal to 0"),
    (field(TYPED | {"multiline": "yes"}), "/element/multiline", "must be a boolean"),
    (field({"type": "static_select"}), "/element", "missing required field: options"),
    (
        field(select(option_groups=[{"label": plain("x"), "options": options(1)}])),
        "/element",
        "only one of",
    ),
    (actions(select(options="many")), "/elements/0/options", "must be an array"),
    (section(text="plain"), "/text", "must provide an object"),
    (section(text={"type": "plain_text", "text": 7}), "/text/text", "must be a string"),
    ({"text": plain("x")}, "", "missing required field: type"),
    ({"type": "nonsense"}, "/type", "unsupported type: nonsense"),
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_a_block_at_its_limits_is_taken_by_slack_and_by_the_sdk_model(block: Json) -> None:
    parsed = Block.parse(block)

    assert message_problems([block]) == []
    assert parsed is not None
    parsed.to_dict()


@pytest.mark.parametrize(("block", "place", "message"), BAD)
def test_a_block_over_a_limit_is_refused_at_the_right_place(
    block: Json, place: str, message: str
) -> None:
    (told,) = message_problems([block])

    assert message in told
    assert told.endswith(f"[json-pointer:/blocks/0{place}]")


def test_fifty_blocks_fit_into_a_message_and_a_hundred_into_a_view() -> None:
    divider = {"type": "divider"}

    assert message_problems([divider] * 50) == []
    assert message_problems([divider] * 51) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert view_problems(modal(*[divider] * 100)) == []
    assert "no more than 100 items" in view_problems(modal(*[divider] * 101))[0]


def test_a_block_id_is_used_once_and_an_action_id_once_in_its_block() -> None:
    assert message_problems([actions(button()), actions(button())]) == []
    assert message_problems([section(block_id="a"), section(block_id="a")]) == [
        '`block_id` "a" already exists [json-pointer:/blocks/1/block_id]'
    ]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (modal(field(TYPED), submit=None), "must define `submit` to use an `input` block"),
        (modal(title=plain("x" * 25)), "less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain("x" * 25)), "less than 25 characters [json-pointer:/view/submit/text]"),
        (modal(close=plain("x" * 25)), "less than 25 characters [json-pointer:/view/close/text]"),
        (modal(private_metadata="x" * 3001), "less than 3001 characters"),
        (modal(callback_id="x" * 256), "less than 256 characters"),
        (modal(submit_disabled=True), "invalid additional property: submit_disabled"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        ({"type": "home", "blocks": [], "submit": plain("x")}, "invalid additional property"),
        (
            modal(
                field(TYPED | {"focus_on_load": True}),
                field(TYPED | {"focus_on_load": True}),
            ),
            "only one element",
        ),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
    ],
)
def test_a_view_against_the_rules_is_refused(view: Json, message: str) -> None:
    (told,) = view_problems(view)

    assert message in told


def test_what_slack_has_and_the_sandbox_has_not_is_said_aloud() -> None:
    with pytest.raises(NotModelledError, match="rich_text"):
        message_problems([{"type": "rich_text", "elements": []}])
    with pytest.raises(NotModelledError, match="file_input"):
        view_problems(modal(field({"type": "file_input"})))


def test_an_options_answer_has_at_most_a_hundred_options() -> None:
    assert answer_problems({"options": []}) == []
    assert answer_problems({"options": options(100)}) == []
    assert "no more than 100" in answer_problems({"options": options(101)})[0]
    assert "less than 76" in answer_problems({"options": [option("x" * 76)]})[0]
    assert answer_problems({}) == ["missing required field: options [json-pointer:]"]


def test_all_markdown_of_a_message_counts_together() -> None:
    block = {"type": "markdown", "text": "x" * 7000}

    assert message_problems([block]) == []
    assert "less than 12001 characters together" in message_problems([block, block])[0]


def test_things_that_are_no_blocks_are_refused() -> None:
    assert "must be an array" in message_problems({"type": "divider"})[0]
    assert "must provide an object" in message_problems(["divider"])[0]
    assert "must provide an object" in view_problems("modal")[0]
