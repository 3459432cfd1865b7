"""SOQL: names resolved against the schema, rows filtered, sorted, grouped and rendered as REST
does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.moments import render_moment
from bot.sandbox.salesforce.schema import Field, Kind, Record, SObject
from bot.sandbox.salesforce.soql_aggregates import Grouping, is_aggregate
from bot.sandbox.salesforce.soql_filter import Test, Values
from bot.sandbox.salesforce.soql_grammar import (
    Call,
    Comparison,
    Condition,
    Item,
    Junction,
    Membership,
    Negation,
    Ordering,
    Path,
    Query,
    malformed,
    parse,
    placed,
)

_NAMES_HINT = "Please reference your WSDL or the describe call for the appropriate names."
Predicate = Callable[[Record], bool]


@dataclass(frozen=True)
class Result:
    """All rows of an answer, rendered, before paging; `count` is set for COUNT() alone."""

    records: list[dict[str, Any]]
    count: int | None = None


@dataclass(frozen=True)
class Column:
    """A path resolved: the lookups to follow, then the field."""

    steps: tuple[tuple[Field, SObject], ...]
    field: Field
    entity: SObject


class Soql:
    """Runs queries on one database; `base` is the path of records' URLs in answers."""

    def __init__(self, database: Database, *, base: str, zone: ZoneInfo) -> None:
        self._db = database
        self._base = base
        self._values = Values(database.now(), zone)
        self._text = ""

    def run(self, text: str) -> Result:
        """Parse and run a query; raise the vendor's refusal or NotModelled."""
        self._text = text
        query = parse(text)
        entity = self._entity(query.source)
        if any(isinstance(one.what, Call) for one in query.items) or query.group:
            return self._run_aggregate(query, entity)
        rows = self._rows(query, entity, self._db.store.rows(entity))
        render = self._renderer(query, entity)
        return Result([render(row) for row in rows])

    # ---- rows

    def _rows(self, query: Query, entity: SObject, rows: Iterable[Record]) -> list[Record]:
        if query.offset > 2000:
            message = "Maximum SOQL offset allowed is 2000"
            raise SalesforceError(Code.NUMBER_OUTSIDE_VALID_RANGE, message)
        test = self._predicate(query, entity)
        found = [row for row in rows if test(row)]
        for ordering in reversed(query.order):
            found = self._sorted(found, ordering, query, entity)
        end = None if query.limit is None else query.offset + query.limit
        return found[query.offset : end]

    def _predicate(self, query: Query, entity: SObject) -> Predicate:
        if query.where is None:
            return lambda _row: True
        self._check_semi_joins(query.where)
        return self._test(query.where, query, entity)

    def _sorted(
        self, rows: list[Record], ordering: Ordering, query: Query, entity: SObject
    ) -> list[Record]:
        """Sort by one field, stable; nulls come first unless asked otherwise (SOQL reference, ORDER
        BY).
        """
        column = self._column(ordering.path, query, entity)

        def key(row: Record) -> Any:
            value = self._value(column, row)
            return (
                value.lower()
                if isinstance(value, str) and column.field.kind is not Kind.ID
                else value
            )

        empty = [row for row in rows if key(row) is None]
        full = [row for row in rows if key(row) is not None]
        full.sort(key=key, reverse=ordering.is_descending)
        return full + empty if ordering.is_nulls_last else empty + full

    # ---- conditions

    def _test(self, condition: Condition, query: Query, entity: SObject) -> Predicate:
        match condition:
            case Junction(is_and, parts):
                tests = [self._test(part, query, entity) for part in parts]
                combine = all if is_and else any
                return lambda row: combine(test(row) for test in tests)
            case Negation(part):
                inner = self._test(part, query, entity)
                return lambda row: not inner(row)
            case Comparison(path, operator, value):
                column = self._column(path, query, entity)
                return self._on(column, self._values.comparison(column.field, operator, value))
            case Membership(path, is_in, values):
                column = self._column(path, query, entity)
                if isinstance(values, Query):
                    return self._on(column, self._semi_join(values, is_in=is_in))
                test = self._values.membership(column.field, values, is_in=is_in)
                return self._on(column, test)

    def _on(self, column: Column, test: Test) -> Predicate:
        return lambda row: test(self._value(column, row))

    def _semi_join(self, query: Query, *, is_in: bool) -> Test:
        entity = self._entity(query.source)
        item = query.items[0]
        if len(query.items) != 1 or not isinstance(item.what, Path):
            raise malformed(self._text, "only root queries support aggregate expressions")
        column = self._column(item.what, query, entity)
        if column.field.kind not in {Kind.ID, Kind.REFERENCE}:
            message = f"The inner select field '{column.field.name}' must be an ID or a reference"
            raise SalesforceError(Code.INVALID_FIELD, message)
        found = {
            self._value(column, row)
            for row in self._rows(query, entity, self._db.store.rows(entity))
        }
        found.discard(None)
        return lambda have: (have in found) is is_in

    def _check_semi_joins(self, condition: Condition) -> None:
        """Refuse what the vendor refuses ("Comparison Operators", semi-join limits)."""
        joins = list(_semi_joins(condition))
        if len(joins) > 2:
            raise malformed(self._text, "maximum 2 semi join sub-selects are allowed")
        is_nested = any(_semi_joins(one.where) for one in joins if one.where is not None)
        is_or = isinstance(condition, Junction) and not condition.is_and and bool(joins)
        if is_nested or is_or:
            problem = (
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not "
                "in nested WHERE "
                "expressions"
            )
            raise malformed(self._text, problem)

    # ---- names

    def _entity(self, name: str) -> SObject:
        entity = self._db.schema.find(name)
        if entity is not None:
            return entity
        if self._db.schema.is_unmodelled(name):
            raise NotModelled(f"the object {name}")
        problem = (
            f"sObject type '{name}' is not supported. If you are attempting to use a custom "
            "object, be sure to append "
            f"the '__c' after the entity name. {_NAMES_HINT}"
        )
        raise SalesforceError(Code.INVALID_TYPE, placed(self._text, problem))

    def _column(self, path: Path, query: Query, entity: SObject) -> Column:
        parts, steps, at = self._without_alias(path, query, entity), [], entity
        for name in parts[:-1]:
            lookup = at.parent(name)
            if lookup is None:
                raise self._no_relationship(name, path)
            if len(lookup.refers_to) > 1:
                raise NotModelled(f"the polymorphic relationship {name}")
            at = self._db.entity(lookup.refers_to[0])
            steps.append((lookup, at))
        field = at.field(parts[-1])
        if field is None:
            if at.is_unmodelled(parts[-1]):
                raise NotModelled(f"{at.name}.{parts[-1]}")
            raise self._no_column(parts[-1], at, path)
        return Column(tuple(steps), field, at)

    @staticmethod
    def _without_alias(path: Path, query: Query, entity: SObject) -> tuple[str, ...]:
        own = {entity.name.lower(), (query.alias or entity.name).lower()}
        is_own = len(path.parts) > 1 and path.parts[0].lower() in own
        return path.parts[1:] if is_own else path.parts

    def _no_column(self, name: str, entity: SObject, path: Path) -> SalesforceError:
        problem = (
            f"No such column '{name}' on entity '{entity.name}'. If you are attempting to use a "
            "custom field, be sure "
            f"to append the '__c' after the custom field name. {_NAMES_HINT}"
        )
        return SalesforceError(Code.INVALID_FIELD, placed(self._text, problem, 1, path.column))

    def _no_relationship(self, name: str, path: Path) -> SalesforceError:
        problem = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. "
            f"{_NAMES_HINT}"
        )
        return SalesforceError(Code.INVALID_FIELD, placed(self._text, problem, 1, path.column))

    def _value(self, column: Column, row: Record) -> Any:
        at = row
        for lookup, parent in column.steps:
            above = self._db.store.get(parent, at[lookup.name] or "")
            if above is None:
                return None
            at = above
        return self._db.value(column.entity, at, column.field.name)

    # ---- rendering

    def _renderer(self, query: Query, entity: SObject) -> Callable[[Record], dict[str, Any]]:
        """Check all names once and return what renders one row."""
        makers = [self._maker(item, query, entity) for item in query.items]

        def render(row: Record) -> dict[str, Any]:
            record = {"attributes": attributes(entity, row, self._base)}
            for make in makers:
                make(row, record)
            return record

        return render

    def _maker(
        self, item: Item, query: Query, entity: SObject
    ) -> Callable[[Record, dict[str, Any]], None]:
        if item.alias is not None:
            raise malformed(self._text, "only aggregate expressions use field aliasing")
        if isinstance(item.what, Query):
            return self._child_maker(item.what, entity)
        assert isinstance(item.what, Path)  # noqa: S101  # calls went to the aggregates
        column = self._column(item.what, query, entity)
        return lambda row, record: self._put(column, row, record)

    def _put(self, column: Column, row: Record, record: dict[str, Any]) -> None:
        """Write one value into the record, under its parents' names."""
        at = row
        for lookup, parent in column.steps:
            above = self._db.store.get(parent, at[lookup.name] or "")
            if above is None:
                record[lookup.relationship] = None
                return
            fresh = {"attributes": attributes(parent, above, self._base)}
            record, at = record.setdefault(lookup.relationship, fresh), above
        value = self._db.value(column.entity, at, column.field.name)
        record[column.field.name] = rendered(value)

    def _child_maker(
        self, query: Query, entity: SObject
    ) -> Callable[[Record, dict[str, Any]], None]:
        found = self._db.schema.children(entity).get(query.source.lower())
        if found is None:
            problem = (
                f"Didn't understand relationship '{query.source}' in FROM part of query call. If "
                "you are attempting to "
                "use a custom relationship, be sure to append the '__r' after the custom "
                f"relationship name. {_NAMES_HINT}"
            )
            raise SalesforceError(Code.INVALID_TYPE, placed(self._text, problem))
        child, lookup = found
        render = self._renderer(query, child)
        self._rows(query, child, ())  # names are checked although there may be no rows

        def make(row: Record, record: dict[str, Any]) -> None:
            rows = self._rows(query, child, self._db.store.find(child, lookup.name, row["Id"]))
            # No children is null, not an empty list (salesforce.md §4, CumulusCI #2193).
            answer = {
                "totalSize": len(rows),
                "done": True,
                "records": [render(one) for one in rows],
            }
            record[lookup.child_relationship] = answer if rows else None

        return make

    # ---- aggregates

    def _run_aggregate(self, query: Query, entity: SObject) -> Result:
        columns: dict[Path, Column] = {}
        for path in _aggregate_paths(query):
            columns[path] = self._column(path, query, entity)
        grouping = Grouping(query, self._text, {path: one.field for path, one in columns.items()})
        plain = Query(**{**query.__dict__, "order": (), "limit": None, "offset": 0})
        rows = self._rows(plain, entity, self._db.store.rows(entity))
        if grouping.is_bare_count:
            return Result([], count=len(rows))
        values: list[Mapping[Path, Any]] = [
            {path: self._value(column, row) for path, column in columns.items()} for row in rows
        ]
        records = grouping.records(values)
        return Result([{name: rendered(value) for name, value in one.items()} for one in records])


def attributes(entity: SObject, row: Record, base: str) -> dict[str, str]:
    return {"type": entity.name, "url": f"{base}/sobjects/{entity.name}/{row['Id']}"}


def rendered(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return render_moment(value)
    return value.isoformat() if isinstance(value, date) else value


def _semi_joins(condition: Condition) -> list[Query]:
    match condition:
        case Junction(_, parts):
            return [query for part in parts for query in _semi_joins(part)]
        case Negation(part):
            return _semi_joins(part)
        case Membership(_, _, Query() as query):
            return [query]
        case _:
            return []


def _aggregate_paths(query: Query) -> list[Path]:
    paths = [*query.group, *(one.path for one in query.order)]
    for item in query.items:
        if isinstance(item.what, Path):
            paths.append(item.what)
        elif isinstance(item.what, Call) and is_aggregate(item.what):
            paths.extend(item.what.arguments)
    return paths
