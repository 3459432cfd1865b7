"""Whatever people type into policy files, the loader answers with a policy or with faults.

And whatever it takes for a policy is one by a plain reading of the language, too.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.policy_files.loader import load_policy
from bot.domain.errors import PolicyError
from tests.adapters.policy_files.plain_reading import wrong_files
from tests.adapters.policy_files.seeded_mistakes import FILES, VALID, Mistake, mistakes

FAULT = re.compile(r"policies/([\w./-]+):([1-9]\d*):([1-9]\d*): error: (\S.*)", re.DOTALL)
FOREIGN = re.compile(r"Input should|Field required|Extra inputs|String should|Traceback|<class ")
WORD = re.compile(r"[\w@{}./#-]+")
KEY = re.compile(r"[\w-]+(?=:)")
INDENTED = re.compile(r"(?m)^ *(?:- )?")
WORDS = sorted({word for text in VALID.values() for word in WORD.findall(text)})
KEYS = sorted({key for text in VALID.values() for key in KEY.findall(text)})
# What YAML, people, editors and other scripts make of a value.
SPECIALS = (
    *("yes", "no", "on", "off", "True", "NULL", "null", "~", "", " ", "true", "false", "''", '" "'),
    *("0", "-1", "1", "0777", "0x1f", "1.5", "1e3", ".inf", ".nan", "+5", "1_000", "9" * 40),
    *("22:22", "2026-11-02", '"2026-11-02"', "0056e10", "30d", "0h", "99999d", "permanent", "1bd"),
    *(
        "&a x",
        "*a",
        "<<",
        "!x y",
        "!!str x",
        "!!binary aGk=",
        "#help",
        "@it",
        "`it`",
        "%x",
        "|",
        ">",
    ),
    *("[]", "{}", "[[]]", "[a, b]", "{ a: b }", "[null]", "everyone", "manager", "core", "it"),
    *("é", "ⅷ", "٣٠d", "\u202ea", "\u2028", "\x85", "\u200b", "\ufeff", "\x00", "😀", "ﬁ", "İ"),
    *(
        "- ",
        ": ",
        ",",
        "]",
        "}",
        "'",
        '"',
        "\t",
        "\r",
        "\n",
        "\n---\n",
        "\n...\n",
        "? ",
        "a" * 3000,
    ),
)


class Edit(NamedTuple):
    """One slip: what happens, in which file, at which of its places, and with what."""

    make: Callable[[str, int, int, str], str]
    file: str
    first: int
    second: int
    piece: str


def delete_lines(text: str, first: int, second: int, _: str) -> str:
    lines = text.splitlines(keepends=True)
    start = first % (len(lines) + 1)
    return "".join(lines[:start] + lines[start + 1 + second % 3 :])


def duplicate_line(text: str, first: int, second: int, _: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line = lines[first % len(lines)]
    lines.insert(second % (len(lines) + 1) if second % 2 else first % len(lines), line)
    return "".join(lines)


def move_block(text: str, first: int, second: int, _: str) -> str:
    """Move a line, and what is indented below it, to another place."""
    lines = text.splitlines(keepends=True) or [""]
    start = first % len(lines)
    depth = len(lines[start]) - len(lines[start].lstrip(" "))
    end = start + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip(" ")) > depth:
        end += 1
    block, rest = lines[start:end], lines[:start] + lines[end:]
    at = second % (len(rest) + 1)
    return "".join(rest[:at] + block + rest[at:])


def indent_line(text: str, first: int, second: int, _: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = first % len(lines)
    spaces = len(lines[at]) - len(lines[at].lstrip(" "))
    lines[at] = " " * max(0, spaces + second % 5 - 2) + lines[at].lstrip(" ")
    return "".join(lines)


def change_word(text: str, first: int, _: int, piece: str) -> str:
    return _put(WORD, text, first, piece)


def rename_key(text: str, first: int, second: int, _: str) -> str:
    return _put(KEY, text, first, KEYS[second % len(KEYS)])


def insert_piece(text: str, first: int, _: int, piece: str) -> str:
    at = first % (len(text) + 1)
    return text[:at] + piece + text[at:]


def insert_entry(text: str, first: int, second: int, piece: str) -> str:
    """Write a key of the language where there is room for one."""
    return _put(INDENTED, text, first, f"{KEYS[second % len(KEYS)]}: {piece}\n", is_kept=True)


def end_lines_otherwise(text: str, first: int, _: int, piece: str) -> str:
    return text.replace("\n", "\r\n") if first % 2 else text.replace("\n", "\r\n", 3)


def _put(
    spots: re.Pattern[str], text: str, number: int, word: str, *, is_kept: bool = False
) -> str:
    found = [*spots.finditer(text)]
    if not found:
        return text + word
    start, end = found[number % len(found)].span()
    kept = text[start:end] if is_kept else ""
    return text[:start] + kept + word + (text[start:] if is_kept else text[end:])


NUMBERS = st.integers(0, 10_000)
PIECES = st.sampled_from(SPECIALS) | st.sampled_from(WORDS) | st.text(max_size=8)
FILE = st.sampled_from(sorted(VALID))
ANY_SLIP = st.builds(
    Edit,
    st.sampled_from(
        [
            delete_lines,
            duplicate_line,
            move_block,
            indent_line,
            change_word,
            rename_key,
            insert_piece,
            insert_entry,
            end_lines_otherwise,
        ]
    ),
    FILE,
    NUMBERS,
    NUMBERS,
    PIECES,
)
# One right word in place of another: most of what is accepted though it should not be.
SMALL_SLIP = st.builds(
    Edit,
    st.sampled_from([change_word, rename_key, insert_entry]),
    FILE,
    NUMBERS,
    NUMBERS,
    st.sampled_from(WORDS) | st.sampled_from(SPECIALS),
)
HARD_WORK = settings(
    max_examples=120,
    deadline=10_000,  # what hangs fails
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("edited") / "policies"
    Mistake("", {}, ()).write(directory)
    return directory


@given(edits=st.lists(ANY_SLIP, min_size=1, max_size=4))
@HARD_WORK
def test_slips_of_the_hand_give_a_policy_or_faults(copy: Path, edits: list[Edit]) -> None:
    judge(copy, edited(edits))


@given(edits=st.lists(SMALL_SLIP, min_size=1, max_size=1))
@HARD_WORK
def test_right_words_in_wrong_places_give_a_policy_or_faults(copy: Path, edits: list[Edit]) -> None:
    judge(copy, edited(edits))


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(edits=st.lists(ANY_SLIP | SMALL_SLIP, min_size=1, max_size=6))
@settings(HARD_WORK, max_examples=4000)
def test_many_slips_give_a_policy_or_faults(copy: Path, edits: list[Edit]) -> None:
    judge(copy, edited(edits))


def edited(edits: list[Edit]) -> dict[str, str]:
    texts = dict(VALID)
    for edit in edits:
        text = edit.make(texts[edit.file], edit.first, edit.second, edit.piece)
        # Text that has no bytes is for a test of the reader.
        texts[edit.file] = text.encode("utf-8", "replace").decode()
    return texts


def judge(directory: Path, texts: Mapping[str, str]) -> None:
    faults = told(directory, texts)

    for fault in faults:
        assert stands_in(fault, texts), fault
        assert not FOREIGN.search(fault)
        assert len(fault) < 1000
    if not faults:
        assert wrong_files(texts) == []


def told(directory: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the faults of these texts as a directory, none if they are a policy."""
    for file, text in texts.items():
        (directory / file).write_bytes(text.encode())
    try:
        load_policy(directory, commit="test")
    except PolicyError as error:
        return error.faults or ("refused without a fault",)
    return ()


def stands_in(fault: str, texts: Mapping[str, str]) -> bool:
    """Say whether the place of a fault exists."""
    found = FAULT.fullmatch(fault)
    if not found or found[1] not in texts:
        return False
    lines = texts[found[1]].split("\n")
    line, column = int(found[2]), int(found[3])
    return line <= len(lines) and column <= len(lines[line - 1]) + 1


# ---- the plain reading itself -------------------------------------------------------------------


def test_the_plain_reading_accepts_the_valid_policy() -> None:
    assert wrong_files(VALID) == []


def test_the_plain_reading_sees_most_of_the_seeded_mistakes() -> None:
    """A second eye that never saw anything would agree with every loader."""
    edits = [mistake for mistake in mistakes() if mistake not in FILES]
    seen = [m for m in edits if wrong_files({**VALID, **m.texts})]

    assert len(seen) > len(edits) * 7 / 10
