"""A secret gives itself away in one way only."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from bot.domain.secret import Secret

CANARY = "Canary-7hJ2kQ9x"


def test_only_reveal_gives_it_out() -> None:
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize(
    "show",
    [repr, str, "{}".format, "{:>40}".format, lambda secret: f"{secret!r}"],
    ids=["repr", "str", "format", "format with width", "f-string"],
)
def test_no_text_form_shows_it(show: Callable[[object], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars])
def test_it_cannot_be_stored_or_copied(keep: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        keep(Secret(CANARY))
