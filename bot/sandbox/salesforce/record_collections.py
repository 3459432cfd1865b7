"""composite/sobjects: up to 200 records in one call, each with a result of its own.

Source: REST guide, "sObject Collections" (create, update, delete): HTTP 200 whatever the results
say, at most 200 records in at most 10 chunks of one type, and one type only when a setup object is
among them (D9).
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.rest import Answer, Call
from bot.sandbox.salesforce.schema import SObject

MOST_RECORDS = 200
MOST_CHUNKS = 10
ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header"
)


class _AllRolledBack(Exception):  # control flow within this module
    """One record failed and none may stay."""


class Collections:
    """Creates, updates and deletes many records with partial success."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def answer(self, call: Call, rest: list[str]) -> Answer:
        if rest:
            raise NotModelled("collections by object type (retrieve, upsert)")
        match call.method:
            case "POST":
                return self._save(call, self._creation)
            case "PATCH":
                return self._save(call, self._update)
            case "DELETE":
                return self._delete(call)
            case _:
                raise NotModelled(f"{call.method} composite/sobjects")

    def _save(self, call: Call, write: Callable[[SObject, Mapping[str, Any]], str]) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        records = body.get("records")
        if not isinstance(records, list) or not records:
            raise SalesforceError(Code.JSON_PARSER_ERROR, "Required field missing: records")
        entities = [self._entity(one) for one in records]
        self._check(entities, len(records))
        pairs = zip(entities, records, strict=True)
        writes = [
            lambda entity=entity, record=record: write(entity, record) for entity, record in pairs
        ]
        return self._run(writes, all_or_none=bool(body.get("allOrNone")))

    def _delete(self, call: Call) -> Answer:
        texts = [one for one in call.query.get("ids", "").split(",") if one]
        ids = [normal_id(one) for one in texts]
        known = [self._db.schema.of_id(one) for one in ids if one is not None]
        self._check([one for one in known if one is not None], len(texts))
        writes = [lambda text=text: self._deletion(text) for text in texts]
        # Fifty sets or groups unassigned at once keep their licences (D15).
        sets = self._db.entity("PermissionSetAssignment")
        self._db.unassigned_at_once = sum(
            one is not None and one.name == sets.name for one in known
        )
        try:
            return self._run(writes, all_or_none=call.query.get("allOrNone", "").lower() == "true")
        finally:
            self._db.unassigned_at_once = 0

    def _run(self, writes: list[Callable[..., str]], *, all_or_none: bool) -> Answer:
        results: list[dict[str, Any]] = []
        try:
            with self._db.store.transaction():
                results.extend(self._attempt(write) for write in writes)
                _refuse_partial(results, all_or_none=all_or_none)
        except _AllRolledBack:
            rolled_back = SalesforceError(
                Code.ALL_OR_NONE_OPERATION_ROLLED_BACK, ROLLED_BACK
            ).result()
            results = [rolled_back if one["success"] else one for one in results]
        return Answer(200, results)

    def _attempt(self, write: Callable[..., str]) -> dict[str, Any]:
        try:
            with self._db.store.transaction():
                return {"id": write(), "success": True, "errors": []}
        except SalesforceError as error:
            return error.result()

    def _creation(self, entity: SObject, record: Mapping[str, Any]) -> str:
        return self._db.create(entity, record)

    def _update(self, entity: SObject, record: Mapping[str, Any]) -> str:
        values = {name: value for name, value in record.items() if name.lower() != "id"}
        text = next((value for name, value in record.items() if name.lower() == "id"), None)
        record_id = self._id(text)
        self._db.update(entity, record_id, values)
        return record_id

    def _deletion(self, text: str) -> str:
        record_id = self._id(text)
        entity = self._db.schema.of_id(record_id)
        if entity is None:
            raise SalesforceError(Code.MALFORMED_ID, f"malformed id {text}")
        self._db.delete(entity, record_id)
        return record_id

    @staticmethod
    def _id(text: object) -> str:
        record_id = normal_id(text)
        if record_id is None:
            raise SalesforceError(Code.MALFORMED_ID, f"malformed id {text}")
        return record_id

    def _entity(self, record: Any) -> SObject:
        kind = record.get("attributes", {}).get("type") if isinstance(record, dict) else None
        entity = self._db.schema.find(kind) if isinstance(kind, str) else None
        if entity is not None:
            return entity
        if isinstance(kind, str) and self._db.schema.is_unmodelled(kind):
            raise NotModelled(f"the object {kind}")
        message = f"sObject type '{kind}' is not supported."
        raise SalesforceError(Code.INVALID_TYPE, message)

    @staticmethod
    def _check(entities: list[SObject], count: int) -> None:
        if count > MOST_RECORDS:
            message = (
                f"record count limit reached. cannot submit more than {MOST_RECORDS} records into "
                "this call"
            )
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        names = [one.name for one in entities]
        chunks = sum(name != before for name, before in zip(names, [None, *names], strict=False))
        if chunks > MOST_CHUNKS:
            message = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation."
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        if len(set(names)) > 1 and any(one.is_setup for one in entities):
            message = (
                "Records of multiple object types can't be saved in one call when one of the types "
                "is related to Setup."
            )
            raise SalesforceError(Code.INVALID_TYPE_FOR_OPERATION, message)


def _refuse_partial(results: list[dict[str, Any]], *, all_or_none: bool) -> None:
    if all_or_none and not all(one["success"] for one in results):
        raise _AllRolledBack
