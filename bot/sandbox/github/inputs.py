"""Reading what a caller sent: JSON bodies, query parameters and pages."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import Response, request

from bot.sandbox.github import errors
from bot.sandbox.github.endpoints import NotModelledError, answer

PAGE_QUERY = frozenset({"per_page", "page"})
_PER_PAGE = 30
_MOST_PER_PAGE = 100
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A part of a list, and the header that says where the other parts are."""

    number: int
    rows: Sequence[T]
    headers: dict[str, str]


def read_json() -> Any:
    """Return the body; no body at all is an empty object."""
    raw = request.get_data()
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError as exc:
        raise errors.GitHubError(400, "Problems parsing JSON") from exc


def read_object(*modelled: str) -> dict[str, Any]:
    """Return the body as an object with no other than the modelled fields."""
    data = read_json()
    if not isinstance(data, dict):
        raise errors.GitHubError(400, "Body should be a JSON object")
    only_modelled(data, modelled, f"{request.method} {request.path}")
    return data


def only_modelled(data: dict[str, Any], modelled: Iterable[str], where: str) -> None:
    if unknown := set(data) - set(modelled):
        raise NotModelledError(f"the fields {sorted(unknown)} of {where}")


def argument(name: str) -> str | None:
    """Return a parameter of the query, or None."""
    return request.args.get(name)


def text(fields: dict[str, Any], name: str) -> str:
    """Return a required text (a title may also be a number, which becomes text)."""
    if name not in fields:
        raise errors.malformed(f'"{name}" wasn\'t supplied.')
    value = fields[name]
    if isinstance(value, int) and not isinstance(value, bool) and name == "title":
        return str(value)
    if not isinstance(value, str):
        raise _wrong_type(name, value, "a string")
    return value


def optional_text(fields: dict[str, Any], name: str) -> str | None:
    return None if fields.get(name) is None else text(fields, name)


def names(value: Any, field: str, *, key: str = "name") -> list[str]:
    """Return a list of names, given as texts or as objects with a name."""
    if not isinstance(value, list):
        raise _wrong_type(field, value, "an array")
    found: list[Any] = [item.get(key) if isinstance(item, dict) else item for item in value]
    if not all(isinstance(item, str) for item in found):
        raise _wrong_type(field, value, "an array of strings")
    return found


def one_of(name: str, default: str, *allowed: str, resource: str = "Issue") -> str:
    value = request.args.get(name, default)
    if value not in allowed:
        raise errors.invalid(resource, name, "invalid", value=value)
    return value


def since() -> float:
    """Return the `since` parameter (ISO 8601) in seconds; without it the beginning of time."""
    written = request.args.get("since")
    if written is None:
        return 0
    try:
        at = datetime.fromisoformat(written)
    except ValueError as exc:
        raise errors.invalid("Issue", "since", "invalid", value=written) from exc
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def paginated(rows: Sequence[T], draw: Callable[[T], Any]) -> Response:
    """Answer with one page as an array."""
    page = page_of(rows)
    return answer([draw(row) for row in page.rows], headers=page.headers)


def page_of(rows: Sequence[T], *, per_page: int = _PER_PAGE, most: int = _MOST_PER_PAGE) -> Page[T]:
    """Take one page and name its neighbours (docs "Using pagination in the REST API")."""
    size = min(_number("per_page", per_page), most)
    page = _number("page", 1)
    last = max(1, -(-len(rows) // size))
    links = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links |= {"next": page + 1, "last": last}
    if page > 1:
        links["first"] = 1
    header = ", ".join(f'<{_page_url(number)}>; rel="{rel}"' for rel, number in links.items())
    return Page(
        number=page,
        rows=rows[(page - 1) * size : page * size],
        headers={"Link": header} if header else {},
    )


def _page_url(page: int) -> str:
    return f"{request.base_url}?{urlencode({**request.args, 'page': page})}"


def _number(name: str, default: int) -> int:
    """Read a positive number; GitHub takes the default for anything else."""
    written = request.args.get(name, "")
    return int(written) if written.isdecimal() and int(written) > 0 else default


def _wrong_type(name: str, value: Any, wanted: str) -> errors.GitHubError:
    return errors.malformed(f"For 'properties/{name}', {json.dumps(value)} is not {wanted}.")
