"""A host that answers byte for byte as a test says, where the emulated org is too well-behaved."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from bot.adapters.salesforce.credentials import AccessTokens, ClientCredentials
from bot.adapters.salesforce.gateway import WritingGateway
from bot.adapters.salesforce.wire import TIMEOUTS_S, Wire
from bot.domain.secret import Secret

TOKEN = "POST /services/oauth2/token"
DATA = "/services/data/v62.0"
ORG_ID, BOT_ID = "00D5g0000000001EAA", "0055g0000000001AAA"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back; `raw` writes the whole answer itself."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Callable[[Any], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """What came in."""

    line: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int


def said(what: object, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(what).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json", **named})


def logged_in(value: str = "token-1", **headers: str) -> Answer:
    identity = f"https://login.salesforce.com/id/{ORG_ID}/{BOT_ID}"
    return said({"access_token": value, "id": identity}, **headers)


class ScriptedOrg:
    """Plays each route's answers in turn, the last one for ever; log-ins succeed by themselves."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self.forget()
        ca = trustme.CA()
        self.ca_file = folder / "scripted-ca.pem"
        ca.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def forget(self) -> None:
        """Be as new: no calls, no answers but those to log-ins."""
        self.calls: list[Call] = []
        self._answers: dict[str, list[Answer]] = {TOKEN: [logged_in()]}

    def answers(self, line: str, *answers: Answer) -> None:
        """Say what «METHOD /path» is answered with, from now on."""
        self._answers[line] = [*answers]

    def reads(self, *answers: Answer) -> None:
        self.answers(f"POST {DATA}/composite", *answers)

    def lines(self) -> list[str]:
        return [call.line for call in self.calls]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wire(self, timeouts_s: tuple[float, float] = TIMEOUTS_S, **more: Any) -> Wire:
        return Wire(self.url, ca_file=self.ca_file, timeouts_s=timeouts_s, **more)

    def gateway(
        self, wire: Wire | None = None, clock: Callable[[], float] | None = None
    ) -> WritingGateway:
        wire = wire or self.wire()
        credential = ClientCredentials(client_id="app", client_secret=Secret("Canary-secret"))
        timed = {} if clock is None else {"clock": clock}
        return WritingGateway(wire, AccessTokens(wire, credential, **timed))

    def gateway_in_use(self) -> WritingGateway:
        """Return a gateway whose token has done a call already."""
        gateway = self.gateway()
        self.answers(f"GET {DATA}/limits", said({"a": 1}))
        gateway.limits()
        return gateway

    def _next(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
            answers = self._answers.get(call.line, [Answer(status=501)])
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        org = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                call = Call(
                    line=f"{self.command} {self.path.partition('?')[0]}",
                    path=self.path,
                    headers=dict(self.headers),
                    body=self.rfile.read(length),
                    port=self.client_address[1],
                )
                answer = org._next(call)
                if answer.raw is not None:
                    self.close_connection = True
                    answer.raw(self.wfile)
                    return
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        for method in ("GET", "POST", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler


def composite(**parts: Any) -> Answer:
    """Answer a composite read; a part is a body, or status and body."""
    read = [
        (name, part if isinstance(part, tuple) else (200, part)) for name, part in parts.items()
    ]
    return said(
        {
            "compositeResponse": [
                {"referenceId": name, "httpStatusCode": status, "body": body}
                for name, (status, body) in read
            ]
        }
    )


def page(rows: list[Any], following: str | None = None) -> dict[str, Any]:
    """Return a page of a query as Salesforce shapes it."""
    more = {} if following is None else {"nextRecordsUrl": following}
    return {"totalSize": 4, "done": following is None, "records": rows, **more}
