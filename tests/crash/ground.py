"""Where a story is played: the outside world in this process, the bot in one that may die."""

import shutil
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.playground import POLICIES, TravelClock, free_port
from bot.sandbox.slack import BotAnswer
from bot.sandbox.world import World
from tests.crash.bot_handle import Bot, BotDied
from tests.crash.bot_process import Look
from tests.crash.writes import Journal

T = TypeVar("T")

PATIENCE_S = 60.0
"""For one play; a quiet machine needs about two seconds."""
STALLED_S = 0.3
"""Without progress for so long, let the bot sweep, as it would every 20 seconds."""
A_WHILE = timedelta(minutes=1)


class StoryStuck(Exception):
    """The story does not come to rest; says what is still on its way."""


class Ground:
    """One world, one database, and one bot at a time."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.clock = TravelClock()
        self.world = World(folder, clock=self.clock.seconds, rate_limits=False)
        self.journal = Journal(self.world.emulators)
        self.database_url = database_url
        self.log_file = folder / "bot.log"
        self.gestures = 0
        self.deaths: list[int | None] = []
        # A copy, so that no commit to the repository changes the policy during a test run.
        policies = shutil.copytree(POLICIES, folder / "policies")
        self._environ = self.world.settings(
            database_url=database_url, port=free_port(), policy_dir=policies
        )
        self._ahead = timedelta()
        self._deadline = time.monotonic() + PATIENCE_S
        self._pause = threading.Event()
        self._bot = self._boot()
        self._bot.wait_until_up()
        self.world.connect(self.url)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._environ['PORT']}"

    def kill(self) -> None:
        """Kill the bot with SIGKILL, in the middle of whatever it does."""
        self._bot.kill()

    def close(self) -> None:
        self._bot.end()
        self.world.close()

    # ---- what people do -------------------------------------------------------------------------

    def insist(self, gesture: Callable[[], BotAnswer]) -> BotAnswer:
        """Do something in Slack, again if Slack says that it did not work, as people do."""
        while True:
            self.gestures += 1
            answer = gesture()
            if answer.ok:
                return answer
            self.settle()

    def travel(self, by: timedelta) -> None:
        """Let time pass, and let the bot notice."""
        self._ahead += by
        self.clock.travel(by)
        self._order(lambda bot: bot.travel_to(self._ahead))
        self._order(Bot.sweep)

    def settle(self) -> None:
        """Wait until nothing moves by itself any more; a bot that died gets a successor."""
        quiet, seen, since = 0, Look(runs=(), rows=()), time.monotonic()
        while quiet < 2:  # a webhook may start a run between two looks
            self.world.github.deliver_pending()
            self.world.slack.retry_due()
            now = self._order(Bot.look)
            self._check_patience(now)
            quiet = 0 if now.runs or now.rows else quiet + 1
            if now != seen:
                seen, since = now, time.monotonic()
            elif now.rows and not now.runs:
                self.travel(A_WHILE)  # nothing runs: what is left waits for its next try
            elif now.runs and time.monotonic() - since > STALLED_S:
                self._order(Bot.sweep)
                since = time.monotonic()
            self._pause.wait(0.02)

    # ---- the bot --------------------------------------------------------------------------------

    def _order(self, act: Callable[[Bot], T]) -> T:
        """Give an order; if the bot dies over it, its successor gets the same one."""
        while True:
            try:
                return act(self._bot)
            except BotDied:
                self._revive()

    def _revive(self) -> None:
        """Start another bot, which may be killed before it listens."""
        while True:
            self.deaths.append(self._bot.bury())
            self._bot = self._boot()
            try:
                self._bot.wait_until_up()
                # What webhooks told meanwhile is lost: GitHub does not repeat them. In production
                # the bot asks every five minutes.
                self._bot.catch_up()
            except BotDied as dead:
                if time.monotonic() > self._deadline:
                    raise StoryStuck("the bot dies whenever it is started") from dead
            else:
                return

    def _boot(self) -> Bot:
        return Bot(self._environ, ahead=self._ahead, log_file=self.log_file)

    def _check_patience(self, now: Look) -> None:
        if time.monotonic() > self._deadline:
            raise StoryStuck(f"still on its way: {now.runs} {now.rows}")
