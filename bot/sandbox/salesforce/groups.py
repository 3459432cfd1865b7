"""Rules of roles, public groups and queues, which share one lock per org (D5).

Source: object reference, Group, GroupMember, QueueSobject, UserRole. Codes of refusals are not
documented: those here are [M].
"""

from typing import Any

from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, record_error
from bot.sandbox.salesforce.schema import Record
from bot.sandbox.salesforce.tables_people import OPEN_GROUPS


class Locking(Rules):
    """Takes the lock for every write."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:  # noqa: ARG002  # every write is alike
        self._lock()

    def before_update(self, old: Record, row: dict[str, Any]) -> None:  # noqa: ARG002  # the same
        self._lock()

    def before_delete(self, row: Record) -> None:  # noqa: ARG002  # the same
        self._lock()

    def _lock(self) -> None:
        self._db.group_lock.take(self._db.call_number)


class RoleRules(Locking):
    """A role has a group of its own, which the platform makes ("for Groups of type Role, the ID of
    the associated UserRole"), and cannot go while users have it.
    """

    def after_create(self, row: Record) -> None:
        values = {"Name": row["Name"], "DeveloperName": row["DeveloperName"], "Type": "Role"}
        self._db.insert(self._db.entity("Group"), {**values, "RelatedId": row["Id"]})

    def before_delete(self, row: Record) -> None:
        super().before_delete(row)
        if self._db.store.find(self._db.entity("User"), "UserRoleId", row["Id"]):
            message = "Your attempt to delete the role could not be completed: users have it."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message)

    def after_delete(self, row: Record) -> None:
        groups = self._db.entity("Group")
        for one in self._db.store.find(groups, "RelatedId", row["Id"]):
            self._db.discard(groups, one)


class GroupRules(Locking):
    """Only public groups and queues are made and deleted by people; names are unique by type."""

    def before_create(self, row: dict[str, Any]) -> None:
        if row["RelatedId"] is not None:
            return  # a role's own group
        super().before_create(row)
        row["OwnerId"] = row["OwnerId"] or self._db.actor_id or None
        _check_open(row["Type"])
        groups = self._db.entity("Group")
        name = row["DeveloperName"] = row["DeveloperName"] or "_".join(row["Name"].split())
        same = self._db.store.find(groups, "DeveloperName", name)
        if any(one["Type"] == row["Type"] for one in same):
            message = f"Duplicate Group Name: {name}"
            raise record_error(Code.DUPLICATE_DEVELOPER_NAME, message, "DeveloperName")

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        super().before_update(old, row)
        _check_open(row["Type"])

    def before_delete(self, row: Record) -> None:
        super().before_delete(row)
        _check_open(row["Type"])
        for name, column in (("GroupMember", "GroupId"), ("QueueSobject", "QueueId")):
            entity = self._db.entity(name)
            for one in self._db.store.find(entity, column, row["Id"]):
                self._db.discard(entity, one)


class MemberRules(Locking):
    """Who is a direct member. Deactivation leaves the rows (object reference; [3P])."""

    def existing(self, row: Record) -> str | None:
        """Find the same membership: "If you attempt to create a record that matches an existing
        record, the system simply returns the existing record" (D13).
        """
        members = self._db.entity("GroupMember")
        for one in self._db.store.find(members, "GroupId", row.get("GroupId")):
            if one["UserOrGroupId"] == row.get("UserOrGroupId"):
                return str(one["Id"])
        return None

    def before_create(self, row: dict[str, Any]) -> None:
        super().before_create(row)
        group = self._db.store.get(self._db.entity("Group"), row["GroupId"])
        assert group is not None  # noqa: S101  # references are checked before
        _check_open(group["Type"])
        if row["UserOrGroupId"] == row["GroupId"]:
            message = "A group can't be a member of itself."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "UserOrGroupId")
        user = self._db.store.get(self._db.entity("User"), row["UserOrGroupId"])
        if user is not None and not user["IsActive"]:
            message = "operation performed with inactive user"
            raise record_error(Code.INACTIVE_OWNER_OR_USER, message, "UserOrGroupId")


class QueueRules(Rules):
    """An object of a queue; groups of other types own no records."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def before_create(self, row: dict[str, Any]) -> None:
        group = self._db.store.get(self._db.entity("Group"), row["QueueId"])
        if group is not None and group["Type"] != "Queue":
            message = "Only queues can own records."
            raise record_error(Code.FIELD_INTEGRITY_EXCEPTION, message, "QueueId")


def _check_open(kind: str) -> None:
    if kind not in OPEN_GROUPS:
        message = f"Groups of type {kind} are kept by the platform."
        raise record_error(Code.INSUFFICIENT_ACCESS_OR_READONLY, message, "Type")
