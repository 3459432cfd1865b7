"""The only place that talks to Salesforce: checked ids, one re-login, errors of ours."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias
from urllib.parse import quote

import requests
import stamina
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from urllib3.exceptions import HTTPError

from bot.adapters.salesforce.credentials import AccessTokens, Token
from bot.adapters.salesforce.errors import (
    GONE_CODES,
    LOCK_CODES,
    SERVICE,
    Attempt,
    Problem,
    answer_error,
    lost,
    network_error,
    problem_error,
    problems,
    status_error,
)
from bot.adapters.salesforce.wire import Line, Wire
from bot.domain.errors import Conflict, Unauthorized, Unavailable
from bot.domain.secret import Secret

API_VERSION = "62.0"
PERSON_FIELD = "Usher_Person_Id__c"
MAX_QUERIES = 5
"""Per composite call; more than these are refused by Salesforce."""

Record: TypeAlias = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_PERSON_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Salesforce takes 200 a call, but keeps licence seats taken when 50 or more assignments go at once
# (D15).
_BATCH = 40
_LOCK_TRIES = 5
# Of deletes in a collection: the row is not there, in other words.
_NO_SUCH_ROW = GONE_CODES | {"INVALID_CROSS_REFERENCE_KEY"}


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    path: str
    is_write: bool
    json: Any = None
    params: Mapping[str, str] | None = None
    pool: str = ""


class _StaleTokenError(Exception):
    """The access token in use was refused."""


def checked_id(value: str) -> str:
    """Return a record id that is safe in a URL; raises Conflict for anything else."""
    if not _ID.fullmatch(value):
        raise Conflict("This is no Salesforce record id.", service=SERVICE, code="MALFORMED_ID")
    return value


class Gateway:
    """Reads Salesforce; it has no public method that writes."""

    def __init__(self, wire: Wire, tokens: AccessTokens) -> None:
        self._wire = wire
        self._tokens = tokens

    def run_as(self) -> Token:
        """Return the token in use, which says whose it is."""
        return self._tokens.current()[0]

    def query(self, queries: Mapping[str, str]) -> dict[str, list[Record]]:
        """Run up to five SOQL queries in one call; the texts travel in the body, not in a URL."""
        body = {
            "allOrNone": False,
            "compositeRequest": [
                {
                    "method": "GET",
                    "referenceId": name,
                    "url": f"/services/data/v{API_VERSION}/query?q={quote(soql, safe='')}",
                }
                for name, soql in queries.items()
            ],
        }
        request = _Request(method="POST", path="composite", json=body, is_write=False)
        answers = dict(_sub_answers(self._call(request)))
        if answers.keys() != queries.keys():
            # A missing part must not look like «nobody found».
            raise _nonsense(is_write=False)
        return {name: rows(answer) for name, answer in answers.items()}

    def limits(self) -> Record:
        """Return the org's allowances as Salesforce names them."""
        answer = self._call(_Request(method="GET", path="limits", is_write=False))
        if not isinstance(answer, dict):
            raise _nonsense(is_write=False)
        return answer

    def _call(self, request: _Request) -> Any:
        token, has_just_logged_in = self._tokens.current()
        try:
            return self._once(token, request)
        except _StaleTokenError:
            if has_just_logged_in:
                self._give_up(token)
        token, _ = self._tokens.renewed(token)
        try:
            return self._once(token, request)
        except _StaleTokenError:
            self._give_up(token)

    def _give_up(self, token: Token) -> NoReturn:
        self._tokens.forget(token)
        raise Unauthorized(
            "Salesforce refuses a new access token: an admin must check the bot's user, its API "
            "right and its IP ranges.",
            service=SERVICE,
            code="INVALID_SESSION_ID",
        ) from None

    def _once(self, token: Token, request: _Request) -> Any:
        with self._wire.line() as line:
            answer = self._answer(token, line, request)
        if isinstance(answer, Exception):
            # Raised here, it does not carry the original, which holds bodies and tokens, as its
            # context: «from None» would only hide it.
            raise answer
        return answer

    def _answer(self, token: Token, line: Line, request: _Request) -> Any:
        """Make one call; an error of ours comes back as a value."""
        try:
            return self._client(token, line).restful(
                request.path,
                params=request.params,
                method=request.method,
                json=request.json,
                allow_redirects=False,
            )
        except SalesforceExpiredSession:
            return _StaleTokenError()
        except SalesforceError as error:
            attempt = Attempt(
                is_write=request.is_write, pool=request.pool, retry_after=line.retry_after
            )
            return answer_error(error, attempt)
        except (requests.RequestException, HTTPError) as error:
            return network_error(error, is_write=request.is_write)
        except TypeError:
            # The SDK takes the length of any JSON; a number or null has none.
            return _nonsense(is_write=request.is_write)

    def _client(self, token: Token, line: Line) -> Salesforce:
        # With a session id the SDK never logs in by itself, which it does without an end and
        # without a lock.
        return Salesforce(
            session_id=token.value.reveal(),
            instance_url=self._wire.url,
            version=API_VERSION,
            session=line,
            object_pairs_hook=dict,
        )


