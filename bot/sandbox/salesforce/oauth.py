"""The token endpoint: JWT bearer and client credentials, the two flows that are still offered
(salesforce.md §3).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.salesforce.login_history import log_in
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.schema import Record

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN = "https://login.salesforce.com"
TEST_LOGIN = "https://test.salesforce.com"
"""Where users of sandboxes log in, and so the audience of their assertions."""

LONGEST_ASSERTION_S = 10 * 60
"""Five minutes of validity and five of clock skew; what lies further ahead is a wrong clock
(salesforce.md §1.5).
"""

_CLAIM_CHECKS = tuple(
    f"verify_{name}" for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
)


class OAuthError(Exception):
    """A refusal of the token endpoint: always 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class AppKey:
    """The key pair of the external client app: we keep the certificate's half, the client signs."""

    private_pem: str
    public_pem: bytes


def new_app_key() -> AppKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return AppKey(private.decode(), public)


@dataclass(frozen=True, kw_only=True)
class TokenEndpoint:
    """Turns a grant into a session of one org."""

    org: Org
    org_id: str
    client_id: str
    client_secret: str
    run_as_id: str
    app_key: Callable[[], AppKey]
    login: str = LOGIN

    def grant(self, form: Mapping[str, str], authorization: str, url: str) -> dict[str, Any]:
        """Return the token response or raise OAuthError; `url` is the My Domain it was asked at."""
        match form.get("grant_type"):
            case "client_credentials":
                user = self._client_credentials(form, authorization)
            case str() as grant if grant == JWT_BEARER:
                user = self._jwt_bearer(form.get("assertion", ""), url)
            case "password":
                # Blocked in orgs made since Summer '23 (help
                # remoteaccess_disable_username_password_flow_ca, D19).
                raise OAuthError("invalid_grant", "authentication failure")
            case _:
                raise OAuthError("unsupported_grant_type", "grant type not supported")
        self._check_user(user)
        log_in(self.org.database, user, url)
        # There is no expires_in: a session ends when idle, and the client learns of it by 401
        # (salesforce.md §3).
        return {
            "access_token": self.org.sessions.open(self.org_id, user["Id"]),
            "scope": "api",
            "instance_url": url,
            "id": f"{self.login}/id/{self.org_id}/{user['Id']}",
            "token_type": "Bearer",
        }

    def _client_credentials(self, form: Mapping[str, str], authorization: str) -> Record:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            try:
                text = base64.b64decode(
                    authorization.removeprefix("Basic "), validate=True
                ).decode()
            except (binascii.Error, UnicodeDecodeError):
                text = ""
            client_id, _, secret = text.partition(":")
        if client_id != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")
        return self._user(self.run_as_id)

    def _jwt_bearer(self, assertion: str, url: str) -> Record:
        claims = self._verified(assertion)
        if claims.get("iss") != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in {self.login, url, f"{url}/", f"{url}/services/oauth2/token"}:
            raise OAuthError("invalid_grant", "audience is invalid")
        self._check_expiry(claims.get("exp"))
        found = self.org.user(str(claims.get("sub", "")))
        if found is None or found.username.lower() != str(claims.get("sub")).lower():
            # Also for users that do not exist: the endpoint does not tell.
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._user(found.id)

    def _verified(self, assertion: str) -> dict[str, Any]:
        # Only the signature is PyJWT's business: the vendor's clients send exp as text, and time is
        # the sandbox's.
        lax: Any = dict.fromkeys(_CLAIM_CHECKS, False)
        key = self.app_key().public_pem
        try:
            claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=["RS256"], options=lax)
        except jwt.InvalidTokenError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        return claims

    def _check_expiry(self, claim: object) -> None:
        try:
            expires_at = float(str(claim))
        except ValueError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        left_s = expires_at - self.org.database.now().timestamp()
        if left_s <= 0:
            raise OAuthError("invalid_grant", "expired authorization code")
        if left_s > LONGEST_ASSERTION_S:
            raise OAuthError("invalid_grant", "invalid assertion")

    def _user(self, user_id: str) -> Record:
        database = self.org.database
        row = database.store.get(database.entity("User"), user_id)
        assert row is not None  # noqa: S101  # users are never deleted
        return row

    def _check_user(self, user: Record) -> None:
        if not self.org.sessions.is_approved or user["Id"] != self.run_as_id:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        if not user["IsActive"]:
            raise self._shut_out(user, "inactive user")
        if self.org.is_locked_out(user["Id"], at_login=True):
            raise self._shut_out(user, "user is locked")

    def _shut_out(self, user: Record, why: str) -> OAuthError:
        log_in(self.org.database, user, self.login, failure=why)
        return OAuthError("invalid_grant", why)
