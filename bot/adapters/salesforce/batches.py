"""Rows written together: single ones and collections of one object, in one composite call."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests

from bot.adapters.salesforce.answers import (
    Record,
    check_created,
    check_deleted,
    check_empty,
    nonsense,
)
from bot.adapters.salesforce.errors import Attempt, problems, status_error
from bot.domain.changes import BATCHES_A_CALL, ROWS_A_BATCH

COLLECTIONS = "composite/sobjects"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows of one object that go together (D9); `check` raises for what was not done.

    Of a row that goes alone, `path` leads to it; it is answered with nothing.
    """

    method: str
    check: Callable[[Any], None]
    kind: str = ""
    ids: tuple[str, ...] = ()
    json: Mapping[str, Any] | None = None
    params: Mapping[str, str] | None = None
    path: str = COLLECTIONS


def creating(kind: str, rows: Sequence[tuple[Record, str]]) -> Iterator[Batch]:
    """Create rows, each given with its licence pool; those that exist already are fine."""
    for some in _sliced(rows, ROWS_A_BATCH):
        yield Batch(
            method="POST",
            kind=kind,
            json=_body(kind, [fields for fields, _ in some]),
            check=partial(check_created, pools=[pool for _, pool in some]),
        )


def changing(kind: str, rows: Sequence[Record]) -> Iterator[Batch]:
    """Change rows that are known by their ids."""
    for some in _sliced(rows, ROWS_A_BATCH):
        check = partial(check_created, pools=[""] * len(some))
        ids = tuple(str(row["Id"]) for row in some)
        yield Batch(method="PATCH", kind=kind, ids=ids, json=_body(kind, some), check=check)


def changing_one(kind: str, row_id: str, fields: Record) -> Batch:
    """Change a row by itself, which takes none of the few places for collections."""
    path = f"sobjects/{kind}/{row_id}"
    return Batch(
        method="PATCH", kind=kind, ids=(row_id,), json=fields, check=check_empty, path=path
    )


def deleting(row_ids: Sequence[str]) -> Iterator[Batch]:
    """Delete rows of one object; those that are gone already are fine."""
    for some in _sliced(row_ids, ROWS_A_BATCH):
        params = {"ids": ",".join(some), "allOrNone": "false"}
        check = partial(check_deleted, size=len(some))
        yield Batch(method="DELETE", ids=tuple(some), params=params, check=check)


def calls_of(batches: Sequence[Batch]) -> Iterator[Sequence[Batch]]:
    """Say which batches go in one call: rows of several setup objects may, in batches apart.

    Single rows go first, with the first collections, and are few: a user's log-ins.
    """
    alone = [batch for batch in batches if batch.path != COLLECTIONS]
    several = [*_sliced([b for b in batches if b.path == COLLECTIONS], BATCHES_A_CALL)] or [()]
    calls = ([*alone, *several[0]], *several[1:])
    return (few for few in calls if few)


def composite(batches: Sequence[Batch], base: str) -> dict[str, Any]:
    """Return the body of the call that carries several batches, to be run in their order."""
    return {"allOrNone": False, "compositeRequest": [*_parts(batches, base)]}


def check_composite(answer: Any, batches: Sequence[Batch]) -> None:
    """Raise for the first batch of which something was not done; one has an answer of its own."""
    if len(batches) == 1:
        batches[0].check(answer)
        return
    parts = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(parts, list) or len(parts) != len(batches):
        raise nonsense(is_write=True)
    for part, batch in zip(parts, batches, strict=True):
        status = part.get("httpStatusCode") if isinstance(part, dict) else None
        if not isinstance(status, int):
            raise nonsense(is_write=True)
        if status not in (requests.codes.ok, requests.codes.no_content):
            raise status_error(status, problems(part.get("body")), Attempt(is_write=True))
        batch.check(part.get("body"))


def _parts(batches: Sequence[Batch], base: str) -> Iterator[dict[str, Any]]:
    for number, batch in enumerate(batches):
        query = f"?{urlencode(batch.params)}" if batch.params else ""
        part = {
            "method": batch.method,
            "referenceId": f"batch{number}",
            "url": f"{base}{batch.path}{query}",
        }
        yield part | ({"body": batch.json} if batch.json else {})


def _body(kind: str, rows: Sequence[Record]) -> dict[str, Any]:
    records = [{"attributes": {"type": kind}, **fields} for fields in rows]
    return {"allOrNone": False, "records": records}


def _sliced(things: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (things[start : start + size] for start in range(0, len(things), size))
