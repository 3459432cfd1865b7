"""Read which steps of our own checklist are ticked."""

import re

from handlers.github.blocks import lines_outside_code

_BOX = re.compile(r"[-*+] \[(?P<mark>[ xX])\] .*")


def ticked(body: str) -> tuple[tuple[int, ...], int]:
    """Return the positions of the ticked boxes, counted from 0, and how many boxes there are."""
    lines = (line for line, is_text in lines_outside_code(body) if is_text)
    boxes = [match for match in map(_BOX.fullmatch, lines) if match]
    return tuple(place for place, box in enumerate(boxes) if box["mark"] != " "), len(boxes)
