"""The only place that talks to Salesforce: checked ids, one re-login, errors of ours."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import stamina

from bot.adapters.salesforce import bulk, paging
from bot.adapters.salesforce.answers import (
    Record,
    check_empty,
    each_sub_answer,
    nonsense,
    rows,
    sub_answers,
)
from bot.adapters.salesforce.batches import (
    Batch,
    calls_of,
    check_composite,
    composite,
)
from bot.adapters.salesforce.calls import DATA, Calls, Request
from bot.adapters.salesforce.credentials import AccessTokens, Token
from bot.adapters.salesforce.errors import LOCK_CODES, SERVICE
from bot.adapters.salesforce.paging import Ask, Page
from bot.adapters.salesforce.quota import read_limits
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import Conflict, ConnectorError, Unavailable
from bot.domain.field_name import PERSON_FIELD, FieldName
from bot.domain.quota import RESERVED_PERCENT, Quota, may_read_bulk
from bot.domain.secret import Secret

MAX_QUERIES = 5
"""Per composite call; more than these are refused by Salesforce."""

MAX_PARTS = 25
"""Of a composite call, whatever they are."""

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_PERSON_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LOCK_TRIES = 5


def checked_id(value: str) -> str:
    """Return a record id that is safe in a URL; raises Conflict for anything else."""
    if not _ID.fullmatch(value):
        raise Conflict("This is no Salesforce record id.", service=SERVICE, code="MALFORMED_ID")
    return value


def checked_kind(value: str) -> str:
    """Return the name of an object that is safe in a URL; raises Conflict for anything else."""
    if not _KIND.fullmatch(value):
        raise Conflict("This is no Salesforce object.", service=SERVICE, code="MALFORMED_ID")
    return value


class Gateway:
    """Reads Salesforce; it has no public method that writes."""

    def __init__(
        self, wire: Wire, tokens: AccessTokens, *, person_field: FieldName = PERSON_FIELD
    ) -> None:
        self.person_field = person_field
        self._wire = wire
        self._tokens = tokens
        self._calls = Calls(wire, tokens)

    def run_as(self) -> Token:
        """Return the token in use, which says whose it is."""
        return self._tokens.current()

    def query(self, queries: Mapping[str, str]) -> dict[str, list[Record]]:
        """Run up to five SOQL queries in one call; the texts travel in the body, not in a URL."""
        return {name: rows(answer) for name, answer in self._composite(queries).items()}

    def query_each(self, queries: Mapping[str, str]) -> dict[str, list[Record] | ConnectorError]:
        """Run any number of queries, five in a call; one that is refused spoils no other."""
        waiting, found = iter(queries.items()), dict[str, list[Record] | ConnectorError]()
        while some := dict(islice(waiting, MAX_QUERIES)):
            answers = each_sub_answer(self._read_together(some))
            if answers.keys() != some.keys():
                raise nonsense(is_write=False)
            found |= {name: _rows_or_error(one) for name, one in answers.items()}
        return found

    def pages(self, asks: Mapping[str, Ask]) -> dict[str, Page]:
        """Read one page of up to five queries in one call; each leads to its next."""
        read = self._composite(asks).items()
        return {name: paging.read_page(answer, self._wire.url) for name, answer in read}

    def query_all(self, query: str) -> Iterator[Record]:
        """Yield all rows of a query, one page in memory at a time; each page is one call."""
        return paging.every_row(self.pages, query)

    def query_every(self, queries: Mapping[str, str]) -> dict[str, list[Record]]:
        """Return all rows of up to five queries; their next pages are read together too."""
        return paging.every_row_of(self.pages, queries)

    def bulk_query(self, query: str, *, wait: bulk.Wait) -> Iterator[bulk.Row]:
        """Yield all rows of a query as texts, read by a job in the org; `wait` paces the looks."""
        return bulk.every_row(self._calls, query, wait=wait)

    def limits(self) -> Record:
        """Return the org's allowances as Salesforce names them."""
        return self._read("limits")

    def describe(self, kind: str) -> Record:
        """Return what the bot's user sees of an object and its fields."""
        return self._read(f"sobjects/{checked_kind(kind)}/describe")

    def describe_all(self, kinds: Collection[str]) -> dict[str, Record]:
        """Describe many objects, 25 in one call; those that the org does not have are left out."""
        found: dict[str, Record] = {}
        names = sorted({checked_kind(kind) for kind in kinds})
        for start in range(0, len(names), MAX_PARTS):
            few = {f"d{n}": name for n, name in enumerate(names[start : start + MAX_PARTS])}
            asked = [
                {"method": "GET", "referenceId": key, "url": f"{DATA}sobjects/{name}/describe"}
                for key, name in few.items()
            ]
            body = {"allOrNone": False, "compositeRequest": asked}
            request = Request(method="POST", path="composite", json=body, is_write=False)
            answers = sub_answers(self._calls.call(request), may_lack=True)
            found |= {few[key]: _described(answer) for key, answer in answers.items()}
        return found

    def objects(self) -> list[Record]:
        """Return what there is to describe, briefly; the bot's user sees no other objects."""
        found = self._read("sobjects").get("sobjects")
        if not isinstance(found, list):
            raise nonsense(is_write=False)
        return found

    def quota(self) -> Quota:
        """Return the calls used and allowed, asking only when no answer said so of late."""
        if (quota := self._wire.quota.latest()) is not None:
            return quota
        if (quota := read_limits(self.limits())) is None:
            detail = "Salesforce does not say how many calls are left."
            raise Unavailable(detail, service=SERVICE)
        self._wire.quota.learn(quota)
        return quota

    def may_read_bulk(self, calls: int, *, reserved_percent: int = RESERVED_PERCENT) -> bool:
        """Whether a read of the whole org that costs this many calls leaves others their share."""
        return may_read_bulk(self.quota(), calls, reserved_percent=reserved_percent)

    def clock_off_s(self) -> float | None:
        """Return how far this machine's clock is ahead of Salesforce's, None before any answer."""
        return self._wire.clock_off_s

    def host(self) -> str:
        return self._wire.host

    def _composite(self, asks: Mapping[str, Ask]) -> dict[str, Any]:
        answers = sub_answers(self._read_together(asks))
        if answers.keys() != asks.keys():
            # A missing part must not look like «nobody found».
            raise nonsense(is_write=False)
        return answers

    def _read_together(self, asks: Mapping[str, Ask]) -> Any:
        if len(asks) > MAX_QUERIES:
            raise ValueError(f"one composite call takes {MAX_QUERIES} queries")
        body = {
            "allOrNone": False,
            "compositeRequest": [paging.sub_request(name, ask) for name, ask in asks.items()],
        }
        return self._calls.call(Request(method="POST", path="composite", json=body, is_write=False))

    def _read(self, path: str) -> Record:
        answer = self._calls.call(Request(method="GET", path=path, is_write=False))
        if not isinstance(answer, dict):
            raise nonsense(is_write=False)
        return answer


