"""Submitted modals: judged while the person waits, and durable before Slack gets its answer."""

from typing import Any

from slack_bolt import Ack, App, BoltContext

from bot.domain.errors import RequestRejected
from bot.domain.inbound import MAX_FIELD, MAX_REASON, Envelope, Press, Submission, Verb
from bot.domain.text import clean, is_blank_or_symbols
from bot.ports import Desk, Inbox
from handlers.slack.actions import Callback, Field
from handlers.slack.edge import MAX_ERROR
from handlers.slack.listeners import listener
from handlers.slack.payloads import actor, button_in_metadata, envelope, typed

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
        errors = self._errors(submission, typed(body, Field.WHY))
        if errors:
            ack(response_action="errors", errors=errors)
            return
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

    def _errors(self, submission: Submission, why: str) -> dict[str, str]:
        """Return all that is wrong, by field: nobody should have to find it bit by bit."""
        found: dict[str, list[str]] = {}
        problem = _problem_with(why)
        if problem:
            found[Field.WHY.value] = [problem]
        for field, sentence in self._refusals(submission):
            if not (problem and field == Field.WHY.value):
                found.setdefault(field, []).append(sentence)
        return {field: clean(" ".join(all_), MAX_ERROR) for field, all_ in found.items()}

    def _refusals(self, submission: Submission) -> list[tuple[str, str]]:
        try:
            reasons = self._desk.preview(submission)
        except RequestRejected as error:
            return [(_field(error.field), error.sentence())]
        return [(_field(reason.field), reason.sentence()) for reason in reasons]


def _submission(body: dict[str, Any]) -> Submission:
    who = actor(body)
    for_whom = clean(typed(body, Field.FOR_WHOM), MAX_FIELD)
    return Submission(
        actor=who,
        level=clean(typed(body, Field.LEVEL), MAX_FIELD),
        how_long=clean(typed(body, Field.HOW_LONG), MAX_FIELD),
        why=clean(typed(body, Field.WHY), MAX_REASON),
        for_whom="" if for_whom == who.slack_id else for_whom,
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
