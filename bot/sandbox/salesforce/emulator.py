"""Salesforce over TLS with a private CA: token endpoint, userinfo and data API of one org."""

import json
import ssl
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import trustme
from flask import Response, request

from bot.sandbox.example import Colleague, colleagues
from bot.sandbox.salesforce import errors
from bot.sandbox.salesforce.admin import Admin
from bot.sandbox.salesforce.bulk import BulkQueries
from bot.sandbox.salesforce.composite import Composite, is_read_only
from bot.sandbox.salesforce.errors import (
    NO_RESOURCE,
    SESSION_INVALID,
    Code,
    NotModelled,
    SalesforceError,
)
from bot.sandbox.salesforce.kinds_of_org import TRIAL_LONG_CALLS, make_sandbox, make_trial
from bot.sandbox.salesforce.limits import ApiLimits
from bot.sandbox.salesforce.oauth import (
    LOGIN,
    TEST_LOGIN,
    AppKey,
    OAuthError,
    TokenEndpoint,
    new_app_key,
)
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.paging import Cursors
from bot.sandbox.salesforce.record_collections import Collections
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.rest import Answer, Call, Rest, parse_json, split_target
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.seed import org_id, seed
from bot.sandbox.wire import Emulator

OLDEST_VERSION = 31
"""Versions before it are gone and answer 410 (salesforce.md §6)."""

LONGEST_URI = 16_384
"""Bytes of URI and of headers (help 000386264)."""

DAILY_CALLS = 15_000


