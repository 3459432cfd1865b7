"""The Members port: who is really behind a Slack id, remembered for ten minutes."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.adapters.slack.errors import translated
from bot.domain.errors import NotFound

REMEMBERED_S = 600.0
_MOST_REMEMBERED = 20_000

_UNKNOWN = "I do not find this Slack account. Ask from your own account in this workspace."
_DEACTIVATED = "This Slack account is deactivated. Ask IT if that is wrong."
_BOT = "Bots cannot use Usher. A person has to ask, or the onboarding API."
_OUTSIDER = (
    "Only members of this Slack workspace can use Usher. Ask your contact here to ask for you."
)
_GUEST = "Guest accounts cannot use Usher. Ask your manager to ask for you."


class SlackMembers:
    """Refuses guests, bots, deactivated people and outsiders; an error is never remembered."""

    def __init__(
        self,
        client: WebClient,
        *,
        team_id: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._team_id = team_id
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, str]] = {}

    def refusal(self, slack_id: str) -> str:
        """Say why this member may not use Usher; empty if fine."""
        now = self._monotonic()
        remembered = self._known.get(slack_id)
        if remembered is not None and now - remembered[0] < REMEMBERED_S:
            return remembered[1]
        found = self._ask(slack_id)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[slack_id] = (now, found)
        return found

    def _ask(self, slack_id: str) -> str:
        try:
            with translated(is_write=False):
                user = self._client.users_info(user=slack_id).get("user")
        except NotFound:
            return _UNKNOWN
        return self._judge(user) if isinstance(user, dict) else _UNKNOWN

    def _judge(self, user: Mapping[str, Any]) -> str:
        if user.get("deleted"):
            return _DEACTIVATED
        if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
            return _BOT
        if user.get("is_stranger") or not self._is_of_our_team(user):
            return _OUTSIDER
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return _GUEST
        return ""

    def _is_of_our_team(self, user: Mapping[str, Any]) -> bool:
        if self._team_id is None:
            return True
        # On Enterprise Grid a person belongs to several workspaces and names one of them as home.
        teams = (user.get("enterprise_user") or {}).get("teams") or []
        return self._team_id in {user.get("team_id"), *teams}
