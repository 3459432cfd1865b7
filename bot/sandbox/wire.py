"""What all emulators share: a loopback server, a record of every exchange, faults on request."""

import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, jsonify, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as PlainResponse

from bot.sandbox.faults import Fault, FaultKind, Faults


@dataclass
class Exchange:
    """One request as it came in and, unless a fault cut it, the answer that went out."""

    number: int
    service: str
    method: str
    path: str
    query: str
    is_write: bool
    request_headers: dict[str, str]
    request_body: bytes
    status: int | None = None
    response_body: bytes | None = None
    fault: FaultKind | None = None

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"


_SPOILT = {FaultKind.EMPTY, FaultKind.TRUNCATED, FaultKind.CUT}

Observer = Callable[[Exchange, str], None]
"""Called with "before" (nothing happened yet) and "after" (done, but the answer is not sent)."""


class _Quiet(WSGIRequestHandler):
    """HTTP/1.1 with keep-alive, and no access log: the exchanges are the log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # small answers must not wait for an acknowledgement

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Emulator:
    """Base of one emulated service: subclasses add routes to `self.app` and state of their own.

    Every request runs under `self.lock`, so that state changes are atomic as at the vendor; delays
    wait outside it. Any unknown route answers 501 and says so.
    """

    name = "emulator"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.app = Flask(self.name)
        self.lock = threading.RLock()
        self.faults = Faults()
        self.exchanges: list[Exchange] = []
        self.longest_kept: int | None = None  # of an answer's bytes; None keeps all
        self.observers: list[Observer] = []
        self.url = ""
        self._server: BaseWSGIServer | None = None
        self._flask = self.app.wsgi_app
        self.app.wsgi_app = self._answer  # type: ignore[method-assign]  # Flask documents this seam for middleware
        self._add_control_routes()

    # ---- for subclasses -------------------------------------------------------------------------

    def is_write(self, method: str, path: str, body: bytes) -> bool:  # noqa: ARG002  # overridden
        """Say whether this call changes state (a vendor that POSTs its reads overrides this)."""
        return method not in {"GET", "HEAD", "OPTIONS"}

    def fault_body(self, status: int) -> str:
        """Return the vendor's error body (JSON text) for an injected status."""
        return json.dumps({"status": status, "message": "injected fault"})

    def end_sessions(self) -> None:
        """End every session of the caller's (FaultKind.REVOKE), where the service has any."""
        raise NotImplementedError(f"the {self.name} sandbox has no sessions to end")

    def not_modelled(self, what: str) -> Response:
        """Answer 501 for something the original has and this emulator does not."""
        response = jsonify(
            error=f"the {self.name} sandbox does not model {what}", sandbox=self.name
        )
        response.status_code = 501
        return response

    # ---- running --------------------------------------------------------------------------------

    def serve(
        self, port: int = 0, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> str:
        """Listen on loopback in a daemon thread and return the URL (port 0: a free one)."""
        self._server = make_server(
            host, port, self.app, threaded=True, ssl_context=tls, request_handler=_Quiet
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # a ThreadingMixIn attribute
        origin = "https://localhost" if tls else f"http://{host}"
        self.url = f"{origin}:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=self.name,
            daemon=True,
        ).start()
        return self.url

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    # ---- one request ----------------------------------------------------------------------------

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        incoming = Request(environ)
        body = incoming.get_data(cache=True)
        # Flask reads the stream again; on an open connection that would wait for the next request.
        environ["wsgi.input"] = io.BytesIO(body)
        if incoming.path.startswith("/__sandbox__/"):
            return self._flask(environ, start_response)
        fault = self.faults.take(incoming.method, incoming.path)
        exchange = self._record(incoming, body, fault)
        if fault is not None and fault.kind is FaultKind.DELAY:
            time.sleep(fault.seconds)
        if fault is not None and fault.kind is FaultKind.DROP_BEFORE:
            self._hang_up(environ)
        if fault is not None and fault.kind in {FaultKind.STATUS, FaultKind.HTML}:
            return self._faulty(fault, exchange)(environ, start_response)
        self._observe(exchange, "before")
        with self.lock:
            if fault is not None and fault.kind is FaultKind.REVOKE:
                self.end_sessions()
            response = Response.from_app(self._flask, environ)
            exchange.status = response.status_code
            exchange.response_body = response.get_data()[: self.longest_kept]
        self._observe(exchange, "after")
        if fault is not None and fault.kind is FaultKind.DROP_AFTER:
            self._hang_up(environ)
        if fault is not None and fault.kind in _SPOILT:
            return self._spoilt(fault.kind, response, environ)(environ, start_response)
        return response(environ, start_response)

    def _record(self, incoming: Request, body: bytes, fault: Fault | None) -> Exchange:
        with self.lock:
            exchange = Exchange(
                number=len(self.exchanges) + 1,
                service=self.name,
                method=incoming.method,
                path=incoming.path,
                query=incoming.query_string.decode(),
                is_write=self.is_write(incoming.method, incoming.path, body),
                request_headers=dict(incoming.headers),
                request_body=body,
                fault=fault.kind if fault else None,
            )
            self.exchanges.append(exchange)
        return exchange

    def _observe(self, exchange: Exchange, moment: str) -> None:
        for observer in tuple(self.observers):
            observer(exchange, moment)

    def _faulty(self, fault: Fault, exchange: Exchange) -> Response:
        if fault.kind is FaultKind.HTML:
            page = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
            response = Response(page, status=fault.status, mimetype="text/html")
        else:
            text = fault.body if fault.body is not None else self.fault_body(fault.status)
            response = Response(text, status=fault.status, mimetype="application/json")
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        exchange.status, exchange.response_body = response.status_code, response.get_data()
        return response

    def _spoilt(
        self, kind: FaultKind, response: PlainResponse, environ: WSGIEnvironment
    ) -> PlainResponse:
        """Return the answer without a part of its body; the call itself was carried out."""
        whole = response.get_data()
        half = b"" if kind is FaultKind.EMPTY else whole[: len(whole) // 2]
        if kind is not FaultKind.CUT:
            response.set_data(half)
            return response

        def parts() -> Iterable[bytes]:
            yield half
            self._hang_up(environ)

        response.response = parts()
        response.headers["Content-Length"] = str(len(whole))
        return response

    @staticmethod
    def _hang_up(environ: WSGIEnvironment) -> None:
        """Cut the connection without an answer, as a crashed proxy does."""
        connection: socket.socket = environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("injected fault")

    def _add_control_routes(self) -> None:
        @self.app.post("/__sandbox__/faults")
        def add_fault() -> Any:
            self.faults.add(
                Fault(**{**request.get_json(), "kind": FaultKind(request.get_json()["kind"])})
            )
            return "", 204

        @self.app.delete("/__sandbox__/faults")
        def clear_faults() -> Any:
            self.faults.clear()
            return "", 204

        @self.app.get("/__sandbox__/exchanges")
        def list_exchanges() -> Any:
            rows = [asdict(e) for e in self.exchanges]
            for row in rows:
                row["request_body"] = (row["request_body"] or b"").decode(errors="replace")
                row["response_body"] = (row["response_body"] or b"").decode(errors="replace")
            return jsonify(rows)

        @self.app.errorhandler(404)
        def unknown(_error: Exception) -> Any:
            return self.not_modelled(f"{request.method} {request.path}")

        @self.app.errorhandler(405)
        def wrong_method(_error: Exception) -> Any:
            return self.not_modelled(f"{request.method} {request.path}")
