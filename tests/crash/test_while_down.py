"""What people do on GitHub while no bot listens is found when one does again."""

from datetime import timedelta

import pytest

from tests.crash.conftest import Stage
from tests.crash.databases import Backend
from tests.crash.once import left_over
from tests.crash.plays import KILLED, flaws_of, ground_for
from tests.crash.stories import ANN, ask_in_slack, comment, tick_all


@pytest.mark.parametrize(
    "backend", [Backend.SQLITE, pytest.param(Backend.POSTGRESQL, marks=pytest.mark.slow)]
)
def test_comments_made_while_the_bot_is_down_count(stage: Stage, backend: Backend) -> None:
    copy, clean = stage.copies(backend), stage.recording("request", backend)

    with ground_for(copy, "comments while down") as ground:
        ask_in_slack(ground, ANN, words="sales", level="salesforce/sales", days="90d")
        for login in ("octo-ann", "octo-bea", "octo-gtm-1"):
            ground.kill()
            comment(ground, login, "/approve")
        tick_all(ground, "octo-gtm-1")

        assert list(flaws_of(ground, clean)) == []
        assert ground.deaths == [KILLED] * 3


def test_a_box_ticked_while_the_bot_is_down_is_asked_for_again(stage: Stage) -> None:
    """GitHub's listing does not say who ticked, and not everybody may."""
    with ground_for(stage.copies(Backend.SQLITE), "ticks while down") as ground:
        ask_in_slack(ground, ANN, words="sales", level="salesforce/sales", days="90d")
        for login in ("octo-ann", "octo-bea", "octo-gtm-1"):
            comment(ground, login, "/approve")
        ground.kill()
        tick_all(ground, "octo-gtm-1")
        asked = [c for c in ground.world.github.issue(1).comments if "tick it again" in c.body]
        ground.travel(timedelta(seconds=1))  # GitHub tells edits apart by the second
        tick_all(ground, "octo-gtm-1")

        assert len(asked) == 1
        assert ground.world.github.issue(1).state == "closed"
        assert "done by Gus Hale" in ground.world.github.issue(1).comments[0].body
        assert list(left_over(ground)) == []
