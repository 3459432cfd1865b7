"""Record ids: 15 case-sensitive characters, or 18 with a checksum that makes them safe in any case.

Source: Salesforce help "ID Field Types" (three checksum characters, five bits each: which of five
are upper case).
"""

import re
from collections import Counter
from collections.abc import Iterator

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_INSTANCE = "5g"


def checksum(id15: str) -> str:
    """Return the three characters that tell the case of the fifteen."""
    chunks = (id15[start : start + 5] for start in (0, 5, 10))
    return "".join(
        _CHECK[sum(1 << place for place, char in enumerate(chunk) if char.isupper())]
        for chunk in chunks
    )


def normal_id(text: object) -> str | None:
    """Return the 18-character form of a 15- or 18-character id, or None when it is no id.

    An 18-character id whose case was lost (a spreadsheet, a lower-casing proxy) gets it back.
    """
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    check = text[15:].upper()
    if any(char not in _CHECK for char in check):
        return None
    restored = "".join(
        char.upper() if _CHECK.index(check[place // 5]) >> place % 5 & 1 else char.lower()
        for place, char in enumerate(text[:15])
    )
    return restored + check if checksum(restored) == check else None


def _bits(text: str) -> int:
    return sum(1 << place for place, char in enumerate(text) if char.isupper())


_PAIRS = [(a + b, _bits(a + b) << 3) for a in _BASE62 for b in _BASE62]
"""The last two characters of an id and what they add to the last character of its checksum."""


class IdMint:
    """Hands out ids in order, a series of its own per key prefix."""

    def __init__(self) -> None:
        self._last: Counter[str] = Counter()

    def next(self, prefix: str) -> str:
        return next(self.take(prefix, 1))

    def take(self, prefix: str, count: int) -> Iterator[str]:
        """Hand out the next `count` ids; the checksum is worked out once for each 3,844 of them."""
        number = self._last[prefix] + 1 + 62**3
        self._last[prefix] += count
        end = number + count
        while number < end:
            upper, first = divmod(number, len(_PAIRS))
            head = prefix + _INSTANCE + _digits(upper).rjust(8, "0")
            check = checksum(head + "00")[:2]
            bits = _bits(head[10:])
            for pair, more in _PAIRS[first : first + end - number]:
                yield f"{head}{pair}{check}{_CHECK[bits + more]}"
            number = (upper + 1) * len(_PAIRS)


def _digits(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits
