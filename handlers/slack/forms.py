"""Submitted modals: judged while the person waits, and durable before Slack gets its answer."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, BoltContext

from bot.domain.errors import RequestRejected
from bot.domain.inbound import (
    MAX_ANSWER,
    MAX_FIELD,
    MAX_REASON,
    Envelope,
    Press,
    Submission,
    TypedAnswer,
    Verb,
)
from bot.domain.policy import Question
from bot.domain.text import clean, is_blank_or_symbols
from bot.ports import Desk, Inbox
from handlers.slack.actions import Callback, Field, question_block, question_of
from handlers.slack.edge import MAX_ERROR
from handlers.slack.listeners import listener
from handlers.slack.payloads import (
    actor,
    button_in_metadata,
    chosen,
    envelope,
    inputs,
    typed,
)
from handlers.slack.views import MAX_QUESTIONS, Typed, questions_form

_FIELDS = frozenset(field.value for field in Field)
_NO_WORDS = "Please say why in words."
_HAVE_IT = "I have this already, as you sent it first. Please close the form; see /access mine."


class Forms:
    """The request form and the reason of a no."""

    def __init__(self, *, desk: Desk, inbox: Inbox) -> None:
        self._desk = desk
        self._inbox = inbox

    def register(self, app: App) -> None:
        app.view_submission(Callback.REQUEST.value)(listener(self.on_request))
        app.view_submission(Callback.DENY.value)(listener(self.on_deny))

    def on_request(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        submission = _submission(body)
        questions = self._questions(submission)
        shown = frozenset(inputs(body))
        places = {one.id: question_block(one.id) for one in questions}
        errors = self._errors(submission, typed(body, Field.WHY), places)
        hidden = {place for place in places.values() if place not in shown}
        if errors.keys() - hidden:
            # Only inputs that are there can show what is wrong; the others are asked for next.
            known = {block: text for block, text in errors.items() if block not in hidden}
            ack(response_action="errors", errors=known)
        elif hidden:
            ack(response_action="update", view=questions_form(_as_typed(body), questions))
        else:
            self._take(ack, envelope(body, context, submission))

    def on_deny(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        why = typed(body, Field.WHY)
        problem = _problem_with(why)
        if problem:
            ack(response_action="errors", errors={Field.WHY.value: problem})
            return
        button = button_in_metadata(body)
        press = Press(
            actor=actor(body),
            verb=Verb.DENY,
            request_id=button.request_id,
            digest=button.digest,
            reason=clean(why, MAX_REASON),
        )
        self._take(ack, envelope(body, context, press))

    def _take(self, ack: Ack, message: Envelope) -> None:
        if self._inbox.receive(message):
            ack()
        else:  # what has been changed in the form since then must not seem to be taken in
            ack(response_action="errors", errors={Field.WHY.value: _HAVE_IT})

    def _questions(self, submission: Submission) -> tuple[Question, ...]:
        return self._desk.questions(submission.level)[:MAX_QUESTIONS]

    def _errors(
        self, submission: Submission, why: str, places: Mapping[str, str]
    ) -> dict[str, str]:
        """Return all that is wrong, by input: nobody should have to find it bit by bit."""
        found: dict[str, list[str]] = {}
        problem = _problem_with(why)
        if problem:
            found[Field.WHY.value] = [problem]
        for name, sentence in self._refusals(submission):
            field = places.get(name) or _field(name)
            if not (problem and field == Field.WHY.value):
                found.setdefault(field, []).append(sentence)
        return {field: clean(" ".join(all_), MAX_ERROR) for field, all_ in found.items()}

    def _refusals(self, submission: Submission) -> list[tuple[str, str]]:
        try:
            reasons = self._desk.preview(submission)
        except RequestRejected as error:
            return [(error.field, error.sentence())]
        return [(reason.field, reason.sentence()) for reason in reasons]


def _submission(body: dict[str, Any]) -> Submission:
    who = actor(body)
    for_whom = clean(typed(body, Field.FOR_WHOM), MAX_FIELD)
    return Submission(
        actor=who,
        level=clean(typed(body, Field.LEVEL), MAX_FIELD),
        how_long=clean(typed(body, Field.HOW_LONG), MAX_FIELD),
        why=clean(typed(body, Field.WHY), MAX_REASON),
        for_whom="" if for_whom == who.slack_id else for_whom,
        answers=tuple(
            TypedAnswer(question, _bounded(typed(body, block_id)))
            for block_id in inputs(body)
            if (question := question_of(block_id))
        ),
    )


def _bounded(answer: str) -> str:
    """Keep one character more than fits, so that what is too long is noticed and refused."""
    return clean(answer, len(answer) + 1)[: MAX_ANSWER + 1]


def _as_typed(body: dict[str, Any]) -> Typed:
    return Typed(
        level=chosen(body, Field.LEVEL),
        for_whom=typed(body, Field.FOR_WHOM),
        how_long=typed(body, Field.HOW_LONG),
        why=typed(body, Field.WHY)[:MAX_REASON],
    )


def _problem_with(why: str) -> str:
    if is_blank_or_symbols(why):
        return _NO_WORDS
    if len(why) > MAX_REASON:
        return f"Please keep it under {MAX_REASON} characters; this has {len(why)}."
    return ""


def _field(name: str) -> str:
    """Return the input that a reason belongs to; Slack breaks the answer off at an unknown one."""
    return name if name in _FIELDS else Field.LEVEL.value