class SalesforceEmulator(Emulator):
    """One org; user names are unique over all emulators that share a `registry`.

    A second org needs a `bot_username` of another domain, because the seeded user names take its
    domain. A `sandbox` is a refreshed copy: its name is added to every user name, and `.invalid` to
    every address but the bot's (help data_sandbox_users_and_contacts). A trial allows five long
    calls at a time.
    """

    name = "salesforce"

    def __init__(
        self,
        *,
        client_id: str = "3MVG9sandbox",
        client_secret: str = "sandbox-secret",
        bot_username: str = "usher@acme.example.crm",
        people: Iterable[Colleague] | None = None,
        api_version: str = "62.0",
        clock: Callable[[], float] = time.time,
        registry: UsernameRegistry | None = None,
        sandbox: str | None = None,
        is_trial: bool = False,
    ) -> None:
        super().__init__(clock=clock)
        if sandbox is not None:
            bot_username = f"{bot_username}.{sandbox}"
        self.client_id, self.client_secret = client_id, client_secret
        self.bot_username, self.api_version = bot_username, api_version
        self.api_calls = 0
        self.limits = ApiLimits(clock, daily=DAILY_CALLS)
        self.is_sandbox = sandbox is not None
        self.org = Org(clock=clock, registry=registry or UsernameRegistry(), lock=self.lock)
        self.org_id = org_id(self.org.number)
        people = colleagues() if people is None else people
        self._bot_id = seed(
            self.org.database, org_id=self.org_id, bot_username=bot_username, people=people
        )
        self.admin = Admin(self.org, keep_off=self._bot_id)
        if sandbox is not None:
            make_sandbox(self.org.database, self.org_id, keeping=self._bot_id)
        if is_trial:
            make_trial(self.org.database, self.org_id)
            self.limits.most_concurrent = TRIAL_LONG_CALLS
        self.cursors = Cursors(clock)
        rest = Rest(self.org, self.cursors)
        self.bulk = BulkQueries(self.org.database, rest, self.limits)
        self._api = Composite(self.org, rest, Collections(self.org.database))
        self._add_routes()

    @property
    def daily_api_limit(self) -> int:
        """How many calls the org has a day."""
        return self.limits.calls.most

    @daily_api_limit.setter
    def daily_api_limit(self, most: int) -> None:
        self.limits.calls.most = most

    def leave_api_calls(self, left: int) -> None:
        """Let other clients of the org have used all calls of the day but `left`."""
        with self.lock:
            self.limits.calls.leave(left)

    # ---- keys and serving

    @cached_property
    def _app_key(self) -> AppKey:
        return new_app_key()

    @property
    def private_key_pem(self) -> str:
        """The RSA key whose certificate the external client app trusts (JWT bearer)."""
        return self._app_key.private_pem

    @cached_property
    def _ca(self) -> trustme.CA:
        return trustme.CA()

    @property
    def ca_pem(self) -> bytes:
        """The private CA that signed the server's certificate."""
        return self._ca.cert_pem.bytes()

    def serve_tls(self, port: int = 0) -> str:
        """Listen on loopback with a certificate for localhost and 127.0.0.1 and return the My
        Domain URL.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        return self.serve(port, tls=context)

    # ---- what the base asks

    def is_write(self, method: str, path: str, body: bytes) -> bool:
        """Say whether the call changes the org: composites of reads and token requests do not."""
        if method in {"GET", "HEAD", "OPTIONS"} or path.startswith("/services/oauth2/"):
            return False
        if "/jobs/query" in path:  # asking for an answer later changes no record
            return False
        if method == "POST" and path.rstrip("/").endswith("/composite"):
            try:
                return not is_read_only(json.loads(body))
            except ValueError:
                return False
        return True

    def end_sessions(self) -> None:
        self.org.sessions.revoke()

    def fault_body(self, status: int) -> str:
        return errors.fault_body(status)

    # ---- routes

    def _add_routes(self) -> None:
        self.app.add_url_rule("/services/oauth2/token", view_func=self._token, methods=["POST"])
        self.app.add_url_rule("/services/oauth2/userinfo", view_func=self._userinfo)
        self.app.add_url_rule("/services/data", view_func=self._versions)
        self.app.add_url_rule("/services/data/", endpoint="versions/", view_func=self._versions)
        self.app.add_url_rule(
            "/services/data/<path:_rest>",
            view_func=self._data,
            methods=["GET", "POST", "PATCH", "DELETE", "PUT"],
        )

    def _token(self) -> Response:
        endpoint = TokenEndpoint(
            org=self.org,
            org_id=self.org_id,
            client_id=self.client_id,
            client_secret=self.client_secret,
            run_as_id=self._bot_id,
            app_key=lambda: self._app_key,
            login=TEST_LOGIN if self.is_sandbox else LOGIN,
        )
        authorization = request.headers.get("Authorization", "")
        try:
            granted = endpoint.grant(request.form, authorization, request.host_url.rstrip("/"))
        except OAuthError as error:
            return _json(400, error.body)
        return _json(200, granted)

    def _userinfo(self) -> Response:
        user_id = self._caller()
        if user_id is None:
            # The identity endpoints answer in text (OAuth guide, "Identity URLs").
            return Response("Bad_OAuth_Token", 403, mimetype="text/plain")
        database = self.org.database
        user: Record = database.store.get(database.entity("User"), user_id) or {}
        return _json(
            200,
            {
                "sub": f"{TEST_LOGIN if self.is_sandbox else LOGIN}/id/{self.org_id}/{user_id}",
                "user_id": user_id,
                "organization_id": self.org_id,
                "preferred_username": user["Username"],
                "name": database.value(database.entity("User"), user, "Name"),
                "email": user["Email"],
                "active": user["IsActive"],
                "user_type": "STANDARD",
                "zoneinfo": user["TimeZoneSidKey"],
            },
        )

    def _versions(self) -> Response:
        newest = int(float(self.api_version))
        versions = (f"{number}.0" for number in range(OLDEST_VERSION, newest + 1))
        rows = [
            {"label": f"v{one}", "url": f"/services/data/v{one}", "version": one}
            for one in versions
        ]
        return _json(200, rows)

    def _data(self, _rest: str) -> Response:
        target = request.environ["RAW_URI"]
        refusal = self._too_long(target)
        if refusal is not None:
            return refusal
        user_id = self._caller()
        if user_id is None:
            return _json(401, SalesforceError(Code.INVALID_SESSION_ID, SESSION_INVALID).body())
        try:
            answer = self._counted(target, user_id)
        except SalesforceError as error:
            answer = Answer(error.status, error.body())
        except NotModelled as missing:
            return self.not_modelled(str(missing))
        response = _json(answer.status, answer.body)
        if answer.text is not None:
            response = Response(answer.text, answer.status)
        response.headers.update(answer.headers)
        response.headers["Sforce-Limit-Info"] = self.limits.header()
        return response

    def _counted(self, target: str, user_id: str) -> Answer:
        """Count the call against the rolling day and run it."""
        version, parts, query = split_target(target)
        self._check_version(version)
        self.limits.take_call()
        self.api_calls += 1
        if (request.method, parts) == ("GET", ("limits",)):
            return Answer(200, self.limits.body())
        self.org.tick()
        self.org.database.begin_request(user_id, float(version))
        body = parse_json(request.get_data()) if request.method != "GET" else None
        headers = dict(request.headers)
        call = Call(
            method=request.method,
            version=version,
            parts=parts,
            query=query,
            headers=headers,
            body=body,
        )
        if parts[:2] == ("jobs", "query"):
            return self.bulk.answer(call)
        return self._api.answer(call)

    def _check_version(self, version: str) -> None:
        whole, _, part = version.partition(".")
        if not whole.isdigit() or part != "0" or int(whole) > float(self.api_version):
            raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE)
        if int(whole) < OLDEST_VERSION:
            message = "The requested API version is no longer available."
            raise SalesforceError(Code.UNSUPPORTED_API_VERSION, message)

    def _caller(self) -> str | None:
        """Return the user behind the request's token unless the session or the user is out."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user_id = self.org.sessions.user_of(token) if scheme in {"Bearer", "OAuth"} else None
        if user_id is None or not self.org.is_locked_out(user_id):
            return user_id
        # Freezing ends what is going on at the next call (salesforce.md §1.2).
        self.org.sessions.end(token)
        return None

    @staticmethod
    def _too_long(target: str) -> Response | None:
        if len(target) > LONGEST_URI:
            return Response("<h1>URI Too Long</h1>", 414, mimetype="text/html")
        if sum(len(name) + len(value) for name, value in request.headers) > LONGEST_URI:
            return Response("<h1>Request Header Fields Too Large</h1>", 431, mimetype="text/html")
        return None


def _json(status: int, body: Any) -> Response:
    if body is None:
        return Response(status=status)
    return Response(json.dumps(body), status, mimetype="application/json")
