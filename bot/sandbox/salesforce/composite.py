"""composite and composite/sobjects: several calls in one, with references, limits and rollback.

Source: REST guide, "Composite", "allOrNone Parameters in Composite and Collections Requests",
"sObject Collections"; salesforce.md §1.2, §4 and §6. Codes for limits that were broken are not
documented: those here are [M].
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.salesforce.errors import Code, NotModelled, SalesforceError
from bot.sandbox.salesforce.org import Org
from bot.sandbox.salesforce.record_collections import Collections
from bot.sandbox.salesforce.rest import Answer, Call, Rest, split_target

MOST_SUBREQUESTS = 25
MOST_QUERIES = 5
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)


class _RolledBack(Exception):  # control flow within this module: undo all of it
    def __init__(self, failed: int) -> None:
        super().__init__()
        self.failed = failed


class Composite:
    """Runs composite calls on top of the single ones."""

    def __init__(self, org: Org, rest: Rest, collections: Collections) -> None:
        self._store = org.database.store
        self._rest = rest
        self._collections = collections

    def answer(self, call: Call) -> Answer:
        """Run any call of the data API: composite ones here, all others as they are."""
        try:
            with self._store.transaction():
                return self._route(call)
        except SalesforceError as error:
            return Answer(error.status, error.body())

    def _route(self, call: Call) -> Answer:
        match (call.method, *call.parts):
            case ("POST", "composite"):
                return self._composite(call)
            case (_, "composite", "sobjects", *rest):
                return self._collections.answer(call, rest)
            case _:
                return self._rest.answer(call)

    def _composite(self, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        unknown = set(body) - {"compositeRequest", "allOrNone", "collateSubrequests"}
        if unknown:
            raise NotModelled(f"composite keys {sorted(unknown)}")
        subrequests = self._checked(body.get("compositeRequest"))
        answers: list[dict[str, Any]] = []
        try:
            with self._store.transaction():
                self._run(subrequests, answers, all_or_none=bool(body.get("allOrNone")))
        except _RolledBack as failure:
            answers = _halted(subrequests, answers, failure.failed)
        return Answer(200, {"compositeResponse": answers})

    def _run(
        self,
        subrequests: list[Any],
        answers: list[dict[str, Any]],
        *,
        all_or_none: bool,
    ) -> None:
        bodies: dict[str, Any] = {}
        for number, one in enumerate(subrequests):
            answer = self._subrequest(one, bodies, all_or_none=all_or_none)
            answers.append(_entry(one["referenceId"], answer))
            if answer.status < 300:
                bodies[one["referenceId"]] = answer.body
            elif all_or_none:
                raise _RolledBack(number)

    def _subrequest(
        self, one: Mapping[str, Any], bodies: Mapping[str, Any], *, all_or_none: bool
    ) -> Answer:
        try:
            url = _resolved(one["url"], bodies)
            body = _resolved(one.get("body"), bodies)
        except KeyError as missing:
            name = missing.args[0]
            reference = name.partition(".")[0].partition("[")[0]
            message = f"Invalid reference specified. No value for {name} found in {reference}"
            return Answer(400, SalesforceError(Code.PROCESSING_HALTED, message).body())
        version, parts, query = split_target(url)
        if not url.startswith("/services/data/") or parts[:1] not in {
            ("sobjects",),
            ("query",),
            ("queryAll",),
            ("composite",),
        }:
            raise NotModelled(f"the subrequest {url}")
        if parts[-1:] == ("password",) or parts == ("composite",):
            raise NotModelled(f"the subrequest {url}")
        if parts[:1] == ("composite",) and all_or_none:
            # The outer flag overrides the inner one.
            query, body = {**query, "allOrNone": "true"}, {**(body or {}), "allOrNone": True}
        headers = one.get("httpHeaders") or {}
        method = str(one["method"]).upper()
        inner = Call(
            method=method, version=version, parts=parts, query=query, headers=headers, body=body
        )
        answer = self.answer(inner)
        is_failed = parts[:1] == ("composite",) and any(
            not item.get("success", True) for item in answer.body or () if isinstance(item, dict)
        )
        # A collection that failed as a whole is answered with 200, but rolls back the composite.
        return Answer(400, answer.body) if is_failed and all_or_none else answer

    @staticmethod
    def _checked(subrequests: Any) -> list[Any]:
        if not isinstance(subrequests, list) or not subrequests:
            raise SalesforceError(
                Code.JSON_PARSER_ERROR, "Required field missing: compositeRequest"
            )
        names = [one.get("referenceId") if isinstance(one, dict) else None for one in subrequests]
        for one, name in zip(subrequests, names, strict=True):
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise SalesforceError(
                    Code.JSON_PARSER_ERROR, f"Provided referenceId ('{name}') is invalid"
                )
            if not isinstance(one.get("url"), str) or not isinstance(one.get("method"), str):
                raise SalesforceError(Code.JSON_PARSER_ERROR, "Required field missing: url, method")
        if len(set(names)) < len(names):
            raise SalesforceError(Code.JSON_PARSER_ERROR, "Duplicate referenceId provided")
        if len(subrequests) > MOST_SUBREQUESTS:
            message = f"The request can't contain more than {MOST_SUBREQUESTS} operations."
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        queries = sum(_counts_as_query(one["url"]) for one in subrequests)
        if queries > MOST_QUERIES:
            message = (
                f"The request can't contain more than {MOST_QUERIES} query or collections "
                "operations."
            )
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        return subrequests


def is_read_only(body: Any) -> bool:
    """Say whether a composite's body consists of reads alone."""
    subrequests = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(subrequests, list):
        return False
    return all(
        isinstance(one, dict) and str(one.get("method")).upper() == "GET" for one in subrequests
    )


def _counts_as_query(url: str) -> bool:
    _, parts, _ = split_target(url)
    return parts[:1] in {("query",), ("queryAll",)} or parts[:2] == ("composite", "sobjects")


def _entry(name: str, answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": name,
    }


def _halted(
    subrequests: list[Any], answers: list[dict[str, Any]], failed: int
) -> list[dict[str, Any]]:
    """Return all answers of a transaction that was rolled back: one tells why, the others that they
    did not happen.
    """
    halted = Answer(400, SalesforceError(Code.PROCESSING_HALTED, ROLLED_BACK).body())
    return [
        answers[failed] if number == failed else _entry(one["referenceId"], halted)
        for number, one in enumerate(subrequests)
    ]


def _resolved(value: Any, bodies: Mapping[str, Any]) -> Any:
    """Replace every @{reference.path} in the strings of a value; raise KeyError for one that has no
    value.
    """
    if isinstance(value, dict):
        return {name: _resolved(one, bodies) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, bodies) for one in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _referenced(whole, bodies)
    return _REFERENCE.sub(lambda found: str(_referenced(found, bodies)), value)


def _referenced(found: re.Match[str], bodies: Mapping[str, Any]) -> Any:
    try:
        at = bodies[found[1]]
        for step in _STEP.finditer(found[2]):
            at = at[step[1]] if step[1] is not None else at[int(step[2])]
    except (KeyError, IndexError, TypeError):
        raise KeyError(found[1] + found[2]) from None
    if at is None:
        raise KeyError(found[1] + found[2])
    return at
