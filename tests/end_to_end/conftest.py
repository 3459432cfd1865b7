"""One house per file of stories; a story that turns the house upside down gets one of its own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stamina
import structlog

from tests.end_to_end.house import House, leaks


@contextmanager
def _open_house(folder: Path) -> Iterator[House]:
    root = logging.getLogger()
    before = root.handlers, root.level
    house = House(folder)
    stamina.set_testing(True, attempts=10, cap=True)  # try as often as ever, but do not wait
    try:
        house.start()
        yield house
        # Whatever the file's stories and faults were, no password may have got out.
        assert leaks(house) == {}
    finally:
        house.stop()
        stamina.set_testing(False)
        root.handlers, root.level = before
        structlog.reset_defaults()


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with _open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """Lend the file's house; what a test broke outside works again afterwards."""
    yield shared_house
    for emulator in shared_house.world.emulators:
        emulator.faults.clear()
    shared_house.settle()


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    """Open a house for one test alone; its file must not use `house` too: one bot per process."""
    with _open_house(tmp_path) as house:
        yield house
