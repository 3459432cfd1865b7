"""The server processes, started as operators start them and stopped as platforms stop them."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa

from bench.processes import family
from bot.adapters.store.database import make_engine
from bot.sandbox.world import HR_TOKEN, World
from tests.contracts.conftest import SERVER
from tests.fakes.github_wire import comment, comment_event, encoded, headers, issue, user

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "policies"
FORM = {
    "Level": "salesforce/view-only",
    "For whom": "",
    "For how long": "30 days",
    "Why": "Check which customers hit the importer bug",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "world", rate_limits=False)
    yield world
    world.close()


class Processes:
    """Starts `usher` commands, and stops what a test left running."""

    def __init__(self, environ: dict[str, str], log_file: Path) -> None:
        self.environ = environ
        self.log_file = log_file
        self.url = f"http://127.0.0.1:{environ['PORT']}"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, command: str) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", command],
                cwd=ROOT,
                env=_plain_environ() | self.environ,
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    def run(self, command: str) -> tuple[int, str]:
        """Run a command to its end and return its exit code and words."""
        before = len(self.said())
        code = self.start(command).wait(30)
        return code, self.said()[before:]

    def said(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def until(self, is_so: Callable[[], object], timeout_s: float = 20) -> None:
        pause = threading.Event()
        for _ in range(int(timeout_s / 0.05)):
            dead = [p.args for p in self._running if p.returncode is None and p.poll()]
            assert not dead, f"{dead} ended:\n{self.said()}"
            if is_so():
                return
            pause.wait(0.05)
        raise AssertionError(f"it did not happen:\n{self.said()}")

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def end(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def _plain_environ() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONWARNINGS": "error"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def processes(world: World, database_url: str, log_file: Path) -> Iterator[Processes]:
    environ = world.settings(database_url=database_url, port=free_port(), policy_dir=POLICIES)
    found = Processes(environ, log_file)
    world.connect(found.url)
    yield found
    found.end()


@pytest.fixture
def on_sqlite(world: World, tmp_path: Path) -> Iterator[Processes]:
    with processes(world, f"sqlite:///{tmp_path}/usher.db", tmp_path / "log") as found:
        yield found


@pytest.fixture
def on_postgresql(world: World, tmp_path: Path) -> Iterator[Processes]:
    server = make_engine(f"{SERVER}/postgres?connect_timeout=3")
    name = f"usher_serving_{uuid4().hex}"
    try:
        _run(server, f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no PostgreSQL answers on 127.0.0.1:5432")
    try:
        with processes(world, f"{SERVER}/{name}", tmp_path / "log") as found:
            yield found
    finally:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


def _run(server: sa.Engine, statement: str) -> None:
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


def send_webhook(url: str, guid: str) -> int:
    """Send a signed webhook that the bot has to keep and answer on issue 1."""
    said = comment("/help", id=int(guid), user=user("octo-cai"))
    event = comment_event("created", said, user("octo-cai"), issue=issue(number=1))
    body = encoded(event)
    head = headers(body, "issue_comment", **{"X-GitHub-Delivery": f"guid-{guid}"})
    answer = requests.post(f"{url}/github/webhooks", body, headers=head, timeout=10)
    return answer.status_code


def test_serve_becomes_ready_and_ends_gracefully_with_nothing_lost(
    world: World, on_sqlite: Processes
) -> None:
    world.github.person("octo-cai").open_form(FORM, title="Salesforce for me")
    guids = [str(number) for number in range(1, 21)]
    server = on_sqlite.start("serve")
    on_sqlite.until(on_sqlite.is_ready)
    code, said = on_sqlite.run("serve")
    assert (code, "Another Usher works on" in said) == (3, True)

    world.github.deliver_pending()
    acknowledged = {send_webhook(on_sqlite.url, guid) for guid in guids}
    server.send_signal(signal.SIGTERM)
    assert acknowledged <= {200, 202, 204}
    assert server.wait(30) == 0, on_sqlite.said()

    again = on_sqlite.start("serve")  # whatever was under way is gone on with
    on_sqlite.until(lambda: len(_replies(world)) == len(guids))
    on_sqlite.until(on_sqlite.is_ready)
    assert send_webhook(on_sqlite.url, "1") in {200, 202, 204}  # known: it was answered already
    again.send_signal(signal.SIGINT)
    assert again.wait(30) == 0, on_sqlite.said()
    assert sorted(_replies(world)) == sorted(set(_replies(world)))
    assert len(_replies(world)) == len(guids)
    assert "Traceback" not in on_sqlite.said()


def _replies(world: World) -> list[str]:
    comments = world.github.issue(1).comments
    return [c.body.partition("usher:reply:")[2] for c in comments if "I understand" in c.body]


@pytest.mark.parametrize("command", ["web", "worker"])
def test_sqlite_is_refused_for_more_than_one_process(on_sqlite: Processes, command: str) -> None:
    code, said = on_sqlite.run(command)

    assert code == 2
    assert "SQLite is for one machine that does everything." in said
    assert "run `usher serve`, or set a postgresql:// URL." in said


@pytest.mark.parametrize("victim", [pytest.param("parent", marks=pytest.mark.slow), "worker"])
def test_when_half_of_serve_is_killed_the_other_half_ends_and_the_next_one_goes_on(
    world: World, on_sqlite: Processes, victim: str
) -> None:
    world.github.person("octo-cai").open_form(FORM, title="Salesforce for me")
    server = on_sqlite.start("serve")
    on_sqlite.until(on_sqlite.is_ready)
    [worker] = family(server.pid)[1:]
    assert send_webhook(on_sqlite.url, "1") in {200, 202, 204}

    os.kill({"parent": server.pid, "worker": worker}[victim], signal.SIGKILL)
    code = server.wait(30)

    again = on_sqlite.start("serve")
    on_sqlite.until(lambda: len(_replies(world)) == 1)
    assert not is_running(worker)
    again.send_signal(signal.SIGTERM)
    assert again.wait(30) == 0, on_sqlite.said()
    assert code == {"parent": -signal.SIGKILL, "worker": 3}[victim]
    assert ("The worker process has ended by itself" in on_sqlite.said()) == (victim == "worker")


@pytest.mark.parametrize(
    "told", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_to_both_processes_at_once_is_a_graceful_end(
    on_sqlite: Processes, told: signal.Signals
) -> None:
    """As service managers and terminals send it; the worker hears it first here."""
    server = on_sqlite.start("serve")
    on_sqlite.until(on_sqlite.is_ready)

    for pid in reversed(family(server.pid)):
        os.kill(pid, told)

    assert server.wait(30) == 0, on_sqlite.said()
    assert "ended by itself" not in on_sqlite.said()


@pytest.mark.slow
def test_whoever_joins_today_is_known_to_the_worker_at_once(
    world: World, on_sqlite: Processes
) -> None:
    """The doorways take the person in, and the worker has another memory."""
    person = {
        "id": "p117",
        "mail": "noor.aziz@acme.example",
        "name": "Noor Aziz",
        "role": "account-executive",
        "manager_id": "p002",
        "timezone": "UTC",
        "first_day": (datetime.now(UTC) - timedelta(days=1)).date().isoformat(),
    }
    on_sqlite.start("serve")
    on_sqlite.until(on_sqlite.is_ready)

    answer = requests.post(
        f"{on_sqlite.url}/api/v1/onboardings",
        json={"person": person},
        headers={"Authorization": f"Bearer {HR_TOKEN}", "Idempotency-Key": "noor-1"},
        timeout=10,
    )

    assert answer.status_code == 201, answer.text
    on_sqlite.until(lambda: world.salesforce.org.user("p117") is not None)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_postgresql_is_not_served_before_it_is_migrated(on_postgresql: Processes) -> None:
    code, said = on_postgresql.run("web")

    assert code == 2
    assert "Run `usher migrate` first." in said


@pytest.mark.slow
def test_web_and_worker_share_a_database_and_handle_a_request(
    world: World, on_postgresql: Processes
) -> None:
    assert on_postgresql.run("migrate")[0] == 0
    web, worker = on_postgresql.start("web"), on_postgresql.start("worker")
    on_postgresql.until(on_postgresql.is_ready)

    cai, dov = world.github.person("octo-cai"), world.github.person("octo-dov")
    number = cai.open_form(FORM, title="Salesforce for me").number
    world.github.deliver_pending()
    on_postgresql.until(lambda: "access: awaiting approval" in world.github.issue(number).labels)
    dov.comment(number, "/approve")
    world.github.deliver_pending()
    on_postgresql.until(lambda: world.github.issue(number).state == "closed")

    user = world.salesforce.org.user("p006")
    assert user is not None
    assert user.is_active
    for process in (web, worker):
        process.send_signal(signal.SIGTERM)
    assert [p.wait(30) for p in (web, worker)] == [0, 0], on_postgresql.said()
