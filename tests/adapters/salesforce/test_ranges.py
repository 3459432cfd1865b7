"""Long tables read from both ends and in parts: every row once, whatever pages look like."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.salesforce import ranges
from bot.adapters.salesforce.paging import Locator, Page
from bot.adapters.salesforce.ranges import Range, Reader, between, chosen, next_id
from bot.domain.drift_snapshot import whole_id


def made_id(number: int) -> str:
    return whole_id(ranges._id("005", number))


@dataclass
class Table:
    """A table of an org: answers queries with bounds, and leads from page to page."""

    numbers: list[int]
    page: int
    cursors: dict[str, list[int]] = field(default_factory=dict)

    def answer(self, one: Range, reader: Reader) -> Page:
        ask = one.ask(reader)
        if isinstance(ask, Locator):
            name, _, start = ask.rpartition("-")
            rows, first = self.cursors[name], int(start)
        else:
            rows, first = self._select(ask), 0
            name = f"0r8{len(self.cursors):015}"
            self.cursors[name] = rows
        end = first + self.page
        following = Locator(f"{name}-{end}") if end < len(rows) else None
        some = [{"Id": made_id(number)} for number in rows[first:end]]
        return Page(rows=some, next=following, total=len(rows))

    def _select(self, query: str) -> list[int]:
        words = query.replace("'", "").split()
        low = words[words.index(">") + 1] if ">" in words else ""
        high = words[words.index("<") + 1] if "<" in words else "~"
        found = [n for n in sorted(self.numbers) if low < made_id(n) < high]
        return found[::-1] if words[-1] == "DESC" else found


def read(tables: dict[str, Table], *, dies_at: int = -1) -> tuple[list[tuple[str, str]], int]:
    """Read all tables five asks at a time; at one call all cursors die."""
    open_ = [Range(table=name, query="SELECT Id FROM User") for name in tables]
    found: list[tuple[str, str]] = []
    calls = 0
    while turn := chosen(open_, 5):
        if calls == dies_at:
            for one in open_:
                one.restart()
        pages = [tables[one.table].answer(one, reader) for one, reader in turn]
        for (one, reader), page in zip(turn, pages, strict=True):
            found += [(one.table, row["Id"]) for row in one.take(reader, page)]
        open_ = [one for one in open_ if not one.is_done]
        calls += 1
        assert calls < 3_000
    return found, calls


@given(
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=6),
    gaps=st.integers(1, 3_000),
    page=st.integers(1, 40),
    dies_at=st.integers(-1, 12),
)
def test_every_row_comes_exactly_once(sizes: list[int], gaps: int, page: int, dies_at: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "PAGE_ROWS", page)
        tables = {
            f"T{number}": Table([gaps * each + number for each in range(size)], page)
            for number, size in enumerate(sizes)
        }
        found, _ = read(tables, dies_at=dies_at)

    wanted = [(name, made_id(number)) for name, one in tables.items() for number in one.numbers]
    assert sorted(found) == sorted(wanted)


def test_one_very_long_table_fills_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "PAGE_ROWS", 50)
    table = Table(list(range(1, 15_001, 3)), 50)

    found, calls = read({"T": table})

    assert len(found) == 5_000
    assert calls <= 100 / 5 + 5


def test_what_lies_half_way_between_two_ids() -> None:
    assert between(made_id(10), made_id(20)) == ranges._id("005", 15)
    assert between(made_id(10), made_id(11)) is None
    assert between(made_id(10), whole_id("0PS000000000020")) is None
    assert next_id(ranges._id("005", 61)) == ranges._id("005", 62) == "005000000000010"


def test_bounds_join_a_condition_that_is_there() -> None:
    one: Any = Range(table="T", query="SELECT Id FROM T WHERE A = true", low="005000000000010")

    assert one.ask(one.up) == (
        "SELECT Id FROM T WHERE A = true AND Id > '005000000000010AAA' ORDER BY Id"
    )
