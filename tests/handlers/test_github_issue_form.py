"""What people make of the issue form: every way it can be wrong is said with what to do."""

import pytest

from bot.domain.inbound import MAX_ANSWER, MAX_REASON, TypedAnswer
from handlers.github.issue_form import looks_like_form, parse_form


def body(**answers: str) -> str:
    fields = {
        "Level": "salesforce/standard",
        "For whom": "_No response_",
        "For how long": "30 days",
        "Why": "Quarter end.",
    }
    fields.update({name.replace("_", " "): answer for name, answer in answers.items()})
    return "\n\n".join(f"### {heading}\n\n{answer}" for heading, answer in fields.items())


def test_a_complete_form_has_no_problems() -> None:
    form = parse_form(body(For_whom="@octo-ann"))

    assert (form.level, form.for_whom) == ("salesforce/standard", "@octo-ann")
    assert (form.how_long, form.why) == ("30 days", "Quarter end.")
    assert form.problems == ()


def test_windows_line_ends_read_the_same() -> None:
    assert parse_form(body().replace("\n", "\r\n")) == parse_form(body())


def test_for_whom_may_be_left_empty_or_out() -> None:
    without = body().replace("### For whom\n\n_No response_\n\n", "")

    assert parse_form(body()).for_whom == parse_form(without).for_whom == ""
    assert parse_form(without).problems == ()


@pytest.mark.parametrize("heading", ["Level", "For how long", "Why"])
def test_a_missing_heading_is_named_with_the_line_to_add(heading: str) -> None:
    (problem,) = parse_form(body().replace(f"### {heading}", "")).problems

    assert f"«{heading}» is missing" in problem
    assert f"add a line «### {heading}»" in problem


@pytest.mark.parametrize("answer", ["_No response_", "", "   ", "\u200b"])
def test_an_empty_answer_is_a_problem(answer: str) -> None:
    (problem,) = parse_form(body(Level=answer)).problems

    assert problem.startswith("«Level» is empty. Edit the issue and write the id of a level")


def test_a_doubled_heading_is_a_problem_and_neither_answer_is_taken() -> None:
    form = parse_form(f"{body()}\n\n### level\n\nsalesforce/admin")

    assert form.level == ""
    assert form.problems == ("«Level» is there 2 times. Edit the issue and keep one.",)


def test_unknown_headings_are_ignored_with_what_is_below_them() -> None:
    form = parse_form(f"{body()}\n\n### Cost centre\n\n4711")

    assert form.why == "Quarter end."
    assert form.problems == ()


def test_headings_in_code_are_text() -> None:
    why = "See:\n```\n### Level\n\nsalesforce/admin\n```\nthanks\n\n    ### Level"

    form = parse_form(body(Why=why))

    assert form.level == "salesforce/standard"
    assert "salesforce/admin" in form.why
    assert form.problems == ()


def test_an_unclosed_fence_cannot_hide_that_an_answer_is_missing() -> None:
    assert len(parse_form(body(Level="```\nsalesforce/standard")).problems) == 2


def test_a_reason_that_is_too_long_is_said_and_not_cut_silently() -> None:
    form = parse_form(body(Why="x" * 60_000))

    assert len(form.why) <= MAX_REASON
    (problem,) = form.problems
    assert "60000 characters, more than the 1000" in problem


def test_the_longest_body_that_github_takes_is_read_quickly() -> None:
    for filler in ("### " + " " * 65_000 + "x", "#" * 65_000, "`" * 65_000, "### Level\n" * 6_000):
        parse_form(filler)


def test_invisible_marks_do_not_change_a_level() -> None:
    assert (
        parse_form(body(Level="\u202e`salesforce/standard`\u200f")).level == "salesforce/standard"
    )


def test_two_headings_make_a_form_and_one_does_not() -> None:
    assert looks_like_form("### Level\n\nx\n\n### Why\n\ny")
    assert not looks_like_form("### Level\n\nIs this the right level of detail?")


ASKS = "The address of your LinkedIn profile"


def test_what_stands_under_other_headings_is_kept_for_the_level_to_make_sense_of() -> None:
    form = parse_form(f"{body()}\n\n### {ASKS}\n\n`https://x.example`\n\n### Notes\n\na\nb")

    assert form.answers == (TypedAnswer(ASKS, "https://x.example"), TypedAnswer("Notes", "a b"))
    assert form.problems == ()
    assert form.why == "Quarter end."


def test_an_empty_answer_to_another_heading_is_empty() -> None:
    form = parse_form(f"{body()}\n\n### {ASKS}\n\n_No response_")

    assert form.answers == (TypedAnswer(ASKS, ""),)


def test_headings_copied_from_our_own_replies_are_headings() -> None:
    copied = "\u2060".join("###")

    form = parse_form(f"{body()}\n\n{copied}\u2060 {ASKS}\n\nhttps://x.example")

    assert form.answers == (TypedAnswer(ASKS, "https://x.example"),)


def test_other_sections_are_bounded_in_number_and_length() -> None:
    others = "\n\n".join(f"### Heading {n} {'h' * 900}\n\n{'x' * 900}" for n in range(500))

    form = parse_form(f"{body()}\n\n{others}")

    assert len(form.answers) == 36  # as many as fit into the largest body that GitHub takes
    assert {len(one.text) for one in form.answers} == {MAX_ANSWER + 1}
    assert max(len(one.question) for one in form.answers) <= 500
    assert len(parse_form(body() + "\n### a\nb" * 900).answers) == 60


def test_headings_of_other_forms_make_no_request() -> None:
    assert not looks_like_form("### Steps\n\n1\n\n### Expected\n\n2\n\n### Level\n\nx")