class WritingGateway(Gateway):
    """Writes users, log-ins and assignments; a lost lock is tried again here, nothing else is."""

    def upsert_user(self, person_id: str, fields: Record, *, pool: str) -> str:
        """Create the user with this external id, or make the existing one so; return its id.

        Raises OutcomeUnknown when the answer does not name the user, and what every write raises.
        """
        if not _PERSON_ID.fullmatch(person_id):
            detail = "This person id cannot be a Salesforce external id."
            raise Conflict(detail, service=SERVICE, code="MALFORMED_ID")
        path = f"sobjects/User/{PERSON_FIELD}/{person_id}"
        answer = self._write(
            _Request(method="PATCH", path=path, json=fields, pool=pool, is_write=True)
        )
        user_id = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(user_id, str) or not _ID.fullmatch(user_id):
            raise _nonsense(is_write=True)
        return user_id

    def update(self, kind: str, record_id: str, fields: Record, *, pool: str = "") -> None:
        """Set these fields of one record."""
        path = f"sobjects/{kind}/{checked_id(record_id)}"
        self._write(_Request(method="PATCH", path=path, json=fields, pool=pool, is_write=True))

    def create_all(self, kind: str, records: Sequence[tuple[Record, str]]) -> None:
        """Create records, each given with its licence pool; those that exist already are fine."""
        for batch in _batches(records):
            body = {
                "allOrNone": False,
                "records": [{"attributes": {"type": kind}, **fields} for fields, _ in batch],
            }
            request = _Request(method="POST", path="composite/sobjects", json=body, is_write=True)
            self._write(request, partial(_check_created, pools=[pool for _, pool in batch]))

    def delete_all(self, record_ids: Sequence[str]) -> None:
        """Delete records; those that are gone already are fine."""
        for batch in _batches([checked_id(record_id) for record_id in record_ids]):
            request = _Request(
                method="DELETE",
                path="composite/sobjects",
                params={"ids": ",".join(batch), "allOrNone": "false"},
                is_write=True,
            )
            self._write(request, partial(_check_deleted, size=len(batch)))

    def set_password(self, user_id: str, password: Secret) -> None:
        """Set a password; never resets it, which would mail a link and answer with a secret."""
        path = f"sobjects/User/{checked_id(user_id)}/password"
        body = {"NewPassword": password.reveal()}
        self._write(_Request(method="POST", path=path, json=body, is_write=True))

    def _write(self, request: _Request, check: Callable[[Any], None] | None = None) -> Any:
        def once() -> Any:
            answer = self._call(request)
            if check is not None:
                check(answer)
            return answer

        # Salesforce itself waits 10 s for a lock and then surely did nothing.
        patience = stamina.RetryingCaller(
            attempts=_LOCK_TRIES, timeout=None, wait_initial=2.0, wait_max=30.0, wait_jitter=3.0
        )
        return patience(_is_locked, once)


def rows(result: Any) -> list[Record]:
    """Return the records of a query."""
    records = result.get("records") if isinstance(result, dict) else None
    if not isinstance(records, list):
        raise _nonsense(is_write=False)
    if result.get("done") is not True:
        # Every query here is about one person or a short catalogue; a cut list must not pass for a
        # whole one.
        detail = "Salesforce has more rows than one answer holds."
        raise Unavailable(detail, service=SERVICE, code="MORE_ROWS")
    return records


def _sub_answers(answer: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and body of each part of a composite answer; raises for the first that failed."""
    parts = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(parts, list):
        raise _nonsense(is_write=False)
    for part in parts:
        status = part.get("httpStatusCode") if isinstance(part, dict) else None
        if not isinstance(status, int):
            raise _nonsense(is_write=False)
        if status != requests.codes.ok:
            raise status_error(status, problems(part.get("body")), Attempt(is_write=False))
        yield part.get("referenceId"), part.get("body")


def _check_created(answer: Any, pools: Sequence[str]) -> None:
    failed = [
        (pool, problem)
        for pool, found in zip(pools, _item_problems(answer, len(pools)), strict=True)
        for problem in found
        if not problem.is_duplicate
    ]
    if failed:
        full = [pool for pool, problem in failed if problem.code == "LICENSE_LIMIT_EXCEEDED"]
        attempt = Attempt(is_write=True, pool=full[0] if full else "")
        raise problem_error(tuple(problem for _, problem in failed), attempt)


def _check_deleted(answer: Any, size: int) -> None:
    failed = tuple(
        problem
        for found in _item_problems(answer, size)
        for problem in found
        if problem.code not in _NO_SUCH_ROW
    )
    if failed:
        raise problem_error(failed, Attempt(is_write=True))


def _item_problems(answer: Any, size: int) -> list[tuple[Problem, ...]]:
    """Return each item's errors; an item without success or reason is an unknown outcome."""
    if not isinstance(answer, list) or len(answer) != size:
        raise _nonsense(is_write=True)
    found = []
    for item in answer:
        is_done = isinstance(item, dict) and item.get("success") is True
        errors = () if is_done else problems(item.get("errors") if isinstance(item, dict) else None)
        if not is_done and not errors:
            raise _nonsense(is_write=True)
        found.append(errors)
    return found


def _batches(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (things[start : start + _BATCH] for start in range(0, len(things), _BATCH))


def _is_locked(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.code in LOCK_CODES


def _nonsense(*, is_write: bool) -> Exception:
    return lost("Salesforce's answer makes no sense.", "NONSENSE", is_write=is_write)
