"""A plan as text for a terminal, and as Markdown for a comment on GitHub."""

import re
from collections.abc import Sequence

from bot.domain.markdown import MAX_BODY, code_span, escape_markdown
from bot.domain.policy_plan_sections import Section, sections, summary, verdict
from bot.domain.policy_plan_values import PolicyPlan
from bot.domain.text import clean

MAX_COMMENT = MAX_BODY - 1_024
"""What fits into a comment beside a heading and our marker: GitHub cuts nothing, it refuses."""

__all__ = ["MAX_COMMENT", "markdown", "plain_text", "verdict"]

_MAX_CELL = 300
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHORT = 12


# ---- a terminal ---------------------------------------------------------------------------------


def plain_text(plan: PolicyPlan, *, names: bool = False) -> str:
    """Write everything, with columns one below the other."""
    parts = [f"{verdict(plan)}\n{summary(plan)}"]
    parts += [_columns(section) for section in sections(plan, names=names)]
    return "\n\n".join(parts)


def _columns(section: Section) -> str:
    rows = [[_cell(cell) for cell in row] for row in (section.columns, *section.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join((section.title, *(f"  {line}" for line in lines)))


def _cell(text: str) -> str:
    return " ".join(clean(text, _MAX_CELL).split())


# ---- a comment ----------------------------------------------------------------------------------


def markdown(plan: PolicyPlan, *, names: bool = False, limit: int = MAX_COMMENT) -> str:
    """Write a comment of at most `limit` characters (1,000 or more): whole tables of whole rows.

    Where rows are left out, every table keeps as many as the others, and says how many it lost.
    """
    tables = [_Table(one, _command(plan), limit) for one in sections(plan, names=names)]
    top = f"**{verdict(plan)}**\n\n{summary(plan)}"
    rows = _most_rows(tables, limit - len(top))
    if rows is None:
        return f"{top}\n\n{_left_out('Everything else', _command(plan))}"
    return "\n\n".join((top, *(table.text(rows) for table in tables)))


def _command(plan: PolicyPlan) -> str:
    commits = (plan.base, plan.head)
    if all(map(_COMMIT.fullmatch, commits)):
        return " ".join(("usher policy plan", *(commit[:_SHORT] for commit in commits)))
    return "usher policy plan BASE HEAD"


def _left_out(what: str, command: str) -> str:
    return f"{what} left out, too long for a comment. To see it all: {code_span(command)}"


class _Table:
    """A section as a table that knows how long it is with any number of rows."""

    def __init__(self, section: Section, command: str, limit: int) -> None:
        self._command = command
        self._total = len(section.rows)
        self._head = (
            f"#### {section.title}\n\n| {' | '.join(section.columns)} |\n"
            f"|{'---|' * len(section.columns)}"
        )
        self._rows: list[str] = []
        self._lengths = [0]
        for row in map(_row, section.rows):
            if self._lengths[-1] > limit:
                break
            self._rows.append(row)
            self._lengths.append(self._lengths[-1] + len(row) + 1)

    @property
    def most(self) -> int:
        """How many rows could be shown if there were no other table."""
        return len(self._rows)

    def length(self, rows: int) -> int:
        shown = min(rows, len(self._rows))
        return len("\n\n") + len(self._frame(shown)) + self._lengths[shown]

    def text(self, rows: int) -> str:
        shown = min(rows, len(self._rows))
        table = "\n".join((self._head, *self._rows[:shown]))
        return table + self._note(shown)

    def _frame(self, shown: int) -> str:
        return self._head + self._note(shown)

    def _note(self, shown: int) -> str:
        missing = self._total - shown
        if not missing:
            return ""
        rows = "1 more row" if missing == 1 else f"{missing:,} more rows"
        return f"\n\n{_left_out(rows, self._command)}"


def _most_rows(tables: Sequence[_Table], room: int) -> int | None:
    """Find how many rows each table may have; None when not even their headings fit."""

    def fits(rows: int) -> bool:
        return sum(table.length(rows) for table in tables) <= room

    fewest, most = 0, max((table.most for table in tables), default=0)
    if fits(most):  # the last row may be shorter than the words that stand for it
        return most
    if not fits(fewest):
        return None
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fewest, most = (middle, most) if fits(middle) else (fewest, middle - 1)
    return fewest


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_inline, cells))} |"


def _inline(text: str) -> str:
    return escape_markdown(_cell(text))
