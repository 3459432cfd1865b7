"""GitHub's pulse: signed in, with the rights needed, and the repository takes issues."""

from collections.abc import Mapping
from typing import Any

from bot.adapters.github.client import GitHubClient
from bot.adapters.github.errors import SERVICE
from bot.adapters.github.sign_in import AppSignIn, require
from bot.domain.errors import Conflict, NotFound, Unauthorized


class GitHubHealth:
    """Implements Health; asks GitHub anew each time."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    def check(self) -> Mapping[str, str]:
        facts = {"repository": self._client.repo, "permissions": self._permissions()}
        row = self._repository()
        if row.get("archived"):
            raise _unusable(f"{self._client.repo} is archived. Unarchive it.")
        if row.get("has_issues") is False:
            raise _unusable(f"{self._client.repo} has no issues. Switch them on in its settings.")
        return {"user": self._client.bot_login(), **facts}

    def _permissions(self) -> str:
        sign_in = self._client.sign_in
        if not isinstance(sign_in, AppSignIn):
            return "those of the token"
        granted = sign_in.installation().permissions
        require(granted, sign_in.permissions)
        return ", ".join(f"{name}: {level}" for name, level in sorted(granted.items()))

    def _repository(self) -> dict[str, Any]:
        try:
            row = self._client.read("", "look at the repository")
        except NotFound as exc:
            fix = "Check GITHUB_REPO, and that the App or token may see it."
            text = f"There is no repository {self._client.repo} for us. {fix}"
            raise Unauthorized(text, service=SERVICE, code="404") from exc
        rights = row.get("permissions")
        is_user = not isinstance(self._client.sign_in, AppSignIn)
        if is_user and isinstance(rights, dict) and not rights.get("triage"):
            text = (
                "The token's user may not label and close issues. Give it the role Triage or Write."
            )
            raise Unauthorized(text, service=SERVICE, code="role")
        return row


def _unusable(detail: str) -> Conflict:
    return Conflict(detail, service=SERVICE, code="repository")
