"""Salesforce's answers, read with suspicion: what has another shape is no answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import requests

from bot.adapters.salesforce.errors import (
    GONE_CODES,
    SERVICE,
    Attempt,
    Problem,
    lost,
    problem_error,
    problems,
    status_error,
)
from bot.domain.errors import ConnectorError, Unavailable

Record: TypeAlias = Mapping[str, Any]

# Of deletes in a collection: the row is not there, in other words.
_NO_SUCH_ROW = GONE_CODES | {"INVALID_CROSS_REFERENCE_KEY"}


def nonsense(*, is_write: bool) -> ConnectorError:
    return lost("Salesforce's answer makes no sense.", "NONSENSE", is_write=is_write)


def rows(result: Any) -> list[Record]:
    """Return the records of a query whose answer must be whole."""
    found = records(result)
    if result.get("done") is not True:
        # Such a query is about one person or a short catalogue; a cut list must not pass for a
        # whole one.
        detail = "Salesforce has more rows than one answer holds."
        raise Unavailable(detail, service=SERVICE, code="MORE_ROWS")
    return found


def records(result: Any) -> list[Record]:
    """Return the records of a query, or of one page of it."""
    found = result.get("records") if isinstance(result, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise nonsense(is_write=False)
    return found


def sub_answers(answer: Any, *, may_lack: bool = False) -> dict[str, Any]:
    """Return each part of a composite read by name; raises with all errors of all parts.

    Parts that are not there are errors too, unless some `may_lack`.
    """
    read = _parts(answer)
    if may_lack:
        read = [part for part in read if part[1] != requests.codes.not_found]
    failed = [(status, body) for _, status, body in read if status != requests.codes.ok]
    if failed:
        found = tuple(problem for _, body in failed for problem in problems(body))
        raise status_error(failed[0][0], found, Attempt(is_write=False))
    return {name: body for name, _, body in read}


def each_sub_answer(answer: Any) -> dict[str, Any | ConnectorError]:
    """Return each part of a composite read by name; of one that failed, what went wrong."""
    return {
        name: body
        if status == requests.codes.ok
        else status_error(status, problems(body), Attempt(is_write=False))
        for name, status, body in _parts(answer)
    }


def check_empty(answer: Any) -> None:
    """Raise for an answer that says anything: 204 and nothing is Salesforce's, more may not be."""
    if answer is not None:
        raise nonsense(is_write=True)


def check_created(answer: Any, pools: Sequence[str]) -> None:
    """Raise for items that were not created; those that exist already are fine."""
    failed = [
        (pool, problem)
        for pool, found in zip(pools, item_problems(answer, len(pools)), strict=True)
        for problem in found
        if not problem.is_duplicate
    ]
    if failed:
        full = [pool for pool, problem in failed if problem.code == "LICENSE_LIMIT_EXCEEDED"]
        attempt = Attempt(is_write=True, pool=full[0] if full else "")
        raise problem_error(tuple(problem for _, problem in failed), attempt)


def check_deleted(answer: Any, size: int) -> None:
    """Raise for items that were not deleted; those that are gone already are fine."""
    failed = tuple(
        problem
        for found in item_problems(answer, size)
        for problem in found
        if problem.code not in _NO_SUCH_ROW
    )
    if failed:
        raise problem_error(failed, Attempt(is_write=True))


def _parts(answer: Any) -> list[tuple[str, int, Any]]:
    parts = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(parts, list):
        raise nonsense(is_write=False)
    return [_part(part) for part in parts]


def _part(part: Any) -> tuple[str, int, Any]:
    status = part.get("httpStatusCode") if isinstance(part, dict) else None
    if not isinstance(status, int):
        raise nonsense(is_write=False)
    return str(part.get("referenceId")), status, part.get("body")


def item_problems(answer: Any, size: int) -> list[tuple[Problem, ...]]:
    """Return each item's errors; an item without success or reason is an unknown outcome."""
    if not isinstance(answer, list) or len(answer) != size:
        raise nonsense(is_write=True)
    return list(_each_items_problems(answer))


def _each_items_problems(answer: list[Any]) -> Iterator[tuple[Problem, ...]]:
    for item in answer:
        is_done = isinstance(item, dict) and item.get("success") is True
        errors = () if is_done else problems(item.get("errors") if isinstance(item, dict) else None)
        if not is_done and not errors:
            raise nonsense(is_write=True)
        yield errors
