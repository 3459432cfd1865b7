"""Business records of a leaver: who owns how many, and giving them to somebody else."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from bot.adapters.salesforce.answers import Record, item_problems
from bot.adapters.salesforce.batches import Batch
from bot.adapters.salesforce.blockers import (
    USERS,
    blocker_questions,
    blockers_found,
    hierarchy_fields,
    located,
)
from bot.adapters.salesforce.errors import Attempt, problem_error
from bot.adapters.salesforce.gateway import (
    MAX_QUERIES,
    Gateway,
    WritingGateway,
    checked_id,
    checked_kind,
)
from bot.adapters.salesforce.identity import match, person_id_of, protection
from bot.adapters.salesforce.soql import soql
from bot.domain.errors import ConnectorError
from bot.domain.field_name import FieldName
from bot.domain.handover import RECORDS_A_CALL, Dependence, Failure
from bot.domain.plan import Holder

_COUNT = "SELECT COUNT(Id) number FROM <kind> WHERE OwnerId = {owner}<open>"
_IDS = "SELECT Id FROM <kind> WHERE OwnerId = {owner}<open> ORDER BY Id"
_USERS = (
    "SELECT Id, Username, Email, IsActive, UserType, FederationIdentifier, {person_field} "
    "FROM User WHERE {person_field} IN {people} OR FederationIdentifier IN {mails} "
    "OR Username IN {usernames}"
)
_FROZEN = (
    "SELECT Id, UserId FROM UserLogin WHERE IsFrozen = true AND UserId IN (SELECT Id FROM User "
    "WHERE {person_field} IN {people} OR FederationIdentifier IN {mails} "
    "OR Username IN {usernames})"
)
_OPEN = {
    "Opportunity": " AND IsClosed = false",
    "Lead": " AND IsConverted = false",
    "Case": " AND IsClosed = false",
    "Task": " AND IsClosed = false",
    # An event has no end of its own but its time; the copies of its guests belong to the guests.
    "Event": " AND EndDateTime >= TODAY AND IsChild = false",
}
_MOST_PEOPLE = 50
_OWNED = "owned_"


class SalesforceRecords:
    """Looks at what a user owns and what depends on them (port RecordReader)."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._hierarchy: tuple[FieldName, ...] | None = None

    def look(self, user_id: str, kinds: Collection[str]) -> Dependence:
        """Count, and ask what depends on a user, in two calls for up to six kinds.

        The fields of users are learnt once, and again when the org refuses them. Records that
        cannot be counted are an error; what depends on the user is only left open.
        """
        counts = {f"{_OWNED}{kind}": _question(_COUNT, kind, user_id) for kind in sorted(kinds)}
        asked = self._blocker_questions(checked_id(user_id))
        known = {} if isinstance(asked, ConnectorError) else asked
        answers = self._gateway.query_each(counts | known)
        found = {name: one for name, one in answers.items() if not isinstance(one, ConnectorError)}
        failed = {name: one for name, one in answers.items() if isinstance(one, ConnectorError)}
        for name in counts.keys() & failed:
            raise failed[name]
        owned = {kind: _number(found[f"{_OWNED}{kind}"]) for kind in kinds}
        if USERS in failed:
            self._forget()
        error = asked if isinstance(asked, ConnectorError) else next(iter(failed.values()), None)
        if error is not None:
            return Dependence(owned=owned, blockers=None, unread=error.detail)
        blockers = located(blockers_found(found, user_id), self._gateway.host())
        return Dependence(owned=owned, blockers=blockers)

    def count(self, user_id: str, kinds: Collection[str]) -> dict[str, int]:
        """Count the open records of these kinds that a user owns, five kinds a call."""
        counted: dict[str, int] = {}
        names = sorted(kinds)
        for start in range(0, len(names), MAX_QUERIES):
            some = names[start : start + MAX_QUERIES]
            found = self._gateway.query({kind: _question(_COUNT, kind, user_id) for kind in some})
            counted |= {kind: _number(rows) for kind, rows in found.items()}
        return counted

    def ids(self, user_id: str, kind: str) -> tuple[str, ...]:
        """Read the ids of those records."""
        rows = self._gateway.query_all(_question(_IDS, kind, user_id))
        return tuple(checked_id(str(row.get("Id"))) for row in rows)

    def users(self, holders: Collection[Holder]) -> dict[str, str]:
        """Find people's active users, not frozen, by person id, in one call.

        Who is not surely somebody has none.
        """
        some = list(holders)[:_MOST_PEOPLE]
        if not some:
            return {}
        field = self._gateway.person_field
        keys = {
            "people": [holder.person_id for holder in some],
            "mails": [holder.mail for holder in some],
            "usernames": [holder.username for holder in some],
        }
        texts = {"users": _USERS, "frozen": _FROZEN}
        answers = self._gateway.query(
            {name: soql(text, person_field=field, **keys) for name, text in texts.items()}
        )
        own = self._gateway.run_as().user_id
        frozen = {str(row["UserId"]) for row in answers["frozen"]}
        found = {one.person_id: _user_of(one, answers["users"], field, own) for one in some}
        return {who: user_id for who, user_id in found.items() if user_id and user_id not in frozen}

    def may_spend(self, calls: int) -> bool:
        """Whether so many calls leave others their share, as for reads of the whole org."""
        return self._gateway.may_read_bulk(calls)

    def _blocker_questions(self, user_id: str) -> dict[str, str] | ConnectorError:
        try:
            return blocker_questions(user_id, self._hierarchy_fields())
        except ConnectorError as error:
            return error

    def _forget(self) -> None:
        with self._lock:
            self._hierarchy = None

    def _hierarchy_fields(self) -> tuple[FieldName, ...]:
        with self._lock:
            if self._hierarchy is None:
                self._hierarchy = hierarchy_fields(self._gateway.describe("User"))
            return self._hierarchy


