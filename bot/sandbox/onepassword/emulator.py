"""The Connect server on the wire: its routes, its bearer tokens and its activity record."""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterable

from flask import Response, jsonify, request

from bot.sandbox.example import Colleague, colleagues
from bot.sandbox.onepassword.activity import DEFAULT_LIMIT, Activity, page
from bot.sandbox.onepassword.answers import (
    ConnectError,
    NotModelledError,
    bad_request,
    error_body,
    server_error,
)
from bot.sandbox.onepassword.server import Answer, Call, Server
from bot.sandbox.onepassword.state import (
    Token,
    Vault,
    VaultItem,
    is_id,
    new_id,
    snapshot,
    timestamp,
)
from bot.sandbox.wire import Emulator

SCOPES = frozenset({"r", "w", "rw"})
VAULT_TYPES = frozenset({"USER_CREATED", "PERSONAL", "EVERYONE", "TRANSFER"})
_PROXY_PAGE = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
_VAULTS = "/v1/vaults"
_VAULT = f"{_VAULTS}/<vault_id>"
_ITEMS = f"{_VAULT}/items"
_ITEM = f"{_ITEMS}/<item_id>"
_FILES = f"{_ITEM}/files"
_FILE = f"{_FILES}/<file_id>"


class ConnectEmulator(Emulator):
    """One Connect server with a hand-off vault for every colleague.

    `html_mode` puts a proxy in front whose upstream is gone: every answer is its HTML 502 page and
    nothing happens behind it.
    """

    name = "onepassword"

    def __init__(
        self,
        *,
        token: str = "sandbox-connect-token",
        people: Iterable[Colleague] | None = None,
        version: str = "1.8.1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(clock=clock)
        self.version = version
        self.html_mode = False
        self._connect = Server(clock=self._now)
        self._vaults = self._connect.vaults
        self._tokens: dict[str, Token] = {}
        self._record_of_calls: list[Activity] = []
        self._account = new_id()
        self._started_at = clock()
        self._was_authenticated = False
        for person in colleagues() if people is None else people:
            if person.handoff_vault:
                self.add_vault(f"Handoff - {person.id}", vault_id=person.handoff_vault)
        self.add_token(token, vaults=dict.fromkeys(self._vaults, "rw"))
        self._add_routes()

    def add_vault(
        self, name: str, *, vault_id: str | None = None, kind: str = "USER_CREATED"
    ) -> str:
        """Make a vault as an admin would; no token of before can see it (tokens are immutable)."""
        vault_id = vault_id or new_id()
        if not is_id(vault_id) or vault_id in self._vaults or kind not in VAULT_TYPES:
            raise ValueError(f"not a free id of 26 characters or not a type: {vault_id}, {kind}")
        now = timestamp(self._now())
        with self.lock:
            self._vaults[vault_id] = Vault(
                id=vault_id, name=name, type=kind, created_at=now, updated_at=now
            )
        return vault_id

    def add_token(self, token: str, *, vaults: dict[str, str]) -> None:
        """Mint a token with scope "r", "w" or "rw" for each vault id."""
        if not set(vaults.values()) <= SCOPES or not vaults.keys() <= self._vaults.keys():
            raise ValueError("a token needs known vaults, each with scope r, w or rw")
        jti = hashlib.sha256(token.encode()).hexdigest()[:26]
        with self.lock:
            self._tokens[token] = Token(jti=jti, scopes=dict(vaults))

    def revoke_token(self, token: str) -> None:
        with self.lock:
            self._tokens.pop(token, None)

    def items(self, vault_id: str) -> list[VaultItem]:
        """Return what lies in a vault, oldest first."""
        with self.lock:
            return [snapshot(item) for item in self._vaults[vault_id].items.values()]

    def activity(self) -> list[Activity]:
        """Return the calls so far that carried a good token, oldest first."""
        with self.lock:
            return list(self._record_of_calls)

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Say whether the call changes state; a patch without operations does not (OpenAPI)."""
        if method == "PATCH":
            return body.split() not in ([b"[]"], [b"[", b"]"])
        return super().is_write(method, path, body)

    def fault_body(self, status: int) -> str:
        return server_error(status)

    def _now(self) -> float:
        """Ask the clock of this moment: tests may put in another one while the server runs."""
        return self.clock()

    def _add_routes(self) -> None:
        app, calls = self.app, self._connect
        app.before_request(self._proxy_page)
        app.register_error_handler(ConnectError, _refuse)
        app.register_error_handler(NotModelledError, lambda gap: self.not_modelled(str(gap)))
        # These three are not under /v1 and take no token (OpenAPI).
        app.add_url_rule("/heartbeat", view_func=_heartbeat)
        app.add_url_rule("/health", view_func=self._health)
        app.add_url_rule("/metrics", view_func=self._metrics)
        app.add_url_rule("/v1/activity", view_func=self._activity_page)
        self._add_call("GET", _VAULTS, calls.list_vaults, "READ")
        self._add_call("GET", _VAULT, calls.get_vault, "READ")
        self._add_call("GET", _ITEMS, calls.list_items, "READ")
        self._add_call("POST", _ITEMS, calls.create_item, "CREATE")
        self._add_call("GET", _ITEM, calls.get_item, "READ")
        self._add_call("PUT", _ITEM, calls.put_item, "UPDATE")
        self._add_call("PATCH", _ITEM, calls.patch_item, "UPDATE")
        self._add_call("DELETE", _ITEM, calls.delete_item, "DELETE")
        self._add_call("GET", _FILES, calls.list_files, "READ")
        self._add_call("GET", _FILE, calls.get_file, "READ")
        self._add_call("GET", f"{_FILE}/content", calls.get_file, "READ")

    def _add_call(
        self, method: str, rule: str, perform: Callable[[Call], Answer], action: str
    ) -> None:
        """Route a call that needs a token and is written into the activity record."""

        def answer(**ids: str) -> Response:
            call = Call(
                token=self._authenticate(),
                parameters=request.args.to_dict(),
                body=request.get_json(force=True, silent=True),
                **ids,
            )
            try:
                given = perform(call)
            except ConnectError as refusal:
                if refusal.status in {401, 403}:
                    self._note(call, action, "DENY")
                raise
            self._note(call, action, "SUCCESS", given)
            response = Response() if given.status == 204 else jsonify(given.body)
            response.status_code = given.status
            return response

        self.app.add_url_rule(rule, f"{method} {rule}", answer, methods=[method])

    def _authenticate(self) -> Token:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not value:
            # Wording from the server log in terraform-provider-onepassword issue 24.
            raise ConnectError(401, "Invalid bearer token")
        if value not in self._tokens:
            raise ConnectError(401, "Invalid token signature")
        self._was_authenticated = True
        return self._tokens[value]

    def _note(self, call: Call, action: str, result: str, given: Answer | None = None) -> None:
        item = given.item if given else None
        self._record_of_calls.append(
            Activity(
                request_id=str(uuid.uuid4()),
                action=action,
                result=result,
                timestamp=timestamp(self._now()),
                jti=call.token.jti,
                user_agent=request.headers.get("User-Agent", ""),
                request_ip=request.remote_addr or "",
                resource="ITEM" if "/items" in request.path else "VAULT",
                vault_id=call.vault_id or None,
                item_id=item["id"] if item else call.item_id or None,
                item_version=item["version"] if item else None,
            )
        )

    def _activity_page(self) -> Response:
        self._authenticate()
        if unknown := set(request.args) - {"limit", "offset"}:
            raise NotModelledError(f"query parameters {sorted(unknown)}")
        limit, offset = _whole_number("limit", DEFAULT_LIMIT), _whole_number("offset", 0)
        chosen, content_range = page(self._record_of_calls, limit=limit, offset=offset)
        actor = self._connect.integration
        response = jsonify([one.document(actor_id=actor, account=self._account) for one in chosen])
        response.headers["Content-Range"] = content_range
        return response

    def _proxy_page(self) -> Response | None:
        if not self.html_mode or request.path.startswith("/__sandbox__/"):
            return None
        return Response(_PROXY_PAGE, status=502, mimetype="text/html")

    def _health(self) -> Response:
        sync = "ACTIVE" if self._was_authenticated else "TOKEN_NEEDED"
        sqlite = "Connected to./1password.sqlite"  # spelt like this in the OpenAPI's example
        return jsonify(
            name="1Password Connect API",
            version=self.version,
            dependencies=[
                {"service": "sync", "status": sync},
                {"service": "sqlite", "status": "ACTIVE", "message": sqlite},
            ],
        )

    def _metrics(self) -> Response:
        """Give the one standard process metric; Connect's own metric names are not published."""
        name = "process_start_time_seconds"
        text = f"# HELP {name} Start time of the process since unix epoch in seconds.\n"
        text += f"# TYPE {name} gauge\n{name} {self._started_at}\n"
        return Response(text, mimetype="text/plain")


def _refuse(error: ConnectError) -> Response:
    body = error_body(error.status, error.message)
    return Response(body, status=error.status, mimetype="application/json")


def _heartbeat() -> Response:
    return Response(".", mimetype="text/plain")


def _whole_number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise bad_request(f"Invalid {name}")
    return int(text)
