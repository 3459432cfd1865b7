"""What Slack's payloads say: who acts, under which delivery id, on what."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import InvalidRequest
from bot.domain.inbound import Actor, Envelope, Inbound, Surface

Body = Mapping[str, Any]

_VIEW = re.compile(r"V[A-Z0-9]{2,40}")
_EVENT = re.compile(r"[A-Za-z0-9]{1,100}")

SIGNATURE_KEY = "usher_signature"
"""Where the verified signature stands in Bolt's context."""


def actor(body: Body) -> Actor:
    """Return who acts, as Slack vouches for it; raises InvalidRequest when it names nobody."""
    slack_id, team = _user(body)
    if not slack_id:
        raise InvalidRequest("Slack did not say who you are.", next_step="Try again.")
    return Actor(surface=Surface.SLACK, slack_id=slack_id, slack_team=team)


def teams(body: Body) -> frozenset[str]:
    """Return every team that the person or the request belongs to.

    In channels shared between companies (Slack Connect) outsiders use the app like colleagues; then
    the person's team differs from the team of the installation.
    """
    return frozenset(team for team in _all_teams(body) if isinstance(team, str) and team)


def envelope(body: Body, context: Body, message: Inbound) -> Envelope:
    """Wrap a message under Slack's own id for it.

    An event has an id that its retries share, and a form one of its own: it is sent in once, and
    once more only by a person who did not see our answer. A command or a click has none; its
    signature is one, so that an exact replay within the five minutes of its validity is the same.
    """
    delivery_id = _delivery_id(body) or f"sig:{context[SIGNATURE_KEY]}"
    return Envelope(source=Surface.SLACK, delivery_id=delivery_id, message=message)


def _delivery_id(body: Body) -> str:
    if body.get("type") == "view_submission" and _VIEW.fullmatch(str(body["view"].get("id"))):
        return f"view:{body['view']['id']}"
    return event_id(body)


def event_id(body: Body) -> str:
    """Return Slack's id of an event; empty for what is none."""
    found = body.get("event_id")
    return found if isinstance(found, str) and _EVENT.fullmatch(found) else ""


def _user(body: Body) -> tuple[str, str]:
    event, user, team = body.get("event"), body.get("user"), body.get("team")
    installed = body.get("team_id") or (team.get("id") if isinstance(team, dict) else "") or ""
    if isinstance(event, dict):
        own_team = event.get("user_team") or event.get("team") or installed
        found = event.get("user")
        return (found if isinstance(found, str) else ""), str(own_team)
    if isinstance(user, dict):
        return str(user.get("id") or ""), str(user.get("team_id") or installed)
    return str(body.get("user_id") or ""), str(installed)


def _all_teams(body: Body) -> Iterator[object]:
    event, user, team = body.get("event"), body.get("user"), body.get("team")
    yield body.get("team_id")
    if isinstance(team, dict):
        yield team.get("id")
    if isinstance(user, dict):
        yield user.get("team_id")
    if isinstance(event, dict):
        yield event.get("user_team")
        yield event.get("team")


@dataclass(frozen=True)
class Button:
    """What a card's button stands for; the value is «request id:digest»."""

    request_id: str
    digest: str

    def to_metadata(self) -> str:
        return json.dumps({"request_id": self.request_id, "digest": self.digest})


def button(body: Body) -> Button:
    """Read the pressed button's value; raises InvalidRequest for one that no card of ours has."""
    value = str(body["actions"][0].get("value") or "")
    request_id, colon, digest = value.rpartition(":")
    if not colon or not request_id:
        raise InvalidRequest(
            "I do not know this button.", next_step="Type /access mine to see what there is."
        )
    return Button(request_id, digest)


def button_in_metadata(body: Body) -> Button:
    """Read back what a modal was opened for."""
    try:
        kept = json.loads(body["view"].get("private_metadata") or "")
        return Button(str(kept["request_id"]), str(kept["digest"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(
            "This form has lost what it was about.", next_step="Press the button again."
        ) from error


def chosen(body: Body, block_id: str) -> dict[str, Any] | None:
    """Return the option that a person chose in one input of a modal, as Slack knows it."""
    elements = body["view"]["state"]["values"].get(block_id) or {}
    options = (element.get("selected_option") for element in elements.values())
    return next((option for option in options if isinstance(option, dict)), None)


def inputs(body: Body) -> Iterator[str]:
    """Yield the block ids of the inputs that a modal has, filled in or not."""
    blocks = body["view"].get("blocks") or []
    there = (block.get("block_id") for block in blocks if block.get("type") == "input")
    yield from dict.fromkeys(str(one) for one in (*there, *body["view"]["state"]["values"]))


def typed(body: Body, block_id: str) -> str:
    """Return what a person typed or chose in one input of a modal; empty for nothing."""
    elements = body["view"]["state"]["values"].get(block_id) or {}
    for element in elements.values():
        option = element.get("selected_option") or {}
        found = element.get("value") or element.get("selected_user") or option.get("value")
        return str(found or "")
    return ""
