"""Which lines of a Markdown text are code, so that nothing in them counts."""

import re
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


def lines_outside_code(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it stands outside of fenced code (CommonMark 4.5)."""
    fence = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        match = _FENCE.fullmatch(line)
        if fence:
            yield line, False
            if match and _closes(fence, match):
                fence = ""
        elif match and not (match["fence"][0] == "`" and "`" in match["info"]):
            yield line, False
            fence = match["fence"]
        else:
            yield line, True


def _closes(fence: str, match: re.Match[str]) -> bool:
    found = match["fence"]
    return found[0] == fence[0] and len(found) >= len(fence) and not match["info"].strip()
