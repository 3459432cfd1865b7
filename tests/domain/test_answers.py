"""Answers to a level's own questions: matched, bounded, and told which heading they need."""

from dataclasses import replace

import pytest

from bot.domain.answers import answered, match_answers, only_questions, questions_of, with_headings
from bot.domain.decision import Reason
from bot.domain.errors import InvalidRequest
from bot.domain.inbound import MAX_ANSWER, TypedAnswer
from bot.domain.policy import Question, QuestionForm, Where
from tests.factories import CRM_YML, level

LINKEDIN = Question(
    id="linkedin",
    asks="The address of your LinkedIn profile",
    form=QuestionForm.LINK,
    where=Where(CRM_YML, 20),
)
DESK = Question(id="desk", asks="Which desk?", where=Where(CRM_YML, 21), is_required=False)
BOTH = (LINKEDIN, DESK)


def typed(*pairs: tuple[str, str]) -> tuple[TypedAnswer, ...]:
    return tuple(TypedAnswer(question, text) for question, text in pairs)


@pytest.mark.parametrize(
    "words",
    [
        "linkedin",
        "The address of your LinkedIn profile",
        " the address  of your LINKEDIN profile: ",
    ],
)
def test_an_answer_is_matched_by_id_or_by_the_words_of_the_question(words: str) -> None:
    found = match_answers(typed((words, " https://x.example/ann \n")), BOTH)

    assert found == {"linkedin": "https://x.example/ann"}


def test_the_mark_at_the_end_of_a_question_may_be_left_out() -> None:
    assert match_answers(typed(("which desk", "7")), BOTH) == {"desk": "7"}


def test_blank_answers_and_sections_of_somebodys_own_are_left_out() -> None:
    found = match_answers(typed(("desk", "  "), ("Notes for myself", "x" * 999)), BOTH)

    assert found == {}


def test_an_answer_given_twice_is_not_guessed() -> None:
    with pytest.raises(InvalidRequest, match="is answered 2 times") as no:
        match_answers(typed(("desk", "7"), ("Which desk?", "8")), BOTH)

    assert no.value.field == "desk"


def test_an_answer_has_a_longest_length() -> None:
    assert match_answers(typed(("desk", "x" * MAX_ANSWER)), BOTH) == {"desk": "x" * MAX_ANSWER}

    with pytest.raises(InvalidRequest, match="more than 300 characters") as no:
        match_answers(typed(("desk", "x" * (MAX_ANSWER + 1))), BOTH)

    assert no.value.field == "desk"


def test_a_misspelt_heading_is_not_skipped_in_silence() -> None:
    with pytest.raises(InvalidRequest) as no:
        match_answers(typed(("The adress of your LinkedIn profil", "https://x.example")), BOTH)

    assert "Did you mean «The address of your LinkedIn profile»?" in no.value.sentence()


def test_only_answers_in_the_way_can_be_asked_for() -> None:
    missing, barred = Reason(text="No answer.", field="desk"), Reason(text="Not for you.")

    assert only_questions((missing,), BOTH)
    assert not only_questions((missing, barred), BOTH)
    assert not only_questions((), BOTH)
    assert not only_questions((missing,), ())


def test_on_an_issue_the_heading_to_write_or_to_mend_is_named() -> None:
    reasons = (
        Reason(text="It is missing.", field="linkedin"),
        Reason(text="It is no link.", field="desk"),
        Reason(text="Too long.", field="how_long"),
    )

    said = with_headings(reasons, BOTH, {"desk": "7"})

    assert said == (
        "It is missing. Edit the issue and add a line «### The address of your LinkedIn profile» "
        "with the answer below it. "
        "It is no link. Edit the issue and correct what stands below «### Which desk?». "
        "Too long."
    )


def test_answers_are_shown_in_the_order_of_the_questions_and_then_those_without_one() -> None:
    usual = level()
    assert usual.request
    asking = replace(usual, request=replace(usual.request, questions=BOTH))

    shown = answered({"zeta": "z", "desk": "7", "alpha": "a", "linkedin": "l"}, asking)

    assert [one.asks for one in shown] == [LINKEDIN.asks, DESK.asks, "alpha", "zeta"]
    assert [one.answer for one in shown] == ["l", "7", "a", "z"]


def test_a_level_that_nobody_may_ask_for_asks_nothing() -> None:
    assert questions_of(None) == questions_of(level(request=None)) == ()
    assert [one.asks for one in answered({"desk": "7"}, None)] == ["desk"]
