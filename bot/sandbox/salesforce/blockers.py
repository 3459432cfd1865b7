"""What keeps a user from being deactivated, and what merely breaks afterwards.

Source: salesforce.md §1.3; help 000384586, 000384761, 000384962 and 000187291; "Considerations for
Deactivating Users" (D11). The vendor's own sentences are marked [D]; for the others only the list
of causes is published, so their wording is ours in the same form [M], and so is the code, which
help pages do not give. Defaults of leads, cases and workflows are settings that no query shows.
"""

import threading
from collections.abc import Callable
from enum import StrEnum

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, SalesforceError, record_error
from bot.sandbox.salesforce.schema import Record


class Blocker(StrEnum):
    """Settings that name a user; the value is the sentence of the refusal."""

    DEFAULT_LEAD_OWNER = "You cannot deactivate a user who is the default owner of leads"
    WEB_TO_LEAD_CREATOR = "You cannot disable the Web to Lead Default Creator."  # [D] 000384761
    DEFAULT_CASE_OWNER = (  # [D] 000384586
        "You cannot deactivate this user. You cannot deactivate a user who is the default owner of "
        "cases"
    )
    AUTOMATED_CASE_USER = "You cannot deactivate a user who is the automated case user"
    LEAD_ASSIGNMENT_RULE = "You cannot deactivate a user who is used in a lead assignment rule"
    CASE_ASSIGNMENT_RULE = "You cannot deactivate a user who is used in a case assignment rule"
    AUTO_RESPONSE_RULE = "You cannot deactivate a user who is used in an auto-response rule"
    DEFAULT_WORKFLOW_USER = "You cannot deactivate the Default Workflow User"  # [D] 000384586
    WORKFLOW_FIELD_UPDATE = "You cannot deactivate a user who is the value of a field update"
    SOLE_ALERT_RECIPIENT = (
        "You cannot deactivate a user who is the sole recipient of a workflow email alert"
    )
    PORTAL_ADMINISTRATOR = (
        "You cannot deactivate a user who is the administrator of a customer portal"
    )


PENDING_APPROVAL = "You cannot deactivate a user who has pending approval requests"
HIERARCHY = "Cannot inactivate user that is the value of a hierarchy field: {}"
"""[D] help 000384962, with the field's name."""

MANAGER = "You cannot deactivate a user who is the manager of another user"


class Blockers:
    """The blockers of one org; users are named by user name or id, like everywhere in `Org`.

    `managers_block` is for orgs where the standard Manager field blocks too: an old help page
    (000004425) says so, the present ones name custom hierarchy fields only.
    """

    def __init__(
        self, database: Database, lock: threading.RLock, find: Callable[[str], Record]
    ) -> None:
        self._db = database
        self._lock = lock
        self._find = find
        self._settings: dict[Blocker, str] = {}
        self._messages: dict[str, str] = {}
        self.managers_block = False

    # ---- setting and clearing

    def put(self, blocker: Blocker, user: str) -> None:
        """Enter the user in this setting of the org."""
        with self._lock:
            self._settings[blocker] = self._find(user)["Id"]

    def clear(self, blocker: Blocker) -> None:
        """Take whoever it is out of the setting."""
        with self._lock:
            self._settings.pop(blocker, None)

    def say(self, user: str, message: str | None) -> None:
        """Refuse the user's deactivation with words of one's own; None ends that."""
        with self._lock:
            user_id = self._find(user)["Id"]
            self._messages.pop(user_id, None)
            if message is not None:
                self._messages[user_id] = message

    def ask_approval(self, user: str, target_id: str | None = None) -> str:
        """Wait for the user's decision on a record and return the work item's id."""
        with self._lock:
            actor, db = self._find(user)["Id"], self._db
            process = {"SubmittedById": db.actor_id or None, "TargetObjectId": target_id}
            instance = db.insert(db.entity("ProcessInstance"), process)
            item = {"ProcessInstanceId": instance, "OriginalActorId": actor, "ActorId": actor}
            return db.insert(db.entity("ProcessInstanceWorkitem"), item)

    def decide_approval(self, workitem_id: str) -> None:
        """Let the user decide: the work item is gone, the process approved."""
        with self._lock:
            items, processes = (
                self._db.entity(one) for one in ("ProcessInstanceWorkitem", "ProcessInstance")
            )
            item = self._db.store.get(items, workitem_id)
            if item is None:
                raise KeyError(workitem_id)
            self._db.store.remove(items, workitem_id)
            process = self._db.store.get(processes, item["ProcessInstanceId"])
            if process is not None:
                self._db.store.put(processes, {**process, "Status": "Approved"})

    def schedule_job(self, user: str, name: str = "Nightly sync") -> str:
        """Let a scheduled job run as the user, which does not block, and return its id."""
        with self._lock:
            db = self._db
            detail = db.insert(db.entity("CronJobDetail"), {"Name": name, "JobType": "7"})
            row = {"OwnerId": self._find(user)["Id"], "CronJobDetailId": detail}
            return db.insert(db.entity("CronTrigger"), {**row, "CronExpression": "0 0 2 * * ?"})

    def run_dashboard(self, user: str, title: str = "Pipeline") -> str:
        """Let a dashboard show what the user sees, which does not block, and return its id."""
        with self._lock:
            row = {"Title": title, "DeveloperName": title.replace(" ", "_")}
            running = {"RunningUserId": self._find(user)["Id"]}
            return self._db.insert(self._db.entity("Dashboard"), {**row, **running})

    # ---- the refusal

    def check(self, user: Record) -> None:
        """Raise the refusal of the first thing that needs this user to be active."""
        user_id, users = user["Id"], self._db.entity("User")
        if user_id in self._messages:
            raise _refused(self._messages[user_id])
        for field in users.fields:
            is_custom = field.name.endswith("__c") and "User" in field.refers_to
            is_manager = field.name == "ManagerId" and self.managers_block
            if is_custom and self._db.store.find(users, field.name, user_id):
                raise _refused(HIERARCHY.format(field.label))
            if is_manager and self._db.store.find(users, field.name, user_id):
                raise _refused(MANAGER)
        for blocker, blocked in self._settings.items():
            if blocked == user_id:
                raise _refused(str(blocker))
        items = self._db.entity("ProcessInstanceWorkitem")
        if self._db.store.find(items, "ActorId", user_id):
            raise _refused(PENDING_APPROVAL)


def _refused(message: str) -> SalesforceError:
    return record_error(Code.FIELD_INTEGRITY_EXCEPTION, message)
