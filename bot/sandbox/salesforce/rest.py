"""The data API below /services/data/vXX.X: one call in, one answer out, the same inside a composite
and outside.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from bot.sandbox.salesforce.describe import describe_global, describe_object
from bot.sandbox.salesforce.errors import NO_RESOURCE, Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.ids import normal_id
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.paging import Cursors
from bot.sandbox.salesforce.schema import Field, Record, SObject
from bot.sandbox.salesforce.soql import Result, Soql, attributes, rendered


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request; `parts` are the path's decoded segments after the version."""

    method: str
    version: str
    parts: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"


@dataclass(frozen=True)
class Answer:
    """What goes back; a body of None is an empty one, and `text` stands for one that is not
    JSON.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


def split_target(target: str) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """Split a raw request target below /services/data/ into version, decoded segments and query."""
    split = urlsplit(target)
    segments = [unquote(part) for part in split.path.split("/") if part]
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    version = segments[2].removeprefix("v") if len(segments) > 2 else ""
    return version, tuple(segments[3:]), query


def parse_json(raw: bytes) -> Any:
    """Return the body, or raise JSON_PARSER_ERROR."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise SalesforceError(
            Code.JSON_PARSER_ERROR, "Unexpected character in the request body"
        ) from None


class Rest:
    """Answers single calls; composite.py builds on it."""

    def __init__(self, org: Org, cursors: Cursors) -> None:
        self._org = org
        self._db = org.database
        self._cursors = cursors

    def answer(self, call: Call) -> Answer:
        """Run one call in a transaction; refusals become answers, NotModelled passes through."""
        try:
            with self._db.store.transaction():
                return self._dispatch(call)
        except SalesforceError as error:
            return Answer(error.status, error.body())

    def _dispatch(self, call: Call) -> Answer:
        match (call.method, *call.parts):
            case ("GET",):
                names = ("sobjects", "query", "queryAll", "jobs", "composite", "limits")
                return Answer(200, {name: f"{call.base}/{name}" for name in names})
            case ("GET", "query" | "queryAll"):
                return self._query(call)
            case ("GET", "query" | "queryAll" as resource, locator):
                return Answer(200, self._cursors.more(locator, f"{call.base}/{resource}"))
            case ("GET", "sobjects"):
                return Answer(200, describe_global(self._db.schema, call.base))
            case (_, "sobjects", name, *rest):
                return self._object(call, self._entity(name), rest)
            case _:
                raise NotModelled(f"{call.method} {'/'.join(call.parts)}")

    def _object(self, call: Call, entity: SObject, rest: list[str]) -> Answer:
        match (call.method, *rest):
            case ("GET",):
                described = describe_object(self._db.schema, entity, call.base)
                brief = {name: one for name, one in described.items() if name != "fields"}
                return Answer(200, {"objectDescribe": brief, "recentItems": []})
            case ("POST",):
                return self._create(call, entity)
            case ("GET", "describe"):
                return Answer(200, describe_object(self._db.schema, entity, call.base))
            case (_, record_id, "password") if entity.name == "User":
                return self._password(call, record_id)
            case ("GET", record_id):
                return self._read(call, entity, self._by_id(entity, record_id))
            case ("PATCH", record_id):
                self._db.update(entity, self._write_id(record_id), _object_body(call))
                return Answer(204)
            case ("DELETE", record_id):
                self._db.delete(entity, self._write_id(record_id))
                return Answer(204)
            case (method, field_name, value):
                return self._by_external_id(call, entity, method, (field_name, value))
            case _:
                raise NotModelled(f"{call.method} {'/'.join(call.parts)}")

    # ---- queries

    def _query(self, call: Call) -> Answer:
        if set(call.query) - {"q"} or not call.query.get("q"):
            if "q" not in call.query or not call.query["q"]:
                raise SalesforceError(Code.MALFORMED_QUERY, "A query string has to be specified")
            raise NotModelled("query parameters other than q")
        resource = call.parts[0]
        result = self.run_query(call.query["q"], call.base, with_deleted=resource == "queryAll")
        if result.count is not None:
            return Answer(200, {"totalSize": result.count, "done": True, "records": []})
        options = call.headers.get("Sforce-Query-Options", "")
        return Answer(200, self._cursors.first(result, options, f"{call.base}/{resource}"))

    def run_query(self, text: str, base: str, *, with_deleted: bool) -> Result:
        """Run a query as the caller; `with_deleted` also sees the recycle bin (queryAll)."""
        return self._soql(base, with_deleted=with_deleted).run(text)

    def check_query(self, text: str, base: str) -> None:
        """Refuse a query that cannot run, without running it."""
        self._soql(base, with_deleted=False).check(text)

    def _soql(self, base: str, *, with_deleted: bool) -> Soql:
        return Soql(self._db, base=base, zone=self._zone(), with_deleted=with_deleted)

    def _zone(self) -> ZoneInfo:
        user = self._db.store.get(self._db.entity("User"), self._db.actor_id)
        return ZoneInfo(user["TimeZoneSidKey"] if user else "GMT")

    # ---- records

    def _create(self, call: Call, entity: SObject) -> Answer:
        record_id = self._db.create(entity, _object_body(call))
        return _created(call, entity, record_id)

    def _read(self, call: Call, entity: SObject, row: Record) -> Answer:
        asked = call.query.get("fields")
        names = [one.name for one in entity.fields] if asked is None else asked.split(",")
        record: dict[str, Any] = {"attributes": attributes(entity, row, call.base)}
        for name in names:
            found = entity.field(name.strip())
            if found is None:
                raise _no_column(entity, name.strip())
            record[found.name] = rendered(self._db.value(entity, row, found.name))
        return Answer(200, record | {"Id": row["Id"]})

    def _by_external_id(
        self, call: Call, entity: SObject, method: str, key: tuple[str, str]
    ) -> Answer:
        """Read or upsert by an external id (REST guide, "sObject Rows by External ID")."""
        name, value = key
        found = entity.field(name)
        if found is None or not found.external_id:
            message = f"Provided external ID field does not exist or is not accessible: {name}"
            raise SalesforceError(Code.NOT_FOUND, message)
        rows = self._db.store.find(entity, found.name, value)
        if len(rows) > 1:
            # 300 with the matching records' paths.
            return Answer(300, [f"{call.base}/sobjects/{entity.name}/{one['Id']}" for one in rows])
        if method == "GET":
            if not rows:
                raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE)
            return self._read(call, entity, rows[0])
        if method != "PATCH":
            raise NotModelled(f"{method} by external id")
        return self._upsert(call, entity, (found, value), rows[0] if rows else None)

    def _upsert(
        self, call: Call, entity: SObject, key: tuple[Field, str], row: Record | None
    ) -> Answer:
        values = dict(_object_body(call))
        if any(name.lower() in {"id", key[0].name.lower()} for name in values):
            # REST guide, "Upsert Records": neither the Id nor the external id goes into the body.
            message = f"The {key[0].name} field should not be specified in the sobject data."
            raise SalesforceError(Code.INVALID_FIELD, message)
        if row is None:
            record_id = self._db.create(entity, {**values, key[0].name: key[1]})
            return _created(call, entity, record_id, created=True)
        self._db.update(entity, row["Id"], values)
        if (
            float(call.version) < 46
        ):  # REST guide: 200 with `created` since version 46.0, 204 before
            return Answer(204)
        return Answer(200, {"id": row["Id"], "success": True, "errors": [], "created": False})

    # ---- passwords

    def _password(self, call: Call, record_id: str) -> Answer:
        user = self._by_id(self._db.entity("User"), record_id)
        match call.method:
            case "GET":
                return Answer(200, {"isExpired": False})
            case "POST":
                body = _object_body(call)
                if set(body) != {"NewPassword"}:
                    raise NotModelled("a password call with other keys than NewPassword")
                self._org.passwords.set(user, body["NewPassword"])
                return Answer(204)
            case "DELETE":
                return Answer(200, {"NewPassword": self._org.passwords.reset(user)})
            case _:
                raise NotModelled(f"{call.method} on a password")

    # ---- finding

    def _entity(self, name: str) -> SObject:
        entity = self._db.schema.find(name)
        if entity is not None:
            return entity
        if self._db.schema.is_unmodelled(name):
            raise NotModelled(f"the object {name}")
        raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE)

    def _by_id(self, entity: SObject, text: str) -> Record:
        record_id = normal_id(text)
        row = self._db.store.get(entity, record_id) if record_id else None
        if row is not None:
            return row
        if record_id and self._db.store.was_deleted(record_id):
            raise SalesforceError(Code.ENTITY_IS_DELETED, "entity is deleted", fields=())
        message = f"Provided external ID field does not exist or is not accessible: {text}"
        raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE if record_id else message)

    @staticmethod
    def _write_id(text: str) -> str:
        record_id = normal_id(text)
        if record_id is None:
            raise SalesforceError(Code.MALFORMED_ID, f"malformed id {text}", fields=())
        return record_id


def _object_body(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.body, dict):
        message = "The HTTP entity body is required, but this request has no entity body."
        raise SalesforceError(Code.JSON_PARSER_ERROR, message)
    return call.body


def _created(call: Call, entity: SObject, record_id: str, *, created: bool | None = None) -> Answer:
    body: dict[str, Any] = {"id": record_id, "success": True, "errors": []}
    if created is not None and float(call.version) >= 46:
        body["created"] = created
    location = f"{call.base}/sobjects/{entity.name}/{quote(record_id)}"
    return Answer(201, body, {"Location": location})


def _no_column(entity: SObject, name: str) -> Exception:
    if entity.is_unmodelled(name):
        return NotModelled(f"{entity.name}.{name}")
    message = f"No such column '{name}' on sobject of type {entity.name}"
    return SalesforceError(Code.INVALID_FIELD, message)
