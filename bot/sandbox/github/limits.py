"""GitHub's primary and secondary rate limits (docs "Rate limits for the REST API")."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.github.errors import LIMITS_PAGE, GitHubError

PER_HOUR = 5000
PER_HOUR_ANONYMOUS = 60
HOUR_S = 3600
SECONDARY_TEXT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
SECONDARY_PAGE = f"{LIMITS_PAGE}#about-secondary-rate-limits"


@dataclass
class _Window:
    """At most `most` points in `seconds`, sliding."""

    most: int
    seconds: int
    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def spend(self, now: float, points: int) -> None:
        self.spent.append((now, points))
        self.total += points

    def wait_s(self, now: float, points: int) -> int:
        """Say how long to wait until `points` fit in; 0 if they do now."""
        while self.spent and self.spent[0][0] <= now - self.seconds:
            self.total -= self.spent.popleft()[1]
        over = self.total + points - self.most
        for at, cost in self.spent:
            if over <= 0:
                break
            over -= cost
            if over <= 0:
                return max(1, math.ceil(at + self.seconds - now))
        return 0


@dataclass
class _Account:
    limit: int
    used: int = 0
    reset: int = 0
    # 80 content-creating requests a minute, 500 an hour; 900 points a minute: read 1, write 5
    content: tuple[_Window, _Window] = field(
        default_factory=lambda: (_Window(80, 60), _Window(500, HOUR_S))
    )
    points: _Window = field(default_factory=lambda: _Window(900, 60))


class RateLimits:
    """Counts per principal. Switched off, it still reports the headers but never refuses."""

    def __init__(self, clock: Callable[[], float], *, enforced: bool) -> None:
        self._clock = clock
        self.enforced = enforced
        self._accounts: dict[str, _Account] = {}

    def spend(self, principal: str, *, is_read: bool, creates_content: bool) -> None:
        """Count a request, or raise 403 with the documented message and headers."""
        account = self._account(principal)
        account.used += 1
        if not self.enforced:
            return
        if account.used > account.limit:
            raise GitHubError(403, f"API rate limit exceeded for {principal}.", docs=LIMITS_PAGE)
        now = self._clock()
        windows = [(account.points, 1 if is_read else 5)]
        if creates_content:
            windows += [(window, 1) for window in account.content]
        wait_s = max(window.wait_s(now, cost) for window, cost in windows)
        if wait_s:
            headers = {"Retry-After": str(wait_s)}
            raise GitHubError(403, SECONDARY_TEXT, docs=SECONDARY_PAGE, headers=headers)
        for window, cost in windows:
            window.spend(now, cost)

    def refund(self, principal: str) -> None:
        """Take back a request that was answered 304 (docs "Best practices": they are free)."""
        self._account(principal).used -= 1

    def core(self, principal: str) -> dict[str, int]:
        account = self._account(principal)
        return {
            "limit": account.limit,
            "used": account.used,
            "remaining": max(0, account.limit - account.used),
            "reset": account.reset,
        }

    def headers(self, principal: str) -> dict[str, str]:
        counts = {f"X-RateLimit-{k.title()}": str(v) for k, v in self.core(principal).items()}
        return {**counts, "X-RateLimit-Resource": "core"}

    def _account(self, principal: str) -> _Account:
        limit = PER_HOUR_ANONYMOUS if principal == "anonymous" else PER_HOUR
        account = self._accounts.setdefault(principal, _Account(limit))
        if self._clock() >= account.reset:
            account.used, account.reset = 0, int(self._clock()) + HOUR_S
        return account
