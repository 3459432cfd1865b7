"""A client of the GitHub emulator, signed in as the App."""

from bot.adapters.github import (
    AppCredential,
    GitHubClient,
)
from bot.domain.secret import Secret
from bot.sandbox.github import GitHubEmulator


def client_of(github: GitHubEmulator, *, repo: str = "acme/access", key: str = "") -> GitHubClient:
    pem = Secret(key or github.private_key_pem)
    credential = AppCredential(app_id="424242", private_key=pem)
    return GitHubClient(repo=repo, credential=credential, api_url=github.url, timeout_s=5)
