"""Read a request from an issue made with the form `access-request.yml`."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.inbound import MAX_ANSWER, MAX_FIELD, MAX_REASON, TypedAnswer
from bot.domain.text import clean
from handlers.github.blocks import lines_outside_code

LEVEL, FOR_WHOM, HOW_LONG, WHY = HEADINGS = ("Level", "For whom", "For how long", "Why")
NO_ANSWER = "_No response_"  # what GitHub writes for an optional field left empty

_MAX_BODY = 65_536
_JOINER = "\u2060"  # our own replies carry it between the marks that people copy from them
_INDENTED_CODE = ("    ", "\t")
_MAX_HEADING = 500
_MAX_OTHERS = 60
_DEEPEST = 6
_FORM_DEPTH = 3  # the level at which GitHub writes the headings of a form
_BY_NAME = {heading.casefold(): heading for heading in HEADINGS}
_HELP = {
    LEVEL: "the id of a level, such as salesforce/standard",
    HOW_LONG: "a length of time, such as 8h, 30 days or permanent",
    WHY: "why this access is needed",
}
_LIMITS = {LEVEL: MAX_FIELD, FOR_WHOM: MAX_FIELD, HOW_LONG: MAX_FIELD, WHY: MAX_REASON}


@dataclass(frozen=True, kw_only=True)
class Form:
    """The answers as typed; `problems` say what is wrong with them and what to do.

    `answers` stand under headings that the form does not have: a level may ask such questions.
    """

    level: str
    for_whom: str
    how_long: str
    why: str
    answers: tuple[TypedAnswer, ...] = ()
    problems: tuple[str, ...] = ()


def looks_like_form(body: str) -> bool:
    """Say whether a body has two of the form's headings: one alone may be a coincidence."""
    found = {heading for heading, _ in _sections(body[:_MAX_BODY])}
    return len(found & set(HEADINGS)) > 1


def parse_form(body: str) -> Form:
    """Read the form's answers, and those under headings of a level's own questions."""
    answers: dict[str, list[str]] = {heading: [] for heading in HEADINGS}
    others: list[TypedAnswer] = []
    for heading, text in _sections(body[:_MAX_BODY]):
        if heading in answers:
            answers[heading].append(text)
        elif len(others) < _MAX_OTHERS:
            others.append(TypedAnswer(heading, _answer(heading, text)[: MAX_ANSWER + 1]))
    problems = [problem for heading in HEADINGS for problem in _problems(heading, answers[heading])]
    return Form(
        level=_field(LEVEL, answers),
        for_whom=_field(FOR_WHOM, answers),
        how_long=_field(HOW_LONG, answers),
        why=_field(WHY, answers),
        answers=tuple(others),
        problems=tuple(problems),
    )


def _sections(body: str) -> Iterator[tuple[str, str]]:
    heading, lines = "", list[str]()
    for line, is_text in lines_outside_code(body):
        found = _heading(line) if is_text else None
        if found is None:
            lines.append(line)
            continue
        if heading:
            yield heading, "\n".join(lines)
        heading, lines = found, []
    if heading:
        yield heading, "\n".join(lines)


def _heading(line: str) -> str | None:
    """Return the form's heading on this line, the words of another one, or None for plain text."""
    text = line.replace(_JOINER, "").strip()
    marks = len(text) - len(text.lstrip("#"))
    is_heading = 1 <= marks <= _DEEPEST and text[marks : marks + 1].isspace()
    if not is_heading or line.startswith(_INDENTED_CODE):
        return None
    words = " ".join(text.strip("#").split())
    known = _BY_NAME.get(words.casefold())
    return known if known or marks != _FORM_DEPTH else clean(words, _MAX_HEADING)


def _problems(heading: str, answers: list[str]) -> Iterator[str]:
    if len(answers) > 1:
        yield f"«{heading}» is there {len(answers)} times. Edit the issue and keep one."
        return
    if heading in _HELP and not answers:
        fix = f"add a line «### {heading}» with {_HELP[heading]} below it"
        yield f"The heading «{heading}» is missing. Edit the issue and {fix}."
        return
    text = _answer(heading, answers[0]) if answers else ""
    if heading in _HELP and not text:
        yield f"«{heading}» is empty. Edit the issue and write {_HELP[heading]}."
    if len(text) > _LIMITS[heading]:
        size = f"{len(text)} characters, more than the {_LIMITS[heading]} that fit"
        yield f"«{heading}» has {size}. Edit the issue and shorten it."


def _field(heading: str, answers: dict[str, list[str]]) -> str:
    # Which of two answers was meant is not ours to guess.
    if len(answers[heading]) != 1:
        return ""
    return clean(_answer(heading, answers[heading][0]), _LIMITS[heading])


def _answer(heading: str, text: str) -> str:
    words = clean(text, _MAX_BODY)
    if words == NO_ANSWER:
        return ""
    return words if heading == WHY else " ".join(words.split()).strip("`")
