"""Does a comment give a command? Only its first line counts, outside of code and quotes."""

import re
from dataclasses import dataclass

from bot.domain.inbound import MAX_REASON, Verb
from bot.domain.text import clean

_MAX_TYPED = 40
# A letter after the slash: «/etc/passwd is full» and «// by the way» are no commands.
_COMMAND = re.compile(r" {0,3}/[ \t]?(?P<word>[^\W\d_][^\s/]*)(?:[ \t]+(?P<rest>.*))?[ \t]*")
_VERBS = {verb.value: verb for verb in Verb if verb is not Verb.UNKNOWN}


@dataclass(frozen=True, kw_only=True)
class Command:
    """A verb, or UNKNOWN with the word that was typed, for a «did you mean»."""

    verb: Verb
    argument: str
    typed: str


def parse_command(body: str) -> Command | None:
    """Read the command a comment begins with; None when it is ordinary talk."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n").split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    match = _COMMAND.fullmatch(lines[0]) if lines else None
    if match is None:
        return None
    word = clean(match["word"], _MAX_TYPED)
    argument = "\n".join((match["rest"] or "", *lines[1:]))
    return Command(
        verb=_VERBS.get(word.casefold().rstrip(".,:;!"), Verb.UNKNOWN),
        argument=clean(argument, MAX_REASON),
        typed=word,
    )
