"""A bot living in the sandbox, for `make run`, the tour and the tests that play whole stories."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from rich.console import Console

from bot.app import Pace, Usher
from bot.domain.errors import Conflict
from bot.sandbox.world import Ports, World
from bot.serving import http_server
from bot.settings import load_settings
from bot.tables import migrate_database

EAGER = Pace(
    poll_s=0.05,
    sweep_cron="0 0 0 1 1 *",
    beat_s=0.5,
    alive_s=5.0,
    catch_up_s=3600.0,
    health_s=0.0,
)
"""For stories played at once: look for work all the time, and sweep only when told to."""
FRONT_PORT, BOT_PORT = 8090, 8080
SANDBOX_DATABASE = "sandbox.db"
"""Made anew at every start, so it must not be the name of a database that somebody needs."""
POLICIES = Path(__file__).parents[1] / "policies"
APP_MANIFEST = Path(__file__).parents[1] / "handlers" / "github" / "app-manifest.json"
IT_MEMBER = "octo-it-1"
"""Ivy Chen, who looks after the policies of the example company."""


class TravelClock:
    """The machine's clock, and as far ahead of it as somebody asked for."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def seconds(self) -> float:
        return self.now().timestamp()

    def travel(self, by: timedelta) -> None:
        self._ahead += by


