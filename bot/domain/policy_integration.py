"""What an integration may do in a system: objects, operations and fields, and nothing else."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

ALL = "all"
"""Stands for every field of an object."""


class Operation(StrEnum):
    """What can be done with an object's records.

    `view_all` reads records of others too, whatever sharing says (View All Records). No policy can
    ask for `modify_all` (Modify All Records), which stands here to be found.
    """

    READ = "read"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    VIEW_ALL = "view_all"
    MODIFY_ALL = "modify_all"


class Right(NamedTuple):
    """One operation on one object, or on one field of it; `field` may be ALL."""

    object: str
    operation: Operation
    field: str = ""

    def __str__(self) -> str:
        words = self.operation.replace("_", " ")
        if not self.field:
            return f"{self.object}: {words}"
        return f"{self.object}: {words} {'every field' if self.field == ALL else self.field}"


# Salesforce grants no operation without these (object reference, ObjectPermissions), and who
# edits a field reads it (FieldPermissions).
_TAKES_ALONG: Mapping[Operation, tuple[Operation, ...]] = {
    Operation.CREATE: (Operation.READ,),
    Operation.EDIT: (Operation.READ,),
    Operation.DELETE: (Operation.READ, Operation.EDIT),
    Operation.VIEW_ALL: (Operation.READ,),
}


@dataclass(frozen=True, kw_only=True)
class ObjectRights:
    """What an integration does with one object: fields by operation, as policy writes them.

    Fields are API names or only ALL; an operation without fields is not asked for.
    """

    read: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    edit: tuple[str, ...] = ()
    delete: bool = False
    view_all: bool = False

    def rights(self, object_name: str) -> Iterator[Right]:
        """Yield what is asked for and what Salesforce makes go with it, perhaps twice."""
        by_fields = ((Operation(key), getattr(self, key)) for key in ("read", "create", "edit"))
        for operation, fields in by_fields:
            if fields:
                yield from _with_company(object_name, operation)
            for field in fields:
                yield from (Right(object_name, one, field) for one in _company(operation))
        for operation in (Operation.DELETE, Operation.VIEW_ALL):
            if getattr(self, operation):
                yield from _with_company(object_name, operation)


def _with_company(object_name: str, operation: Operation) -> Iterator[Right]:
    yield from (Right(object_name, one) for one in _company(operation))


def _company(operation: Operation) -> tuple[Operation, ...]:
    return (operation, *_TAKES_ALONG.get(operation, ()))


@dataclass(frozen=True, kw_only=True)
class IntegrationRights:
    """Everything that an API-only user must be able to do, and all that it may do.

    Whoever compares this with an org finds what is missing (`asked` minus what the user's
    permission sets and profile grant together) and what is too much (the other way round: an
    object, an operation or a field that is not here, Modify All Records always). A field that
    Salesforce does not guard (Id, required fields, system fields) has no right of its own and is
    granted with its object. To create and to edit a field are one right there (Edit of the field).
    The profile must be API-only, and the account must be no person's.
    """

    objects: Mapping[str, ObjectRights]

    @property
    def asked(self) -> tuple[Right, ...]:
        """All rights, each once, in order."""
        found = (right for name, one in self.objects.items() for right in one.rights(name))
        return tuple(sorted(set(found)))


def uncovered(rights: Iterable[Right], by: Collection[Right]) -> tuple[Right, ...]:
    """Return the rights that others do not give; a right on every field gives it on each one."""
    given = frozenset(by)
    return tuple(
        right
        for right in rights
        if right not in given and not (right.field and right._replace(field=ALL) in given)
    )
