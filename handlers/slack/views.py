"""What people see of Usher in Slack's modals and Home tab. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.desk import LevelChoice
from bot.domain.inbound import MAX_ANSWER, MAX_REASON
from bot.domain.policy import Question, QuestionForm, Risk
from bot.domain.text import clean
from handlers.slack.actions import (
    Block,
    Callback,
    Field,
    FormAction,
    HomeAction,
    question_block,
)

MAX_OPTIONS = 100
MAX_OPTION_TEXT = 75
MAX_LABEL = 2000
MAX_QUESTIONS = 90  # a modal holds 100 blocks

HELP = (
    "Type /access to ask for access, or /access and a few words (/access salesforce) to start "
    "with what fits best. /access mine shows what you have and what you wait for; there you can "
    "also give access back. /access help shows this."
)

_LENGTHS = (
    ("8 hours", "8h"),
    ("1 day", "1d"),
    ("7 days", "7d"),
    ("30 days", "30d"),
    ("90 days", "90d"),
    ("Permanent", "permanent"),
)
_USUAL_LENGTH = 3
_HINTS = {
    QuestionForm.TEXT: "A few words.",
    QuestionForm.LINK: "An address that starts with https://.",
    QuestionForm.NUMBER: "A number, in digits.",
}
_RISK_WORDS = {
    Risk.LOW: "low risk",
    Risk.HIGH: "high risk",
    Risk.CRITICAL: "critical",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a form held when it was sent: ids of choices, the chosen level's option, and words."""

    level: Block | None = None
    for_whom: str = ""
    how_long: str = ""
    why: str = ""


def questions_form(typed: Typed, questions: Sequence[Question]) -> Block:
    """Return the request form once more as it was filled in, with the level's own questions.

    A client keeps what was typed under the same ids; it is sent along for those that do not.
    """
    blocks = [
        _level(typed.level),
        _for_whom(typed.for_whom),
        _how_long(typed.how_long),
        _why("Why", _WHY_HINT, typed.why),
        *map(_question, questions[:MAX_QUESTIONS]),
    ]
    return _modal(Callback.REQUEST, title="Ask for access", submit="Ask", blocks=blocks)


def request_form(*, user_id: str, best: LevelChoice | None, words: str) -> Block:
    """Return the one modal in which access is asked for."""
    chosen = option(best) if best is not None else None
    blocks = [_level(chosen), _for_whom(user_id), _how_long(), _why("Why", _WHY_HINT)]
    if words and best is None:
        missed = f"No level fits «{clean(words, 60)}». Type other words below."
        blocks.insert(0, {"type": "section", "text": plain_text(missed)})
    return _modal(Callback.REQUEST, title="Ask for access", submit="Ask", blocks=blocks)


def deny_form(metadata: str) -> Block:
    """Return the small modal that asks an approver for the reason of a no."""
    modal = _modal(
        Callback.DENY,
        title="Deny the request",
        submit="Deny",
        blocks=[_why("Why not", "The requester reads this. Say what they can do instead.")],
    )
    return modal | {"private_metadata": metadata}


def home() -> Block:
    """Return the Home tab: what Usher is for, and the way in."""
    ask = {
        "type": "button",
        "action_id": HomeAction.ASK.value,
        "text": plain_text("Ask for access"),
        "style": "primary",
    }
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain_text("Access, asked for and given back")},
            {"type": "section", "text": plain_text(HELP)},
            {"type": "actions", "elements": [ask]},
        ],
    }


def option(level: LevelChoice) -> Block:
    """Return a level as a choice: what it is for first, its id in small below."""
    below = f"{level.id} ({_RISK_WORDS[level.risk]}), {level.system_title}"
    return {
        "text": plain_text(clean(level.says, MAX_OPTION_TEXT) or level.id[:MAX_OPTION_TEXT]),
        "description": plain_text(clean(below, MAX_OPTION_TEXT)),
        "value": level.id,
    }


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


_WHY_HINT = "Approvers read this. Say what you need it for."


def _level(chosen: Block | None) -> Block:
    element: dict[str, Any] = {
        "type": "external_select",
        "action_id": FormAction.LEVEL.value,
        "placeholder": plain_text("Search by name or task"),
        "min_query_length": 0,
    }
    if chosen is not None:
        element["initial_option"] = chosen
    return _input(Field.LEVEL, "Level", element, "Type a system, a task or a level.")


def _for_whom(user_id: str) -> Block:
    element = {"type": "users_select", "action_id": FormAction.FOR_WHOM.value}
    if user_id:
        element["initial_user"] = user_id
    return _input(Field.FOR_WHOM, "For whom", element)


def _how_long(chosen: str = "") -> Block:
    options = [{"text": plain_text(label), "value": value} for label, value in _LENGTHS]
    element = {
        "type": "static_select",
        "action_id": FormAction.HOW_LONG.value,
        "options": options,
        "initial_option": next(
            (one for one in options if one["value"] == chosen), options[_USUAL_LENGTH]
        ),
    }
    return _input(Field.HOW_LONG, "For how long", element)


def _why(label: str, hint: str, typed: str = "") -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": FormAction.WHY.value,
        "multiline": True,
        "min_length": 1,
        "max_length": MAX_REASON,
    }
    if typed:
        element["initial_value"] = typed
    return _input(Field.WHY, label, element, hint)


def _question(question: Question) -> Block:
    """Ask for one answer; the server checks its form, as the client cannot."""
    element = {
        "type": "plain_text_input",
        "action_id": FormAction.ANSWER.value,
        "max_length": MAX_ANSWER,
    }
    label = clean(question.asks, MAX_LABEL) or question.id
    block = _input(question_block(question.id), label, element, _HINTS[question.form])
    return block | {"optional": not question.is_required}


def _input(block_id: str, label: str, element: dict[str, Any], hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": str(block_id),
        "label": plain_text(label),
        "element": element,
    }
    return block | ({"hint": plain_text(hint)} if hint else {})


def _modal(callback: Callback, *, title: str, submit: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": callback.value,
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text("Close"),
        "blocks": blocks,
    }
