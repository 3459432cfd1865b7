"""The emulated GitHub behind the HTTP surface: one organisation, one repository, one App."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.github.auth import Credentials
from bot.sandbox.github.code import CodeBase
from bot.sandbox.github.code_shapes import CodeShapes
from bot.sandbox.github.identity import AppIdentity
from bot.sandbox.github.limits import RateLimits
from bot.sandbox.github.pull_shapes import PullShapes
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
    code: CodeBase
    clock: Callable[[], float]
    most_tree_entries: int = 100_000  # docs "Get a tree"; a test may want to meet it sooner

    def shapes(self, base: str) -> Shapes:
        return Shapes(base, self.repository, self.app)

    def code_shapes(self, base: str) -> CodeShapes:
        return CodeShapes(
            self.shapes(base),
            repository=self.repository,
            accounts=self.accounts,
            app=self.app,
            code=self.code,
        )

    def pull_shapes(self, base: str) -> PullShapes:
        return PullShapes(
            self.shapes(base),
            repository=self.repository,
            code=self.code,
            open_issues=self.tracker.open_issues,
        )
