"""The test's end of a bot process: start it, order it about, kill it."""

import multiprocessing
import os
import signal
from contextlib import suppress
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from tests.crash.bot_process import Boot, Look, Order, main

ANSWER_S = 20.0
"""Longer than any order takes; a bot that does not answer by then hangs."""


class BotDied(Exception):
    """The process is gone; whoever is talking to it should start another."""


def fork_server() -> ForkServerContext:
    """Return the context whose server has the bot imported; the server starts at the first boot."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([main.__module__])
    return context


class Bot:
    """One process of the bot, from boot to death."""

    def __init__(self, environ: dict[str, str], *, ahead: timedelta, log_file: Path) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pipe = ours
        boot = Boot(environ=environ, ahead=ahead, log_file=log_file)
        self._process = fork_server().Process(target=main, args=(theirs, boot), daemon=True)
        self._process.start()
        theirs.close()

    def wait_until_up(self) -> None:
        """Wait until it listens; it works before."""
        self._answer()

    def sweep(self) -> None:
        self._ask(Order.SWEEP)

    def catch_up(self) -> None:
        self._ask(Order.CATCH_UP)

    def travel_to(self, ahead: timedelta) -> None:
        self._ask(Order.TRAVEL, ahead)

    def look(self) -> Look:
        found = self._ask(Order.LOOK)
        assert isinstance(found, Look)
        return found

    def kill(self) -> None:
        """Send SIGKILL; when this returns no line of the bot's code runs any more."""
        os.kill(self._process.pid or 0, signal.SIGKILL)

    def bury(self) -> int | None:
        """Wait for the end of a process that is dying; return how it ended (-9: SIGKILL)."""
        self._process.join(ANSWER_S)
        exit_code = self._process.exitcode
        self._process.close()
        self._pipe.close()
        return exit_code

    def end(self) -> None:
        """Make an end of it, dead or alive."""
        with suppress(ProcessLookupError):
            self.kill()
        self.bury()

    def _ask(self, order: Order, argument: object = None) -> Any:
        try:
            self._pipe.send((order, argument))
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise BotDied from exc
        return self._answer()

    def _answer(self) -> Any:
        try:
            if not self._pipe.poll(ANSWER_S):
                raise TimeoutError("the bot's process does not answer")
            return self._pipe.recv()
        except (EOFError, ConnectionResetError) as exc:
            raise BotDied from exc
