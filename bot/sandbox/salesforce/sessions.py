"""Access tokens: they slide with use, end when idle, and can all be revoked (salesforce.md §3)."""

import secrets
from collections.abc import Callable

SESSION_TIMEOUT = 2 * 60 * 60
"""The default session timeout, two hours without use (help "Session Settings")."""


class Sessions:
    """Who is logged in with which token, and when each was used last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}
        self.timeout_s = SESSION_TIMEOUT
        self.is_denying = False
        self.is_approved = True

    def open(self, org_id: str, user_id: str) -> str:
        """Return a new token; its form is the vendor's: the org's id, an exclamation mark, random
        text.
        """
        token = f"{org_id[:15]}!AQ{secrets.token_urlsafe(48)}"
        self._open[token] = (user_id, self._clock())
        return token

    def user_of(self, token: str) -> str | None:
        """Return the user behind a live token and count this as its use."""
        user_id, used_at = self._open.get(token, ("", 0.0))
        if not user_id or self.is_denying:
            return None
        if self._clock() - used_at > self.timeout_s:
            del self._open[token]
            return None
        self._open[token] = (user_id, self._clock())
        return user_id

    def revoke(self) -> None:
        self._open.clear()

    def end(self, token: str) -> None:
        """End one session: its token stays dead, whatever becomes of the user."""
        self._open.pop(token, None)
