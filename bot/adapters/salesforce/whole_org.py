"""The whole org read once: by composite calls, and by bulk jobs where there are very many users.

Computed for pages of 2,000: five pages in a composite call are cheaper up to about 60,000 users.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.adapters.salesforce.bulk import Wait
from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.features import Features
from bot.adapters.salesforce.gateway import MAX_QUERIES, Gateway
from bot.adapters.salesforce.paging import PAGE_ROWS, Page
from bot.adapters.salesforce.ranges import Range, Reader, chosen
from bot.adapters.salesforce.whole_tables import LONG, Tables, Take, queries
from bot.domain.drift_snapshot import OrgSnapshot, Table
from bot.domain.errors import ConnectorError, RateLimited, Unavailable
from bot.domain.plan import Scope

BULK_FROM = 60_000
"""Users from which on bulk jobs cost fewer calls."""
MOST_RESTARTS = 3
_FIRST = (Table.NAMES, Table.PROFILES, Table.SET_POOLS, Table.PACKAGE_POOLS)
"""Tables that are short everywhere, to fill the first call."""
_COUNT = "SELECT COUNT(Id) people FROM User"
_PAGES_A_USER = 12 / PAGE_ROWS
"""Rows of all long tables for one user, in pages: more than most orgs have."""
_BULK_CALLS = 60
_LONGEST_PAUSE_S = 30.0
_LOOKS = 40

_NO_CALLS = "The calls that the company reserves for others would be touched: try again later."


def patient(look: int) -> bool:
    """Wait longer before each look at a bulk job, 15 minutes in all."""
    time.sleep(min(_LONGEST_PAUSE_S, 0.5 * 2 ** (look - 1)))
    return look <= _LOOKS


@dataclass
class _Reading:
    """One read under way: what is still to come, and what will not come and why."""

    gateway: Gateway
    takers: Mapping[Table, Take]
    missing: dict[Table, str] = field(default_factory=dict)
    calls: int = 0
    restarts: int = 0


class WholeOrg:
    """Reads everything that drift is found in; it has no method that writes."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Wait = patient,
        bulk_from: int = BULK_FROM,
    ) -> None:
        self._gateway = gateway
        self._features = Features(gateway)
        self._now = now
        self._wait = wait
        self._bulk_from = bulk_from

    def read(self, scope: Scope) -> OrgSnapshot:
        """Read the org; what could not be read is named in the snapshot's `missing`.

        Raises RateLimited when not even the start is affordable, and what a first call raises.
        """
        taken_at = self._now()
        self._afford(1)
        flags: dict[str, str] = {}
        if scope.features:
            flags = self._features.flags(scope.features)
        tables = Tables(person=self._gateway.person_field, flags=flags)
        reading = _Reading(self._gateway, tables.takers(), calls=1 if flags else 0)
        asked = queries(self._gateway.person_field, flags, has_ends=scope.has_ends)
        people = _begin(reading, {table: asked.pop(table) for table in _FIRST})
        is_bulk = people >= self._bulk_from
        self._afford(_BULK_CALLS if is_bulk else int(people * _PAGES_A_USER / MAX_QUERIES) + 5)
        if is_bulk:
            for table in LONG:
                _read_bulk(reading, table, asked.pop(table), self._wait)
        _read_pages(reading, asked)
        return tables.snapshot(
            taken_at=taken_at,
            own_user_id=self._gateway.run_as().user_id,
            missing=reading.missing,
            calls=reading.calls,
        )

    def _afford(self, calls: int) -> None:
        if not self._gateway.may_read_bulk(calls):
            raise RateLimited(_NO_CALLS, service=SERVICE, code="QUOTA_SHARE")


def _begin(reading: _Reading, asked: Mapping[Table, str]) -> int:
    """Count the users, and read short tables in the same call; raises if not even that works."""
    ranges = [Range(table=table.name, query=query) for table, query in asked.items()]
    turn = [(one, one.up) for one in ranges]
    asks = {str(number): one.ask(reader) for number, (one, reader) in enumerate(turn)}
    reading.calls += 1
    pages = reading.gateway.pages({"people": _COUNT, **asks})
    (count,) = pages.pop("people").rows
    _take(reading, ranges, turn, {int(name): page for name, page in pages.items()})
    _read_ranges(reading, ranges)
    return int(count["people"])


def _read_pages(reading: _Reading, asked: Mapping[Table, str]) -> None:
    _read_ranges(reading, [Range(table=table.name, query=query) for table, query in asked.items()])


def _read_ranges(reading: _Reading, ranges: list[Range]) -> None:
    while True:
        ranges = [one for one in ranges if not one.is_done and not _is_lost(reading, one)]
        turn = chosen(ranges, MAX_QUERIES)
        if not turn:
            return
        if not reading.gateway.may_read_bulk(1):
            reading.missing |= {Table[one.table]: _NO_CALLS for one in ranges}
            return
        _take(reading, ranges, turn, _pages(reading, turn))


def _is_lost(reading: _Reading, one: Range) -> bool:
    return Table[one.table] in reading.missing


def _take(
    reading: _Reading,
    ranges: list[Range],
    turn: list[tuple[Range, Reader]],
    pages: Mapping[int, Page],
) -> None:
    if not pages:
        for one in ranges:
            one.restart()
    for number, page in pages.items():
        one, reader = turn[number]
        take = reading.takers[Table[one.table]]
        for row in one.take(reader, page):
            take(row)


def _pages(reading: _Reading, turn: list[tuple[Range, Reader]]) -> dict[int, Page]:
    """Ask all together; if that fails, each alone, so that one table's trouble is its own.

    Nothing at all means that a cursor has died: ranges go on from where they are.
    """
    asks = {f"q{number}": one.ask(reader) for number, (one, reader) in enumerate(turn)}
    try:
        reading.calls += 1
        return {int(name[1:]): page for name, page in reading.gateway.pages(asks).items()}
    except RateLimited as error:
        reading.missing |= {Table[one.table]: error.detail for one, _ in turn}
        return {}
    except ConnectorError as error:
        if error.code == "INVALID_QUERY_LOCATOR" and reading.restarts < MOST_RESTARTS:
            reading.restarts += 1
            return {}
    return _one_by_one(reading, turn)


def _one_by_one(reading: _Reading, turn: list[tuple[Range, Reader]]) -> dict[int, Page]:
    found: dict[int, Page] = {}
    for number, (one, reader) in enumerate(turn):
        try:
            reading.calls += 1
            found[number] = reading.gateway.pages({"page": one.ask(reader)})["page"]
        except ConnectorError as error:
            reading.missing[Table[one.table]] = error.detail
    return found


def _read_bulk(reading: _Reading, table: Table, query: str, wait: Wait) -> None:
    """Read one table by a job of its own; a job that fails costs the table, not the rest."""
    rows = 0

    def counted(look: int) -> bool:
        reading.calls += 1
        return wait(look)

    try:
        reading.calls += 1  # the job itself
        for row in reading.gateway.bulk_query(query, wait=counted):
            reading.takers[table](row)
            rows += 1
    except ConnectorError as error:
        reading.missing[table] = error.detail
    reading.calls += 1 + rows // 100_000


def unread(snapshot: OrgSnapshot) -> Unavailable | None:
    """Return the error that says what is missing, None for a whole snapshot."""
    if snapshot.is_complete:
        return None
    gaps = "; ".join(f"{table}: {why}" for table, why in snapshot.missing.items())
    return Unavailable(f"Not everything could be read: {gaps}", service=SERVICE, code="INCOMPLETE")
