"""The names in a SOQL query, resolved against what the running call sees of the schema."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.schema import Field, SObject
from bot.sandbox.salesforce.soql_grammar import Path, Query, placed
from bot.sandbox.salesforce.table import Row

_NAMES_HINT = "Please reference your WSDL or the describe call for the appropriate names."
Getter = Callable[[Row], Any]


@dataclass(frozen=True)
class Column:
    """A path resolved: the lookups to follow, then the field."""

    steps: tuple[tuple[Field, SObject], ...]
    field: Field
    entity: SObject


class Names:
    """Resolves the names of one query text."""

    def __init__(self, database: Database, text: str) -> None:
        self._db = database
        self._text = text

    def entity(self, name: str) -> SObject:
        """Return the object of FROM."""
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

    def column(self, path: Path, query: Query, entity: SObject) -> Column:
        """Resolve a path from the query's object, or raise the vendor's complaint about it."""
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

    def filterable(self, path: Path, query: Query, entity: SObject) -> Column:
        """Resolve a path of WHERE; some objects let few of their fields stand there."""
        column = self.column(path, query, entity)
        if column.field.filterable:
            return column
        problem = f"field '{column.field.name}' can not be filtered in a query call"
        raise SalesforceError(Code.INVALID_FIELD, placed(self._text, problem, 1, path.column))

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

    def getter(self, column: Column) -> Getter:
        """Return what reads a column of a row; parents are looked up once each."""
        if not column.steps:
            return self._db.getter(column.entity, column.field.name)
        (lookup, parent), *steps = column.steps
        above = self.getter(Column(tuple(steps), column.field, column.entity))
        table, seen = self._db.store.table(parent), dict[str, Any]()

        def get(row: Row) -> Any:
            key = row[lookup.name]
            if key not in seen:
                found = table.rows.get(key)
                seen[key] = None if found is None else above(found)
            return seen[key]

        return get

    def dotted(self, path: Path, query: Query, entity: SObject) -> str:
        """Return the path as the schema writes it, such as Profile.Name."""
        column = self.column(path, query, entity)
        steps = (step.relationship for step, _ in column.steps)
        return ".".join([*steps, column.field.name])

    def own_field(self, query: Query, entity: SObject) -> Callable[[Path], Field | None]:
        """Return what tells a field of the query's own object from paths to others."""

        def own(path: Path) -> Field | None:
            parts = self._without_alias(path, query, entity)
            return entity.field(parts[0]) if len(parts) == 1 else None

        return own

    def no_child(self, name: str) -> SalesforceError:
        """Return the complaint about an unknown child relationship."""
        problem = (
            f"Didn't understand relationship '{name}' in FROM part of query call. If you are "
            "attempting to use a custom relationship, be sure to append the '__r' after the custom "
            f"relationship name. {_NAMES_HINT}"
        )
        return SalesforceError(Code.INVALID_TYPE, placed(self._text, problem))
