"""The strict YAML reader: what it accepts, and one clear fault for each thing it does not."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.policy_files.plain_scalars import is_ordinary, plain, trap
from bot.adapters.policy_files.strict_yaml import Mark, load
from tests.adapters.policy_files.yaml_texts import POLICY, faults, read


def test_a_good_policy_is_read_as_it_looks(loader: Any) -> None:
    data = read(POLICY, loader).data

    assert data["urgent"] == {"mention": "gtm-systems", "slack": "#help-it"}
    assert data["pools"]["Salesforce"] == {"keep_free": 1, "when_full": "wait"}
    assert data["levels"]["standard"]["says"] == "Create and edit # accounts\n"
    assert data["levels"]["standard"]["owner"] == "0056e10"
    assert data["auto_approve"] == [
        {
            "id": "renew",
            "when": {"already_had": True, "core": False, "until": None},
            "approved_on": "2026-11-02",
        }
    ]


def test_every_key_and_value_has_its_line_and_column(loader: Any) -> None:
    document = read(POLICY, loader)

    assert document.values[()] == Mark(2, 1)
    assert document.keys["levels", "view-only", "request", "longest"] == Mark(11, 51)
    assert document.values["levels", "view-only", "request", "longest"] == Mark(11, 60)
    assert document.values["levels", "view-only", "request", "by", 0] == Mark(11, 21)
    assert document.keys["auto_approve", 0, "id"] == Mark(21, 3)
    assert document.values["auto_approve", 0] == Mark(21, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2.3", "1.2.3"),
        ("-5", -5),
        ("0", 0),
        ("30d", "30d"),
        ("00e1N0000abcde", "00e1N0000abcde"),
        ("", None),
        ("null # nobody", None),
        ("b#c", "b#c"),
        ("'yes'", "yes"),
        ('"#help-it"', "#help-it"),
        ("2026-11-02 at noon", "2026-11-02 at noon"),
        ("999999999999999999", 999999999999999999),
        ("٣", "٣"),
        ("déjà vu ## a comment", "déjà vu"),
        ("[]", []),
        ("{ b }", {"b": None}),
    ],
)
def test_plain_values_are_text_whole_numbers_true_false_and_null(
    text: str, value: object, loader: Any
) -> None:
    data = read(f"a: {text}\n", loader).data

    assert data == {"a": value}
    assert type(data["a"]) is type(value)


TRAPS = [
    ("yes", 'f.yml:1:4: error: write "yes" in quotes, or true/false: unquoted yes is a boolean'),
    ("No", 'write "No" in quotes, or true/false'),
    ("ON", 'write "ON" in quotes'),
    ("off", 'write "off" in quotes'),
    ("True", 'write true or false in small letters, or "True" in quotes'),
    ("~", 'write null, or "~" in quotes'),
    ("NULL", "write null"),
    ("0777", 'write "0777" in quotes: unquoted, YAML reads an octal number'),
    ("0o17", "octal"),
    ("005000000000001", "octal"),
    ("0x1F", "hexadecimal"),
    ("0b11", "binary"),
    ("22:22", 'write "22:22" in quotes: unquoted, YAML reads a number to the base of 60'),
    ("1:30:00.5", "base of 60"),
    ("1.10", 'write "1.10" in quotes: unquoted, YAML reads a floating-point number'),
    (".5", "floating-point"),
    ("-.inf", "floating-point"),
    (".NaN", "floating-point"),
    ("0056e10", 'write "0056e10" in quotes: unquoted, YAML reads a power of ten (Salesforce ids'),
    ("00e123456789012", "Salesforce ids always need quotes"),
    ("1.5e3", "power of ten"),
    (".5e3", "power of ten"),
    ("2026-11-02", 'write "2026-11-02" in quotes: unquoted, YAML reads a date'),
    ("2026-11-02T10:00:00Z", "a date"),
    ("2026-1-2 10:00", "a date"),
    ("+5", 'write the number in digits only, or "+5" in quotes'),
    ("1_000", "digits only"),
    ("1" * 50, f'write "{"1" * 40}…" in quotes: too long for a number'),
    ("!important", "tags (!…) are not allowed"),
    ("!!binary aGk=", "tags (!…) are not allowed"),
    ("! yes", "tags (!…) are not allowed"),
    ("!!str 2026-11-02", "tags (!…) are not allowed"),
    ("&boss manager", 'anchors (&boss) are not allowed: remove it, or write "&boss" in quotes'),
    ("*everyone", "aliases (*everyone) and merge keys are not allowed: write the value out"),
    ("#help-it", 'f.yml:1:4: error: an unquoted # starts a comment: write "#help-it" in quotes'),
    ("  # help", "f.yml:1:6: error: an unquoted # starts a comment, so there is no value here"),
    ("Read #1 of 2", 'f.yml:1:9: error: an unquoted # starts a comment: write "#1" in quotes'),
    ("{ b: #help-it, c: d }", 'f.yml:1:9: error: an unquoted # starts a comment: write "#help-it"'),
    ("{ b: #help-it }\nc: d", 'f.yml:1:9: error: an unquoted # starts a comment: write "#help-it"'),
    ("[b, #c\n  d]", 'f.yml:1:8: error: an unquoted # starts a comment: write "#c" in quotes'),
    ("#x\n  b: 1", 'f.yml:1:4: error: an unquoted # starts a comment: write "#x" in quotes'),
    ("Read #1\n  and more", "f.yml:1:9: error: an unquoted # starts a comment"),
    ("{ b: # help }\nc: d", "(an unquoted # starts a comment: write it in quotes if it is text)"),
    ("b: c", '(text with ": " in it must be in quotes)'),
    ("@everyone", "(text that starts with @, ` or % must be in quotes)"),
    ("*", "(text that starts with * or & must be in quotes)"),
    ("!x!y", "(text that starts with ! must be in quotes)"),
    ('"open', "f.yml:1:4: error: found unexpected end of stream, while scanning a quoted scalar"),
    ('"\\U99999999"', "error:"),
    ("{b: 1\nc: 2}", "while parsing a flow mapping started at line 1"),
    ("[b]]", "error:"),
    ("1\n---\nb: 2", "f.yml:2:1: error: one document per file"),
    ("1\n...\nb: yes", "(one document per file: put what follows into a file of its own)"),
    ("[" * 20, "f.yml:1:23: error: nested over 20 levels deep"),
    ("[" * 5000, "nested over 20 levels deep"),
    ("{[x]: 1}", "a key must be text: write a word before the colon"),
    ("{!x b: 1}", "tags (!…) are not allowed"),
]


@pytest.mark.parametrize(("value", "message"), TRAPS, ids=lambda value: str(value)[:24])
def test_each_trap_is_exactly_one_fault_that_says_how_to_write_it(
    value: str, message: str, loader: Any
) -> None:
    (fault,) = faults(f"a: {value}\n", loader)

    assert message in fault


KEYS = [
    ("on: x", 'f.yml:1:1: error: write "on" in quotes, or true/false'),
    ("NO: x", 'write "NO" in quotes'),
    ("1: x", 'f.yml:1:1: error: a key must be text: write "1" in quotes'),
    ("true: x", 'a key must be text: write "true" in quotes'),
    ("null: x", 'a key must be text: write "null" in quotes'),
    ("1.5: x", 'write "1.5" in quotes'),
    ("<<: { b: 1 }", "f.yml:1:1: error: merge keys (<<) are not allowed: write the keys out"),
    ("? [b]\n: x", "f.yml:1:3: error: a key must be text: write a word before the colon"),
    ("&k b: x", "anchors (&k) are not allowed"),
    ("%YAML 1.1\n---\nb: x", "f.yml:1:1: error: %YAML and %TAG lines are not allowed"),
    ("%TAG ! tag:acme,2026:\n---\nb: x", "f.yml:1:1: error: %YAML and %TAG lines"),
]


@pytest.mark.parametrize(("text", "message"), KEYS)
def test_a_key_that_is_no_plain_text_is_one_fault(text: str, message: str, loader: Any) -> None:
    (fault,) = faults(text, loader)

    assert message in fault


def test_keys_in_quotes_may_be_anything(loader: Any) -> None:
    assert read('"on": 1\n"1": 2\n"<<": 3\n', loader).data == {"on": 1, "1": 2, "<<": 3}


def test_a_duplicate_key_names_both_lines_and_the_first_one_stays(loader: Any) -> None:
    text = "a: { b: 1 }\nc: 2\na: { b: yes }\n"
    document, found = load(text, file="f.yml", loader=loader)

    assert [str(fault) for fault in found] == [
        "f.yml:3:1: error: duplicate key 'a' (first at line 1): keep one of the lines 1 and 3",
        (
            'f.yml:3:9: error: write "yes" in quotes, or true/false:'
            " unquoted yes is a boolean in YAML 1.1 and text in YAML 1.2"
        ),
    ]
    assert document is not None
    assert document.data == {"a": {"b": 1}, "c": 2}
    assert document.values["a", "b"] == Mark(1, 9)


WHOLE_FILES: list[tuple[str | bytes, str]] = [
    ("", "f.yml:1:1: error: the file is empty: write keys and values"),
    ("# nothing yet\n", "the file is empty"),
    ("- a\n- b\n", "f.yml:1:1: error: the top level must be keys and values"),
    ("yes", "the top level must be keys and values"),
    ("---\n", "the top level must be keys and values"),
    ("!x y", "tags (!…) are not allowed"),
    (b"a: \xc3\xa9\nb: \xc3\xa9\xff", "f.yml:2:5: error: not UTF-8 text"),
    ("a: \ud800", "f.yml:1:4: error: not UTF-8 text"),
    ("a: 1\nb: x\x00y", "f.yml:2:5: error: the character U+0000 is not allowed"),
    ("a: b\u2028", "f.yml:1:5: error: the character U+2028 is not allowed"),
    ("a: b\rc: d", "the character U+000D is not allowed"),
    ("\ufeffa: 1", "f.yml:1:1: error: a byte order mark: save the file as UTF-8 without BOM"),
    ("a: b\ufeff", "f.yml:1:5: error: the character U+FEFF is not allowed, in no language"),
    ("# a\n# \u202ecod", "f.yml:2:3: error: the character U+202E is not allowed, in no language"),
    ("a: \u05d0\u200f", "f.yml:1:5: error: the character U+200F is not allowed, in no language"),
    ("a:\n\tb: 1", "f.yml:2:1: error: a tab: write spaces"),
    (b"a" * 1_000_001, "f.yml:1:1: error: the file is over 1,000,000 bytes"),
]


@pytest.mark.parametrize(("text", "message"), WHOLE_FILES, ids=range(len(WHOLE_FILES)))
def test_a_file_that_is_no_policy_at_all_is_one_fault(
    text: str | bytes, message: str, loader: Any
) -> None:
    document, found = load(text, file="f.yml", loader=loader)

    assert document is None
    (fault,) = found
    assert message in str(fault)


def test_a_tab_in_each_line_is_told_for_each_line() -> None:
    assert [fault.split(":")[1] for fault in faults("a:\t1\nb: 2\nc:\t\t3\n")] == ["1", "3"]


def test_windows_line_ends_count_as_one(loader: Any) -> None:
    assert read("a: 1\r\nb: 2\r\n", loader).values["b",] == Mark(2, 4)


def test_all_faults_of_a_file_come_together_in_the_order_of_the_lines(loader: Any) -> None:
    text = "a: &x yes\nb: #help-it\nc: on\nd: !t 1\nc: 2\ne: [0777, 1.10]\n"

    lines = [fault.split(":")[1] for fault in faults(text, loader)]

    assert lines == ["1", "2", "3", "4", "5", "6", "6"]


def test_a_syntax_error_does_not_hide_what_was_found_before_it(loader: Any) -> None:
    first, second = faults("a: b #c\nd: !x 1\ne: [\n", loader)[::2]

    assert first.startswith("f.yml:1:6: error: an unquoted #")
    assert "while parsing a flow" in second


def test_a_value_at_fault_stays_in_the_document_at_the_faults_mark(loader: Any) -> None:
    """So that whoever checks the rest can leave out what is told already."""
    document, found = load("a: yes\nb: #x\nc: !t u\n", file="f.yml", loader=loader)

    assert document is not None
    assert document.data == {"a": "yes", "b": None, "c": "u"}
    assert [document.values[key,] for key in "abc"] == [fault.mark for fault in found]


def test_an_anchor_used_twice_is_told_twice_and_an_alias_stops_composing(loader: Any) -> None:
    assert len(faults("a: &x 1\nb: &x 2\n", loader)) == 2
    assert load("a: &x [*x]\n", file="f.yml", loader=loader)[0] is None


def test_a_message_stays_on_one_line_whatever_the_key_is() -> None:
    (fault,) = faults('"a\\nb\\e": 1\n"a\\nb\\e": 2\n')

    assert fault.splitlines() == [fault]


def test_a_line_that_stands_too_far_to_the_left_is_the_one_to_blame(loader: Any) -> None:
    (fault,) = faults("a:\n    b: 1\n  c: 2\n    d: 3\n", loader)

    assert "indent" in fault


def test_what_yaml_takes_for_an_instruction_must_be_in_quotes(loader: Any) -> None:
    assert [fault.split(" error: ")[1][:22] for fault in faults("a: <<\nb: =\n", loader)] == [
        'write "<<" in quotes: ',
        'write "=" in quotes: u',
    ]


HIDDEN = (
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF,
    0xAD, 0x61C, 0x180E, 0xE0041,
)  # fmt: skip


@pytest.mark.parametrize("code", HIDDEN, ids=hex)
def test_a_character_that_hides_or_turns_text_is_refused_unless_it_is_written_out(
    code: int, loader: Any
) -> None:
    (fault,) = faults(f"a: x{chr(code)}y\n", loader)

    assert f"f.yml:1:5: error: the character U+{code:04X} is not allowed" in fault
    assert read(f'a: "x\\U{code:08x}y"\n', loader).data == {"a": f"x{chr(code)}y"}


def test_right_to_left_letters_and_emoji_are_text(loader: Any) -> None:
    assert read("a: \u05e9\u05dc\u05d5\u05dd \u2764\ufe0f\n", loader).data["a"].endswith("\ufe0f")


@given(
    st.one_of(
        st.text(max_size=12),
        st.from_regex(r"[-+.~=<a-zA-Z_/0-9][-+.:_0-9a-fA-FoxT ]{0,9}", fullmatch=True),
        st.sampled_from(["yes", "no", "on", "off", "true", "false", "null"]).flatmap(
            lambda word: st.tuples(*(st.sampled_from([c, c.upper()]) for c in word)).map("".join)
        ),
    )
)
@settings(max_examples=500, deadline=None)
def test_what_is_taken_for_plain_text_at_once_is_text_to_everybody(text: str) -> None:
    """To the slow path, and to PyYAML, which knows the words and numbers of YAML 1.1."""
    if is_ordinary(text):
        assert trap(text) is None
        assert plain(text) == text
        assert yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False)).endswith(":str")
