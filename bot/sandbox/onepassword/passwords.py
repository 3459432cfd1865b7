"""Passwords that Connect makes up itself, by the OpenAPI's GeneratorRecipe."""

import math
import secrets
import string
from typing import Any

from bot.sandbox.onepassword.answers import bad_request

# The three sets are named by the OpenAPI; which symbols 1Password draws from is not published.
CHARACTER_SETS = {
    "LETTERS": string.ascii_letters,
    "DIGITS": string.digits,
    "SYMBOLS": "!@#$%^&*()-_=+[]{};:,.?/",
}
_RECIPE_KEYS = {"length", "characterSets", "excludeCharacters"}
_DEFAULT_LENGTH = 32
_LONGEST = 64


def generate(recipe: Any) -> str:
    """Return a new password that has every asked-for kind of character where the length allows."""
    length, sets = _read(recipe)
    drawn = [secrets.choice(characters) for characters in sets[:length]]
    pool = "".join(sets)
    drawn += [secrets.choice(pool) for _ in range(length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def entropy(value: str) -> float:
    """Estimate the bits of a value from its length and the kinds of characters it uses."""
    kinds = [set(characters) for characters in CHARACTER_SETS.values()]
    used = sum(len(kind) for kind in kinds if kind & set(value))
    return round(len(value) * math.log2(used), 3) if used else 0.0


def _read(recipe: Any) -> tuple[int, list[str]]:
    wanted = {} if recipe is None else recipe
    if not isinstance(wanted, dict) or not wanted.keys() <= _RECIPE_KEYS:
        raise bad_request("Invalid generator recipe")
    length = wanted.get("length", _DEFAULT_LENGTH)
    if type(length) is not int or not 1 <= length <= _LONGEST:
        raise bad_request(f"Invalid generator recipe: length must be from 1 to {_LONGEST}")
    excluded = wanted.get("excludeCharacters", "")
    if not isinstance(excluded, str):
        raise bad_request("Invalid generator recipe: excludeCharacters must be a string")
    sets = ["".join(c for c in _named(name) if c not in excluded) for name in _names(wanted)]
    if not (left := [characters for characters in sets if characters]):
        raise bad_request("Invalid generator recipe: no characters are left to choose from")
    return length, left


def _names(wanted: dict[str, Any]) -> list[Any]:
    # An absent or empty list means every set (unverified: the OpenAPI allows 0 sets, no more).
    names = wanted.get("characterSets") or list(CHARACTER_SETS)
    if not isinstance(names, list) or len(names) != len({str(name) for name in names}):
        raise bad_request("Invalid generator recipe: characterSets must be a list without repeats")
    return names


def _named(name: Any) -> str:
    if not isinstance(name, str) or name not in CHARACTER_SETS:
        raise bad_request(f"Invalid generator recipe: unknown character set {name!r}")
    return CHARACTER_SETS[name]