class Playground:
    """The outside world and one bot in this process; stories wait with `settle`.

    `policies_in_git` is a folder that stands in the sandbox's repository as `policies/`. Without
    it the repository has no policies, so that `policy_dir` is in force.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        policy_dir: Path = POLICIES,
        policies_in_git: Path | None = None,
        pace: Pace = EAGER,
        ports: Ports | None = None,
        bot_port: int = 0,
        rate_limits: bool = False,
    ) -> None:
        self.clock = TravelClock()
        self.world = World(
            folder,
            ports=ports,
            clock=self.clock.seconds,
            rate_limits=rate_limits,
            policies=policies_in_git,
            app_manifest=APP_MANIFEST,
        )
        self._has_policies_in_git = policies_in_git is not None
        self._environ = self.world.settings(
            database_url=database_url or f"sqlite:///{folder}/usher.db",
            port=bot_port or free_port(),
            policy_dir=policy_dir,
        )
        self._pace = pace
        self.usher = self._new_usher()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The settings the bot was started with."""
        return dict(self._environ)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.usher.settings.port}"

    def start(self) -> None:
        """Start the bot: database, work, doorways; returns once it listens and has its policy."""
        migrate_database(self._environ["DATABASE_URL"])
        self.usher.work()
        listening = threading.Event()
        self._server = http_server(self.usher, listening.set)
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)
        self._thread.start()
        if not listening.wait(10):
            raise TimeoutError("the bot does not listen")
        self.world.connect(self.url)
        if self._has_policies_in_git:
            self.until(lambda: not self.usher.policies.policy().commit.startswith("sha256:"))

    def stop(self) -> None:
        """Stop the bot and the world."""
        self.stop_bot()
        self.world.close()

    def stop_bot(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = self._thread = None
        self.usher.stop(0)

    def restart_bot(self) -> None:
        """Stop the bot and start a new one on the same database, as a deployment does."""
        self.stop_bot()
        self.usher = self._new_usher()
        self.start()

    def settle(self, timeout_s: float = 30.0) -> None:
        """Wait until nothing is on its way: webhooks sent, messages handled, runs ended."""
        deadline = time.monotonic() + timeout_s
        quiet = 0
        pause = threading.Event()
        while quiet < 2:  # noqa: PLR2004  # a webhook may start a run between two looks
            self.world.github.deliver_pending(timeout_s)
            self.world.slack.retry_due()
            quiet = 0 if self._is_busy() else quiet + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"still busy: {self.usher.engine.live()}")
            pause.wait(0.02)

    def travel(self, by: timedelta) -> None:
        """Let time pass, and let the bot notice what has become due."""
        self.clock.travel(by)
        self.usher.sweep()
        self.settle()

    def until(self, is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Wait for something that `settle` cannot see."""
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError("it did not happen")
            pause.wait(0.02)

    def _is_busy(self) -> bool:
        return any(not run.startswith("sched-") for run in self.usher.engine.live())

    def _new_usher(self) -> Usher:
        return Usher(load_settings(self._environ), clock=self.clock, pace=self._pace)


def free_port() -> int:
    """Find a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run_sandbox(folder: Path, out: Console, *, with_bot: bool) -> None:
    """Run the sandbox until Ctrl-C, alone or with the bot, and say what to try."""
    from bot.sandbox.front import Front

    ports = Ports(slack=8091, github=8092, salesforce=8093, onepassword=8094)
    wanted = (FRONT_PORT, *astuple(ports), *((BOT_PORT,) if with_bot else ()))
    if taken := [port for port in wanted if _is_taken(port)]:
        numbers = ", ".join(map(str, taken))
        raise Conflict(
            f"Taken on this machine: port {numbers}. Is another sandbox running? Stop it first.",
            service="sandbox",
        )
    if not with_bot:
        world = World(folder, ports=ports, policies=POLICIES, app_manifest=APP_MANIFEST)
        environ = world.settings(
            database_url=f"sqlite:///{folder}/usher.db", port=8080, policy_dir=POLICIES
        )
        world.connect("http://127.0.0.1:8080")
        front = Front(world, bot_url="http://127.0.0.1:8080")
        out.print(f"The sandbox is running; play its people at {front.serve(8090)}")
        out.print("Start a bot in it with these settings and `usher serve`:\n")
        for name, value in environ.items():
            out.print(f"export {name}={value}", markup=False)
        _wait_for_interrupt(out, world)
        front.close()
        world.close()
        return
    _run_with_bot(folder, out, ports)


def _run_with_bot(folder: Path, out: Console, ports: Ports) -> None:
    from bot.sandbox.front import Front

    playground = Playground(
        folder,
        database_url=f"sqlite:///{folder / SANDBOX_DATABASE}",
        policies_in_git=POLICIES,
        ports=ports,
        bot_port=BOT_PORT,
        pace=Pace(poll_s=0.2),
        rate_limits=True,
    )
    for leftover in folder.glob(f"{SANDBOX_DATABASE}*"):
        leftover.unlink()
    playground.start()
    propose_half_a_year(playground.world)
    front = Front(playground.world, bot_url=playground.url)
    page = front.serve(FRONT_PORT)
    out.print(_WELCOME.format(page=page, bot=playground.url, folder=folder), markup=False)
    _wait_for_interrupt(out, playground.world)
    front.close()
    playground.stop()


def propose_half_a_year(world: World) -> int:
    """Let IT propose 180 days in place of 90 for view-only, with the cases that hold the limit.

    Returns the number of the pull request, which Usher says loosens a rule.
    """
    files = {
        "systems/salesforce.yml": ("longest: 90d", "longest: 180d"),
        "tests/salesforce.yml": ("days: 91", "days: 181"),
    }
    changed = {
        f"policies/{name}": (POLICIES / name).read_text("utf-8").replace(old, new).encode()
        for name, (old, new) in files.items()
    }
    branch, title = "read-for-half-a-year", "Let people read Salesforce for half a year"
    world.github.commit_files(branch, changed, title, IT_MEMBER)
    why = "The audit takes half a year, and whoever helps with it loses access in the middle."
    return world.github.open_pull(branch, title, why, IT_MEMBER)


_WELCOME = """
Usher is running, with a sandbox around it: nothing leaves this machine.

  People of the example company   {page}
  Usher itself                    {bot}   (API: {bot}/api/docs, state: {bot}/readyz)
  Files                           {folder}/   (a new database at every start)

Four things to try
  1. Be Cai: open {page}/people/p006, type /access view, and ask for 30 days.
     Then be Dov, his manager ({page}/people/p007), and press Approve.
  2. Be Ann: ask for salesforce/standard for 90 days. That one is high risk: approve it on
     the issue as octo-bea and as octo-gtm-1 ({page}/issues), and see her log-in in her vault.
  3. Read what Usher says of the pull request that Ivy of IT has opened ({page}/pulls/1):
     it loosens a rule. Merge it as octo-sec-1, and Cai may ask for 180 days.
  4. Watch the whole story play by itself, in another terminal: make tour

Stop with Ctrl-C.
"""


def _wait_for_interrupt(out: Console, world: World) -> None:
    pause = threading.Event()
    try:
        while not pause.wait(1):
            world.slack.retry_due()  # what the bot did not acknowledge comes again
    except KeyboardInterrupt:
        out.print("\nStopping.")
