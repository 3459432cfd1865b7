"""Plays: a story from beginning to end, first as it is, then with one write broken."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from tests.crash.ending import ending, logged_plans
from tests.crash.ground import Ground
from tests.crash.once import doubles, left_over, made, wrong_passwords
from tests.crash.stories import Story
from tests.crash.writes import Break, Breaker, Point

KILLED = -9
TRIES = 2
"""What is told in between may differ from play to play: one play may not come to a point."""

Copy = Callable[[Path], AbstractContextManager[str]]


@dataclass(frozen=True)
class Recording:
    """A play with nothing broken: its writes, what they made, and how everything ended."""

    points: tuple[Point, ...]
    made: Counter[str]
    plans: frozenset[str]
    ending: list[str]


@dataclass(frozen=True)
class Played:
    """A broken play: whether it came to the write, and everything that is wrong at its end."""

    has_struck: bool
    flaws: list[str]


@contextmanager
def ground_for(copy: Copy, what: str) -> Iterator[Ground]:
    """Make a world with a database of its own for `what`, which errors name; take it down after."""
    with tempfile.TemporaryDirectory(dir=_memory()) as name, copy(Path(name)) as url:
        ground = Ground(Path(name), url)
        try:
            yield ground
        except Exception as error:
            error.add_note(f"{what}\n{log_of(ground)}")
            raise
        finally:
            ground.close()


def _memory() -> Path | None:
    """Prefer memory to a disk: SIGKILL loses nothing that was written, synced or not."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else None


def record(story: Story, copy: Copy) -> Recording:
    """Play a story with nothing broken and write down every outbound write."""
    with ground_for(copy, f"{story.name}, nothing broken") as ground:
        story.prelude(ground)
        ground.journal.forget()
        story.plot(ground)
        assert not ground.deaths, "the bot died by itself"
        flaws = [*doubles(ground), *wrong_passwords(ground), *left_over(ground)]
        assert not flaws, flaws
        journal = ground.journal
        return Recording(
            points=tuple(journal.writes),
            made=made(journal.effects),
            plans=logged_plans(ground),
            ending=ending(ground),
        )


def play(story: Story, copy: Copy, clean: Recording, point: Point, how: Break) -> Played:
    """Play a story with one write broken, and compare its end with the clean one."""
    with ground_for(copy, f"{story.name}, {how} at {point}") as ground:
        story.prelude(ground)
        ground.journal.forget()
        breaker = Breaker(point, how, ground.world.emulators, ground.kill)
        story.plot(ground)
        flaws = list(flaws_of(ground, clean))
        if ground.deaths != [KILLED] * breaker.kills:
            flaws.append(f"{breaker.kills} kills, but the processes ended with {ground.deaths}")
        return Played(breaker.has_struck, flaws)


def flaws_of(ground: Ground, clean: Recording) -> Iterator[str]:
    """Name everything that is not as it should be at the end of a play."""
    found = [*doubles(ground), *wrong_passwords(ground), *left_over(ground)]
    now = made(ground.journal.effects)
    if now != clean.made:
        found.append(f"made {dict(now)} instead of {dict(clean.made)}")
    found += [f"not in the audit log: {plan}" for plan in clean.plans - logged_plans(ground)]
    found += unified_diff(clean.ending, ending(ground), "clean", "broken", n=0, lineterm="")
    yield from found
    if found:
        yield log_of(ground)


def log_of(ground: Ground) -> str:
    """Return the end of the bot's log."""
    return ground.log_file.read_text()[-6000:]
