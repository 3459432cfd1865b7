"""Queries with more rows than one answer holds: page by page, wherever Salesforce cuts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias
from urllib.parse import quote

from bot.adapters.salesforce.answers import Record, nonsense, records
from bot.adapters.salesforce.calls import DATA
from bot.adapters.salesforce.errors import SERVICE
from bot.domain.errors import Conflict, Unavailable

PAGE_ROWS = 2000
"""What Salesforce gives at most; it may give less (REST API guide, query options header)."""

_QUERY = f"{DATA}query"
_LOCATOR = re.compile(r"[A-Za-z0-9]{15,64}-[0-9]{1,9}")


class Locator(str):
    """Where the next page of a query begins; raises Conflict for what would lead elsewhere."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _LOCATOR.fullmatch(text):
            detail = "This is no Salesforce query locator."
            raise Conflict(detail, service=SERVICE, code="MALFORMED_ID")
        return super().__new__(cls, text)


Ask: TypeAlias = str | Locator
"""A query, or where to go on with one."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows of a query; `next` leads to more, None if these are the last.

    `total` is how many rows the whole query has, as far as Salesforce says it.
    """

    rows: list[Record]
    next: Locator | None
    total: int = 0


def sub_request(name: str, ask: Ask) -> Record:
    """Ask in a composite call, whose body hides the query from every log of addresses."""
    path = f"{_QUERY}/{ask}" if isinstance(ask, Locator) else f"{_QUERY}?q={quote(ask, safe='')}"
    return {
        "method": "GET",
        "referenceId": name,
        "url": path,
        "httpHeaders": {"Sforce-Query-Options": f"batchSize={PAGE_ROWS}"},
    }


def read_page(answer: Any, origin: str) -> Page:
    """Read a page; raises Unavailable if it has no end and no next page on this very host."""
    found = records(answer)
    done, following = answer.get("done"), answer.get("nextRecordsUrl")
    said = answer.get("totalSize")
    total = said if isinstance(said, int) else len(found)
    if done is True and following is None:
        return Page(rows=found, next=None, total=total)
    if done is not False or not isinstance(following, str):
        raise nonsense(is_write=False)
    prefix = f"{_QUERY}/"
    locator = following.removeprefix(origin).removeprefix(prefix)
    if following not in {f"{prefix}{locator}", f"{origin}{prefix}{locator}"}:
        raise _astray()
    if not _LOCATOR.fullmatch(locator):
        raise _astray()
    return Page(rows=found, next=Locator(locator), total=total)


def every_row(
    pages: Callable[[Mapping[str, Ask]], Mapping[str, Page]], query: str
) -> Iterator[Record]:
    """Yield all rows of a query, each id once, holding one page at a time.

    A lost cursor starts the query over, once, if its rows have ids to tell which came already.
    """
    given: set[str] = set()
    walked: set[str] = set()
    ask, may_restart = query, True
    while True:
        try:
            page = pages({"page": ask})["page"]
        except Unavailable as error:
            if error.code != "INVALID_QUERY_LOCATOR" or not may_restart or ask is query:
                raise
            ask, may_restart = query, False
            walked.clear()
            continue
        for row in page.rows:
            row_id = row.get("Id")
            if not isinstance(row_id, str):
                may_restart = False
            elif row_id in given:
                continue
            else:
                given.add(row_id)
            yield row
        if page.next is None:
            return
        if page.next in walked:
            # A server that leads in circles would keep us here for ever.
            raise nonsense(is_write=False)
        walked.add(page.next)
        ask = page.next


def every_row_of(
    pages: Callable[[Mapping[str, Ask]], Mapping[str, Page]], queries: Mapping[str, str]
) -> dict[str, list[Record]]:
    """Return all rows of several queries; each round of pages is one call."""
    found: dict[str, list[Record]] = {name: [] for name in queries}
    asks: Mapping[str, Ask] = queries
    walked: set[str] = set()
    while asks:
        read = pages(asks)
        for name, page in read.items():
            found[name] += page.rows
        asks = {name: page.next for name, page in read.items() if page.next is not None}
        if walked & {*asks.values()}:
            raise nonsense(is_write=False)
        walked |= {*asks.values()}
    return found


def _astray() -> Unavailable:
    detail = "Salesforce's next page is not where its pages are."
    return Unavailable(detail, service=SERVICE, code="NEXT_PAGE_ASTRAY")
