"""Whether a level's own questions are answered, each in its form."""

import re
from collections.abc import Iterator, Mapping

from bot.domain.decision_values import Check, Finding, Reason
from bot.domain.inbound import MAX_ANSWER
from bot.domain.policy import Level, Question, QuestionForm
from bot.domain.quoting import quoted
from bot.domain.text import is_blank_or_symbols

_LINK = re.compile(r"https?://[^\s/?#.]+(\.[^\s/?#.]+)+([/?#]\S*)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,6})?")


def answers_are_given(level: Level, answers: Mapping[str, str]) -> Iterator[Finding]:
    """Each required question has an answer in its form, and each answer a question."""
    level_id, questions = level.id, level.request.questions if level.request else ()
    for question in questions:
        yield _answer(level_id, question, answers.get(question.id, ""))
    for unknown in sorted(answers.keys() - {question.id for question in questions}):
        rule, known = f"{level_id} request.questions", ", ".join(q.id for q in questions)
        reason = Reason(
            text=f"{level_id} does not ask for {quoted(unknown)}.",
            next_step=f"It asks for: {known}." if known else "Leave the answer out.",
            field=unknown[:MAX_ANSWER],
        )
        yield Finding(Check(rule=rule, fact="an answer to no question", held=False), reason)


def _answer(level_id: str, question: Question, answer: str) -> Finding:
    rule, where = f"{level_id} request.questions.{question.id}", str(question.where)
    problem = answer_problem(question, answer)
    if problem is None:
        fact = "answered" if answer.strip() else "no answer needed"
        return Finding(Check(rule=rule, fact=fact, where=where))
    fact, step = problem
    reason = Reason(
        text=f"{quoted(question.asks)}: {fact}.",
        rule=rule,
        where=where,
        next_step=step,
        field=question.id,
    )
    return Finding(Check(rule=rule, fact=fact, held=False, where=where), reason)


def answer_problem(question: Question, answer: str) -> tuple[str, str] | None:
    """Say what is wrong with an answer, and what to write instead."""
    if not answer.strip():
        return ("the answer is missing", "Answer it.") if question.is_required else None
    if len(answer) > MAX_ANSWER:
        return "the answer is too long", f"Write at most {MAX_ANSWER} characters."
    match question.form:
        case QuestionForm.LINK if not _LINK.fullmatch(answer.strip()):
            return "this is no link", "Write an address that starts with https://."
        case QuestionForm.NUMBER if not _NUMBER.fullmatch(answer.strip()):
            return "this is no number", "Write digits only."
        case QuestionForm.TEXT if is_blank_or_symbols(answer):
            return "the answer has no words in it", "Answer it in words."
    return None