class SalesforceRecordWriter:
    """Gives records to another owner (port RecordWriter)."""

    def __init__(self, gateway: WritingGateway) -> None:
        self._gateway = gateway

    def give(self, kind: str, record_ids: Sequence[str], user_id: str) -> tuple[Failure, ...]:
        """Change the owner of at most 200 records of one kind in one call of their own.

        Returns those that Salesforce refuses, each with the reason; the others are done. Never
        together with users or their permissions: Salesforce refuses such a mixture (D10).
        """
        if len(record_ids) > RECORDS_A_CALL:
            raise ValueError(f"one call takes {RECORDS_A_CALL} records")
        failures: list[Failure] = []
        rows = [
            {"attributes": {"type": kind}, "Id": record_id, "OwnerId": checked_id(user_id)}
            for record_id in record_ids
        ]
        batch = Batch(
            method="PATCH",
            kind=kind,
            ids=tuple(record_ids),
            json={"allOrNone": False, "records": rows},
            check=partial(_collect, kind, record_ids, failures),
        )
        self._gateway.change([batch])
        return tuple(failures)


def _collect(kind: str, record_ids: Sequence[str], failures: list[Failure], answer: Any) -> None:
    """Note what was refused; it does not stop the rest."""
    found = item_problems(answer, len(record_ids))
    failures[:] = [
        Failure(
            kind=kind,
            record_id=record_id,
            why=problem_error(problems, Attempt(is_write=True)).detail,
        )
        for record_id, problems in zip(record_ids, found, strict=True)
        if problems
    ]


def _question(text: str, kind: str, user_id: str) -> str:
    about = text.replace("<kind>", checked_kind(kind)).replace("<open>", _OPEN.get(kind, ""))
    return soql(about, owner=checked_id(user_id))


def _number(rows: Sequence[Mapping[str, Any]]) -> int:
    return int(rows[0]["number"]) if rows else 0


def _user_of(holder: Holder, rows: Iterable[Record], field: FieldName, own_id: str) -> str:
    theirs = [row for row in rows if _is_near(holder, row, field)]
    row = match(theirs, holder, field).row
    if row is None or row.get("IsActive") is not True or protection(row, own_id):
        return ""
    return checked_id(str(row.get("Id")))


def _is_near(holder: Holder, row: Record, field: FieldName) -> bool:
    keys = (row.get("FederationIdentifier"), row.get("Username"))
    named = {str(key).casefold() for key in keys if key}
    by_id = person_id_of(row, field) == holder.person_id
    return by_id or bool(named & {holder.mail.casefold(), holder.username.casefold()})
