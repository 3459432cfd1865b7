"""Ids that a view carries from the reader to the writer, and the rows in which parts are kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.changes import Part
from bot.domain.errors import Conflict
from bot.domain.plan import SeatView

SERVICE = "salesforce"


class Handle(StrEnum):
    """Kinds of ids; THING is what can be assigned, ROW is an assignment that exists.

    ADMIN is the id of the user itself, if it is an active administrator.
    """

    PROFILE = "profile"
    ROLE = "role"
    LOGIN = "login"
    THING = "thing"
    ROW = "row"
    POOL = "pool"
    ADMIN = "administrator"


@dataclass(frozen=True)
class Rows:
    """The object that keeps a part, its fields for the user and for the thing."""

    kind: str
    user: str
    thing: str


# Source: object reference of each; a group is assigned in the object of the sets, by a field of its
# own.
ROWS: Mapping[Part, Rows] = {
    Part.SET: Rows("PermissionSetAssignment", "AssigneeId", "PermissionSetId"),
    Part.SET_GROUP: Rows("PermissionSetAssignment", "AssigneeId", "PermissionSetGroupId"),
    Part.SET_LICENCE: Rows("PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId"),
    Part.PACKAGE: Rows("UserPackageLicense", "UserId", "PackageLicenseId"),
    Part.GROUP: Rows("GroupMember", "UserOrGroupId", "GroupId"),
    Part.QUEUE: Rows("GroupMember", "UserOrGroupId", "GroupId"),
}


def key(kind: Handle, name: str = "", part: Part | None = None) -> str:
    return f"{kind}:{part or ''}:{name}"


def handles_of(
    view: SeatView, kind: Handle, name: str = "", part: Part | None = None
) -> Iterator[str]:
    """Yield the ids that the view carries for this name."""
    wanted = key(kind, name, part)
    return (value for known, value in view.handles if known == wanted)


def known_id(view: SeatView, kind: Handle, name: str, part: Part | None = None) -> str:
    """Return the id of what a plan names; raises Conflict when the org does not have it."""
    found = next(handles_of(view, kind, name, part), None)
    if found is None:
        detail = f"Salesforce has no {part or kind} named {name}."
        raise Conflict(detail, service=SERVICE, code="UNKNOWN_NAME")
    return found
