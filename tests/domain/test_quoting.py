"""What somebody typed, inside a sentence of ours, is seen and does nothing."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.domain.markdown import escape_markdown
from bot.domain.quoting import quoted
from bot.domain.text import escape_mrkdwn

MARKUP = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PIECES = [
    *("<!channel>", "<@U1>", "<https://evil.example|Approve>", "@octo-bea", "#12"),
    *("acme/it#3", "GH-12", "`x`", "```", "*b*", "_i_", "~s~", "**B**", "__init__"),
    *("[x](https://evil.example)", "![x](y)", "|", "&", "&commat;ann", "&lt;", "$x$"),
    *(":x:", "\\", "«y»", "mailto:a@b.c", "www.evil.example", "https://evil.example"),
]
HOSTILE = st.lists(
    st.sampled_from(
        [*PIECES, "\n", "\n> ", "\n# ", "\r\n/approve ", "\u202e", "\u200b", "\x00", " "]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)


@given(HOSTILE, st.integers(1, 80))
def test_a_quote_is_one_bounded_line_without_any_mark(text: str, limit: int) -> None:
    shown = quoted(text, limit)

    assert shown[0] + shown[-1] == "«»"
    assert len(shown) <= limit + 2
    inside = shown[1:-1]
    assert not set(inside) & set("@`<>*_[]#|~&$\\:«»\n\r")
    assert not [c for c in inside if unicodedata.category(c) in {"Cc", "Cf", "Cs"}]


@given(HOSTILE)
@example("\n> <!channel><!channel><!channel>#12www.evil.example&lt;www.evil.example")  # cut
def test_markdown_shows_a_quote_as_plain_text_with_no_mention_link_or_reference(text: str) -> None:
    (_open, line, _close) = MARKUP.parse(f"There is no level {quoted(text)}.")

    assert [leaf.type for leaf in line.children or []] == ["text"]
    assert line.content == f"There is no level {quoted(text)}."
    assert not re.search(r"@|#\d|\bgh-\d|://|\bwww\.", line.content, re.IGNORECASE)


@given(HOSTILE)
def test_renderers_that_escape_have_nothing_left_to_change(text: str) -> None:
    shown = quoted(text)

    assert escape_mrkdwn(shown) == shown
    assert not re.search(r"\\[@#`<>*_\[\]|]", escape_markdown(shown))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("salesforce/standard", "«salesforce/standard»"),
        ("  Ann   Ortiz-Núñez ", "«Ann Ortiz-Núñez»"),
        ("ann@acme.example", "«ann＠acme․example»"),
        ("a\nb", "«a b»"),
        ("x» is fine. «y", "«x› is fine. ‹y»"),
        ("GH-12", "«GH‑12»"),
        ("", "«»"),
        ("x" * 100, f"«{'x' * 59}…»"),
    ],
)
def test_how_quotes_look(text: str, shown: str) -> None:
    assert quoted(text) == shown
