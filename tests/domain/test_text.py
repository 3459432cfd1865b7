"""Strangers' text: whatever it holds, what is shown can neither hide, ping, link nor imitate."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import clean, escape_mrkdwn, is_blank_or_symbols

HOSTILE = st.text(
    st.one_of(
        st.characters(codec="utf-16", categories=None),
        st.sampled_from("<>&*_~`!@#|\n\r\t \u202e\u2066\u200b\u200d\u2028\u3164\x00\x1b\ufeffab1"),
    ),
    max_size=200,
)


@given(HOSTILE, st.integers(1, 250))
def test_a_cleaned_text_fits_and_hides_nothing(text: str, limit: int) -> None:
    shown = clean(text, limit)

    assert len(shown) <= limit
    assert not [c for c in shown if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
    assert not re.search(r"[^\S\n ]|  |\n\n\n| \n|\n ", shown)
    assert shown == shown.strip()


def test_no_control_or_format_character_of_unicode_is_left() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    shown = clean(everything, len(everything))

    left = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
    assert left == {"\n"}


@given(HOSTILE, st.integers(1, 250))
def test_cleaning_twice_is_cleaning_once(text: str, limit: int) -> None:
    once = clean(text, limit)

    assert clean(once, limit) == once


@given(HOSTILE)
def test_escaped_text_can_neither_mention_nor_link_nor_format(text: str) -> None:
    shown = escape_mrkdwn(text)

    assert not re.search("[<>`]", shown)
    assert not re.search("&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"(?<![^\W_])[*_~]", shown)
    assert not re.search(r"(?m)^\s*&gt;", shown)


@given(st.text(st.characters(categories=["L", "N", "Zs"], exclude_characters="\u3164")))
def test_ordinary_words_are_not_touched_by_escaping(text: str) -> None:
    assert escape_mrkdwn(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("admin\u202egnp.exe", "admingnp.exe"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("  a \t b\u00a0\u3000c  ", "a b c"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\ud800broken", "broken"),
    ],
)
def test_what_is_cleaned_away(text: str, shown: str) -> None:
    assert clean(text, 100) == shown


def test_a_cut_says_how_much_is_missing() -> None:
    shown = clean("x" * 10_000, 200)

    head, _, note = shown.partition("… ")
    assert note == f"(cut, {10_000 - len(head)} more characters)"
    assert 199 <= len(shown) <= 200


def test_a_cut_label_just_ends_in_dots() -> None:
    assert clean("Work with accounts", 8) == "Work wi…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("<https://evil.example|Approve>", "&lt;https://evil.example|Approve&gt;"),
        ("*Approved* by _Dana_", "\u2217Approved* by \u02cdDana_"),
        ("read_only and a*b*c", "read_only and a*b*c"),
        ("```code```", "\u02cb\u02cb\u02cbcode\u02cb\u02cb\u02cb"),
        ("> quoted\n>>> too", "\u203a quoted\n\u203a\u203a\u203a too"),
        ("2 > 1", "2 &gt; 1"),
        ("__init__", "\u02cd\u02cdinit_\u02cd"),
    ],
)
def test_what_escaping_does_to_marks(text: str, shown: str) -> None:
    assert escape_mrkdwn(text) == shown


@pytest.mark.parametrize("text", ["", "  \n", "👍🎉", "…!?", "\u200f\u202e", "\u3164\u115f", "---"])
def test_text_without_letters_or_digits_says_nothing(text: str) -> None:
    assert is_blank_or_symbols(text)


@pytest.mark.parametrize("text", ["a", "👍 ok", "42", "需要", "נחוץ", "لازم"])
def test_text_with_a_word_in_any_script_says_something(text: str) -> None:
    assert not is_blank_or_symbols(text)
