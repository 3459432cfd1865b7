"""Creates, updates and deletes records under the schema, the objects' rules and a transaction."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.salesforce import rights
from bot.sandbox.salesforce.errors import LOCKED_ROW, Code, SalesforceError, record_error
from bot.sandbox.salesforce.ids import IdMint
from bot.sandbox.salesforce.objects import schema
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.schema import Record, Schema, SObject
from bot.sandbox.salesforce.seats import Seats
from bot.sandbox.salesforce.settings import GroupLock, Settings
from bot.sandbox.salesforce.store import Store
from bot.sandbox.salesforce.table import Row
from bot.sandbox.salesforce.validation import clean


class Rules:
    """What one object adds to the general checks; each call may change `row` or raise. The base
    adds nothing. Who overrides `computed` says for which fields in `computed_names`: queries read
    all others straight from the row.
    """

    computed_names: frozenset[str] | None = None

    def existing(self, row: Record) -> str | None:  # noqa: ARG002  # overridden
        """Return the id of the record that the platform gives back instead of making a second."""
        return None

    def before_create(self, row: dict[str, Any]) -> None:
        pass

    def after_create(self, row: Record) -> None:
        pass

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        pass

    def after_update(self, old: Record, row: Record) -> None:
        pass

    def before_delete(self, row: Record) -> None:
        pass

    def after_delete(self, row: Record) -> None:
        pass

    def computed(self, row: Record, name: str) -> Any:
        """Return a field's value."""
        return row.get(name)


_NO_RULES = Rules()
NEWEST_VERSION = 999.0
Trail = Callable[[SObject, Record | None, Record | None], None]
"""Hears of every write: the object, the row before (None: new) and the row after (None: gone)."""


