"""SOQL: names resolved against the schema, rows filtered, sorted, grouped and rendered as REST
does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, SalesforceError
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
)
from bot.sandbox.salesforce.soql_names import Column, Names
from bot.sandbox.salesforce.soql_plan import Planner, conjuncts
from bot.sandbox.salesforce.table import Row

MOST_GROUPS = 2000
Predicate = Callable[[Row], bool]
Maker = Callable[[Row, dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Result:
    """An answer before paging: `page(start, end)` renders the records of a part of it as they are
    at that moment, so that what waits to be asked for is ids; `count` is set for COUNT() alone,
    `columns` are the selected paths.
    """

    total: int
    page: Callable[[int, int], list[dict[str, Any]]]
    count: int | None = None
    entity: str = ""
    columns: tuple[str, ...] = field(default=())


class Soql:
    """Runs queries on one database; `base` is the path of records' URLs in answers."""

    def __init__(
        self, database: Database, *, base: str, zone: ZoneInfo, with_deleted: bool = False
    ) -> None:
        self._db = database
        self._base = base
        self._values = Values(database.now(), zone)
        self._with_deleted = with_deleted
        self._names = Names(database, "")
        self._text = ""

    def run(self, text: str) -> Result:
        """Parse and run a query; raise the vendor's refusal or NotModelled."""
        query, entity = self._parsed(text)
        if any(isinstance(one.what, Call) for one in query.items) or query.group:
            return self._run_aggregate(query, entity)
        self._renderer(query, entity)  # names are refused before rows are looked at
        ids = [row["Id"] for row in self._rows(query, entity)]

        def page(start: int, end: int) -> list[dict[str, Any]]:
            render = self._renderer(query, entity)
            rows = (self._still_there(entity, record_id) for record_id in ids[start:end])
            return [render(row) for row in rows if row is not None]

        columns = tuple(
            self._names.dotted(one.what, query, entity)
            for one in query.items
            if isinstance(one.what, Path)
        )
        return Result(total=len(ids), page=page, entity=entity.name, columns=columns)

    def check(self, text: str) -> None:
        """Refuse what `run` would refuse, without looking at rows."""
        query, entity = self._parsed(text)
        self._renderer(query, entity)
        self._rows(query, entity, ())

    def _parsed(self, text: str) -> tuple[Query, SObject]:
        self._text, self._names = text, Names(self._db, text)
        query = parse(text)
        return query, self._names.entity(query.source)

    def _still_there(self, entity: SObject, record_id: str) -> Row | None:
        row = self._db.store.get(entity, record_id)
        return self._db.store.binned_row(record_id) if row is None and self._with_deleted else row

    # ---- rows

    def _rows(self, query: Query, entity: SObject, given: Iterable[Row] | None = None) -> list[Row]:
        """Return the rows that answer a query, of all or of those given."""
        if query.offset > 2000:
            message = "Maximum SOQL offset allowed is 2000"
            raise SalesforceError(Code.NUMBER_OUTSIDE_VALID_RANGE, message)
        tests = self._tests(query, entity)
        rows: Iterable[Row] = self._planned(query, entity) if given is None else given
        for test in tests:
            rows = filter(test, rows)
        end = None if query.limit is None else query.offset + query.limit
        if given is None and _is_by_id(query, self._names.own_field(query, entity)):
            return list(islice(rows, query.offset, end))
        found = list(rows)
        for ordering in reversed(query.order):
            found = self._sorted(found, ordering, query, entity)
        return found[query.offset : end]

    def _planned(self, query: Query, entity: SObject) -> Iterable[Row]:
        table = self._db.store.table(entity)
        planner = Planner(table, entity, self._values, self._names.own_field(query, entity))
        rows = planner.rows(query.where)
        if not self._with_deleted:
            return rows
        return sorted([*rows, *self._db.store.binned(entity)], key=_id_of)

    def _tests(self, query: Query, entity: SObject) -> list[Predicate]:
        if query.where is None:
            return []
        self._check_semi_joins(query.where)
        return [self._test(part, query, entity) for part in conjuncts(query.where)]

    def _sorted(
        self, rows: list[Row], ordering: Ordering, query: Query, entity: SObject
    ) -> list[Row]:
        """Sort by one field, stable; nulls come first unless asked otherwise (SOQL reference, ORDER
        BY).
        """
        column = self._names.column(ordering.path, query, entity)
        get, is_id = self._names.getter(column), column.field.kind is Kind.ID
        keyed = [(get(row), row) for row in rows]
        if not is_id:
            keyed = [(k.lower() if isinstance(k, str) else k, row) for k, row in keyed]
        empty = [row for key, row in keyed if key is None]
        full = [pair for pair in keyed if pair[0] is not None]
        full.sort(key=_key_of, reverse=ordering.is_descending)
        sorted_rows = [row for _, row in full]
        return sorted_rows + empty if ordering.is_nulls_last else empty + sorted_rows

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
                column = self._names.filterable(path, query, entity)
                return self._on(column, self._values.comparison(column.field, operator, value))
            case Membership(path, is_in, values):
                column = self._names.filterable(path, query, entity)
                if isinstance(values, Query):
                    return self._on(column, self._semi_join(values, is_in=is_in))
                test = self._values.membership(column.field, values, is_in=is_in)
                return self._on(column, test)

    def _on(self, column: Column, test: Test) -> Predicate:
        get = self._names.getter(column)
        return lambda row: test(get(row))

    def _semi_join(self, query: Query, *, is_in: bool) -> Test:
        entity = self._names.entity(query.source)
        item = query.items[0]
        if len(query.items) != 1 or not isinstance(item.what, Path):
            raise malformed(self._text, "only root queries support aggregate expressions")
        column = self._names.column(item.what, query, entity)
        if column.field.kind not in {Kind.ID, Kind.REFERENCE}:
            message = f"The inner select field '{column.field.name}' must be an ID or a reference"
            raise SalesforceError(Code.INVALID_FIELD, message)
        get = self._names.getter(column)
        found = {get(row) for row in self._rows(query, entity)}
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

    # ---- rendering

    def _renderer(self, query: Query, entity: SObject) -> Callable[[Row], dict[str, Any]]:
        """Check all names once and return what renders one row."""
        makers = [self._maker(item, query, entity) for item in query.items]

        def render(row: Row) -> dict[str, Any]:
            record = {"attributes": attributes(entity, row, self._base)}
            for make in makers:
                make(row, record)
            return record

        return render

    def _maker(self, item: Item, query: Query, entity: SObject) -> Maker:
        if item.alias is not None:
            raise malformed(self._text, "only aggregate expressions use field aliasing")
        if isinstance(item.what, Query):
            return self._child_maker(item.what, entity)
        assert isinstance(item.what, Path)  # noqa: S101  # calls went to the aggregates
        column = self._names.column(item.what, query, entity)
        if column.steps:
            return lambda row, record: self._put(column, row, record)
        get, name = self._names.getter(column), column.field.name

        def put(row: Row, record: dict[str, Any]) -> None:
            record[name] = rendered(get(row))

        return put

    def _put(self, column: Column, row: Row, record: dict[str, Any]) -> None:
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

    def _child_maker(self, query: Query, entity: SObject) -> Maker:
        found = self._db.schema.children(entity).get(query.source.lower())
        if found is None:
            raise self._names.no_child(query.source)
        child, lookup = found
        render = self._renderer(query, child)
        self._rows(query, child, ())  # names are checked although there may be no rows

        def make(row: Row, record: dict[str, Any]) -> None:
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
            columns[path] = self._names.column(path, query, entity)
        grouping = Grouping(query, self._text, {path: one.field for path, one in columns.items()})
        plain = Query(**{**query.__dict__, "order": (), "limit": None, "offset": 0})
        rows = self._rows(plain, entity)
        if not entity.can_aggregate and not grouping.is_bare_count:
            problem = f"entity type {entity.name} does not support aggregate query"
            raise malformed(self._text, problem)
        if grouping.is_bare_count:
            return Result(total=len(rows), page=lambda _start, _end: [], count=len(rows))
        getters = {path: self._names.getter(column) for path, column in columns.items()}
        found = grouping.records(rows, getters)
        if len(found) > MOST_GROUPS:
            # SOQL reference, "GROUP BY": queryMore() is not supported; the code is from the API's
            # error table (EXCEEDED_ID_LIMIT).
            message = "Aggregate query does not support queryMore(), use LIMIT to restrict the "
            raise SalesforceError(Code.EXCEEDED_ID_LIMIT, f"{message}results to a single batch")
        records = [{name: rendered(value) for name, value in one.items()} for one in found]
        return Result(total=len(records), page=lambda start, end: records[start:end])


def attributes(entity: SObject, row: Record, base: str) -> dict[str, str]:
    return {"type": entity.name, "url": f"{base}/sobjects/{entity.name}/{row['Id']}"}


def rendered(value: Any) -> Any:
    """Return a value as JSON has it."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, datetime):
        return render_moment(value)
    return value.isoformat() if isinstance(value, date) else value


def _is_by_id(query: Query, own: Callable[[Path], Field | None]) -> bool:
    """Say whether the rows may stay in the order of their ids."""
    if not query.order:
        return True
    field = own(query.order[0].path)
    return (
        len(query.order) == 1
        and not query.order[0].is_descending
        and field is not None
        and field.kind is Kind.ID
    )


def _id_of(row: Row) -> Any:
    return row["Id"]


def _key_of(pair: tuple[Any, Row]) -> Any:
    return pair[0]


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
