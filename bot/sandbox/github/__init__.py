"""GitHub as the bot meets it: issues, an App, webhooks, and people who write on issues."""

from bot.sandbox.github.emulator import GitHubEmulator
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.snapshots import Comment, Issue
from bot.sandbox.github.webhooks import Delivery

__all__ = ["Comment", "Delivery", "GitHubEmulator", "GitHubError", "GitHubPerson", "Issue"]
