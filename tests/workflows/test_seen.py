"""An answer counts only for what its author can have seen."""

from datetime import timedelta

import pytest

from bot.domain.errors import StaleApproval
from bot.workflows.commands import _has_seen
from tests.factories import NOW, request


@pytest.mark.parametrize("seconds", [-60, -1, 0])
def test_an_answer_written_before_the_request_was_asked_again_is_stale(seconds: int) -> None:
    asked_again = request(edition=1, asked_at=NOW)

    with pytest.raises(StaleApproval, match="changed after you wrote this"):
        _has_seen(asked_again, NOW + timedelta(seconds=seconds))


def test_an_answer_written_later_counts_and_so_does_any_to_the_first_asking() -> None:
    _has_seen(request(edition=1, asked_at=NOW), NOW + timedelta(seconds=1))
    _has_seen(request(edition=0, asked_at=NOW), NOW - timedelta(seconds=60))
    _has_seen(request(edition=1, asked_at=NOW), None)
