"""SOQL's COUNT, COUNT_DISTINCT, MIN, MAX, SUM and AVG, with and without GROUP BY.

Source: SOQL and SOSL reference, "Aggregate Functions", "GROUP BY" and "Using Aliases with GROUP
BY".
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.salesforce.errors import NotModelled, SalesforceError
from bot.sandbox.salesforce.schema import NUMBERS, Field
from bot.sandbox.salesforce.soql_grammar import Call, Item, Path, Query, malformed
from bot.sandbox.salesforce.table import Row

Getter = Callable[[Row], Any]

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len({_folded(one) for one in values}),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}


def is_aggregate(call: Call) -> bool:
    return call.name in _FUNCTIONS


class Grouping:
    """The aggregate part of one query, checked against the rules of grouping."""

    def __init__(self, query: Query, text: str, fields: Mapping[Path, Field]) -> None:
        self._query = query
        self._text = text
        self._fields = fields
        self._grouped = [_name(path) for path in query.group]
        self.is_bare_count = any(_is_bare_count(one) for one in query.items)
        self._check()

    def records(self, rows: list[Row], getters: Mapping[Path, Getter]) -> list[dict[str, Any]]:
        """Return one AggregateResult per group; values are still Python ones."""
        keys = [getters[path] for path in self._query.group]
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            groups.setdefault(tuple([_folded(get(row)) for get in keys]), []).append(row)
        if not self._query.group:
            groups = {(): rows}
        members = list(groups.values())
        for ordering in reversed(self._query.order):
            get = getters[ordering.path]
            members = _sorted(members, get, is_descending=ordering.is_descending)
        end = None if self._query.limit is None else self._query.offset + self._query.limit
        return [self._record(one, getters) for one in members[self._query.offset : end]]

    def _record(self, rows: list[Row], getters: Mapping[Path, Getter]) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item in self._query.items:
            if isinstance(item.what, Path):
                record[item.alias or self._fields[item.what].name] = getters[item.what](rows[0])
                continue
            assert isinstance(item.what, Call)  # noqa: S101  # checked
            name = item.alias or f"expr{unnamed}"
            unnamed += item.alias is None
            get = getters[item.what.arguments[0]]
            values = [value for value in map(get, rows) if value is not None]
            record[name] = _FUNCTIONS[item.what.name](values)
        return record

    def _check(self) -> None:
        for item in self._query.items:
            if isinstance(item.what, Query):
                raise self._malformed("only root queries support aggregate expressions")
            if isinstance(item.what, Path):
                self._check_grouped(item.what)
            elif not is_aggregate(item.what):
                raise NotModelled(f"the SOQL function {item.what.name}()")
            else:
                self._check_call(item.what)
        if not self._query.group and self._query.limit is not None and not self.is_bare_count:
            problem = (
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
            )
            raise self._malformed(problem)
        for ordering in self._query.order:
            self._check_grouped(ordering.path)
        if self.is_bare_count and (len(self._query.items) > 1 or self._query.group):
            raise self._malformed("Grouped query cannot use COUNT(), expected COUNT(fieldName)")

    def _check_grouped(self, path: Path) -> None:
        if _name(path) not in self._grouped:
            raise self._malformed(f"Field must be grouped or aggregated: {path.parts[-1]}")

    def _check_call(self, call: Call) -> None:
        if len(call.arguments) != 1 and not (call.name == "COUNT" and not call.arguments):
            raise self._malformed(f"unexpected token: '{call.name}'")
        field = self._fields[call.arguments[0]] if call.arguments else None
        if field is not None and call.name in {"SUM", "AVG"} and field.kind not in NUMBERS:
            raise self._malformed(
                f"field {field.name} does not support aggregate operator {call.name}"
            )

    def _malformed(self, problem: str) -> SalesforceError:
        return malformed(self._text, problem)


def _is_bare_count(item: Item) -> bool:
    return isinstance(item.what, Call) and item.what.name == "COUNT" and not item.what.arguments


def _name(path: Path) -> tuple[str, ...]:
    return tuple(part.lower() for part in path.parts)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _sorted(members: list[list[Row]], get: Getter, *, is_descending: bool) -> list[list[Row]]:
    empty = [one for one in members if get(one[0]) is None]
    full = [one for one in members if get(one[0]) is not None]
    full.sort(key=lambda one: _folded(get(one[0])), reverse=is_descending)
    return empty + full
