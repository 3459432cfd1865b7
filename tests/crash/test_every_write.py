"""Every outbound write of the main stories is broken, one play each, and every play ends right."""

import pytest

from tests.crash.conftest import Stage
from tests.crash.databases import Backend
from tests.crash.plays import TRIES, flaws_of, ground_for, play
from tests.crash.stories import STORIES
from tests.crash.writes import Break, Point, rage

SHARES = {"request": 4, "give_back": 3, "expiry": 2, "onboarding": 3, "hand_over": 4}
"""Into how many tests a story's writes are dealt out, so that workers can share them."""
FAST = ("onboarding", Backend.SQLITE, Break.KILL_TWICE, 0)
"""A third of one story, which meets every service; the rest takes longer than `make test` may."""
SLOW = (
    (Backend.SQLITE, Break.KILL_TWICE),  # before a write and, in the successor, after it
    (Backend.SQLITE, Break.DROP_AFTER),
    (Backend.POSTGRESQL, Break.KILL_TWICE),
    (Backend.POSTGRESQL, Break.DROP_AFTER),
)
APART = (
    (Backend.SQLITE, Break.KILL_BEFORE),
    (Backend.SQLITE, Break.KILL_AFTER),
    (Backend.SQLITE, Break.DROP_BEFORE),
    (Backend.POSTGRESQL, Break.KILL_BEFORE),
    (Backend.POSTGRESQL, Break.KILL_AFTER),
)
"""One kill each, or a request that never arrived: the same ground again, for whoever has time."""


def _marks(name: str, backend: Backend, how: Break, share: int) -> tuple[pytest.MarkDecorator, ...]:
    if (name, backend, how, share) == FAST:
        return ()
    return (pytest.mark.slow,) if (backend, how) in SLOW else (pytest.mark.exhaustive,)


CASES = [
    pytest.param(
        name,
        how,
        backend,
        share,
        id=f"{name}-{how}-{backend}-{share + 1}of{SHARES[name]}",
        marks=_marks(name, backend, how, share),
    )
    for backend, how in (*SLOW, *APART)
    for name in STORIES
    for share in range(SHARES[name])
]
RETOLD = ("/labels", "/issues/comments/", "/api/chat.update")
"""Calls that tell how it stands: a state that passes quickly may not be told in each play."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("name", "how", "backend", "share"), CASES)
def test_a_story_ends_right_whichever_write_is_broken(
    stage: Stage, name: str, how: Break, backend: Backend, share: int
) -> None:
    copy, clean = stage.copies(backend), stage.recording(name, backend)
    flaws: dict[Point, list[str]] = {}
    missed: list[Point] = []
    for point in clean.points[share :: SHARES[name]]:
        plays = (play(STORIES[name], copy, clean, point, how) for _ in range(TRIES))
        last = next((one for one in plays if one.has_struck or one.flaws), None)
        if last is None:
            missed.append(point)
        elif last.flaws:
            flaws[point] = last.flaws

    assert not flaws, "\n".join(
        f"\n{name}, {how} at {point}:\n  " + "\n  ".join(found) for point, found in flaws.items()
    )
    assert all(any(part in point.route for part in RETOLD) for point in missed), missed


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("name", list(STORIES))
def test_a_story_ends_right_when_two_of_three_answers_are_lost(
    stage: Stage, name: str, backend: Backend
) -> None:
    copy, clean = stage.copies(backend), stage.recording(name, backend)

    with ground_for(copy, f"{name}, two of three answers lost") as ground:
        STORIES[name].prelude(ground)
        ground.journal.forget()
        rage(clean.points, ground.world.emulators)
        STORIES[name].plot(ground)

        assert list(flaws_of(ground, clean)) == []
        assert ground.deaths == []
