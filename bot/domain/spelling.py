"""Guess which known word somebody meant to write."""

from collections.abc import Iterable
from difflib import get_close_matches

# Long words make the comparison slow; nobody misspells a name that is longer than this.
_LONGEST_WORD = 100


def closest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the known word that looks most like `word`, case aside, if it is alike enough."""
    by_lower = {name.casefold(): name for name in sorted(known, reverse=True)}
    lower = word[:_LONGEST_WORD].casefold()
    found = get_close_matches(lower, by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the tail of an error message: the closest known word, or nothing."""
    found = closest(word, known)
    return f" - did you mean '{found}'?" if found else ""
