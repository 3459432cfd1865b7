"""GitHub's issues and comments, over PyGithub."""

from bot.adapters.github.changes import GitHubChanges
from bot.adapters.github.client import GitHubClient
from bot.adapters.github.health import GitHubHealth
from bot.adapters.github.records import GitHubRecords
from bot.adapters.github.sign_in import AppCredential, TokenCredential

__all__ = [
    "AppCredential",
    "GitHubChanges",
    "GitHubClient",
    "GitHubHealth",
    "GitHubRecords",
    "TokenCredential",
]
