"""The durable engine (DBOS) behind six functions: everything else in the house knows only these."""

import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from dbos import DBOS, DBOSClient, DBOSConfig
from dbos import Serializer as EngineSerializer

APPLICATION = "usher"
APPLICATION_VERSION = "1"
"""Pinned: a default version strands every run in flight at each deployment. Raise it only after
draining, when the order of steps of a run changes."""
QUEUE = "work"
SWEEP = "sweep"
FORGET_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run to start: which workflow, under which id (once ever), one at a time per `lane`."""

    workflow: str
    id: str
    lane: str
    arguments: tuple[str | int | list[str], ...]


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """Where the engine keeps its tables, and how eagerly it looks for work (seconds)."""

    database_url: str
    poll_s: float = 1.0
    sweep_cron: str = "*/20 * * * * *"
    workers: int = 8
    migrate: bool = True


class JsonSerializer(EngineSerializer):
    """Plain JSON, so that the database can never make a worker run code; refuses anything else.

    Errors are kept by name and text only; the engine's schedules also need moments.
    """

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_plain)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data, object_hook=_from_plain)

    def name(self) -> str:
        return "usher_json"


def _plain(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"$moment": value.isoformat()}
    if isinstance(value, BaseException):
        return {"$error": type(value).__name__, "text": str(value)}
    raise TypeError(f"{type(value).__name__} does not belong in the engine")


def _from_plain(data: dict[str, Any]) -> Any:
    if "$moment" in data:
        return datetime.fromisoformat(data["$moment"])
    if "$error" in data:
        return RuntimeError(f"{data['$error']}: {data['text']}")
    return data


class Engine:
    """Starts runs from anywhere; runs them too once `launch` was called in this process."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self.executor_id = f"w-{uuid4().hex[:12]}"
        self._client: DBOSClient | None = None
        self._is_launched = False

    # ---- starting runs --------------------------------------------------------------------------

    def enqueue(self, connection: Any, run: Run) -> None:
        """Start a run inside the caller's transaction; an id used before starts nothing."""
        self._dispatcher().enqueue_in_transaction(
            connection,
            {
                "workflow_name": run.workflow,
                "queue_name": QUEUE,
                "workflow_id": run.id,
                "queue_partition_key": run.lane,
                "app_version": APPLICATION_VERSION,
            },
            *run.arguments,
        )

    def _dispatcher(self) -> DBOSClient:
        if self._client is None:
            logging.getLogger("dbos").setLevel(logging.WARNING)
            self._client = DBOSClient(
                system_database_url=self._settings.database_url,
                serializer=JsonSerializer(),
                application_name=APPLICATION,
                system_database_pool_size=5,
                lazy=True,
                retry_connection_errors=False,
            )
        return self._client

    # ---- running them ---------------------------------------------------------------------------

    def launch(self, workflows: dict[str, Callable[..., str]], sweep: Callable[[], None]) -> None:
        """Take part in the work: register the workflows, listen to the queue, sweep on schedule."""
        logging.getLogger("dbos").setLevel(logging.WARNING)
        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=self._settings.database_url,
            application_version=APPLICATION_VERSION,
            executor_id=self.executor_id,
            serializer=JsonSerializer(),
            log_level="WARNING",
            sys_db_pool_size=5,
            max_executor_threads=32,
            run_migrations=self._settings.migrate,
            use_listen_notify=False,
        )
        DBOS(config=config)
        for name, body in workflows.items():
            DBOS.workflow(name=name, max_recovery_attempts=None)(_named(body, name))

        def swept(_at: datetime, _context: Any) -> None:
            DBOS.run_step({"name": SWEEP}, sweep)

        scheduled = DBOS.workflow(name=SWEEP, max_recovery_attempts=None)(swept)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=self._settings.workers,
            polling_interval_sec=self._settings.poll_s,
            on_conflict="always_update",
        )
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": SWEEP,
                    "workflow_fn": scheduled,
                    "schedule": self._settings.sweep_cron,
                    "context": None,
                }
            ]
        )
        self._is_launched = True

    def step(self, name: str, act: Callable[..., Any], *arguments: Any) -> Any:
        """Run one step of a workflow: its result (plain JSON, never a secret) is kept."""
        return DBOS.run_step({"name": name}, act, *arguments)

    def take_over(self, alive: Iterable[str]) -> int:
        """Resume the runs of workers that are gone and return how many there were.

        A worker that only seemed gone is fenced: at most its step in flight repeats.
        """
        living = {*alive, self.executor_id}
        pending = self._dispatcher().list_workflows(
            status="PENDING", load_input=False, load_output=False
        )
        stranded = [
            w.workflow_id
            for w in pending
            if w.queue_name == QUEUE and w.executor_id is not None and w.executor_id not in living
        ]
        if stranded:
            self._dispatcher().resume_workflows(stranded, queue_name=QUEUE)
        return len(stranded)

    def forget(self, older_than_s: float) -> int:
        """Delete finished runs older than that and return how many there were."""
        before = datetime.fromtimestamp(time.time() - older_than_s, UTC).isoformat()
        total = 0
        while ids := self._finished(before):
            self._dispatcher().delete_workflows(ids)
            total += len(ids)
        return total

    def _finished(self, before: str) -> list[str]:
        old = self._dispatcher().list_workflows(
            completed_before=before, limit=FORGET_BATCH, load_input=False, load_output=False
        )
        return [workflow.workflow_id for workflow in old]

    def live(self, prefix: str = "") -> list[str]:
        """List runs that are waiting or running."""
        found = self._dispatcher().list_workflows(
            status=["PENDING", "ENQUEUED"],
            workflow_id_prefix=prefix or None,
            load_input=False,
            load_output=False,
        )
        return [workflow.workflow_id for workflow in found]

    def stop(self, wait_s: int) -> None:
        """Finish what is running, at most `wait_s` seconds, and leave the rest to others."""
        if self._is_launched:
            DBOS.destroy(workflow_completion_timeout_sec=wait_s, destroy_registry=True)
            self._is_launched = False
        if self._client is not None:
            self._client.destroy()
            self._client = None


def _named(body: Callable[..., str], name: str) -> Callable[..., str]:
    def workflow(*arguments: Any) -> str:
        return body(*arguments)

    workflow.__name__ = workflow.__qualname__ = name
    return workflow


def migrate_engine(database_url: str) -> None:
    """Create or update the engine's own tables."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(system_database_url=database_url)
