"""Answers to a level's own questions: what somebody typed, matched with what is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.decision import Reason
from bot.domain.errors import InvalidRequest
from bot.domain.inbound import MAX_ANSWER, TypedAnswer
from bot.domain.policy import Level, Question
from bot.domain.quoting import quoted
from bot.domain.spelling import closest

_ALIKE = 0.8
"""How alike a heading must be to a question to be taken for a misspelling of it."""


def questions_of(level: Level | None) -> tuple[Question, ...]:
    """Return what a level wants to know; nothing when nobody may ask for it."""
    return level.request.questions if level is not None and level.request is not None else ()


def match_answers(typed: Sequence[TypedAnswer], questions: Sequence[Question]) -> dict[str, str]:
    """Return the answers by the ids of their questions; what answers nothing is left out.

    Raises InvalidRequest for an answer that is there twice or too long, or that stands under words
    which are almost those of a question without an answer.
    """
    found: dict[str, list[str]] = {}
    strays: list[str] = []
    for one in typed:
        question = _meant(one.question, questions)
        if question is None:
            strays.append(one.question)
        elif one.text.strip():
            found.setdefault(question.id, []).append(one.text)
    open_ = [question for question in questions if question.id not in found]
    for problem in (*_unusable(found, questions), *_misspelt(strays, open_)):
        raise problem
    return {id_: " ".join(texts[0].split()) for id_, texts in found.items()}


def _meant(words: str, questions: Sequence[Question]) -> Question | None:
    wanted = _folded(words)
    by_id = (question for question in questions if question.id == words.strip())
    by_words = (question for question in questions if _folded(question.asks) == wanted)
    return next(by_id, None) or next(by_words, None)


def _folded(words: str) -> str:
    return " ".join(words.split()).rstrip(" :.?!").casefold()


def _unusable(
    found: Mapping[str, Sequence[str]], questions: Sequence[Question]
) -> Iterator[InvalidRequest]:
    for question in questions:
        texts = found.get(question.id, ())
        if len(texts) > 1:
            yield InvalidRequest(
                f"{quoted(question.asks)} is answered {len(texts)} times.",
                next_step="Keep one answer.",
                field=question.id,
            )
        elif any(len(text) > MAX_ANSWER for text in texts):
            yield InvalidRequest(
                f"The answer to {quoted(question.asks)} has more than {MAX_ANSWER} characters.",
                next_step="Shorten it; approvers read it as it is.",
                field=question.id,
            )


def _misspelt(strays: Sequence[str], open_: Sequence[Question]) -> Iterator[InvalidRequest]:
    by_words = {question.asks: question for question in open_}
    for words in strays:
        near = closest(words, by_words, likeness=_ALIKE)
        if near is not None:
            yield InvalidRequest(
                f"The level has no question {quoted(words)}.",
                next_step=f"Did you mean {quoted(near)}?",
                field=by_words[near].id,
            )


def only_questions(reasons: Sequence[Reason], questions: Sequence[Question]) -> bool:
    """Say whether nothing but answers stands in the way, so that asking for them helps."""
    ids = {question.id for question in questions}
    return bool(reasons) and all(reason.field in ids for reason in reasons)


def with_headings(
    reasons: Sequence[Reason], questions: Sequence[Question], answers: Mapping[str, str]
) -> str:
    """Say what is wrong with a request made on an issue, and which heading to write or mend."""
    asks = {question.id: question.asks for question in questions}
    return " ".join(part for one in reasons for part in _with_heading(one, asks, answers))


def _with_heading(
    reason: Reason, asks: Mapping[str, str], answers: Mapping[str, str]
) -> Iterator[str]:
    yield reason.sentence()
    heading = asks.get(reason.field)
    if heading is not None and reason.field in answers:
        yield f"Edit the issue and correct what stands below «### {heading}»."
    elif heading is not None:
        yield f"Edit the issue and add a line «### {heading}» with the answer below it."


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question with its answer, as people are shown both."""

    asks: str
    answer: str


def answered(answers: Mapping[str, str], level: Level | None) -> tuple[Answered, ...]:
    """List the answers in the order of the questions; those to questions that are gone, last."""
    asks = {question.id: question.asks for question in questions_of(level)}
    ids = [*(id_ for id_ in asks if id_ in answers), *sorted(answers.keys() - asks.keys())]
    return tuple(Answered(asks=asks.get(id_, id_), answer=answers[id_]) for id_ in ids)
