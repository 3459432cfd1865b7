"""Cards as Block Kit: whatever stands in them, Slack takes them and nobody is pinged."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.adapters.slack.blocks import MAX_FALLBACK, fallback, render
from bot.domain.cards import Card, CardAction, Fact, TaskLine
from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack import mentions
from tests.fakes.cards import card, refusal_of
from tests.fakes.slack_wire import issue_url

ACTIONS = tuple(CardAction)
WORDS = st.one_of(
    st.text(max_size=100),
    st.sampled_from(["<!channel>", "<@U0EVA00001> *ok*", "&" * 200, "\u202e", ""]),
)
CARDS = st.builds(
    card,
    headline=WORDS,
    facts=st.lists(st.builds(Fact, st.just("Why"), WORDS), max_size=30).map(tuple),
    notes=st.lists(WORDS, max_size=20).map(tuple),
    tasks=st.lists(st.builds(TaskLine, WORDS, st.none() | st.just("p003")), max_size=60).map(tuple),
    actions=st.lists(st.sampled_from(ACTIONS), max_size=8).map(tuple),
    issue_number=st.none() | st.integers(1, 10**9),
    confirm_loss=st.booleans(),
)


def texts(value: Any) -> str:
    return str(value)


@settings(max_examples=40)
@given(CARDS)
def test_slack_takes_every_card_and_nobody_is_pinged(any_card: Card) -> None:
    check(any_card)


@pytest.mark.parametrize("sign", ["x", "&", "<!channel> ", "\u202e", "👍", "*_~` "])
def test_slack_takes_a_card_that_is_far_too_large(sign: str) -> None:
    large = (sign * 10_000)[:10_000]
    check(
        card(
            headline=large,
            facts=(Fact("Why", large),) * 30,
            notes=(large,) * 20,
            tasks=(TaskLine(large, None),) * 60,
            actions=ACTIONS,
        )
    )


@pytest.mark.parametrize("sign", ["x", "&", "<!channel> ", "\u202e👍", "*_~` ", "1\n2. "])
def test_ways_out_of_a_refusal_are_shown_whole_whoever_is_named_in_them(sign: str) -> None:
    refused = refusal_of(sign)

    check(refused)
    (shown,) = (b["text"]["text"] for b in render(refused, issue_url)[1] if "true (" in str(b))
    assert [line[:3] for line in shown.splitlines()] == ["Wha", "1. ", "2. ", "3. "]


def check(any_card: Card) -> None:
    text, blocks = render(any_card, issue_url)

    assert kit.message_problems(blocks) == []
    assert kit.text_length(blocks) <= kit.MESSAGE_CHARACTERS_MAX
    assert [Block.parse(block).to_dict() for block in blocks] == blocks
    assert mentions.in_text(text) + mentions.in_blocks(blocks) == ()
    assert len(text) <= MAX_FALLBACK


def test_a_card_says_headline_facts_notes_and_offers_its_buttons() -> None:
    text, blocks = render(card(), issue_url)

    assert [block["type"] for block in blocks] == ["header", "section", "section", "actions"]
    assert blocks[1]["fields"][0]["text"] == "*Level*\nsalesforce/standard"
    assert text == (
        "Ann Ortiz asks for salesforce/standard\nLevel: salesforce/standard\n"
        "Why: Quarter's numbers\nBea Kline can approve."
    )
    approve, deny, link = blocks[-1]["elements"]
    assert (approve["action_id"], approve["style"]) == ("request:approve", "primary")
    assert (deny["value"], deny["style"]) == ("r-1:d1g3st", "danger")
    assert link["url"] == issue_url(7)


@pytest.mark.parametrize("action", [CardAction.CANCEL, CardAction.GIVE_BACK])
def test_what_ends_something_is_confirmed_and_says_what_is_lost(action: CardAction) -> None:
    _, blocks = render(card(actions=(action,), confirm_loss=True), issue_url)

    confirm = blocks[-1]["elements"][0]["confirm"]
    assert "cannot be undone" in confirm["text"]["text"]
    assert confirm["deny"]["text"] == "Keep it"


def test_a_long_headline_is_shown_whole() -> None:
    _, blocks = render(card(headline="word " * 60), issue_url)

    assert blocks[0]["type"] == "section"
    assert blocks[0]["text"]["text"] == ("word " * 60).strip()


def test_the_eleventh_fact_starts_another_section() -> None:
    facts = tuple(Fact(f"Fact {n}", "short") for n in range(11))

    _, blocks = render(card(facts=facts), issue_url)

    assert [len(block.get("fields", ())) for block in blocks[1:3]] == [10, 1]


def test_without_an_issue_there_is_no_link() -> None:
    _, blocks = render(card(issue_number=None, actions=(CardAction.OPEN_ISSUE,)), issue_url)

    assert "actions" not in [block["type"] for block in blocks]


def test_a_strangers_name_cannot_imitate_a_decision() -> None:
    hostile = "*Approved* by <@U0EVA00001>\n> ok <https://evil.example|see>"

    _, blocks = render(card(facts=(Fact("For", hostile),)), issue_url)

    shown = blocks[1]["fields"][0]
    assert shown["verbatim"] is True
    assert "*Approved*" not in shown["text"]
    assert "<" not in shown["text"]


def test_what_does_not_fit_is_named() -> None:
    long = card(facts=(Fact("Why", "word " * 2000),))

    assert "see the issue for all" in texts(render(long, issue_url)[1])
    assert "more characters)" in texts(render(long, issue_url)[1])
    assert "see the issue" not in texts(render(card(), issue_url)[1])


def test_tasks_say_in_words_who_did_them() -> None:
    tasks = (TaskLine("Add to the team", None), TaskLine("Order a licence", "Gus Hale"))

    shown = fallback(card(tasks=tasks))

    assert "To do: Add to the team\nDone by Gus Hale: Order a licence" in shown
