"""Why Salesforce refuses a log-in, told apart, each with what to do about it.

The texts are those of the OAuth error table (Salesforce help, «OAuth 2.0 Errors»); Salesforce's own
words are only compared, never repeated.
"""

import re
from typing import Any

from bot.adapters.salesforce.errors import SERVICE
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import ConnectorError, RateLimited, Unauthorized, Unavailable

MAX_CLOCK_OFF_S = 150.0
"""An assertion lives three minutes, and Salesforce bears little more the other way."""

_OAUTH_ERROR = re.compile(r"[a-z_]{1,40}")
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

_CAUSES = (
    (
        ("hasn't approved this consumer", "invalid_app_access"),
        "app_not_approved",
        (
            "the app is not approved for the bot's user: in Setup, External Client App Manager, "
            "the app's policies, choose «Admin approved users are pre-authorized» and add the "
            "bot's profile or permission set."
        ),
    ),
    (
        ("audience",),
        "audience",
        (
            "the log-in was for {audience}, and the org is of the other kind: set SALESFORCE_URL "
            "to the org's own My Domain (a sandbox's ends in .sandbox.my.salesforce.com)."
        ),
    ),
    (
        ("user is locked", "user is frozen"),
        "user_frozen",
        (
            "the bot's user is frozen or locked: in Setup, Users, open it and press Unfreeze or "
            "Unlock."
        ),
    ),
    (
        ("inactive user", "inactive_user", "user is inactive"),
        "user_inactive",
        "the bot's user is inactive: in Setup, Users, open it and tick Active.",
    ),
    (
        ("inactive org", "inactive_org"),
        "org_inactive",
        "the org is locked, closed or suspended: ask Salesforce's support.",
    ),
    (
        ("ip restricted",),
        "ip_restricted",
        (
            "this machine's address is not allowed: add it to the login IP ranges of the bot's "
            "profile, or relax the app's IP policy."
        ),
    ),
    (
        ("no client credentials user",),
        "no_run_as_user",
        (
            "the app has no user to run as: in the app's policies, under Client Credentials Flow, "
            "choose the bot's user."
        ),
    ),
    (
        ("invalid_client_id", "client identifier invalid"),
        "invalid_client_id",
        "an admin must check SALESFORCE_CLIENT_ID: it is not the consumer key of an app here.",
    ),
    (
        ("invalid_client", "invalid client credentials"),
        "invalid_client",
        (
            "an admin must check the app's secret or certificate: SALESFORCE_CLIENT_SECRET or the "
            "private key does not belong to it."
        ),
    ),
)
"""What to look for in error and description, our code, and the fix."""

_ANYTHING = (
    "an admin must check the app's approval and policy, the key or secret, the user, and this "
    "machine's clock."
)


def audience(host: str) -> str:
    """Return whom a log-in's assertion is for: the log-in service of the org's kind."""
    return f"https://{'test' if is_sandbox_host(host) else 'login'}.salesforce.com"


def is_sandbox_host(host: str) -> bool:
    """Whether a My Domain is a sandbox's: acme--uat.sandbox.my., or acme--uat.my. in old orgs."""
    return ".sandbox.my." in host or ("--" in host.partition(".")[0] and ".my." in host)


def login_error(status: int, answer: Any, wire: Wire) -> ConnectorError:
    """Translate a refusal of the token endpoint."""
    if status == _TOO_MANY_REQUESTS:
        return RateLimited("Salesforce takes no more log-ins for now.", service=SERVICE)
    if status >= _SERVER_ERROR or not isinstance(answer, dict):
        return Unavailable(f"Salesforce's log-in is down (HTTP {status}).", service=SERVICE)
    error = str(answer.get("error", ""))
    code = error if _OAUTH_ERROR.fullmatch(error) else "unknown"
    said = f"{error} {answer.get('error_description', '')}".lower()
    for words, cause, fix in _CAUSES:
        if any(each in said for each in words):
            return _refused(code, cause, fix.format(audience=audience(wire.host)))
    if off := clock_complaint(wire.clock_off_s):
        return _refused(code, "clock", off)
    return _refused(code, code, _ANYTHING)


def clock_complaint(off: float | None) -> str:
    """Say that this machine's clock is so many seconds ahead of Salesforce's; empty if it is not.

    Salesforce's is the Date of its last answer.
    """
    if off is None or abs(off) <= MAX_CLOCK_OFF_S:
        return ""
    way = "ahead of" if off > 0 else "behind"
    return (
        f"this machine's clock is {abs(off) / 60:.0f} minutes {way} Salesforce's: switch time "
        "synchronisation (NTP) on."
    )


def _refused(code: str, cause: str, fix: str) -> Unauthorized:
    return Unauthorized(
        f"Salesforce refuses the bot's log-in ({code}): {fix}", service=SERVICE, code=cause
    )
