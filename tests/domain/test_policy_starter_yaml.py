"""Texts of an org in YAML: whatever they hold, the loader reads back the same."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.adapters.policy_files.strict_yaml import load
from bot.domain.policy_starter_yaml import comment, entry, listed, scalar

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def read(text: str) -> object:
    document, faults = load(text, file="x.yml")
    assert faults == []
    assert document is not None
    return document.data


@given(NAMES)
@example("yes")
@example("Null")
@example("0056e10")
@example("a: b # c")
@example('"\\')
@example("\u2028\ufeff\x00\x85")
@example("~")
@example("- x")
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    assert read(f"key: {scalar(text)}\nin: [{scalar(text)}]\n{scalar(text)}: x\n") == {
        "key": text,
        "in": [text],
        text: "x",
    }


@given(st.lists(NAMES, max_size=30))
def test_a_list_is_read_back_on_one_line_or_on_many(texts: list[str]) -> None:
    lines = "\n".join(entry("key", texts, indent=2))

    assert read(f"{lines}\n  other: {listed(texts)}\n") == {"key": texts, "other": texts}


def test_a_long_list_takes_a_line_for_each() -> None:
    assert [*entry("by", ["a"] * 3, indent=0)] == ["by: [a, a, a]"]
    assert [*entry("by", ["a" * 60] * 2, indent=0)] == ["by:", *["  - " + "a" * 60] * 2]


def test_a_comment_is_as_wide_as_the_page_and_no_wider() -> None:
    lines = [*comment("word " * 60, indent=4)]

    assert len(lines) > 2
    assert all(line.startswith("    # word") and len(line) <= 98 for line in lines)
