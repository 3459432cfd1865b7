"""One repository over PyGithub's transport, with none of its habits.

PyGithub connects, signs and classifies errors; its objects are left aside, because they fetch
themselves again when an answer lacks a field. Nor may it repeat writes, or sleep.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from github import Auth, Github
from requests.utils import parse_header_links

from bot.adapters.github.errors import nonsense, translating
from bot.adapters.github.sign_in import (
    PERMISSIONS,
    AppCredential,
    AppSignIn,
    Credential,
    SignIn,
    TokenSignIn,
)
from bot.domain.errors import Unauthorized

API_URL = "https://api.github.com"
TIMEOUT_S = 15
_PAGE = 100
_SIGNED_OUT = "401"


class GitHubClient:
    """Makes calls on one repository, none before it is needed; threads may share it."""

    def __init__(
        self,
        *,
        repo: str,
        credential: Credential,
        api_url: str = API_URL,
        ca_file: Path | None = None,
        timeout_s: int = TIMEOUT_S,
        permissions: Mapping[str, str] = PERMISSIONS,
    ) -> None:
        self.repo = repo
        self.api_url = api_url.rstrip("/")
        options: dict[str, Any] = {
            "base_url": self.api_url,
            "retry": None,
            "seconds_between_requests": 0,
            "seconds_between_writes": 0,
            "timeout": timeout_s,
            "verify": str(ca_file) if ca_file else True,
            "user_agent": "usher",
        }
        self.sign_in: SignIn = (
            AppSignIn(credential, repo, options, permissions)
            if isinstance(credential, AppCredential)
            else TokenSignIn(credential, options)
        )
        self._github = Github(auth=_Held(self.sign_in), per_page=_PAGE, lazy=True, **options)

    @property
    def is_app(self) -> bool:
        """Whether we are a GitHub App: only those may write checks."""
        return isinstance(self.sign_in, AppSignIn)

    def bot_login(self) -> str:
        """Return the login under which we write; asks GitHub the first time only."""
        return self.sign_in.login()

    def page_url(self, path: str) -> str:
        """Return the address of a page of the repository for people."""
        if self.api_url == API_URL:
            return f"https://github.com/{self.repo}{path}"
        parts = urlsplit(self.api_url)
        return f"{parts.scheme}://{parts.netloc}/{self.repo}{path}"

    def read(self, path: str, action: str) -> dict[str, Any]:
        """Fetch one object of the repository."""
        _, data = self._call("GET", self._url(path), action)
        if not isinstance(data, dict):
            raise nonsense(action, is_write=False)
        return data

    def read_pages(
        self, path: str, parameters: Mapping[str, str], action: str
    ) -> Iterator[dict[str, Any]]:
        """Fetch a list, page by page as far as it is read."""
        url: str | None = self._url(path)
        asked: dict[str, str] | None = {**parameters, "per_page": str(_PAGE)}
        while url is not None:
            headers, data = self._call("GET", url, action, parameters=asked)
            if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
                raise nonsense(action, is_write=False)
            yield from data
            url, asked = _next_page(headers), None  # the link has the parameters

    def write(self, verb: str, path: str, action: str, body: object = None) -> Any:
        """Make one change, once; raises OutcomeUnknown when nobody can tell whether it was made."""
        _, data = self._call(verb, self._url(path), action, body=body)
        return data

    def close(self) -> None:
        self._github.close()
        self.sign_in.close()

    def _url(self, path: str) -> str:
        return f"/repos/{self.repo}{path}"

    def _call(
        self,
        verb: str,
        url: str,
        action: str,
        *,
        parameters: dict[str, str] | None = None,
        body: object = None,
    ) -> tuple[dict[str, Any], Any]:
        self.sign_in.token()
        is_write = verb != "GET"
        for can_repeat in (True, False):
            try:
                with translating(action, is_write=is_write):
                    return self._github.requester.requestJsonAndCheck(
                        verb, url, parameters, None, body
                    )
            except Unauthorized as exc:
                # A 401 did nothing, and once it may mean a token that GitHub withdrew early.
                if not (can_repeat and exc.code == _SIGNED_OUT and self.sign_in.forget()):
                    raise
                self.sign_in.token()
        raise AssertionError("the second try returns or raises")


class _Held(Auth.Auth):
    """Gives PyGithub the token at hand, so that renewing it happens outside of its calls."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    @property
    def token_type(self) -> str:
        return "token"

    @property
    def token(self) -> str:
        return self._sign_in.token()


def _next_page(headers: Mapping[str, Any]) -> str | None:
    links = parse_header_links(str(headers.get("link", "")))
    return next((str(link["url"]) for link in links if link.get("rel") == "next"), None)
