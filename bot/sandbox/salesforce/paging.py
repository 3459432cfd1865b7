"""Query results in pages of at most 2,000 rows, and the locators of what is left (REST guide,
"Query").
"""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.ids import IdMint

DEFAULT_ROWS = 2000
FEWEST_ROWS = 200
LIFETIME_S = 2 * 24 * 60 * 60
"""A locator is kept two days (salesforce.md §4, D21)."""


class Cursors:
    """Open query results; `shortest` makes pages shorter than asked, which the vendor may do at any
    time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mint = IdMint()
        self._open: dict[str, tuple[list[dict[str, Any]], int, float]] = {}
        self.shortest: int | None = None

    def first(self, records: list[dict[str, Any]], options: str, base: str) -> dict[str, Any]:
        """Return the first page; `options` is the Sforce-Query-Options header."""
        size = self._page_size(options)
        locator = self._mint.next("01g")
        self._open[locator] = (records, size, self._clock())
        return self._page(locator, 0, base)

    def more(self, locator: str, base: str) -> dict[str, Any]:
        """Return the page at a locator such as 01g…-2000."""
        name, _, start = locator.rpartition("-")
        opened = self._open.get(name)
        if opened is None or not start.isdigit() or self._clock() - opened[2] > LIFETIME_S:
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        return self._page(name, int(start), base)

    def _page(self, locator: str, start: int, base: str) -> dict[str, Any]:
        records, size, _ = self._open[locator]
        page: dict[str, Any] = {"totalSize": len(records), "done": start + size >= len(records)}
        if page["done"]:
            del self._open[locator]
        else:
            page["nextRecordsUrl"] = f"{base}/query/{locator}-{start + size}"
        return {**page, "records": records[start : start + size]}

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
