"""The durable engine itself, on SQLite: starting with a transaction, once, in lanes, and again."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.adapters.store.database import make_engine
from bot.domain.errors import Unavailable
from bot.domain.request import RequestState
from bot.domain.secret import Secret
from bot.workflows.engine import Engine, EngineSettings, JsonSerializer, Run, migrate_engine

NEVER = "0 0 0 1 1 *"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "usher.db"
    migrate_engine(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(empty: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(empty, tmp_path / 'usher.db')}"


@pytest.fixture
def database(url: str) -> Iterator[sa.Engine]:
    database = make_engine(url)
    database.connect().close()  # switches a new file to WAL while nobody else has it open
    yield database
    database.dispose()


@pytest.fixture
def make(url: str) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def make(**changes: Any) -> Engine:
        settings = {"poll_s": 0.02, "sweep_cron": NEVER, "migrate": False, **changes}
        made.append(Engine(EngineSettings(database_url=url, **settings)))
        return made[-1]

    yield make
    for engine in made:
        engine.stop(5)


def run(run_id: str, *arguments: Any, lane: str = "") -> Run:
    return Run(workflow="work", id=run_id, lane=lane or run_id, arguments=arguments or (run_id,))


class Work:
    """A workflow of one step; counts, and tells when it has been done so often."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Condition()
        self.done: list[str] = []
        self.at_once = self.most_at_once = 0

    def body(self, name: str) -> str:
        return str(self._engine.step("act", self._act, name))

    def _act(self, name: str) -> str:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        with self._lock:
            self.done.append(name)
            self.at_once -= 1
            self._lock.notify_all()
        return name

    def wait_for(self, times: int) -> None:
        with self._lock:
            assert self._lock.wait_for(lambda: len(self.done) >= times, timeout=15)


def until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(750):
        if is_so():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen within fifteen seconds")


def test_a_run_starts_with_the_transaction_that_asks_for_it_or_not_at_all(
    make: Callable[..., Engine], database: sa.Engine
) -> None:
    engine = make()
    with database.begin() as connection:
        engine.enqueue(connection, run("kept:1"))
        assert engine.live("kept:") == []

    def fail() -> None:
        with database.begin() as connection:
            engine.enqueue(connection, run("lost:1"))
            raise Unavailable("rolled back")

    with pytest.raises(Unavailable):
        fail()

    assert engine.live("kept:") == ["kept:1"]
    assert engine.live("lost:") == []


def test_an_id_starts_one_run_ever_and_a_lane_takes_one_at_a_time(
    make: Callable[..., Engine], database: sa.Engine
) -> None:
    engine = make()
    work = Work(engine)
    engine.launch({"work": work.body}, lambda: None)
    for _ in range(3):
        with database.begin() as connection:
            for number in range(5):
                engine.enqueue(connection, run(f"once:{number}", f"n{number}", lane="ann"))
    work.wait_for(5)
    until(lambda: engine.live("once:") == [])

    with database.begin() as connection:
        engine.enqueue(connection, run("once:1", "n1", lane="ann"))
    until(lambda: engine.live("once:") == [])

    assert sorted(work.done) == [f"n{number}" for number in range(5)]
    assert work.most_at_once == 1


def test_a_dead_workers_run_goes_on_where_it_was(
    make: Callable[..., Engine], database: sa.Engine, url: str, tmp_path: Path
) -> None:
    notes, engine = tmp_path / "notes", make()
    with database.begin() as connection:
        engine.enqueue(connection, run("taken:1", "a"))
    script = Path(__file__).with_name("dying_worker.py")
    command = [sys.executable, str(script), url, str(notes)]
    with subprocess.Popen(command, cwd=ROOT, env=_path(), stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == b"stuck"
        worker.kill()

    def body(name: str) -> str:
        first = engine.step("first", _never)
        second = engine.step("second", _never)
        engine.step("third", notes.with_suffix(".end").write_text, f"{first}, {second}, {name}")
        return "through"

    engine.launch({"work": body}, lambda: None)

    assert engine.take_over(alive=["somebody else"]) == 1
    assert engine.take_over(alive=[]) in (0, 1)  # a second sweep may be as fast as the resumption
    until(lambda: engine.live("taken:") == [])
    assert notes.read_text() == "first a\nsecond a\n"
    assert notes.with_suffix(".end").read_text() == "first a, second a, a"


def _never() -> str:
    raise AssertionError("this step was done by the other worker")


def _path() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def test_the_runs_of_those_who_are_alive_are_left_alone(
    make: Callable[..., Engine], database: sa.Engine
) -> None:
    engine = make()
    begun, go_on = threading.Event(), threading.Event()

    def body(_name: str) -> str:
        begun.set()
        go_on.wait(15)
        return "done"

    engine.launch({"work": body}, lambda: None)
    with database.begin() as connection:
        engine.enqueue(connection, run("mine:1"))
    assert begun.wait(15)

    assert engine.take_over(alive=[]) == 0

    go_on.set()
    until(lambda: engine.live("mine:") == [])


def test_the_sweep_comes_by_itself_and_may_fail(make: Callable[..., Engine]) -> None:
    swept: list[int] = []

    def sweep() -> None:
        swept.append(1)
        raise Unavailable("the database is gone")

    make(sweep_cron="* * * * * *").launch({}, sweep)

    until(lambda: len(swept) > 1)


def test_finished_runs_are_forgotten_and_waiting_ones_are_not(
    make: Callable[..., Engine], database: sa.Engine
) -> None:
    engine = make()
    work = Work(engine)
    engine.launch({"work": work.body}, lambda: None)
    with database.begin() as connection:
        engine.enqueue(connection, run("old:1"))
    until(lambda: bool(work.done) and engine.live("old:") == [])
    engine.stop(5)
    with database.begin() as connection:
        engine.enqueue(connection, run("old:2"))

    assert engine.forget(older_than_s=3600) == 0
    assert engine.forget(older_than_s=-1) >= 1

    assert engine.live("old:") == ["old:2"]
    with database.begin() as connection:
        engine.enqueue(connection, run("old:1"))
    assert engine.live("old:1") == ["old:1"]  # its id is free again


# ---- what is written down -----------------------------------------------------------------------


def test_plain_values_and_moments_survive() -> None:
    serializer = JsonSerializer()
    value = {"args": ["r1", 3, None, True], "at": datetime(2026, 11, 2, 15, tzinfo=UTC)}

    assert serializer.deserialize(serializer.serialize(value)) == value
    assert serializer.serialize(RequestState.DELIVERED) == '"delivered"'


def test_an_error_is_kept_by_name_and_text_and_never_rebuilt() -> None:
    serializer = JsonSerializer()

    kept = serializer.deserialize(serializer.serialize(Unavailable("down", service="crm")))

    assert type(kept) is RuntimeError
    assert str(kept) == "Unavailable: down"


@pytest.mark.parametrize("value", [Secret("hunter2"), object(), {1, 2}, b"bytes", {"a": Path()}])
def test_everything_else_is_refused_without_quoting_it(value: object) -> None:
    with pytest.raises(TypeError, match="does not belong in the engine") as refused:
        JsonSerializer().serialize(value)

    assert "hunter2" not in str(refused.value)
