"""An engine without durability: runs wait in a table of the same database and run when told to."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from bot.workflows.engine import Engine, EngineSettings, Run

_RUNS = sa.Table(
    "fake_runs",
    sa.MetaData(),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("id", sa.String, unique=True),
    sa.Column("workflow", sa.String),
    sa.Column("lane", sa.String),
    sa.Column("arguments", sa.JSON),
    sa.Column("is_done", sa.Boolean, default=False),
)


class FakeEngine(Engine):
    """Like the real one, a run starts with the transaction that asked for it, and once per id."""

    def __init__(self, database: sa.Engine) -> None:
        super().__init__(EngineSettings(database_url="sqlite://"))
        self.alive: list[set[str]] = []
        self.forgotten: list[float] = []
        self.stranded = 0
        self._database = database
        with database.begin() as connection:
            _RUNS.create(connection, checkfirst=True)

    def enqueue(self, connection: Any, run: Run) -> None:
        known = sa.select(_RUNS.c.id).where(_RUNS.c.id == run.id)
        if connection.execute(known).first() is None:
            row = {"id": run.id, "workflow": run.workflow, "lane": run.lane}
            connection.execute(_RUNS.insert().values(**row, arguments=list(run.arguments)))

    def step(self, name: str, act: Callable[..., Any], *arguments: Any) -> Any:
        """Act, and hand on only what survives being written down."""
        return json.loads(json.dumps(act(*arguments)))

    def take(self, workflow: str = "") -> Run | None:
        """Take the oldest run that waits, of this workflow or of any."""
        query = sa.select(_RUNS).where(~_RUNS.c.is_done).order_by(_RUNS.c.sequence)
        if workflow:
            query = query.where(_RUNS.c.workflow == workflow)
        with self._database.begin() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            done = _RUNS.update().where(_RUNS.c.id == row["id"]).values(is_done=True)
            connection.execute(done)
        return _run(row)

    def take_all(self) -> list[Run]:
        """Take every run that waits, the oldest first."""
        waiting = sa.select(_RUNS).where(~_RUNS.c.is_done).order_by(_RUNS.c.sequence)
        with self._database.begin() as connection:
            rows = connection.execute(waiting).mappings().all()
            connection.execute(_RUNS.update().where(~_RUNS.c.is_done).values(is_done=True))
        return [_run(row) for row in rows]

    def take_over(self, alive: Iterable[str]) -> int:
        self.alive.append(set(alive))
        return self.stranded

    def forget(self, older_than_s: float) -> int:
        self.forgotten.append(older_than_s)
        return 0

    def live(self, prefix: str = "") -> list[str]:
        query = sa.select(_RUNS.c.id).where(~_RUNS.c.is_done).order_by(_RUNS.c.sequence)
        with self._database.begin() as connection:
            found = connection.execute(query).scalars().all()
        return [run_id for run_id in found if run_id.startswith(prefix)]

    def stop(self, wait_s: int) -> None:
        """Stop; nothing runs by itself here."""


def _run(row: sa.RowMapping) -> Run:
    arguments = tuple(row["arguments"])
    return Run(workflow=row["workflow"], id=row["id"], lane=row["lane"], arguments=arguments)
