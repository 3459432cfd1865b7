"""Running a server process: settings, logs, database, HTTP, work, and a graceful end."""

import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from socket import socket

import structlog
import uvicorn

from bot.adapters.store.database import database_url
from bot.adapters.store.single import only_worker
from bot.app import Usher
from bot.domain.errors import SettingsError
from bot.logs import configure_logs
from bot.settings import load_settings

log = structlog.get_logger()

STOP_AFTER_S = 20
"""Shorter than the 30 s after which platforms kill."""
SWITCH_S = 0.001
"""How long a thread that works may hold up one that answers; Python's 5 ms add up for an answer."""


def serve(
    environ: Mapping[str, str] | None = None, *, takes_requests: bool, does_work: bool
) -> None:
    """Run until told to stop (SIGTERM, SIGINT); runs then finish or are left to others."""
    settings = load_settings(environ)
    configure_logs(settings.log_level, json=not sys.stderr.isatty(), stream=sys.stderr)
    url = settings.database_url.reveal()
    is_sqlite = database_url(url).get_backend_name() == "sqlite"
    if is_sqlite and not (takes_requests and does_work):
        raise SettingsError(
            "SQLite is for one process.",
            problems=("DATABASE_URL is SQLite: run `usher serve`, or set a postgresql:// URL.",),
        )
    with ExitStack() as stack:
        told = stack.enter_context(_told_to_stop())
        if does_work:
            stack.enter_context(only_worker(url))
        usher = Usher(settings)
        stack.callback(_stop, usher)
        if is_sqlite:
            usher.migrate()
        else:
            usher.require_tables()
        if does_work:
            usher.work()
        if takes_requests:
            _answer_promptly()
            _answer_until(told, usher)
        else:
            told.wait()


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
    original = server.startup

    async def startup(sockets: list[socket] | None = None) -> None:
        await original(sockets=sockets)
        log.info("listening", host=usher.settings.host, port=usher.settings.port)
        if on_ready is not None:
            on_ready()

    server.startup = startup  # type: ignore[method-assign]  # the only place that knows when it listens
    return server


def _answer_until(told: threading.Event, usher: Usher) -> None:
    def end_if_told() -> None:
        # the signal came before the server had begun to listen to signals
        if told.is_set():
            server.should_exit = True

    server = http_server(usher, end_if_told)
    server.run()


def _stop(usher: Usher) -> None:
    usher.stop(STOP_AFTER_S)
    log.info("stopped")


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Set an event on SIGTERM and SIGINT instead of dying of them.

    Here for the whole life of the process: also while it starts, and while it stops, for uvicorn
    sends itself the signal once more after its own end.
    """
    told = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: told.set()) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
