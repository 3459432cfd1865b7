"""A little YAML, as people write it by hand, that says exactly what it is given."""

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap

_WIDTH = 98
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*([ /_-][A-Za-z0-9]+)*")
# Some programs take these for something else than text.
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def scalar(text: str) -> str:
    """Write a text, in quotes wherever it might be read as something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, texts))}]"


def comment(text: str, *, indent: int = 0) -> Iterator[str]:
    """Write a text over as many lines as it takes."""
    lead = " " * indent + "# "
    for line in wrap(text, _WIDTH - len(lead), break_long_words=False, break_on_hyphens=False):
        yield f"{lead}{line}"


def entry(key: str, texts: Iterable[str], *, indent: int) -> Iterator[str]:
    """Write a list on one line, or one line for each if they are too many."""
    lead, kept = " " * indent, tuple(texts)
    short = f"{lead}{key}: {listed(kept)}"
    if len(short) <= _WIDTH:
        yield short
        return
    yield f"{lead}{key}:"
    yield from (f"{lead}  - {scalar(text)}" for text in kept)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    # Invisible ones might fool a reader, and some are no part of YAML at all.
    return character if character.isprintable() else f"\\U{ord(character):08x}"
