"""Log-in to Salesforce: JWT bearer or client credentials, and one shared access token."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jwt
import requests
from urllib3.exceptions import HTTPError

from bot.adapters.salesforce.errors import SERVICE, network_error
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import ConnectorError, RateLimited, Unauthorized, Unavailable
from bot.domain.secret import Secret

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  # a path
_JWT_LIFE_S = 180
_IDENTITY_URL = re.compile(r"/id/(?P<org>00D[A-Za-z0-9]{12,15})/(?P<user>005[A-Za-z0-9]{12,15})$")
_OAUTH_ERROR = re.compile(r"[a-z_]{1,40}")
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


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
    """An access token and whose it is."""

    value: Secret
    user_id: str
    org_id: str


class AccessTokens:
    """The access token in use, shared by all threads and renewed by one of them at a time."""

    def __init__(self, wire: Wire, credential: Credential) -> None:
        self._wire = wire
        self._credential = credential
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> tuple[Token, bool]:
        """Return the token, and whether this very call logged in to get it."""
        if (token := self._token) is not None:
            return token, False
        return self.renewed(None)

    def renewed(self, stale: Token | None) -> tuple[Token, bool]:
        """Return a token other than the stale one; log in unless another thread just did.

        Raises Unauthorized, RateLimited or Unavailable.
        """
        with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token, False
            self._token = None
            self._token = self._log_in()
            return self._token, True

    def forget(self, token: Token) -> None:
        """Drop a token that was refused, so that the next call starts with a log-in."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _log_in(self) -> Token:
        form, login = _token_request(self._credential, self._wire.host)
        try:
            status, answer = self._wire.post_form(_TOKEN_PATH, form, login)
        except (requests.RequestException, HTTPError) as error:
            # A log-in changes nothing that matters, so a lost answer is only an unavailable
            # service.
            raise network_error(error, is_write=False) from None
        if status == requests.codes.ok and isinstance(answer, dict):
            return _token(answer)
        raise _refusal(status, answer)


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
        "aud": _audience(host),
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


def _audience(host: str) -> str:
    kind = "test" if ".sandbox.my." in host else "login"
    return f"https://{kind}.salesforce.com"


def _token(answer: Mapping[str, Any]) -> Token:
    identity = _IDENTITY_URL.search(str(answer.get("id", "")))
    value = answer.get("access_token")
    if identity is None or not isinstance(value, str) or not value:
        raise Unavailable("Salesforce's log-in answer is not understood.", service=SERVICE)
    return Token(value=Secret(value), user_id=identity["user"], org_id=identity["org"])


def _refusal(status: int, answer: Any) -> ConnectorError:
    if status == _TOO_MANY_REQUESTS:
        return RateLimited("Salesforce takes no more log-ins for now.", service=SERVICE)
    if status >= _SERVER_ERROR or not isinstance(answer, dict):
        return Unavailable(f"Salesforce's log-in is down (HTTP {status}).", service=SERVICE)
    code = str(answer.get("error", ""))
    code = code if _OAUTH_ERROR.fullmatch(code) else "unknown"
    return Unauthorized(
        f"Salesforce refuses the bot's log-in ({code}): an admin must check the app's approval "
        "and policy, the key or secret, the user, and this machine's clock.",
        service=SERVICE,
        code=code,
    )
