"""The closed vocabularies of our modals and Home tab: ids that Slack sends back to us."""

from enum import StrEnum
from typing import Any

Block = dict[str, Any]


class Callback(StrEnum):
    """Callback ids of our modals."""

    REQUEST = "request:ask"
    DENY = "request:deny_reason"


class Field(StrEnum):
    """Block ids of the inputs; the same names as the fields that a policy reason blames."""

    LEVEL = "level"
    FOR_WHOM = "for_whom"
    HOW_LONG = "how_long"
    WHY = "why"


class FormAction(StrEnum):
    """Action ids inside the modals."""

    LEVEL = "form:level"
    FOR_WHOM = "form:for_whom"
    HOW_LONG = "form:how_long"
    WHY = "form:why"
    ANSWER = "form:answer"


class HomeAction(StrEnum):
    """Action ids of the Home tab."""

    ASK = "home:ask"


COMMAND = "/access"
_QUESTION = "question:"


def question_block(question_id: str) -> str:
    """Make the block id of a level's own question, apart from those of the form's own inputs."""
    return _QUESTION + question_id


def question_of(block_id: str) -> str:
    """Return the id of the question behind a block id; empty for another input."""
    return block_id.removeprefix(_QUESTION) if block_id.startswith(_QUESTION) else ""
