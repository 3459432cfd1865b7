"""Who Usher is at GitHub: the installation of an App, or a user with a token."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import jwt
from github import Auth, Github, GithubIntegration
from github.Installation import Installation
from github.InstallationAuthorization import InstallationAuthorization

from bot.adapters.github.errors import SERVICE, translating
from bot.domain.errors import NotFound, Unauthorized
from bot.domain.secret import Secret

PERMISSIONS: Mapping[str, str] = MappingProxyType({"issues": "write", "metadata": "read"})
"""Asked for by name: without names GitHub gives the token everything that the App may do."""
READING_PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {"contents": "read", "metadata": "read", "pull_requests": "read"}
)
"""For reading policies, so that an App that may not write checks still puts them in force."""
POLICY_PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "checks": "write",
        "contents": "read",
        "metadata": "read",
        "pull_requests": "write",
        "statuses": "write",
    }
)
"""For a token of its own, so that an App that may not judge policies still takes requests."""

_RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class AppCredential:
    """A GitHub App and its private key (PEM)."""

    app_id: str
    private_key: Secret


@dataclass(frozen=True, kw_only=True)
class TokenCredential:
    """A user's personal access token."""

    token: Secret


Credential: TypeAlias = AppCredential | TokenCredential


class SignIn(Protocol):
    """Holds the token that calls are made with."""

    def token(self) -> str:
        """Return a token that is good for some minutes; asks GitHub for one where needed."""
        ...

    def forget(self) -> bool:
        """Drop a token that GitHub refused; False when there is no way to get another."""
        ...

    def login(self) -> str:
        """Return the name under which our issues and comments appear."""
        ...

    def close(self) -> None: ...


class AppSignIn:
    """Signs in as the App's installation on one repository, and renews the token before it ends."""

    def __init__(
        self,
        credential: AppCredential,
        repo: str,
        options: Mapping[str, Any],
        permissions: Mapping[str, str] = PERMISSIONS,
    ) -> None:
        self._repo = repo
        self.permissions = permissions
        self._auth = Auth.AppAuth(credential.app_id, credential.private_key.reveal)
        self._integration = GithubIntegration(auth=self._auth, **options)
        self._lock = threading.RLock()
        self._installation: Installation | None = None
        self._held: InstallationAuthorization | None = None

    def token(self) -> str:
        with self._lock:
            if self._held is None or self._held.expires_at < datetime.now(UTC) + _RENEW_BEFORE:
                self._held = self._new_token()
            return self._held.token

    def forget(self) -> bool:
        with self._lock:
            # Whoever installed the App again gave it another installation id.
            self._held = self._installation = None
        return True

    def login(self) -> str:
        with self._lock:
            installation = self._installation or self.installation()
        return f"{installation.app_slug}[bot]"

    def installation(self) -> Installation:
        """Ask GitHub what the App may do here; raises Unauthorized when it is not installed."""
        self._check_key()
        owner, _, name = self._repo.partition("/")
        try:
            with translating("find the App's installation", is_write=False):
                found = self._integration.get_repo_installation(owner, name)
                if found.suspended_at is not None:
                    raise _refused("The GitHub App is suspended. An owner must unsuspend it.")
        except NotFound as exc:
            fix = f"Install it on {self._repo} and check GITHUB_APP_ID and GITHUB_REPO."
            raise _refused(f"The GitHub App is not installed there. {fix}") from exc
        with self._lock:
            self._installation = found
        return found

    def close(self) -> None:
        self._integration.close()

    def _new_token(self) -> InstallationAuthorization:
        installation = self._installation or self.installation()
        require(installation.permissions, self.permissions)
        try:
            with translating("sign in as the App", is_write=False):
                return self._integration.get_access_token(installation.id, dict(self.permissions))
        except NotFound as exc:
            self._installation = None
            raise _refused("The GitHub App was uninstalled. Install it again.") from exc

    def _check_key(self) -> None:
        try:
            self._auth.create_jwt()
        except (jwt.PyJWTError, ValueError, TypeError) as exc:
            fix = "Put in the PEM file as GitHub gave it."
            raise _refused(f"GITHUB_PRIVATE_KEY is no RSA private key. {fix}") from exc


class TokenSignIn:
    """Signs in as a user."""

    def __init__(self, credential: TokenCredential, options: Mapping[str, Any]) -> None:
        self._credential = credential
        self._github = Github(auth=Auth.Token(credential.token.reveal()), lazy=True, **options)
        self._login = ""

    def token(self) -> str:
        return self._credential.token.reveal()

    def forget(self) -> bool:
        return False

    def login(self) -> str:
        if not self._login:
            with translating("ask who the token belongs to", is_write=False):
                self._login = self._github.get_user().login
        return self._login

    def close(self) -> None:
        self._github.close()


def require(granted: Mapping[str, str], needed: Mapping[str, str]) -> None:
    """Raise Unauthorized that names what the installation may not do and how to allow it."""
    ranks = {"read": 1, "write": 2, "admin": 3}
    missing = [
        f"{name}: {level}"
        for name, level in needed.items()
        if ranks.get(granted.get(name, ""), 0) < ranks[level]
    ]
    if missing:
        fix = (
            "Allow it in the App's settings under Permissions, then accept it on the installation."
        )
        raise _refused(f"The GitHub App may not {', '.join(missing)}. {fix}")


def _refused(detail: str) -> Unauthorized:
    return Unauthorized(detail, service=SERVICE, code="sign_in")
