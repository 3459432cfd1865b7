"""Requests as issues, and what is said on them as comments."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.adapters.github.client import GitHubClient
from bot.adapters.github.errors import nonsense
from bot.domain.cards import STATE_LABEL_PREFIX, Card, IssuePage, state_label
from bot.domain.errors import NotFound
from bot.domain.markdown import has_marker, render_card, with_marker
from bot.domain.text import clean

_MAX_TITLE = 256
# Our clock and GitHub's need not agree, and GitHub's timestamps have seconds only.
_SLACK = timedelta(minutes=5)


class GitHubRecords:
    """Implements Records and Comments on one repository."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    # ---- issues ---------------------------------------------------------------------------------

    def find_issue(self, key: str, since: datetime) -> int | None:
        action, start = "look for our issue", since - _SLACK
        # Newest first, so that reading can end at `since`; GitHub's filter is by the last change.
        order = {"state": "all", "sort": "created", "direction": "desc", "since": _stamp(start)}
        found: int | None = None
        for row in self._client.read_pages("/issues", order, action):
            if _created(row, action) < start:
                break
            if self._is_ours(row, key):
                found = _number(row, action)  # the oldest, should there ever be two
        return found

    def create_issue(self, page: IssuePage, key: str) -> int:
        """Open the issue with its labels; one that ended already is closed by the next update."""
        action = "open an issue"
        body = {
            "title": clean(page.title, _MAX_TITLE),
            "body": render_card(page.card, key=key),
            "labels": [state_label(page.state), *page.extra_labels],
        }
        data = self._client.write("POST", "/issues", action, body)
        if not isinstance(data, dict) or not isinstance(data.get("number"), int):
            raise nonsense(action, is_write=True)
        return int(data["number"])

    def update_issue(self, number: int, page: IssuePage) -> None:
        row = self._client.read(f"/issues/{number}", f"read issue {number}")
        self._match_labels(number, page, _labels(row))
        self._match_state(number, page, row)

    def issue_url(self, number: int) -> str:
        return self._client.page_url(f"/issues/{number}")

    def _match_labels(self, number: int, page: IssuePage, has: tuple[str, ...]) -> None:
        """Add and take off one by one: writing the whole list could undo a person's change."""
        wanted = (state_label(page.state), *page.extra_labels)
        present = {name.casefold() for name in has}
        action = f"label issue {number}"
        if missing := [name for name in wanted if name.casefold() not in present]:
            self._client.write("POST", f"/issues/{number}/labels", action, {"labels": missing})
        kept = {name.casefold() for name in wanted}
        for name in has:
            if name.casefold().startswith(STATE_LABEL_PREFIX) and name.casefold() not in kept:
                self._take_off(number, name, action)

    def _take_off(self, number: int, name: str, action: str) -> None:
        try:
            self._client.write("DELETE", f"/issues/{number}/labels/{quote(name, safe='')}", action)
        except NotFound:
            return  # somebody was faster; a missing issue shows at the next step

    def _match_state(self, number: int, page: IssuePage, row: dict[str, Any]) -> None:
        state = "open" if page.is_open else "closed"
        reason = "completed" if page.is_completed else "not_planned"
        # A wrong reason stays: GitHub ignores the reason unless the state changes too.
        if row.get("state") == state:
            return
        body = {"state": state, "state_reason": "reopened" if page.is_open else reason}
        self._client.write("PATCH", f"/issues/{number}", f"set issue {number} to {state}", body)

    # ---- comments -------------------------------------------------------------------------------

    def find_comment(self, number: int, key: str, since: datetime) -> str | None:
        action, order = "look for our comment", {"since": _stamp(since - _SLACK)}
        for row in self._client.read_pages(f"/issues/{number}/comments", order, action):
            if self._is_ours(row, key):
                return _id(row, action, is_write=False)
        return None

    def create_comment(self, number: int, content: Card | str, key: str) -> str:
        action = f"comment on issue {number}"
        body = {"body": self._written(content, key)}
        data = self._client.write("POST", f"/issues/{number}/comments", action, body)
        return _id(data, action, is_write=True)

    def update_comment(self, comment_id: str, content: Card | str, key: str) -> None:
        body = {"body": self._written(content, key)}
        self._client.write(
            "PATCH", f"/issues/comments/{quote(comment_id, safe='')}", "edit our comment", body
        )

    def _written(self, content: Card | str, key: str) -> str:
        if isinstance(content, str):
            return with_marker(content, key)
        number = content.issue_number
        return render_card(content, key=key, issue_url=self.issue_url(number) if number else None)

    def _is_ours(self, row: dict[str, Any], key: str) -> bool:
        """Anybody may paste a marker: it counts only in what we wrote ourselves."""
        user, body = row.get("user"), row.get("body")
        author = user.get("login") if isinstance(user, dict) else None
        return (
            isinstance(author, str)
            and isinstance(body, str)
            and "pull_request" not in row
            and author.casefold() == self._client.bot_login().casefold()
            and has_marker(body, key)
        )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _created(row: dict[str, Any], action: str) -> datetime:
    try:
        return datetime.fromisoformat(row["created_at"])
    except (KeyError, TypeError, ValueError) as exc:
        raise nonsense(action, is_write=False) from exc


def _number(row: dict[str, Any], action: str) -> int:
    number = row.get("number")
    if not isinstance(number, int):
        raise nonsense(action, is_write=False)
    return number


def _id(data: Any, action: str, *, is_write: bool) -> str:
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise nonsense(action, is_write=is_write)
    return str(data["id"])


def _labels(row: dict[str, Any]) -> tuple[str, ...]:
    """Docs: a label comes as an object, or as a bare name."""
    labels = row.get("labels")
    if not isinstance(labels, list):
        raise nonsense("read an issue's labels", is_write=False)
    names = (label.get("name") if isinstance(label, dict) else label for label in labels)
    return tuple(name for name in names if isinstance(name, str))
