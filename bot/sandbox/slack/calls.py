"""One Web API call: its arguments as slack_sdk sends them, and Slack's way of refusing it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.records import Json
from bot.sandbox.slack.shapes import NotModelledError, Problems
from bot.sandbox.slack.state import Workspace


class Refusal(Exception):
    """Slack's {"ok": false, "error": …}, sent with HTTP 200."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body: Json = {"ok": False, "error": error, **more}


def invalid_blocks(problems: Problems) -> Refusal:
    """Shape as chat.* answers it (adobe/spacecat-api-service issue 176, yonicd/slackreprex issue
    3).
    """
    messages = [f"[ERROR] {one}" for one in problems]
    return Refusal("invalid_blocks", errors=problems, response_metadata={"messages": messages})


def invalid_arguments(problems: Problems) -> Refusal:
    """Shape as views.* and wrong arguments are answered (slack-go issue 667, node-slack-sdk issue
    875).
    """
    messages = [f"[ERROR] {one}" for one in problems]
    return Refusal("invalid_arguments", response_metadata={"messages": messages})


@dataclass(frozen=True)
class Call:
    """The arguments of one call and the workspace it acts on."""

    workspace: Workspace
    arguments: Json
    url: str
    scopes: tuple[str, ...]
    now: float

    def text(self, name: str) -> str:
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid_arguments([f"missing required field: {name}"])
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}

    def whole(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isdecimal():
            raise invalid_arguments([f"must be an integer [json-pointer:/{name}]"])
        return int(value)

    def structure(self, name: str, error: str) -> Any:
        """Return a structured argument, which may come as JSON text; `error` is for text that is
        not JSON.
        """
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refusal(error) from None

    def blocks(self) -> list[Json] | None:
        """Return the checked `blocks` argument, None if it was not sent."""
        blocks = self.structure("blocks", "invalid_blocks_format")
        if blocks is None:
            return None
        if not isinstance(blocks, list):
            raise Refusal("invalid_blocks_format")
        return checked_blocks(blocks)


def checked_blocks(blocks: list[Json]) -> list[Json]:
    problems = kit.message_problems(blocks)
    if problems:
        raise invalid_blocks(problems)
    if kit.text_length(blocks) > kit.MESSAGE_CHARACTERS_MAX:
        raise Refusal("msg_blocks_too_long")
    return blocks


@dataclass(frozen=True)
class Method:
    """One Web API method: what it takes, what it needs and how often it may be called."""

    run: Callable[[Call], Json]
    arguments: frozenset[str]
    scope: str | None
    per_minute: int
    is_write: bool = False
    only: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Arguments modelled for these values alone."""

    def check_arguments(self, arguments: Json) -> None:
        """Raise NotModelledError for an argument (or a value of it) that the sandbox has not."""
        for name, value in arguments.items():
            if name in self.only:
                if value not in self.only[name]:
                    raise NotModelledError(f"the argument {name}={value!r}")
            elif name not in self.arguments:
                raise NotModelledError(f"the argument {name}")
