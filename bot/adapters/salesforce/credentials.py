"""Log-in to Salesforce: JWT bearer or client credentials, and one shared access token."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import jwt
import requests
from urllib3.exceptions import HTTPError

from bot.adapters.salesforce.circuit import Circuit
from bot.adapters.salesforce.errors import SERVICE, network_error
from bot.adapters.salesforce.login_errors import audience, login_error
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import ConnectorError, Unauthorized, Unavailable
from bot.domain.secret import Secret

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  # a path
_JWT_LIFE_S = 180
_IDENTITY_URL = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})$")
# Of what may stand in a header: a token with a line end would make the next call fail oddly.
_TOKEN = re.compile(r"[!-~]{1,4096}")
# A token refused on its first use this soon after the log-in did not end: the bot is shut out.
_FRESH_S = 60.0
_SHUT_OUT = (
    "Salesforce refuses a new access token: an admin must check the bot's user, its API right and "
    "its IP ranges."
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class JwtBearer:
    """A connected app's key that signs for a user who approved it beforehand."""

    client_id: str
    username: str
    private_key: Secret


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """A connected app's secret; the app's policy says as whom it runs."""

    client_id: str
    client_secret: Secret


Credential: TypeAlias = JwtBearer | ClientCredentials


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token and whose it is; `born` is when it was got, by a monotonic clock."""

    value: Secret
    user_id: str
    org_id: str
    born: float = 0.0


class StaleTokenError(Exception):
    """The access token in use was refused."""


class AccessTokens:
    """The access token in use, shared by all threads and renewed by one of them at a time.

    A new token is tried by one call before the others use it, so that a bot that is shut out costs
    one log-in and one call, however many callers there are. Then the circuit is open.
    """

    def __init__(
        self,
        wire: Wire,
        credential: Credential,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.circuit = Circuit(clock=clock)
        self._wire = wire
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._first_use = threading.Lock()
        self._token: Token | None = None
        self._proven: Token | None = None

    def current(self) -> Token:
        """Return the token, which says whose it is; logs in if there is none.

        Raises Unauthorized, RateLimited or Unavailable.
        """
        if (token := self._token) is not None:
            return token
        with self.circuit.passing() as times_shut:
            return self._other_than(None, times_shut)

    def use(self, attempt: Callable[[Token], T]) -> T:
        """Make a call with a token, and once more with a new one if the token has ended.

        `attempt` raises StaleTokenError when the token is refused. Raises Unauthorized when a new
        token is refused too, RateLimited or Unavailable when there is no log-in, and what `attempt`
        raises.
        """
        with self.circuit.passing() as times_shut:
            token = self._other_than(None, times_shut)
            try:
                return self._tried(token, attempt, times_shut)
            except StaleTokenError:
                pass
            token = self._other_than(token, times_shut)
            try:
                return self._tried(token, attempt, times_shut)
            except StaleTokenError:
                raise self._shut_out(token) from None

    def _tried(self, token: Token, attempt: Callable[[Token], T], times_shut: int) -> T:
        if token is not self._proven:
            with self._first_use:
                if token is not self._proven:
                    self.circuit.check(times_shut)
                    return self._proved(token, attempt)
        return attempt(token)

    def _proved(self, token: Token, attempt: Callable[[Token], T]) -> T:
        try:
            answer = attempt(token)
        except StaleTokenError:
            if self._clock() - token.born <= _FRESH_S:
                raise self._shut_out(token) from None
            raise
        except ConnectorError:
            # Whatever else went wrong, callers need not queue up behind each other for it.
            self._proven = token
            raise
        self._proven = token
        return answer

    def _shut_out(self, token: Token) -> Unauthorized:
        """Open the circuit; what comes after it starts with a log-in."""
        with self._lock:
            if self._token is token:
                self._token = None
        return self.circuit.shut(
            Unauthorized(_SHUT_OUT, service=SERVICE, code="INVALID_SESSION_ID")
        )

    def _other_than(self, stale: Token | None, times_shut: int) -> Token:
        """Return a token other than the stale one; log in unless another thread just did."""
        if self._token is not None and self._token is not stale:
            return self._token
        with self._lock:
            if self._token is None or self._token is stale:
                self.circuit.check(times_shut)
                self._token = None
                self._token = self._log_in()
            return self._token

    def _log_in(self) -> Token:
        form, login = _token_request(self._credential, self._wire.host)
        try:
            status, answer = self._wire.post_form(_TOKEN_PATH, form, login)
        except (requests.RequestException, HTTPError) as error:
            # A log-in changes nothing that matters, so a lost answer is only an unavailable
            # service.
            raise network_error(error, is_write=False) from None
        if status == requests.codes.ok and isinstance(answer, dict):
            return _token(answer, self._clock())
        refusal = login_error(status, answer, self._wire)
        raise self.circuit.shut(refusal) if isinstance(refusal, Unauthorized) else refusal


def _token_request(
    credential: Credential, host: str
) -> tuple[Mapping[str, str], tuple[str, str] | None]:
    if isinstance(credential, ClientCredentials):
        login = (credential.client_id, credential.client_secret.reveal())
        return {"grant_type": "client_credentials"}, login
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": _assertion(credential, host),
    }, None


def _assertion(credential: JwtBearer, host: str) -> str:
    claims = {
        "iss": credential.client_id,
        "sub": credential.username,
        "aud": audience(host),
        "exp": int(time.time()) + _JWT_LIFE_S,
    }
    try:
        return jwt.encode(claims, credential.private_key.reveal(), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        # The original may quote the key.
        raise Unauthorized(
            "The Salesforce private key cannot be used: an RSA key in PEM form is needed.",
            service=SERVICE,
            code="private_key",
        ) from None


def _token(answer: Mapping[str, Any], born: float) -> Token:
    identity = _IDENTITY_URL.search(str(answer.get("id", "")))
    value = answer.get("access_token")
    if identity is None or not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise Unavailable("Salesforce's log-in answer is not understood.", service=SERVICE)
    return Token(value=Secret(value), user_id=identity["user"], org_id=identity["org"], born=born)
