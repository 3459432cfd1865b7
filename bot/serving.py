"""Running servers: settings, logs, database, what answers, what works, and a graceful end."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from multiprocessing import connection, get_context, parent_process
from socket import socket

import structlog
import uvicorn

from bot.adapters.store.database import database_url
from bot.adapters.store.single import only_worker
from bot.app import Usher
from bot.domain.errors import ConnectorError, SettingsError, Unavailable
from bot.logs import configure_logs
from bot.settings import load_settings
from bot.tables import migrate_database, require_tables

log = structlog.get_logger()

STOP_AFTER_S = 20
"""Shorter than the 30 s after which platforms kill."""
SWITCH_S = 0.001
"""How long a thread that works may hold up one that answers; Python's 5 ms add up for an answer."""


class _Told:
    """Whether this process has been told to stop, and a way to wait for it.

    A signal may come at any moment, also in the middle of a `threading.Event`, whose lock it would
    then wait for in vain; a pipe has none.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def tell(self, *_signal: object) -> None:
        with suppress(BlockingIOError):
            os.write(self._writer, b"!")  # nobody reads it: it stays told

    def fileno(self) -> int:
        return self._reader

    def is_set(self) -> bool:
        return bool(connection.wait([self._reader], timeout=0))

    def wait(self) -> None:
        connection.wait([self._reader])


def serve(
    environ: Mapping[str, str] | None = None, *, takes_requests: bool, does_work: bool
) -> None:
    """Run until told to stop (SIGTERM, SIGINT); runs then finish or are left to others.

    What answers and what works are processes of their own, so that work holds no answer up.
    """
    settings = load_settings(environ)
    configure_logs(settings.log_level, json=not sys.stderr.isatty(), stream=sys.stderr)
    url = settings.database_url.reveal()
    is_sqlite = database_url(url).get_backend_name() == "sqlite"
    if is_sqlite and not (takes_requests and does_work):
        raise SettingsError(
            "SQLite is for one machine that does everything.",
            problems=("DATABASE_URL is SQLite: run `usher serve`, or set a postgresql:// URL.",),
        )
    with ExitStack() as stack:
        told = stack.enter_context(_told_to_stop())
        if does_work:
            stack.enter_context(only_worker(url))
        if is_sqlite:
            migrate_database(url)
        else:
            require_tables(url)
        usher = Usher(settings)
        stack.callback(log.info, "stopped")
        if told.is_set():
            return
        if not takes_requests:
            _work_until(told, usher)
        elif not does_work:
            _answer_until(told, usher)
        else:
            with _worker_beside(told, usher):
                _answer_until(told, usher)


# ---- the process that works ---------------------------------------------------------------------


def _work_until(told: _Told, usher: Usher) -> None:
    try:
        usher.work()
        told.wait()
    finally:
        usher.stop(STOP_AFTER_S)


@contextmanager
def _worker_beside(told: _Told, usher: Usher) -> Iterator[None]:
    """Have a worker while the block runs; one that ends by itself ends the block too, and raises.

    A fork costs no second start. Until then there are no threads and no connections: an Usher makes
    them when it is put to use, and a fork must not share them.
    """
    worker = get_context("fork").Process(target=_be_worker, args=(usher,), name="worker")
    worker.start()
    ended_by_itself = threading.Event()

    def watch() -> None:
        connection.wait([worker.sentinel, told.fileno()])
        # A terminal and systemd signal both processes: the worker may be through before we hear it.
        if not connection.wait([told.fileno()], timeout=1):
            ended_by_itself.set()
        told.tell()
        worker.terminate()  # the two stop at the same time

    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        told.tell()
        watcher.join()
        worker.join(STOP_AFTER_S + 5)
        worker.kill()
        worker.join()
    if ended_by_itself.is_set():
        raise Unavailable(
            f"The worker process has ended by itself (exit code {worker.exitcode}); "
            "unless it was killed, the log says why. Start `usher serve` again.",
            service="usher",
        )


def _be_worker(usher: Usher) -> None:
    """Work in a process beside the one that answers, and never outlive it."""

    def follow() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)  # it was killed: the next worker goes on, as after any crash

    threading.Thread(target=follow, name="follow", daemon=True).start()
    os.nice(10)  # whoever waits for an answer comes first
    try:
        with _told_to_stop() as told:
            _work_until(told, usher)
    except ConnectorError as error:
        log.critical("worker.failed", service=error.service, why=error.detail)
        os._exit(1)
    except Exception:
        log.exception("worker.failed")
        os._exit(1)
    os._exit(0)  # what would not stop in time is left to the next worker


# ---- the process that answers -------------------------------------------------------------------


def _answer_promptly() -> None:
    """Keep the work in this process from holding up answers to people who wait for them."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()  # what is here stays: no collection need look at it again


def http_server(usher: Usher, on_ready: Callable[[], None] | None = None) -> uvicorn.Server:
    """Build the HTTP server of a process; `on_ready` is called once it listens."""
    config = uvicorn.Config(
        usher.web(),
        host=usher.settings.host,
        port=usher.settings.port,
        log_config=None,
        log_level="warning",  # `listening` says the one thing worth knowing
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[assignment, method-assign]  # `serve` listens to signals
    original = server.startup

    async def startup(sockets: list[socket] | None = None) -> None:
        await original(sockets=sockets)
        log.info("listening", host=usher.settings.host, port=usher.settings.port)
        if on_ready is not None:
            on_ready()

    server.startup = startup  # type: ignore[method-assign]  # the only place that knows when it listens
    return server


def _answer_until(told: _Told, usher: Usher) -> None:
    try:
        server = http_server(usher)
        _answer_promptly()
        threading.Thread(target=_end_when, args=(told, server), name="end", daemon=True).start()
        server.run()
    finally:
        usher.stop(STOP_AFTER_S)


def _end_when(told: _Told, server: uvicorn.Server) -> None:
    told.wait()
    server.should_exit = True


@contextmanager
def _told_to_stop() -> Iterator[_Told]:
    """Take SIGTERM and SIGINT as being told, instead of dying of them.

    Here for the whole life of the process: also while it starts, and while it stops.
    """
    told = _Told()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, told.tell) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        told.tell()  # whoever still waits
