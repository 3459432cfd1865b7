"""Which rows a query has to look at: a filter on an id, a reference or a moment spares the rest.

What comes out may hold too many rows and is tested again; it never lacks one. Rows come in the
order of their ids, which is the order that SOQL does not promise and clients come to expect.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.salesforce.schema import Field, Kind, SObject
from bot.sandbox.salesforce.soql_filter import Values
from bot.sandbox.salesforce.soql_grammar import (
    Comparison,
    Condition,
    Junction,
    Literal,
    Membership,
    Path,
)
from bot.sandbox.salesforce.table import Row, Table

_LOWER, _UPPER = {">", ">="}, {"<", "<="}


@dataclass(frozen=True)
class _Choice:
    """One way to the rows: how many it would look at, and their ids."""

    count: int
    ids: Callable[[], Iterable[str]]
    is_in_id_order: bool = False


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that must all hold."""
    if condition is None:
        return ()
    if isinstance(condition, Junction) and condition.is_and:
        return tuple(one for part in condition.parts for one in conjuncts(part))
    return (condition,)


class Planner:
    """Finds the cheapest way to the rows of one object; `own` tells a field of it from a path."""

    def __init__(
        self, table: Table, entity: SObject, values: Values, own: Callable[[Path], Field | None]
    ) -> None:
        self._table = table
        self._entity = entity
        self._values = values
        self._own = own

    def rows(self, condition: Condition | None) -> Iterator[Row]:
        """Return a superset of the rows that meet the condition, lowest id first."""
        found = [self._choice(one) for one in conjuncts(condition)]
        best = min((one for one in found if one is not None), key=_count, default=None)
        if best is None or best.count * 2 > len(self._table.rows):
            return iter(self._table.in_id_order())
        ids = best.ids() if best.is_in_id_order else sorted(best.ids())
        rows = self._table.rows
        return (rows[record_id] for record_id in ids if record_id in rows)

    def _choice(self, condition: Condition) -> _Choice | None:
        match condition:
            case Comparison(path, "=", value):
                return self._equal(self._own(path), (value,))
            case Comparison(path, sign, value) if sign in _LOWER | _UPPER:
                return self._range(self._own(path), sign, value)
            case Membership(path, True, values) if isinstance(values, tuple):
                return self._equal(self._own(path), values)
            case _:
                return None

    def _equal(self, field: Field | None, literals: tuple[Literal, ...]) -> _Choice | None:
        if field is None or any(one.kind == "NULL" for one in literals):
            return None
        if field.kind is Kind.DATETIME and len(literals) == 1:
            return self._between(field, *self._values.read(field, literals[0]))
        if field.kind is not Kind.ID and not field.is_indexed:
            return None
        wanted = list(dict.fromkeys(self._values.read(field, one) for one in literals))
        if field.kind is Kind.ID:
            return _Choice(len(wanted), lambda: wanted)
        table = self._table
        count = sum(table.count_with(field, one) for one in wanted)
        return _Choice(count, lambda: {i for one in wanted for i in table.ids_with(field, one)})

    def _range(self, field: Field | None, sign: str, literal: Literal) -> _Choice | None:
        if field is None or literal.kind == "NULL":
            return None
        if field.kind is Kind.ID:
            value = self._values.read(field, literal)
            low, high = (value, None) if sign in _LOWER else (None, value)
            return self._between(field, low, high)
        if field.kind is not Kind.DATETIME:
            return None
        # A date literal is a span; from its first to its last moment holds both ways to read it.
        first, last = self._values.read(field, literal)
        return self._between(field, *((first, None) if sign in _LOWER else (None, last)))

    def _between(self, field: Field, low: Any, high: Any) -> _Choice:
        count, ids = self._table.ids_between(field, low, high)
        return _Choice(count, lambda: ids, is_in_id_order=field.kind is Kind.ID)


def _count(choice: _Choice) -> int:
    return choice.count
