"""Creates, updates and deletes records under the schema, the objects' rules and a transaction."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.salesforce.errors import LOCKED_ROW, Code, SalesforceError, record_error
from bot.sandbox.salesforce.ids import IdMint
from bot.sandbox.salesforce.objects import schema
from bot.sandbox.salesforce.registry import UsernameRegistry
from bot.sandbox.salesforce.schema import Record, SObject
from bot.sandbox.salesforce.seats import Seats
from bot.sandbox.salesforce.store import Store
from bot.sandbox.salesforce.validation import clean


class Rules:
    """What one object adds to the general checks; each call may change `row` or raise. The base
    adds nothing.
    """

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


class Database:
    """The data of one org; `actor_id` is the user on whose behalf the running call writes."""

    def __init__(
        self, *, clock: Callable[[], float], registry: UsernameRegistry, owner: str
    ) -> None:
        self.schema = schema()
        self.store = Store(self.schema)
        self.seats = Seats(self.store, self.schema)
        self.mint = IdMint()
        self.registry = registry
        self.owner = owner
        self.rules: dict[str, Rules] = {}
        self.actor_id = ""
        self.lost_locks = 0
        self.validation_rule: str | None = None
        self._clock = clock
        self._touched: SObject | None = None

    # ---- reading

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC).replace(microsecond=0)

    def entity(self, name: str) -> SObject:
        """Return an object of the schema by its exact name."""
        entity = self.schema.find(name)
        assert entity is not None, name  # noqa: S101  # callers name objects of the schema
        return entity

    def value(self, entity: SObject, row: Record, name: str) -> Any:
        """Return a field's value, stored or computed."""
        return self._rules_of(entity).computed(row, name)

    def exists(self, record_id: str) -> bool:
        entity = self.schema.of_id(record_id)
        return entity is not None and self.store.get(entity, record_id) is not None

    # ---- writing

    def begin_request(self, actor_id: str) -> None:
        """Start one API call: setup and business writes must not meet within it."""
        self.actor_id, self._touched = actor_id, None

    def create(self, entity: SObject, values: Mapping[str, Any]) -> str:
        """Insert one record as the API does and return its id."""
        if not entity.createable:
            message = f"entity type cannot be inserted: {entity.label or entity.name}"
            raise SalesforceError(Code.INVALID_TYPE_FOR_OPERATION, message)
        self._start_write(entity)
        given = clean(self.schema, entity, values, creating=True, exists=self.exists)
        self._check_validation_rule(entity)
        return self.insert(entity, given)

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
        self.change(entity, old, changes)

    def change(self, entity: SObject, old: Record, changes: Mapping[str, Any]) -> None:
        now = self.now()
        row = {**old, **changes}
        row |= {"LastModifiedById": self.actor_id, "LastModifiedDate": now, "SystemModstamp": now}
        rules = self._rules_of(entity)
        with self.store.transaction():
            rules.before_update(old, row)
            self._check_unique(entity, row, changes)
            self.store.put(entity, row)
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
            self.store.remove(entity, record_id)
            rules.after_delete(row)

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
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: "
                    f"{other['Id'][:15]}"
                )
                raise record_error(Code.DUPLICATE_VALUE, message)
