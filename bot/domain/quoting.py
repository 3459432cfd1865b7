"""Strangers' words inside our own sentences, which go to Slack and GitHub unescaped."""

import re

from bot.domain.text import clean

# A look-alike stays one whatever a renderer does next; an escape would be shown or undone.
_LOOK_ALIKES = str.maketrans(
    {
        "@": "＠",
        "#": "＃",
        "`": "ˋ",
        "*": "∗",
        "_": "ˍ",
        "~": "∼",
        "<": "‹",
        ">": "›",
        "«": "‹",
        "»": "›",
        "[": "［",
        "]": "］",
        "|": "¦",
        "&": "＆",
        "$": "＄",
        "\\": "⧵",
        ":": "꞉",
    }
)
_DOT_OF_A_NAME = re.compile(r"(?i)(?<=\w)\.(?=\w)|(?<=\bwww)\.")
_HYPHEN_OF_AN_ISSUE = re.compile(r"(?i)\b(gh)-(?=\d)")


def quoted(text: str, limit: int = 60) -> str:
    """Quote what somebody typed, as «…» on one line, unable to mention, link, format or imitate."""
    words = " ".join(clean(text, limit).split()).translate(_LOOK_ALIKES)
    words = _HYPHEN_OF_AN_ISSUE.sub("\\1‑", _DOT_OF_A_NAME.sub("․", words))
    return f"«{words}»"
