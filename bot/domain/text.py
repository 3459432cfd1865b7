"""Strangers' text made fit to show: cleaned, bounded, and unable to ping, link or imitate."""

import re

_MARKS_FROM = 80
"""Below this length a cut is marked by «…» alone: the note would eat the text."""

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\ufeff\ufff9-\ufffb"  # format: …
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # … zero-width, bidi marks, overrides, isolates
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"  # … and tags
    "\ud800-\udfff"  # half of a character
    "\u115f\u1160\u3164\uffa0\u2800"  # letters and signs that look like nothing
    "]"
)
_NEWLINES = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_ENDS = re.compile(" ?\n ?")
_EMPTY_LINES = re.compile("\n{3,}")


def clean(text: str, limit: int) -> str:
    """Make a text safe to show: no invisible characters, plain spaces, no runs of empty lines.

    The result has at most `limit` characters and says when it was cut. Cleaning it again changes
    nothing.
    """
    visible = _INVISIBLE.sub("", _NEWLINES.sub("\n", text))
    spaced = _BLANK_ENDS.sub("\n", _BLANKS.sub(" ", visible))
    return _cut(_EMPTY_LINES.sub("\n\n", spaced).strip(), limit)


def is_blank_or_symbols(text: str) -> bool:
    """Say whether a text holds no letter and no digit, so that nobody can read anything in it."""
    return not any(character.isalnum() for character in _INVISIBLE.sub("", text))


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    if limit < _MARKS_FROM:
        return text[: limit - 1].rstrip() + "…"
    kept = limit - len(_note(len(text)))
    head = text[:kept].rstrip()
    return head + _note(len(text) - len(head))


def _note(missing: int) -> str:
    return f"… (cut, {missing} more characters)"


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack has no escape for its formatting marks, and clients differ on zero-width tricks: a mark
# that could open a format becomes its look-alike. Inside a word (read_only) it formats nothing.
_OPENING = re.compile(r"(?<![^\W_])[*_~]|`")
_LOOK_ALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}
_QUOTES = re.compile(r"^(\s*)(>+)", re.MULTILINE)


def escape_mrkdwn(text: str) -> str:
    """Escape a text for Slack's mrkdwn, so that it cannot mention, link, quote or format."""
    plain = _OPENING.sub(lambda mark: _LOOK_ALIKES[mark[0]], text)
    unquoted = _QUOTES.sub(lambda lead: lead[1] + "\u203a" * len(lead[2]), plain)
    return unquoted.translate(_ENTITIES)
