"""Reads by Bulk API 2.0: a job that runs in the org, and its result as CSV in pages.

Of a query neither aggregates nor GROUP BY, OFFSET or child queries are allowed (Bulk API 2.0 guide,
queries). Each request counts as one API call, whatever the size of its page.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

from bot.adapters.salesforce.answers import nonsense
from bot.adapters.salesforce.calls import Calls, Download, Request
from bot.adapters.salesforce.errors import SERVICE
from bot.domain.errors import ConnectorError, Unavailable

Row: TypeAlias = Mapping[str, str | None]
Wait: TypeAlias = Callable[[int], bool]
"""Waits before the nth look at the job; False gives it up."""

PAGE_ROWS = 100_000

_JOBS = "jobs/query"
_JOB_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_LOCATOR = re.compile(r"[A-Za-z0-9+/=_-]{1,200}")
_RUNNING = frozenset({"UploadComplete", "InProgress"})
_DONE = "JobComplete"
_MAX_LINE = 2**20


def every_row(calls: Calls, query: str, *, wait: Wait, page_rows: int = PAGE_ROWS) -> Iterator[Row]:
    """Yield all rows of a query as texts, nothing as None; memory does not grow with their number.

    Raises Unavailable when the job fails, is given up or is cut off: then whatever came is not the
    whole, and the job is aborted if it still runs.
    """
    body = {"operation": "query", "query": query}
    answer = calls.call(Request(method="POST", path=_JOBS, json=body, is_write=False))
    job = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(job, str) or not _JOB_ID.fullmatch(job):
        raise nonsense(is_write=False)
    is_done = False
    try:
        _wait_for(calls, job, wait)
        is_done = True
    finally:
        if not is_done:
            _abort(calls, job)
    yield from _results(calls, job, page_rows)


def _wait_for(calls: Calls, job: str, wait: Wait) -> None:
    look = 0
    while True:
        look += 1
        if not wait(look):
            raise _failed("takes too long", "BULK_TIMEOUT")
        answer = calls.call(Request(method="GET", path=f"{_JOBS}/{job}", is_write=False))
        state = answer.get("state") if isinstance(answer, dict) else None
        if state == _DONE:
            return
        if state in {"Failed", "Aborted"}:
            raise _failed(f"ended as {state}", f"BULK_{str(state).upper()}")
        if state not in _RUNNING:
            raise nonsense(is_write=False)


def _abort(calls: Calls, job: str) -> None:
    """Stop the job, so that it does not run for nobody; if that fails, Salesforce ends it."""
    path, body = f"{_JOBS}/{job}", {"state": "Aborted"}
    with suppress(ConnectorError):
        calls.call(Request(method="PATCH", path=path, json=body, is_write=False))


def _results(calls: Calls, job: str, page_rows: int) -> Iterator[Row]:
    path, params = f"{_JOBS}/{job}/results", {"maxRecords": str(page_rows)}
    walked: set[str] = set()
    while True:
        with calls.download(path, params) as page:
            following = _locator(page)
            yield from _rows(page)
        if following is None:
            return
        if following in walked:
            raise nonsense(is_write=False)
        walked.add(following)
        params = {"maxRecords": str(page_rows), "locator": following}


def _locator(page: Download) -> str | None:
    """Read where the next page begins; Salesforce says «null» on the last one."""
    said = page.headers.get("Sforce-Locator", "")
    if said == "null":
        return None
    if not _LOCATOR.fullmatch(said):
        raise nonsense(is_write=False)
    return said


def _rows(page: Download) -> Iterator[Row]:
    expected, count = page.headers.get("Sforce-NumberOfRecords", ""), 0
    names: Sequence[str] | None = None
    for values in _csv(page):
        if names is None:
            names = values
            if len(set(names)) != len(names):
                raise nonsense(is_write=False)
            continue
        if len(values) != len(names):
            raise nonsense(is_write=False)
        count += 1
        yield {name: value or None for name, value in zip(names, values, strict=True)}
    if expected != str(count):
        # Cut between two rows, CSV looks whole.
        raise _failed("is cut off", "BULK_CUT")


def _csv(page: Download) -> Iterator[list[str]]:
    try:
        yield from (row for row in csv.reader(_lines(page), strict=True) if row)
    except (csv.Error, UnicodeDecodeError):
        raise nonsense(is_write=False) from None


def _lines(page: Download) -> Iterator[str]:
    rest = ""
    for text in codecs.iterdecode(page.pieces(), "utf-8"):
        # Not splitlines: names may hold the other characters that it takes for line ends.
        *lines, rest = (rest + text).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(rest) > _MAX_LINE:
            raise nonsense(is_write=False)
    if rest:
        yield rest


def _failed(what: str, code: str) -> Unavailable:
    return Unavailable(f"Salesforce's bulk read {what}.", service=SERVICE, code=code)
