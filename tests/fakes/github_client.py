"""A client of the GitHub emulator, signed in as the App, and what its tests write with it."""

from datetime import UTC, datetime, timedelta

from bot.adapters.github import (
    AppCredential,
    GitHubClient,
)
from bot.domain.cards import Card, CardAction, IssuePage
from bot.domain.request import RequestState
from bot.domain.secret import Secret
from bot.sandbox.github import GitHubEmulator

CARD = Card(request_id="r-1", digest="d", headline="Kim asks", actions=(CardAction.APPROVE,))
CREATE = "POST /repos/acme/access/issues"


def client_of(github: GitHubEmulator, *, repo: str = "acme/access", key: str = "") -> GitHubClient:
    pem = Secret(key or github.private_key_pem)
    credential = AppCredential(app_id="424242", private_key=pem)
    return GitHubClient(repo=repo, credential=credential, api_url=github.url, timeout_s=5)


def page(state: RequestState = RequestState.AWAITING_APPROVAL, **changes: object) -> IssuePage:
    usual: dict[str, object] = {
        "title": "Access: salesforce/standard for Kim",
        "card": CARD,
        "state": state,
        "is_open": True,
        "is_completed": False,
        "is_ours": True,
    }
    return IssuePage(**{**usual, **changes})  # type: ignore[arg-type]  # a test names fields


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def calls(github: GitHubEmulator, *, writes: bool = False) -> list[str]:
    return [e.call for e in github.exchanges if e.is_write or not writes]
