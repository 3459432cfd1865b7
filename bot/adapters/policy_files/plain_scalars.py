"""Scalars without quotes: what they mean, and those that do not mean what they look like."""

import re

_LONGEST_SHOWN = 40

# Plain scalars that YAML 1.1, YAML 1.2 or a person would read differently.
_QUOTE = 'write "{0}" in quotes: unquoted, YAML reads '
_TRAPS = tuple(
    (re.compile(pattern, re.ASCII), message)
    for pattern, message in (
        (
            r"(?i:yes|no|on|off)",
            (
                'write "{0}" in quotes, or true/false:'
                " unquoted {0} is a boolean in YAML 1.1 and text in YAML 1.2"
            ),
        ),
        (r"True|TRUE|False|FALSE", 'write true or false in small letters, or "{0}" in quotes'),
        (r"<<|=", 'write "{0}" in quotes: unquoted, YAML reads an instruction'),
        (r"~|Null|NULL", 'write null, or "{0}" in quotes if it is text'),
        (r"\d{4}-\d\d?-\d\d?(([Tt]|\s+)\d\d?:\d\d.*)?", _QUOTE + "a date"),
        (r"[-+]?\d[\d_]*(:\d[\d_]*)+(\.[\d_]*)?", _QUOTE + "a number to the base of 60"),
        (
            r"[-+]?\d[\d_]*(\.[\d_]*)?[eE][-+]?\d+|[-+]?\.[\d_]+[eE][-+]?\d+",
            _QUOTE + "a power of ten (Salesforce ids always need quotes)",
        ),
        (r"[-+]?0[\d_]+|[-+]?0o[0-7_]+", _QUOTE + "an octal number"),
        (r"[-+]?0x[\da-fA-F_]+|[-+]?0b[01_]+", _QUOTE + "a hexadecimal or binary number"),
        (
            r"[-+]?\d[\d_]*\.[\d_]*|[-+]?\.\d[\d_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            _QUOTE + "a floating-point number",
        ),
        (r"\+\d+|[-+]?\d+_[\d_]*", 'write the number in digits only, or "{0}" in quotes'),
        (r"-?\d{19,}", 'write "{0}" in quotes: too long for a number'),
    )
)
_NUMBER = re.compile(r"-?\d+", re.ASCII)
_WORDS: dict[str, bool | None] = {"": None, "null": None, "true": True, "false": False}

# Numbers, dates and times start otherwise, and the words that are none are few.
_ORDINARY = re.compile(r"(?!(?i:yes|no|on|off|true|false|null)\Z)[A-Za-z_/]")


def is_ordinary(text: str) -> bool:
    """Say at once that a plain scalar is no trap and means itself: most are such words."""
    return _ORDINARY.match(text) is not None


def trap(text: str) -> str | None:
    """Say how to write a plain scalar that YAML would not read as it looks."""
    for pattern, message in _TRAPS:
        if pattern.fullmatch(text):
            return message.format(shown(text))
    return None


def plain(text: str) -> str | int | bool | None:
    """Return what a plain scalar that is no trap means."""
    if _NUMBER.fullmatch(text):
        return int(text)
    return _WORDS.get(text, text)


def shown(text: str) -> str:
    """Return text fit for one line of a message."""
    short = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)
