"""What the org knows of an object: its fields, what may be written, and how objects refer to each
other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

Record = Mapping[str, Any]
"""One row; keys are canonical field names, values Python ones (str, bool, int, datetime, None)."""


class Kind(StrEnum):
    """Field types by the names describe uses (object reference, "Field Types")."""

    ID = "id"
    STRING = "string"
    EMAIL = "email"
    BOOLEAN = "boolean"
    INTEGER = "int"
    CURRENCY = "currency"
    DATETIME = "datetime"
    DATE = "date"
    REFERENCE = "reference"
    PICKLIST = "picklist"


NUMBERS = frozenset({Kind.INTEGER, Kind.CURRENCY})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of an object.

    `required` means on create and never null later, `required_unless` names the field that may
    stand in for it; `values` makes a restricted picklist; `child_relationship` is the name by which
    the parent sees its rows; before API version `since` there is no such field.
    """

    name: str
    kind: Kind = Kind.STRING
    label: str = ""
    length: int = 255
    createable: bool = True
    updateable: bool = True
    required: bool = False
    required_unless: str = ""
    filterable: bool = True
    since: int = 0
    default: Any = None
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str = ""
    child_relationship: str = ""
    values: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.label or self.name

    @property
    def is_indexed(self) -> bool:
        return self.unique or self.external_id or bool(self.refers_to)


@dataclass(frozen=True, kw_only=True)
class SObject:
    """One object: its key prefix, its fields and which calls it supports.

    `is_setup` decides MIXED_DML_OPERATION; `unmodelled` names fields of the original that answer
    501; `right` is the permission that a write takes; before API version `since` there is no such
    object.
    """

    name: str
    prefix: str
    fields: tuple[Field, ...]
    label: str = ""
    createable: bool = False
    updateable: bool = False
    deletable: bool = False
    is_setup: bool = True
    can_aggregate: bool = True
    right: str = ""
    since: int = 0
    unmodelled: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _by_lower_name(self) -> dict[str, Field]:
        return {one.name.lower(): one for one in self.fields}

    @cached_property
    def _by_relationship(self) -> dict[str, Field]:
        return {one.relationship.lower(): one for one in self.fields if one.relationship}

    def field(self, name: str) -> Field | None:
        """Find a field; names are not case-sensitive (SOQL reference)."""
        return self._by_lower_name.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """Find the reference field behind a relationship name such as Profile."""
        return self._by_relationship.get(relationship.lower())

    def is_unmodelled(self, name: str) -> bool:
        return name.lower() in {one.lower() for one in self.unmodelled}


class Schema:
    """All objects of the org, found by name in any case or by key prefix."""

    def __init__(self, objects: tuple[SObject, ...], *, unmodelled: frozenset[str]) -> None:
        self.objects = objects
        self._by_name = {one.name.lower(): one for one in objects}
        self._by_prefix = {one.prefix: one for one in objects}
        self._unmodelled = {name.lower() for name in unmodelled}

    def find(self, name: str) -> SObject | None:
        return self._by_name.get(name.lower())

    def of_id(self, record_id: str) -> SObject | None:
        return self._by_prefix.get(record_id[:3])

    def is_unmodelled(self, name: str) -> bool:
        """Say whether the original has such an object though the sandbox does not."""
        return name.lower() in self._unmodelled

    def visible(self, version: float, closed: frozenset[tuple[str, str]]) -> "Schema":
        """Return what a client of this API version sees; nobody can write `closed` fields."""
        shown = (one for one in self.objects if one.since <= version)
        objects = tuple(_visible(one, version, closed) for one in shown)
        return Schema(objects, unmodelled=frozenset(self._unmodelled))

    def children(self, parent: SObject) -> dict[str, tuple[SObject, Field]]:
        """Return the child relationships of an object by lower-case name."""
        return {
            one.child_relationship.lower(): (child, one)
            for child in self.objects
            for one in child.fields
            if one.child_relationship and parent.name in one.refers_to
        }


def _visible(one: SObject, version: float, closed: frozenset[tuple[str, str]]) -> SObject:
    shown = [each for each in one.fields if each.since <= version]
    fields = tuple(read_only(each) if (one.name, each.name) in closed else each for each in shown)
    return one if fields == one.fields else replace(one, fields=fields)


def text(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name=name, length=length, **more)


def flag(name: str, **more: Any) -> Field:
    return Field(name=name, kind=Kind.BOOLEAN, default=more.pop("default", False), **more)


def number(name: str, **more: Any) -> Field:
    return Field(name=name, kind=Kind.INTEGER, **more)


def moment(name: str, **more: Any) -> Field:
    return Field(name=name, kind=Kind.DATETIME, **more)


def choice(name: str, values: tuple[str, ...], **more: Any) -> Field:
    return Field(name=name, kind=Kind.PICKLIST, values=values, **more)


def reference(name: str, *refers_to: str, **more: Any) -> Field:
    """Return a lookup; a single target gets the relationship name that the vendor derives from the
    field's.
    """
    if "relationship" not in more and name.endswith("Id"):
        more["relationship"] = name.removesuffix("Id")
    return Field(name=name, kind=Kind.REFERENCE, length=18, refers_to=refers_to, **more)


def read_only(one: Field) -> Field:
    """Return the same field as one that only the platform writes."""
    return replace(one, createable=False, updateable=False)


def audit_fields() -> tuple[Field, ...]:
    """Return the fields that every object has (object reference, "System Fields")."""
    return (
        Field(name="Id", kind=Kind.ID, length=18, createable=False, updateable=False),
        read_only(moment("CreatedDate")),
        read_only(reference("CreatedById", "User", relationship="CreatedBy")),
        read_only(moment("LastModifiedDate")),
        read_only(reference("LastModifiedById", "User", relationship="LastModifiedBy")),
        read_only(moment("SystemModstamp")),
    )
