"""Who may own a business record, what follows from an owner's change, and records for tests.

Source: salesforce.md §1.3 and §1.5 (INACTIVE_OWNER_OR_USER); release notes Winter '16, "Set Audit
Fields and Update Records with Inactive Owners"; SOAP guide, "OwnerChangeOptions".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.sandbox.salesforce.database import Database, Rules
from bot.sandbox.salesforce.errors import Code, NotModelled, record_error
from bot.sandbox.salesforce.schema import Record, SObject
from bot.sandbox.salesforce.tables_business import OWNED

_WON, _LOST, _CLOSED, _DONE = "Closed Won", "Closed Lost", "Closed", "Completed"
_FROZEN_WITH_OWNER = frozenset({"Contact", "Lead", "Case", "Task", "Event"})
"""Edits of these need an active owner. Said of contacts and tasks (salesforce.md §1.3); for leads,
cases and events nothing is published, so they answer as strictly.
"""


@dataclass
class BusinessSettings:
    """Switches of the org: `cascades_account_owner` hands an account's contacts, open
    opportunities and open activities on with the account; `allows_inactive_owners` is the
    permission "Update Records with Inactive Owners" in the hands of the API's user.
    """

    cascades_account_owner: bool = False
    allows_inactive_owners: bool = False


class OwnedRules(Rules):
    """A record's owner and the fields that follow from others."""

    def __init__(self, database: Database, entity: SObject, settings: BusinessSettings) -> None:
        self._db = database
        self._entity = entity
        self._settings = settings
        self._numbered = 1000

    def before_create(self, row: dict[str, Any]) -> None:
        row["OwnerId"] = row["OwnerId"] or self._db.actor_id
        self._check_owner(row["OwnerId"])
        if self._entity.name == "Case":
            self._numbered += 1
            row["CaseNumber"] = f"{self._numbered:08d}"
        self._derive(row)

    def before_update(self, old: Record, row: dict[str, Any]) -> None:
        if old.get("IsConverted"):
            # The WSDL's StatusCode; the words are [M].
            message = "cannot reference converted lead"
            raise record_error(Code.CANNOT_UPDATE_CONVERTED_LEAD, message)
        if row["OwnerId"] != old["OwnerId"]:
            # Giving a record of an inactive owner to an active one needs no special right: so mass
            # transfers by data loaders work [3P].
            self._check_owner(row["OwnerId"])
        elif self._entity.name in _FROZEN_WITH_OWNER:
            self._check_owner(row["OwnerId"])
        self._derive(row)

    def after_update(self, old: Record, row: Record) -> None:
        is_cascading = self._settings.cascades_account_owner and self._entity.name == "Account"
        if is_cascading and row["OwnerId"] != old["OwnerId"]:
            self._hand_on(row["Id"], old["OwnerId"], row["OwnerId"])

    def _check_owner(self, owner_id: str | None) -> None:
        if owner_id is None:
            message = "Owner ID: owner cannot be blank"  # code and words are [M]
            raise record_error(Code.INVALID_CROSS_REFERENCE_KEY, message, "OwnerId")
        owner = self._db.store.get(self._db.entity("User"), owner_id)
        if owner is None or owner["IsActive"] or self._settings.allows_inactive_owners:
            return
        kind = self._entity.name[0].lower() + self._entity.name[1:]
        # As seen in many clients' logs (salesforce.md §1.5; search "as owner of").
        message = f"operation performed with inactive user [{owner_id[:15]}] as owner of {kind}"
        raise record_error(Code.INACTIVE_OWNER_OR_USER, message, "OwnerId")

    def _derive(self, row: dict[str, Any]) -> None:
        """Fill in what the platform works out (object reference, the page of each object)."""
        match self._entity.name:
            case "Contact" | "Lead":
                row["Name"] = " ".join(one for one in (row["FirstName"], row["LastName"]) if one)
            case "Opportunity":
                row["IsWon"] = row["StageName"] == _WON
                row["IsClosed"] = row["StageName"] in {_WON, _LOST}
            case "Case":
                row["IsClosed"] = row["Status"] == _CLOSED
            case "Task":
                row["IsClosed"] = row["Status"] == _DONE
            case "Event":
                length = row["EndDateTime"] - row["StartDateTime"]
                row["DurationInMinutes"] = int(length.total_seconds() // 60)

    def _hand_on(self, account_id: str, before: str, after: str) -> None:
        """Give what belongs to the account and to its old owner to the new one: contacts
        (TransferContacts), open opportunities (TransferOwnedOpenOpportunities) and open activities
        (TransferOpenActivities).
        """
        for name, field in (
            ("Contact", "AccountId"),
            ("Opportunity", "AccountId"),
            ("Task", "WhatId"),
            ("Event", "WhatId"),
        ):
            entity = self._db.entity(name)
            for one in self._db.store.find(entity, field, account_id):
                if one["OwnerId"] == before and is_open(one, self._db):
                    self._db.change(entity, one, {"OwnerId": after})


class ReadRules(Rules):
    """Objects that the sandbox shows but has no writes for."""

    def __init__(self, entity: SObject) -> None:
        self._entity = entity

    def before_update(self, old: Record, row: dict[str, Any]) -> None:  # noqa: ARG002  # overridden
        raise NotModelled(f"changes of {self._entity.name}")

    def before_delete(self, row: Record) -> None:  # noqa: ARG002  # overridden
        raise NotModelled(f"deleting {self._entity.name}")


def is_open(row: Record, database: Database) -> bool:
    """Say whether a record is still being worked on; events are until they end."""
    if "EndDateTime" in row:
        return bool(row["EndDateTime"] > database.now())
    return not row.get("IsClosed") and not row.get("IsConverted")


def seed_records(
    database: Database, owner_id: str, count: int, kinds: Iterable[str] = OWNED
) -> dict[str, list[str]]:
    """Give a user, active or not any more, `count` open records of each kind and return their ids
    by kind.
    """
    return {
        kind: [
            _keep(database, kind, {**_example(kind, number, database), "OwnerId": owner_id})
            for number in range(1, count + 1)
        ]
        for kind in kinds
    }


def _keep(database: Database, kind: str, values: dict[str, Any]) -> str:
    """Insert as the platform's own user, then let the owner be whoever it is."""
    entity = database.entity(kind)
    made = database.insert(entity, {**values, "OwnerId": None})
    row = database.store.get(entity, made)
    assert row is not None  # noqa: S101  # inserted above
    database.store.put(entity, {**row, "OwnerId": values["OwnerId"]})
    return made


def _example(kind: str, number: int, database: Database) -> dict[str, Any]:
    now = database.now()
    match kind:
        case "Account":
            return {"Name": f"Customer {number}"}
        case "Contact":
            return {"FirstName": "Kim", "LastName": f"Buyer {number}"}
        case "Opportunity":
            stage = {"StageName": "Prospecting", "CloseDate": (now + timedelta(days=30)).date()}
            return {"Name": f"Deal {number}", "Amount": 1000.0 * number, **stage}
        case "Lead":
            return {"LastName": f"Prospect {number}", "Company": f"Prospect {number} Inc."}
        case "Event":
            start = now + timedelta(days=1)
            end = start + timedelta(minutes=30)
            return {"Subject": f"Call {number}", "StartDateTime": start, "EndDateTime": end}
        case _:
            return {"Subject": f"{kind} {number}"}
