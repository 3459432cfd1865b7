"""Bulk API 2.0 query jobs: created, polled, read as CSV set by set, aborted, deleted.

Source: Bulk API 2.0 guide, "Create a Query Job", "Get Information About a Query Job", "Get Results
for a Query Job", "Abort a Query Job" and "Delete a Query Job" (D23). Every request is also a call
of the REST API.
"""

import base64
import binascii
import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.salesforce.database import Database
from bot.sandbox.salesforce.errors import NO_RESOURCE, Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.limits import ApiLimits
from bot.sandbox.salesforce.moments import render_moment
from bot.sandbox.salesforce.rest import Answer, Call, Rest
from bot.sandbox.salesforce.soql import Result
from bot.sandbox.salesforce.soql_grammar import Call as Function
from bot.sandbox.salesforce.soql_grammar import Query, parse

OLDEST_VERSION = 47
_DELIMITERS = {
    "COMMA": ",",
    "TAB": "\t",
    "PIPE": "|",
    "SEMICOLON": ";",
    "CARET": "^",
    "BACKQUOTE": "`",
}
_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_KEYS = {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
_RUNNING, _DONE = ("UploadComplete", "InProgress"), ("JobComplete", "Aborted", "Failed")
_STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'")


@dataclass
class _Job:
    id: str
    body: dict[str, Any]
    base: str
    version: str
    created_by: str
    created_at: datetime
    changed_at: datetime
    entity: str
    state: str = "UploadComplete"
    polls: int = 0
    result: Result | None = None
    error: str | None = None


class BulkQueries:
    """The query jobs of one org. A job is `InProgress` for `pace` looks at it and then complete;
    `is_stuck` keeps all of them in progress; a set of results has at most `most_records`, for which
    the vendor names no number.
    """

    def __init__(self, database: Database, rest: Rest, limits: ApiLimits) -> None:
        self._db = database
        self._rest = rest
        self._limits = limits
        self._jobs: dict[str, _Job] = {}
        self._failures: list[str] = []
        self.pace = 1
        self.is_stuck = False
        self.most_records = 250_000

    def fail_next(self, message: str) -> None:
        """Let the next job that would complete fail with this message."""
        self._failures.append(message)

    def answer(self, call: Call) -> Answer:
        if float(call.version) < OLDEST_VERSION:
            raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE)
        match (call.method, *call.parts[2:]):
            case ("POST",):
                return self._create(call)
            case ("GET",):
                return self._list(call)
            case ("GET", job_id):
                return Answer(200, self._look(self._job(job_id)))
            case ("GET", job_id, "results"):
                return self._results(call, self._job(job_id))
            case ("PATCH", job_id):
                return self._abort(call, self._job(job_id))
            case ("DELETE", job_id):
                return self._delete(self._job(job_id))
            case _:
                raise NotModelled(f"{call.method} {'/'.join(call.parts)}")

    # ---- one job

    def _create(self, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        if set(body) - _KEYS:
            raise NotModelled(f"bulk query keys {sorted(set(body) - _KEYS)}")
        body = {"contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"} | body
        _check_choice(body, "operation", ("query", "queryAll"))
        _check_choice(body, "contentType", ("CSV",))
        _check_choice(body, "columnDelimiter", _DELIMITERS)
        _check_choice(body, "lineEnding", _ENDINGS)
        query = _checked(body.get("query"))
        entity = self._db.schema.find(query.source)
        # Names are checked now: a query that cannot run makes no job.
        self._rest.check_query(body["query"], call.base)
        self._limits.take_bulk_job()
        now = self._db.now()
        job = _Job(
            id=self._db.mint.next("750"),
            body=body,
            base=call.base,
            version=call.version,
            created_by=self._db.actor_id,
            created_at=now,
            changed_at=now,
            entity=query.source if entity is None else entity.name,
        )
        self._jobs[job.id] = job
        return Answer(200, self._info(job))

    def _look(self, job: _Job) -> dict[str, Any]:
        """Return the job as it is after one more look: looking is what moves it on here."""
        if job.state in _RUNNING and not self.is_stuck:
            job.polls += 1
            if job.polls > self.pace:
                self._finish(job)
            else:
                job.state, job.changed_at = "InProgress", self._db.now()
        return self._info(job)

    def _finish(self, job: _Job) -> None:
        job.changed_at = self._db.now()
        if self._failures:
            job.state, job.error = "Failed", self._failures.pop(0)
            return
        with_deleted = job.body["operation"] == "queryAll"
        job.result = self._rest.run_query(job.body["query"], job.base, with_deleted=with_deleted)
        job.state = "JobComplete"

    def _info(self, job: _Job) -> dict[str, Any]:
        info = {
            "id": job.id,
            "operation": job.body["operation"],
            "object": job.entity,
            "createdById": job.created_by,
            "createdDate": render_moment(job.created_at),
            "systemModstamp": render_moment(job.changed_at),
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "jobType": "V2Query",
            "lineEnding": job.body["lineEnding"],
            "columnDelimiter": job.body["columnDelimiter"],
        }
        if job.result is not None:
            info |= {"numberRecordsProcessed": job.result.total, "retries": 0}
            info["totalProcessingTime"] = 1
        return info | ({"errorMessage": job.error} if job.error else {})

    def _list(self, call: Call) -> Answer:
        if call.query:
            raise NotModelled("filters on the list of query jobs")
        records = [self._info(one) for one in self._jobs.values()]
        return Answer(200, {"done": True, "records": records, "nextRecordsUrl": None})

    def _abort(self, call: Call, job: _Job) -> Answer:
        if call.body != {"state": "Aborted"}:
            raise NotModelled("a change of a query job other than aborting it")
        if job.state not in _RUNNING:
            # Only what is queued or running can be aborted; the code is [M].
            raise SalesforceError(Code.INVALIDJOBSTATE, f"Job is in state {job.state}")
        job.state, job.changed_at = "Aborted", self._db.now()
        return Answer(200, self._info(job))

    def _delete(self, job: _Job) -> Answer:
        if job.state not in _DONE:
            raise SalesforceError(Code.INVALIDJOBSTATE, f"Job is in state {job.state}")
        del self._jobs[job.id]
        return Answer(204)

    def _job(self, job_id: str) -> _Job:
        if job_id not in self._jobs:
            raise SalesforceError(Code.NOT_FOUND, NO_RESOURCE)
        return self._jobs[job_id]

    # ---- results

    def _results(self, call: Call, job: _Job) -> Answer:
        if job.result is None:
            # "If the request fails, the status code is 204" (version 226.0 of the page): a client
            # that takes it for an empty result has read nothing.
            return Answer(204)
        start = _position(call.query.get("locator"))
        asked = call.query.get("maxRecords", "")
        size = min(int(asked), self.most_records) if asked.isdigit() else self.most_records
        if size < 1 or start > job.result.total:
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        end = min(start + size, job.result.total)
        records = job.result.page(start, end)
        headers = {
            "Content-Type": "text/csv; charset=UTF-8",
            "Sforce-NumberOfRecords": str(len(records)),
            "Sforce-Locator": "null" if end >= job.result.total else _locator(end),
        }
        return Answer(200, text=_csv(job, records), headers=headers)


def _csv(job: _Job, records: list[dict[str, Any]]) -> str:
    """Write one set with its own header line: every value in quotes, nothing for null."""
    assert job.result is not None  # noqa: S101  # who asks has checked
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=_DELIMITERS[job.body["columnDelimiter"]],
        lineterminator=_ENDINGS[job.body["lineEnding"]],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(job.result.columns)
    paths = [name.split(".") for name in job.result.columns]
    writer.writerows([_written(record, path) for path in paths] for record in records)
    return out.getvalue()


def _written(record: dict[str, Any], path: list[str]) -> str:
    value: Any = record
    for name in path:
        value = None if value is None else value[name]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _checked(text: Any) -> Query:
    """Refuse what bulk queries cannot have: GROUP BY, OFFSET, TYPEOF, aggregates, children."""
    if not isinstance(text, str) or not text.strip():
        raise SalesforceError(Code.MALFORMED_QUERY, "A query string has to be specified")
    if re.search(r"\btypeof\b", _STRINGS.sub("''", text), re.IGNORECASE):
        raise _unsupported("TYPEOF")
    query = parse(text)
    if query.group:
        raise _unsupported("GROUP BY")
    if query.offset:
        raise _unsupported("OFFSET")
    for item in query.items:
        if isinstance(item.what, Query):
            # The sentence as in the vendor's Data Loader (AppUtil, BulkV2Error).
            message = "Aggregate Relationships not supported in Bulk Query"
            raise SalesforceError(Code.API_ERROR, message)
        if isinstance(item.what, Function):
            raise _unsupported(f"function {item.what.name}")
    return query


def _unsupported(what: str) -> SalesforceError:
    # The guide lists what is not supported; the words and the code are [M].
    return SalesforceError(Code.API_ERROR, f"{what} not supported in Bulk Query")


def _check_choice(body: dict[str, Any], name: str, choices: Any) -> None:
    if body.get(name) not in choices:
        message = f"Unable to parse {name}: {body.get(name)!r}"
        raise SalesforceError(Code.JSON_PARSER_ERROR, message)


def _locator(position: int) -> str:
    """Return a pseudo-random looking name of a set, such as MTAwMDA (the guide's example)."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _position(locator: str | None) -> int:
    if not locator:
        return 0
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
        return int(text)
    except (binascii.Error, ValueError):
        raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator") from None
