"""Who is calling: the App by a JWT, its installation by a one-hour token, or a user by a token."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.github import errors
from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.state import User

TOKEN_LIFETIME_S = 3600  # docs "Generating an installation access token for a GitHub App"
LONGEST_JWT_S = 600  # docs "Generating a JSON Web Token (JWT) for a GitHub App"
TOKENS_PAGE = "rest/apps/apps#create-an-installation-access-token-for-an-app"
_RANK = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever sent a request. A user's token has no `permissions`: the user's role decides."""

    principal: str
    user: User | None = None
    permissions: Mapping[str, str] | None = None
    is_app: bool = False

    def may(self, permission: str, level: str) -> bool:
        """Say whether an installation token has the permission; users are judged by role later."""
        if self.permissions is None:
            return True
        return _covers(self.permissions.get(permission), level)


@dataclass(frozen=True, kw_only=True)
class InstallationToken:
    """A token as it was handed out."""

    token: str
    permissions: Mapping[str, str]
    expires_at: float


class Credentials:
    """The App's key, the tokens handed out, and the check of the Authorization header."""

    def __init__(
        self,
        app: AppIdentity,
        *,
        bot: User,
        tokens: Mapping[str, User],
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._bot = bot
        self._user_tokens = dict(tokens)
        self._clock = clock
        self._issued: dict[str, InstallationToken] = {}
        self._key: rsa.RSAPrivateKey | None = None
        self._key_lock = threading.Lock()

    @property
    def private_key_pem(self) -> str:
        """Return the App's private key in PKCS#1, the form in which GitHub hands it out."""
        return (
            self._private_key()
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
            .decode()
        )

    def caller(self, authorization: str | None) -> Caller:
        """Find out who calls; raises 401 for anything that is neither absent nor valid."""
        if not authorization:
            return Caller(principal="anonymous")
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            raise errors.bad_credentials()
        if credential.count(".") == 2:
            self._check_jwt(credential)
            return Caller(principal=f"app ID {self._app.id}", is_app=True)
        if credential in self._user_tokens:
            user = self._user_tokens[credential]
            return Caller(principal=f"user ID {user.id}", user=user)
        issued = self._issued.get(credential)
        if issued is None or self._clock() >= issued.expires_at:
            raise errors.bad_credentials()
        return Caller(
            principal=f"installation ID {self._app.installation_id}",
            user=self._bot,
            permissions=issued.permissions,
        )

    def issue_token(self, wanted: Mapping[str, str]) -> InstallationToken:
        """Make an installation token; no `wanted` (also `{}`) means all that the App may."""
        granted = self._app.permissions
        for name, level in wanted.items():
            if level not in _RANK or not _covers(granted.get(name), level):
                text = "The permissions requested are not granted to this installation."
                raise errors.GitHubError(422, text, docs=TOKENS_PAGE)
        permissions = {**wanted, "metadata": "read"} if wanted else dict(granted)
        issued = InstallationToken(
            token=f"ghs_{secrets.token_hex(18)}",
            permissions=permissions,
            expires_at=int(self._clock()) + TOKEN_LIFETIME_S,
        )
        self._issued[issued.token] = issued
        return issued

    def _private_key(self) -> rsa.RSAPrivateKey:
        # Made when first asked for: most sandboxes in a test run never sign in as the App.
        with self._key_lock:
            if self._key is None:
                self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._key

    def _check_jwt(self, token: str) -> None:
        try:
            payload = jwt.PyJWS().decode(
                token, key=self._private_key().public_key(), algorithms=["RS256"]
            )
            claims = json.loads(payload)
        except (jwt.PyJWTError, ValueError) as exc:
            raise _jwt_refused("A JSON web token could not be decoded") from exc
        if not isinstance(claims, dict):
            raise _jwt_refused("A JSON web token could not be decoded")
        self._check_issuer(claims.get("iss"))
        self._check_times(claims)

    def _check_issuer(self, issuer: Any) -> None:
        if issuer is None:
            raise _jwt_refused("Missing 'issuer' claim ('iss') in assertion")
        if str(issuer) not in {str(self._app.id), self._app.client_id}:
            raise errors.GitHubError(404, "Integration not found")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, issued, expires = self._clock(), claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int | float) or issued > now:
            text = "must be an Integer representing the time that the assertion was issued"
            raise _jwt_refused(f"'Issued at' claim ('iat') {text}")
        if not isinstance(expires, int | float) or expires <= now:
            text = "must be a numeric value representing the future time at which the assertion"
            raise _jwt_refused(f"'Expiration time' claim ('exp') {text} expires")
        if expires > now + LONGEST_JWT_S:
            raise _jwt_refused("'Expiration time' claim ('exp') is too far in the future")


def _covers(granted: str | None, level: str) -> bool:
    return granted is not None and _RANK[granted] >= _RANK[level]


def _jwt_refused(message: str) -> errors.GitHubError:
    return errors.GitHubError(401, message)
