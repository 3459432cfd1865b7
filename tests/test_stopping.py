"""A server process that is told to stop says when it has stopped, however early it is told."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.playground import POLICIES, free_port
from bot.sandbox.world import World
from tests.end_to_end.shell import ROOT, usher

OK, WRONG_USE = 0, 2


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.close()


@pytest.fixture
def environ(world: World, tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/usher.db"
    return world.settings(database_url=url, port=free_port(), policy_dir=POLICIES)


@pytest.mark.parametrize(
    "told", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_server_that_is_told_to_stop_finishes_and_says_so(
    environ: dict[str, str], told: signal.Signals
) -> None:
    with _serving(environ) as process:
        assert _lines_until(process, '"listening"')
        process.send_signal(told)

        said = _lines_until(process, '"stopped"')
        assert said
        assert "Traceback" not in said
        assert process.wait(30) == OK


def test_a_server_that_is_told_to_stop_while_it_starts_finishes_too(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with _serving(environ) as process:
        pause = threading.Event()
        while not (tmp_path / "usher.db").exists() and process.poll() is None:
            pause.wait(0.01)
        process.send_signal(signal.SIGTERM)

        assert _lines_until(process, '"stopped"')
        assert process.wait(30) == OK


@pytest.mark.parametrize(
    "words",
    [("requests", "list"), pytest.param(("grants", "revoke", "r-1"), marks=pytest.mark.slow)],
)
def test_a_command_on_a_database_without_tables_says_what_to_run(
    environ: dict[str, str], words: tuple[str, ...]
) -> None:
    told = usher(environ, *words)

    assert (told.code, told.out) == (WRONG_USE, "")
    assert told.err == "The database is not up to date.\n  Run `usher migrate` first.\n"


def test_after_migrate_commands_work(environ: dict[str, str]) -> None:
    assert usher(environ, "migrate").code == OK

    told = usher(environ, "requests", "list")

    assert (told.code, told.out, told.err) == (OK, "No requests.\n", "")


@contextmanager
def _serving(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `usher serve` in a process of its own, and let nothing of it stay."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _lines_until(process: subprocess.Popen[str], word: str) -> str:
    """Read the log until a line has this word; empty when the log ends without it."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if word in line:
            return said
    return ""
