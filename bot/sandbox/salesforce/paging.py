"""Query results in pages of at most 2,000 rows, and the locators of what is left (REST guide,
"Query"; salesforce.md §4, D21).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.ids import IdMint
from bot.sandbox.salesforce.soql import Result

DEFAULT_ROWS = 2000
FEWEST_ROWS = 200
LIFETIME_S = 2 * 24 * 60 * 60
"""Cursors and their results are kept two days, and since API version 56.0 there may be any number
of them (Salesforce app limits, "API Query Cursor Limits").
"""

KEPT_WHEN_READ = 10
"""So many results that were read to their end can be asked again, as after a lost answer."""


@dataclass
class _Cursor:
    result: Result
    size: int
    opened_at: float
    is_read: bool = False


class Cursors:
    """Open query results. `shortest` makes pages shorter than asked, which the vendor may do at any
    time; `lifetime_s` lets locators die sooner.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mint = IdMint()
        self._open: dict[str, _Cursor] = {}
        self.shortest: int | None = None
        self.lifetime_s: float = LIFETIME_S

    def first(self, result: Result, options: str, path: str) -> dict[str, Any]:
        """Return the first page; `options` is the Sforce-Query-Options header, `path` where the
        others are.
        """
        self._forget()
        size = self._page_size(options)
        if result.total <= size:
            return {"totalSize": result.total, "done": True, "records": result.page(0, size)}
        # 18 characters that begin with 0r8 (help 000384958).
        locator = self._mint.next("0r8")
        self._open[locator] = _Cursor(result, size, self._clock())
        return self._page(locator, 0, path)

    def more(self, locator: str, path: str) -> dict[str, Any]:
        """Return the page at a locator such as 0r8…-2000."""
        name, _, start = locator.rpartition("-")
        opened = self._open.get(name)
        is_there = opened is not None and self._clock() - opened.opened_at <= self.lifetime_s
        if opened is None or not is_there or not start.isdigit():
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        if int(start) >= opened.result.total:
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        return self._page(name, int(start), path)

    def expire(self) -> None:
        """Let every locator that is out there die at once, as a failover of the instance does."""
        self._open.clear()

    def _page(self, locator: str, start: int, path: str) -> dict[str, Any]:
        cursor = self._open[locator]
        total, end = cursor.result.total, start + cursor.size
        page: dict[str, Any] = {"totalSize": total, "done": end >= total}
        if page["done"]:
            cursor.is_read = True
        else:
            page["nextRecordsUrl"] = f"{path}/{locator}-{end}"
        return {**page, "records": cursor.result.page(start, end)}

    def _forget(self) -> None:
        """Drop what has expired, and all but the last results that were read to their end."""
        now = self._clock()
        read = [name for name, one in self._open.items() if one.is_read]
        old = [name for name, one in self._open.items() if now - one.opened_at > self.lifetime_s]
        for name in {*read[:-KEPT_WHEN_READ], *old}:
            del self._open[name]

    def _page_size(self, options: str) -> int:
        if self.shortest is not None:
            return self.shortest
        if not options:
            return DEFAULT_ROWS
        match = re.fullmatch(r"\s*batchSize\s*=\s*(\d+)\s*", options)
        if match is None:
            raise NotModelled(f"Sforce-Query-Options: {options}")
        # "The minimum is 200, the maximum 2,000" (REST guide, "Query Options Header").
        return min(max(int(match[1]), FEWEST_ROWS), DEFAULT_ROWS)
