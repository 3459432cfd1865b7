"""Running a server process: settings, logs, database, HTTP, work, and a graceful end."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
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
        if does_work:
            stack.enter_context(only_worker(url))
        usher = Usher(settings)
        stack.callback(usher.stop, STOP_AFTER_S)
        if is_sqlite:
            usher.migrate()
        elif not usher.is_migrated():
            raise SettingsError(
                "The database is not up to date.", problems=("Run `usher migrate` first.",)
            )
        if does_work:
            usher.work()
        if takes_requests:
            http_server(usher).run()
        else:
            _until_told_to_stop()


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


def _until_told_to_stop() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()
