"""What a user may do, from the profile's set, the permission sets and the groups assigned.

Source: object reference, PermissionSet ("grant more access", never deny) and PermissionSetGroup
(the group has all that its sets have).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from bot.sandbox.salesforce.schema import Record, SObject
from bot.sandbox.salesforce.store import Store
from bot.sandbox.salesforce.tables_sets import PERMISSIONS

_IMPLIED = {
    # Manage Users comes with these (salesforce.md §3).
    "PermissionsManageUsers": (
        "PermissionsManageInternalUsers",
        "PermissionsAssignPermissionSets",
        "PermissionsResetPasswords",
        "PermissionsViewSetup",
    ),
}


class Reader(Protocol):
    """What looking up takes: the database, seen from below it."""

    @property
    def store(self) -> Store: ...

    def entity(self, name: str) -> SObject: ...

    def now(self) -> datetime: ...


def components(db: Reader, group_id: str) -> list[Record]:
    """Return the permission sets in a permission set group."""
    rows = db.store.find(db.entity("PermissionSetGroupComponent"), "PermissionSetGroupId", group_id)
    sets = db.entity("PermissionSet")
    found = (db.store.get(sets, one["PermissionSetId"]) for one in rows)
    return [one for one in found if one is not None]


def sets_behind(db: Reader, assignment: Record) -> list[Record]:
    """Return the set that an assignment gives, or those of its group."""
    if assignment["PermissionSetGroupId"] is not None:
        return components(db, assignment["PermissionSetGroupId"])
    found = db.store.get(db.entity("PermissionSet"), assignment["PermissionSetId"])
    return [] if found is None else [found]


def is_current(db: Reader, assignment: Record) -> bool:
    """Say whether the assignment has not expired."""
    return assignment["ExpirationDate"] is None or assignment["ExpirationDate"] > db.now()


def granted(db: Reader, user_id: str) -> frozenset[str]:
    """Return the user permissions that somebody has at this moment."""
    rows = db.store.find(db.entity("PermissionSetAssignment"), "AssigneeId", user_id)
    return permissions_of(
        one for row in rows if is_current(db, row) for one in sets_behind(db, row)
    )


def permissions_of(sets: Iterable[Record]) -> frozenset[str]:
    """Return the user permissions of these sets and what they bring along."""
    direct = {name for one in sets for name in PERMISSIONS if one[name]}
    return frozenset(direct.union(*(_IMPLIED.get(name, ()) for name in direct)))
