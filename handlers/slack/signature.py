"""Is this from Slack, and is it fresh? Checked on the raw bytes, before anything is parsed."""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

MAX_AGE_S = 300

_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Flaw(StrEnum):
    """Why a request is not let in."""

    UNSIGNED = "unsigned"
    STALE = "stale"
    FORGED = "forged"


class SignatureCheck:
    """Slack's v0 signature: HMAC-SHA256 over the timestamp and the body, at most five minutes old.

    Source: docs.slack.dev/authentication/verifying-requests-from-slack. Bolt's own check runs after
    its parser, raises on odd headers and logs the bodies it refuses.
    """

    def __init__(self, signing_secret: str, now: Callable[[], datetime]) -> None:
        if not signing_secret.strip():
            raise ValueError("the Slack signing secret is empty")
        self._secret = signing_secret.encode()
        self._now = now

    def flaw(self, body: bytes, *, timestamp: str, signature: str) -> Flaw | None:
        if not signature or not _TIMESTAMP.fullmatch(timestamp):
            return Flaw.UNSIGNED
        if abs(self._now().timestamp() - int(timestamp)) > MAX_AGE_S:
            return Flaw.STALE
        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return Flaw.FORGED
        return None
