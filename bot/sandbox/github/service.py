"""The emulated GitHub behind the HTTP surface: one organisation, one repository, one App."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.github.auth import Credentials
from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.limits import RateLimits
from bot.sandbox.github.shapes import Shapes
from bot.sandbox.github.state import Accounts, Repository, User
from bot.sandbox.github.tracker import Tracker


@dataclass(frozen=True, kw_only=True)
class Service:
    """The parts that endpoints and people work on."""

    app: AppIdentity
    repository: Repository
    accounts: Accounts
    bot: User
    credentials: Credentials
    limits: RateLimits
    tracker: Tracker
    clock: Callable[[], float]

    def shapes(self, base: str) -> Shapes:
        return Shapes(base, self.repository, self.app)