class Database:
    """The data of one org; `actor_id` is the user on whose behalf the running call writes."""

    def __init__(
        self, *, clock: Callable[[], float], registry: UsernameRegistry, owner: str
    ) -> None:
        self._tables = schema()
        self._views: dict[tuple[float, frozenset[tuple[str, str]]], Schema] = {}
        self.store = Store(self._tables)
        self.seats = Seats(self.store, self._tables, self.now)
        self.settings = Settings()
        self.group_lock = GroupLock(clock)
        self.trail: Trail | None = None
        self.unassigned_at_once = 0
        self.mint = IdMint()
        self.registry = registry
        self.owner = owner
        self.rules: dict[str, Rules] = {}
        self.actor_id = ""
        self.lost_locks = 0
        self.validation_rule: str | None = None
        self._clock = clock
        self._touched: SObject | None = None
        self._version = NEWEST_VERSION
        self.call_number = 0

    # ---- reading

    @property
    def schema(self) -> Schema:
        """The objects and fields that the running call sees in its API version."""
        view = (self._version, self.settings.closed())
        if view not in self._views:
            self._views[view] = self._tables.visible(*view)
        return self._views[view]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC).replace(microsecond=0)

    def entity(self, name: str) -> SObject:
        """Return an object by its exact name, with the fields of all versions."""
        entity = self._tables.find(name)
        assert entity is not None, name  # noqa: S101  # callers name objects of the schema
        return entity

    def value(self, entity: SObject, row: Record, name: str) -> Any:
        """Return a field's value, stored or computed."""
        return self._rules_of(entity).computed(row, name)

    def getter(self, entity: SObject, name: str) -> Callable[[Row], Any]:
        """Return what reads this field of a row, for queries that read many."""
        rules = self._rules_of(entity)
        is_plain = type(rules).computed is Rules.computed
        if is_plain or (rules.computed_names is not None and name not in rules.computed_names):
            place = self.store.table(entity).columns[name]
            return lambda row: row.cells[place]
        return lambda row: rules.computed(row, name)

    def exists(self, record_id: str) -> bool:
        entity = self._tables.of_id(record_id)
        return entity is not None and self.store.get(entity, record_id) is not None

    # ---- writing

    def begin_request(self, actor_id: str, version: float = NEWEST_VERSION) -> None:
        """Start one API call: setup and business writes must not meet within it."""
        self.actor_id, self._touched, self._version = actor_id, None, version
        self.call_number += 1

    def create(self, entity: SObject, values: Mapping[str, Any]) -> str:
        """Insert one record as the API does and return its id."""
        if not entity.createable:
            message = f"entity type cannot be inserted: {entity.label or entity.name}"
            raise SalesforceError(Code.INVALID_TYPE_FOR_OPERATION, message)
        self._start_write(entity)
        given = clean(self.schema, entity, values, creating=True, exists=self.exists)
        self._check_validation_rule(entity)
        whole = self.entity(entity.name)
        return self._rules_of(whole).existing(given) or self.insert(whole, given)

    def insert(self, entity: SObject, values: Mapping[str, Any]) -> str:
        """Insert one record by its own rules alone (the platform's writes and the seed)."""
        row = {field.name: field.default for field in entity.fields} | dict(values)
        now = self.now()
        row |= {"Id": row.get("Id") or self.mint.next(entity.prefix)}
        row |= {"CreatedById": self.actor_id or None, "CreatedDate": row.get("CreatedDate") or now}
        row |= {
            "LastModifiedById": self.actor_id or None,
            "LastModifiedDate": now,
            "SystemModstamp": now,
        }
        rules = self._rules_of(entity)
        with self.store.transaction():
            rules.before_create(row)
            self._check_unique(entity, row, row)
            self.store.put(entity, row)
            self.track(entity, None, row)
            rules.after_create(row)
        return str(row["Id"])

    def update(self, entity: SObject, record_id: str, values: Mapping[str, Any]) -> None:
        """Change the given fields of one record as the API does."""
        if not entity.updateable:
            message = f"entity type does not support update: {entity.name}"
            raise SalesforceError(Code.INVALID_TYPE_FOR_OPERATION, message)
        self._start_write(entity)
        old = self._existing(entity, record_id)
        changes = clean(self.schema, entity, values, creating=False, exists=self.exists)
        self._check_validation_rule(entity)
        self.change(self.entity(entity.name), old, changes)

    def change(self, entity: SObject, old: Record, changes: Mapping[str, Any]) -> None:
        now = self.now()
        row = {**old, **changes}
        row |= {"LastModifiedById": self.actor_id, "LastModifiedDate": now, "SystemModstamp": now}
        rules = self._rules_of(entity)
        with self.store.transaction():
            rules.before_update(old, row)
            self._check_unique(entity, row, changes)
            self.store.put(entity, row)
            self.track(entity, old, row)
            rules.after_update(old, row)

    def delete(self, entity: SObject, record_id: str) -> None:
        if not entity.deletable:
            # Users can only be deactivated (object reference, User: supported calls have no
            # delete()).
            message = f"entity type does not support delete: {entity.name}"
            raise SalesforceError(Code.INVALID_TYPE_FOR_OPERATION, message)
        self._start_write(entity)
        row, rules = self._existing(entity, record_id), self._rules_of(entity)
        with self.store.transaction():
            rules.before_delete(row)
            self.discard(entity, row)

    def discard(self, entity: SObject, row: Record) -> None:
        """Delete one record by what follows from it alone (the platform's own deletions)."""
        with self.store.transaction():
            self.store.remove(entity, row["Id"])
            self.track(entity, row, None)
            self._rules_of(entity).after_delete(row)

    def track(self, entity: SObject, old: Record | None, new: Record | None) -> None:
        """Tell the audit trail of a write."""
        if self.trail is not None:
            self.trail(entity, old, new)

    def _rules_of(self, entity: SObject) -> Rules:
        return self.rules.get(entity.name, _NO_RULES)

    def _start_write(self, entity: SObject) -> None:
        if self._touched is not None and self._touched.is_setup != entity.is_setup:
            # Apex guide, "sObjects That Cannot Be Used Together in DML Operations".
            message = (
                "DML operation on setup object is not permitted after you have updated a non-setup "
                "object (or vice "
                f"versa): {entity.name}, original object: {self._touched.name}"
            )
            raise record_error(Code.MIXED_DML_OPERATION, message)
        self._touched = entity
        if self.lost_locks:
            self.lost_locks -= 1
            raise record_error(Code.UNABLE_TO_LOCK_ROW, LOCKED_ROW)
        self._check_right(entity)

    def _check_right(self, entity: SObject) -> None:
        """Refuse who lacks the permission for this object; which of the three codes that gets
        (salesforce.md §1.5) is not verified.
        """
        if not entity.right or not self.settings.checks_rights:
            return
        if entity.right not in rights.granted(self, self.actor_id):
            message = "insufficient access rights on object id"
            raise record_error(Code.INSUFFICIENT_ACCESS_OR_READONLY, message)

    def _existing(self, entity: SObject, record_id: str) -> Record:
        row = self.store.get(entity, record_id)
        if row is not None:
            return row
        if self.store.was_deleted(record_id):
            raise record_error(Code.ENTITY_IS_DELETED, "entity is deleted")
        message = "invalid cross reference id"
        raise SalesforceError(Code.INVALID_CROSS_REFERENCE_KEY, message, fields=(), status=404)

    def _check_validation_rule(self, entity: SObject) -> None:
        if self.validation_rule is not None and entity.name == "User":
            raise record_error(Code.FIELD_CUSTOM_VALIDATION_EXCEPTION, self.validation_rule)

    def _check_unique(self, entity: SObject, row: Record, touched: Mapping[str, Any]) -> None:
        for field in entity.fields:
            if not field.unique or row.get(field.name) is None or field.name not in touched:
                continue
            others = self.store.find(entity, field.name, row[field.name])
            other = next((one for one in others if one["Id"] != row["Id"]), None)
            if other is not None:
                raise duplicate(field.name, other)


def duplicate(name: str, other: Record) -> SalesforceError:
    """Return the refusal of a value that another record has already."""
    message = (
        f"duplicate value found: {name} duplicates value on record with id: {other['Id'][:15]}"
    )
    return record_error(Code.DUPLICATE_VALUE, message)
