"""Nothing that a stranger writes acts in our comments, and a card can be read and found again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.cards import Card, CardAction, Fact, TaskLine
from bot.domain.markdown import (
    MAX_BODY,
    code_span,
    escape_markdown,
    has_marker,
    marker,
    render_card,
    with_marker,
)
from bot.domain.text import clean
from tests.fakes.cards import refusal_of

MARKUP = MarkdownIt("commonmark").enable(["table", "strikethrough"])

# What GitHub looks for in the text of a rendered page.
MENTION = re.compile(r"(?<![\w`])@[a-z0-9]", re.IGNORECASE)
REFERENCE = re.compile(r"#\d|\bgh-\d|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
ADDRESS = re.compile(r"\bhttps?://|\bwww\.|[\w.+-]+@[\w-]", re.IGNORECASE)

HARMLESS = {"text", "softbreak", "text_special"}
MARKS = "@#*_`~[]()<>!|\\&;:/-+=.$\n\r\t '\"{}^\u202e\u2066\u200b\x00"
WORDS = """octo-eva acme/it GH-12 #12 deadbeef01 https://evil.example/x www.evil.example /approve
--- ann@acme.example ![x](http://evil.example) <script> <!-- --> | &#64; &commat;ann [x]:
- > 1. é 日本 🎉 ```"""
PIECES = st.sampled_from([*MARKS, *WORDS.split(), "    code", "- [x] done", "| a | b |"])
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=25).map("".join))


def card(**changes: object) -> Card:
    facts: dict[str, object] = {"request_id": "r-1", "digest": "d", "headline": "Waiting for a yes"}
    return Card(**{**facts, **changes})  # type: ignore[arg-type]  # a test names fields


def leaves(markdown: str) -> list[Token]:
    return [leaf for block in MARKUP.parse(markdown) for leaf in block.children or []]


def shown(markdown: str) -> str:
    parts = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(parts.get(leaf.type, leaf.content) for leaf in leaves(markdown))


@given(TEXTS)
def test_escaped_text_renders_as_plain_paragraphs(text: str) -> None:
    markdown = escape_markdown(text)

    assert {block.type for block in MARKUP.parse(markdown)} <= {
        "paragraph_open",
        "inline",
        "paragraph_close",
    }
    other = [leaf for leaf in leaves(markdown) if leaf.type not in HARMLESS]
    assert {leaf.content for leaf in other} <= {"<span>", "</span>"}


@given(TEXTS)
def test_escaped_text_pings_and_links_nothing_even_after_rendering(text: str) -> None:
    page = shown(escape_markdown(text))

    assert not MENTION.search(page)
    assert not REFERENCE.search(page)
    assert not ADDRESS.search(page)


@given(TEXTS)
def test_escaped_text_shows_what_was_typed(text: str) -> None:
    page = re.sub("</?span>", "", shown(escape_markdown(text)))

    assert "".join(page.replace("\u2060", "").split()) == "".join(clean(text, 1000).split())


@given(TEXTS)
def test_no_line_of_escaped_text_is_a_command_or_moves_the_reading_direction(text: str) -> None:
    markdown = escape_markdown(text)

    assert not any(line.lstrip().startswith("/") for line in markdown.splitlines())
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x00-\x09\x0b-\x1f]", markdown)


def test_long_text_is_bounded() -> None:
    page = shown(escape_markdown("z" * 10_000, limit=100))

    assert len(page) <= 100
    assert "more characters" in page


@given(TEXTS)
def test_a_code_span_holds_any_text_on_one_line(text: str) -> None:
    markdown = code_span(text)

    assert "\n" not in markdown
    kinds = {leaf.type for leaf in leaves(f"a {markdown} b")}
    assert kinds <= {"text", "code_inline"}


def test_a_code_span_of_nothing_is_nothing() -> None:
    assert code_span(" \u200b ") == ""


@given(TEXTS, TEXTS)
def test_strangers_words_stay_in_their_place_on_a_card(text: str, other: str) -> None:
    markdown = render_card(
        card(
            headline=text,
            facts=(Fact("Why", text), Fact("Who", other)),
            notes=(other,),
            tasks=(TaskLine(text, None), TaskLine(other, text)),
        ),
        key="status:r-1",
    )

    assert markdown.count("<!--") == 1
    assert not MENTION.search(shown(markdown))
    blocks = [block.type for block in MARKUP.parse(markdown)]
    assert blocks.count("tr_open") == 3
    assert sum(line.startswith("- [") for line in markdown.splitlines()) == 2


def test_a_card_reads_as_headline_facts_notes_steps_and_what_to_do() -> None:
    markdown = render_card(
        card(
            facts=(Fact("Level", "salesforce/standard"),),
            notes=("Ann must say yes.",),
            tasks=(TaskLine("Order the laptop", None), TaskLine("Add to Gong", "Bea")),
            actions=(CardAction.APPROVE, CardAction.DENY),
        ),
        key="status:r-1",
    )

    assert markdown.splitlines() == [
        "### Waiting for a yes",
        "",
        "| | |",
        "|---|---|",
        "| **Level** | salesforce\\/standard |",
        "",
        "Ann must say yes\\.",
        "",
        "- [ ] Order the laptop",
        "- [x] Add to Gong — done by Bea",
        "",
        "To act, comment `/approve` or `/deny reason`. `/help` says what each does.",
        "",
        "Request `r-1`",
        "",
        "<!-- usher:status:r-1 -->",
    ]


def test_a_card_shown_elsewhere_links_its_issue() -> None:
    markdown = render_card(
        card(actions=(CardAction.OPEN_ISSUE,)), key="k", issue_url="https://example.com/issues/3"
    )

    assert "<https://example.com/issues/3>" in markdown
    assert "To act" not in markdown


@pytest.mark.parametrize("sign", ["x", "&", "@octo-eva ", "#12 ", "*_~` ", "\u202e", "1\n2. "])
def test_ways_out_of_a_refusal_are_lines_of_their_own_and_whole(sign: str) -> None:
    markdown = render_card(refusal_of(sign), key="status:r-1")

    page = shown(markdown)
    assert not MENTION.search(page)
    assert not REFERENCE.search(page)
    start = page.index("What would have to be true (one of these)")
    assert [line[:3] for line in page[start:].splitlines()[1:4]] == ["1. ", "2. ", "3. "]
    assert len(markdown) <= MAX_BODY


@pytest.mark.parametrize("key", ["", "a b", "a-->", "x" * 81, "é", "a\n"])
def test_a_key_that_could_break_out_of_the_marker_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="marker key"):
        marker(key)


def test_a_marker_counts_only_at_the_end_of_a_body() -> None:
    ours = with_marker("Done.", "k-1")

    assert has_marker(ours + "\r\n", "k-1")
    assert not has_marker(ours, "k-2")
    assert not has_marker(f"> {marker('k-1')}\n\nquoted", "k-1")


def test_a_body_longer_than_github_takes_is_shortened_and_says_so() -> None:
    body = with_marker("line\n" * 20_000, "k")

    assert len(body) <= MAX_BODY
    assert "left out" in body
    assert has_marker(body, "k")
