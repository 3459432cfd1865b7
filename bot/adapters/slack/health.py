"""The Health port for Slack: whose token it is and whether it may do what we need."""

from collections.abc import Mapping

from slack_sdk import WebClient

from bot.adapters.slack.errors import SERVICE, translated
from bot.domain.errors import Unauthorized

REQUIRED_SCOPES = ("chat:write", "commands", "im:history", "im:write", "users:read")


class SlackHealth:
    """One call of auth.test, which also names the token's scopes."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def check(self) -> Mapping[str, str]:
        """Return team, bot and scopes; raises Unauthorized with the fix when a scope is missing."""
        with translated(is_write=False):
            answer = self._client.auth_test()
        scopes = _scopes(answer.headers)
        missing = [scope for scope in REQUIRED_SCOPES if scope not in scopes]
        if missing:
            raise Unauthorized(
                f"The Slack token lacks {', '.join(missing)}. Add them under OAuth & Permissions "
                "(or apply handlers/slack/manifest.yml) and install the app again.",
                service=SERVICE,
                code="missing_scope",
            )
        return {
            "team": str(answer.get("team", "")),
            "team_id": str(answer.get("team_id", "")),
            "bot_id": str(answer.get("bot_id", "")),
            "bot_user_id": str(answer.get("user_id", "")),
            "url": str(answer.get("url", "")),
            "scopes": ", ".join(sorted(scopes)),
        }


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    for name, value in headers.items():
        if name.lower() == "x-oauth-scopes":
            return frozenset(scope.strip() for scope in value.split(",") if scope.strip())
    return frozenset()
