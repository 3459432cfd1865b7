"""Long tables read in many pages at once: five in each call, each table from both of its ends.

A page leads to the next one only, so one query gives one page per call. Five queries that divide
the ids among them fill a composite call, as Salesforce's own PK chunking divides them (Bulk API
guide, «PK Chunking»): ids are numbers to the base 62, given out in their order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from bot.adapters.salesforce.answers import Record
from bot.adapters.salesforce.paging import PAGE_ROWS, Ask, Locator, Page
from bot.adapters.salesforce.soql import soql
from bot.domain.drift_snapshot import whole_id

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_PREFIX, _ID = 3, 15
_WORTH_SPLITTING = 3
"""Pages that must be left before two readers go at them: a split wastes half a page or so."""


@dataclass(eq=False)
class Reader:
    """Goes through a range from one of its ends; without a locator it begins where it is."""

    is_upward: bool
    locator: Locator | None = None
    has_begun: bool = False


@dataclass(eq=False)
class Range:
    """The ids between two others, both left out; empty is no bound.

    `left` is how many rows are still to come, as Salesforce said when it was asked last.
    """

    table: str
    query: str
    low: str = ""
    high: str = ""
    left: int = PAGE_ROWS
    is_done: bool = False
    up: Reader = field(default_factory=lambda: Reader(is_upward=True))
    down: Reader = field(default_factory=lambda: Reader(is_upward=False))

    @property
    def pages(self) -> int:
        return ceil(self.left / PAGE_ROWS)

    def ask(self, reader: Reader) -> Ask:
        """Return where the reader goes on."""
        if reader.locator is not None:
            return reader.locator
        bounds = [
            *([soql("Id > {low}", low=whole_id(self.low))] if self.low else []),
            *([soql("Id < {high}", high=whole_id(self.high))] if self.high else []),
        ]
        joint = " AND " if " WHERE " in self.query else " WHERE "
        where = joint + " AND ".join(bounds) if bounds else ""
        return f"{self.query}{where} ORDER BY Id{'' if reader.is_upward else ' DESC'}"

    def take(self, reader: Reader, page: Page) -> Iterator[Record]:
        """Yield the rows that are in the range and move its end; what another reader had is cut."""
        if reader.locator is None:
            self.left = max(page.total, len(page.rows))
        rows = [row for row in page.rows if self._holds(str(row["Id"]))]
        is_past = len(rows) < len(page.rows)
        self.left -= len(rows)
        reader.locator, reader.has_begun = page.next, True
        if page.rows:
            last = str(page.rows[-1]["Id"])[:_ID]
            if reader.is_upward:
                self.low = max(self.low, last)
            else:
                self.high = min(self.high or last, last)
        self.is_done = self.is_done or page.next is None or is_past
        yield from rows

    def split(self) -> "Range | None":
        """Give the upper half away; None if the ids leave nothing to divide."""
        middle = between(self.low, self.high) if self.low and self.high else None
        if middle is None:
            return None
        upper = Range(
            table=self.table,
            query=self.query,
            low=middle,
            high=self.high,
            left=self.left // 2,
            down=self.down,
        )
        # The lower half must keep the id in the middle: both bounds are left out.
        self.high, self.left, self.down = next_id(middle), self.left // 2, Reader(is_upward=False)
        return upper

    def restart(self) -> None:
        """Forget the locators: what has been read stays, and the rest is asked for anew."""
        self.up.locator = self.down.locator = None

    def _holds(self, record_id: str) -> bool:
        short = record_id[:_ID]
        return self.low < short and (not self.high or short < self.high)


def chosen(ranges: list[Range], most: int) -> list[tuple[Range, Reader]]:
    """Choose who reads in the next call: where most is left comes first; may split a range.

    A range of a few pages has one reader, a longer one two, and a very long one is divided.
    """
    taken: list[tuple[Range, Reader]] = []
    closed: list[Range] = [one for one in ranges if one.is_done]
    while len(taken) < most:
        busy = [(one, [r for of, r in taken if of is one]) for one in ranges if one not in closed]
        open_ = [(one, readers) for one, readers in busy if _has_work(one, len(readers))]
        if not open_:
            break
        best, readers = max(open_, key=lambda each: each[0].left / (len(each[1]) + 1))
        reader = next((one for one in (best.up, best.down) if one not in readers), None)
        if reader is not None:
            taken.append((best, reader))
        elif (upper := best.split()) is not None:
            ranges.append(upper)
            # The reader from above has been chosen already, and is the upper half's now.
            taken = [(upper if one is upper.down else of, one) for of, one in taken]
        else:
            closed.append(best)
    return taken


def _has_work(one: Range, readers: int) -> bool:
    """Whether it is worth while that one more reads of a range in the same call."""
    if readers == 0:
        return True
    has_begun = one.up.has_begun or one.down.has_begun  # else nobody knows how much there is
    return has_begun and one.pages >= readers * _WORTH_SPLITTING


def between(low: str, high: str) -> str | None:
    """Return an id half-way between two of the same object; None if there is none."""
    if low[:_PREFIX] != high[:_PREFIX]:
        return None
    middle = (_number(low) + _number(high)) // 2
    return _id(low[:_PREFIX], middle) if _number(low) < middle < _number(high) else None


def next_id(record_id: str) -> str:
    """Return the id that follows."""
    return _id(record_id[:_PREFIX], _number(record_id) + 1)


def _number(record_id: str) -> int:
    value = 0
    for digit in record_id[_PREFIX:_ID]:
        value = value * len(_DIGITS) + _VALUES[digit]
    return value


def _id(prefix: str, number: int) -> str:
    digits = []
    for _ in range(_ID - _PREFIX):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return prefix + "".join(reversed(digits))
