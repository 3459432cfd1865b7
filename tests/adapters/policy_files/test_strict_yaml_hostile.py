"""The strict YAML reader against what nobody means: bombs, floods and texts made at random."""

import time
import tracemalloc
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.policy_files.strict_yaml import LOADER, Fault, load
from tests.adapters.policy_files.yaml_texts import POLICY, faults


def test_an_alias_bomb_is_refused_before_anything_is_built() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcd", "bcde", strict=True)
    )
    started = time.process_time()

    found = faults(bomb)

    assert len(found) == 5 + 8
    assert time.process_time() - started < 1


@pytest.mark.parametrize("line", ["- x #y\n", "- 1.5\n", "- &a x\n"])
def test_a_megabyte_of_mistakes_is_read_in_seconds(line: str) -> None:
    text = "a:\n" + line * (60_000 // len(line))

    found = faults(text)

    assert len(found) == 1_001
    assert "over 1,000 mistakes: correct those above first" in found[-1]


@pytest.mark.parametrize(
    "text",
    ["".join(f"k{n}: 1\n" for n in range(100_000)), "a: [" + "x," * 100_000 + "]"],
    ids=["keys", "entries"],
)
def test_a_file_of_a_hundred_thousand_keys_is_refused_in_bounded_memory(text: str) -> None:
    tracemalloc.start()
    try:
        document, found = load(text, file="f.yml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert document is None
    assert "over 100,000 keys and values: split the file up" in str(found[-1])
    assert peak < 100 * 1024**2


@pytest.mark.parametrize("text", ["1" * 900_000 + "x", "1:" * 400_000 + "x", "#" * 900_000])
def test_one_endless_value_does_not_hang(text: str) -> None:
    started = time.process_time()

    load(f"a: b{text}", file="f.yml")
    load(f"a: {text}", file="f.yml")

    assert time.process_time() - started < 10


def check(text: str | bytes, loader: Any) -> None:
    document, found = load(text, file="f.yml", loader=loader)
    assert document is not None or found
    assert all(isinstance(fault, Fault) and "\n" not in str(fault) for fault in found)
    assert all(fault.mark.line >= 1 and fault.mark.column >= 1 for fault in found)
    if document is not None:
        assert document.values.keys() >= document.keys.keys()


YAML_PIECES = st.sampled_from(
    [
        *"ab01 \n\n  :,-?#&*!|>'\"%@`{}[]~<\t\r\x00é😀",
        ": ",
        "- ",
        "<<",
        "---\n",
        "\\U9",
        "no",
        "1e5",
    ]
)


@given(st.one_of(st.text(), st.binary(), st.lists(YAML_PIECES).map("".join)))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_document_or_faults_and_never_an_exception(text: str | bytes) -> None:
    check(text, LOADER)
    check(text, yaml.SafeLoader)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(POLICY)),
            st.integers(0, 6),
            st.lists(YAML_PIECES, max_size=3).map("".join),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=None)
def test_a_policy_edited_at_random_gives_a_document_or_faults(
    edits: list[tuple[int, int, str]],
) -> None:
    text = POLICY
    for start, removed, added in edits:
        text = text[:start] + added + text[start + removed :]

    check(text, LOADER)
    check(text, yaml.SafeLoader)
