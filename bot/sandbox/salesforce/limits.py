"""How many API calls the org has left, for all its clients together (salesforce.md §4).

Source: REST guide, "Limits"; Sforce-Limit-Info header; the words of both refusals as clients log
them (search "TotalRequests Limit exceeded", "Concurrent API Requests").
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from bot.sandbox.salesforce.errors import Code, SalesforceError

DAY_S = 24 * 60 * 60
DAILY_BULK_QUERY_JOBS = 10_000
CONCURRENT_LONG_CALLS = 25
"""Calls of more than 20 s at a time; five in Developer Edition and trials [3P]."""

TOTAL = "TotalRequests Limit exceeded."
CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."


class _RollingDay:
    """Counts what happened in the last 24 hours."""

    def __init__(self, clock: Callable[[], float], most: int) -> None:
        self._clock = clock
        self._own: deque[float] = deque()
        self._others: tuple[int, float] = (0, 0.0)
        self.most = most

    @property
    def used(self) -> int:
        now = self._clock()
        while self._own and now - self._own[0] >= DAY_S:
            self._own.popleft()
        others, since = self._others
        return len(self._own) + (others if now - since < DAY_S else 0)

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)

    def count(self) -> None:
        self._own.append(self._clock())

    def leave(self, left: int) -> None:
        """Let other clients of the org have used all but `left`, now; it is theirs for a day."""
        self._others = (0, 0.0)
        self._others = (self.most - self.used - left, self._clock())


class ApiLimits:
    """The org's allowances; `concurrent` long calls of others may be under way at once."""

    def __init__(self, clock: Callable[[], float], *, daily: int) -> None:
        self.calls = _RollingDay(clock, daily)
        self.bulk_jobs = _RollingDay(clock, DAILY_BULK_QUERY_JOBS)
        self.most_concurrent = CONCURRENT_LONG_CALLS
        self.concurrent = 0

    def take_call(self) -> None:
        """Count one call, or raise REQUEST_LIMIT_EXCEEDED."""
        if not self.calls.left:
            raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, TOTAL)
        if self.concurrent >= self.most_concurrent:
            raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, CONCURRENT)
        self.calls.count()

    def take_bulk_job(self) -> None:
        """Count one bulk query job, or refuse it (code and words as clients log them)."""
        if not self.bulk_jobs.left:
            most = self.bulk_jobs.most
            message = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({most})"
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        self.bulk_jobs.count()

    def header(self) -> str:
        return f"api-usage={self.calls.used}/{self.calls.most}"

    def body(self) -> dict[str, Any]:
        """Return what /limits shows of the limits that the sandbox keeps."""
        shown = {"DailyApiRequests": self.calls, "DailyBulkV2QueryJobs": self.bulk_jobs}
        return {name: {"Max": one.most, "Remaining": one.left} for name, one in shown.items()}
