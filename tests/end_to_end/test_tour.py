"""The tour that `make tour` plays."""

import io
import logging

import pytest
import structlog
from rich.console import Console

from bot.tour import play


@pytest.mark.slow  # test_readme plays it too, as a command
def test_every_step_of_the_tour_has_its_effect() -> None:
    said = io.StringIO()
    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        code = play(Console(file=said, width=120))
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()

    assert code == 0, said.getvalue()
    assert "✗" not in said.getvalue()
    for words in (
        "the answer is no",
        "Nobody approves their own request",
        "one yes is not enough",
        "the hand-off vault has",
        "nothing is made before the first day",
        "the vault item is gone",
        "seats of Salesforce are taken",
        "his user is frozen and has no sets",
        "253 of 253 handed over",
        "Leo's seat is free, and Mia has it",
        "The user is the default lead owner",
        "her user is inactive",
        "its check says: This loosens 1 rule",
        "it is labelled: policy: loosens",
        "salesforce/view-only request.longest | 90d → 180d",
        "the merged commit is marked: In force",
        "the commit is marked: Refused, the last good policy stays.",
        "the policy before it is still in force",
        "How everything stands at the end",
    ):
        assert words in said.getvalue()
