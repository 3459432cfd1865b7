"""GitHub as the bot meets it: issues, code, pull requests, an App, webhooks, and people."""

from bot.sandbox.github.emulator import GitHubEmulator
from bot.sandbox.github.errors import GitHubError
from bot.sandbox.github.git_objects import Content, Submodule, Symlink
from bot.sandbox.github.person import GitHubPerson
from bot.sandbox.github.snapshots import (
    Annotation,
    ChangedFile,
    Check,
    Comment,
    Issue,
    Pull,
    StatusMark,
)
from bot.sandbox.github.webhooks import Delivery

__all__ = [
    "Annotation",
    "ChangedFile",
    "Check",
    "Comment",
    "Content",
    "Delivery",
    "GitHubEmulator",
    "GitHubError",
    "GitHubPerson",
    "Issue",
    "Pull",
    "StatusMark",
    "Submodule",
    "Symlink",
]