class WritingGateway(Gateway):
    """Writes users, log-ins and assignments; a lost lock is tried again here, nothing else is."""

    def upsert_user(self, person_id: str, fields: Record, *, pool: str) -> str:
        """Create the user with this external id, or make the existing one so; return its id.

        Raises OutcomeUnknown when the answer does not name the user, and what every write raises.
        """
        if not _PERSON_ID.fullmatch(person_id):
            detail = "This person id cannot be a Salesforce external id."
            raise Conflict(detail, service=SERVICE, code="MALFORMED_ID")
        path = f"sobjects/User/{self.person_field}/{person_id}"
        answer = self._write(
            Request(method="PATCH", path=path, json=fields, pool=pool, is_write=True)
        )
        user_id = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(user_id, str) or not _ID.fullmatch(user_id):
            raise nonsense(is_write=True)
        return user_id

    def update(self, kind: str, record_id: str, fields: Record, *, pool: str = "") -> None:
        """Set these fields of one record."""
        path = f"sobjects/{checked_kind(kind)}/{checked_id(record_id)}"
        request = Request(method="PATCH", path=path, json=fields, pool=pool, is_write=True)
        self._write(request, check_empty)

    def deactivate(self, user_id: str) -> None:
        """Make a user inactive; raises Blocked with what depends on it when that is refused."""
        path = f"sobjects/User/{checked_id(user_id)}"
        fields = {"IsActive": False}
        request = Request(
            method="PATCH", path=path, json=fields, is_write=True, is_deactivation=True
        )
        self._write(request, check_empty)

    def change(self, batches: Sequence[Batch]) -> None:
        """Create, change or delete rows: one batch in a call of its own, several in a composite."""
        for batch in batches:
            checked_kind(batch.kind or "Unnamed")
            for record_id in batch.ids:
                checked_id(record_id)
        for few in calls_of(batches):
            self._write(_request(few), partial(check_composite, batches=few))

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set a password; never resets it, which would mail a link and answer with a secret."""
        path = f"sobjects/User/{checked_id(user_id)}/password"
        body = {"NewPassword": password.reveal()}
        request = Request(method="POST", path=path, json=body, is_write=True)
        self._write(request, check_empty)

    def _write(self, request: Request, check: Callable[[Any], None] | None = None) -> Any:
        def once() -> Any:
            answer = self._calls.call(request)
            if check is not None:
                check(answer)
            return answer

        # Salesforce itself waits 10 s for a lock and then surely did nothing.
        patience = stamina.RetryingCaller(
            attempts=_LOCK_TRIES, timeout=None, wait_initial=2.0, wait_max=30.0, wait_jitter=3.0
        )
        return patience(_is_locked, once)


def _rows_or_error(answer: Any) -> list[Record] | ConnectorError:
    if isinstance(answer, ConnectorError):
        return answer
    try:
        return rows(answer)
    except ConnectorError as error:
        return error


def _described(answer: Any) -> Record:
    fields = answer.get("fields") if isinstance(answer, dict) else None
    if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
        raise nonsense(is_write=False)
    return {**answer, "fields": fields}


def _request(batches: Sequence[Batch]) -> Request:
    if len(batches) > 1:
        body = composite(batches, DATA)
        return Request(method="POST", path="composite", json=body, is_write=True)
    (one,) = batches
    return Request(
        method=one.method, path=one.path, json=one.json, params=one.params, is_write=True
    )


def _is_locked(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.code in LOCK_CODES
