"""Slack's errors and those of the way there, translated to ours."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)

SERVICE = "slack"
DEFAULT_RETRY_AFTER_S = 30.0

_NOT_ALLOWED = frozenset(
    {
        "access_denied",
        "accesslimited",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_NOT_THERE = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "message_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_RATE = frozenset({"rate_limited", "ratelimited"})
# Slack's own words for «something broke on our side»; the method's effect may have happened.
_BROKEN = frozenset({"fatal_error", "internal_error", "service_unavailable", "team_added_to_org"})
_WORD = re.compile(r"[a-z][a-z0-9_]{1,80}")
_NEVER_SENT = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


@contextmanager
def translated(*, is_write: bool) -> Iterator[None]:
    """Raise our errors for Slack's; only a write whose answer was lost is OutcomeUnknown."""
    try:
        yield
    except SlackApiError as error:
        raise _from_answer(error, is_write=is_write) from error
    except (OSError, HTTPException, SlackClientError, UnicodeError, LookupError) as error:
        raise _from_the_way(error, is_write=is_write) from error


def answer_error(
    status: int, code: str, headers: Mapping[str, Any], *, is_write: bool
) -> ConnectorError:
    """Return our error for an answer with this HTTP status and error word."""
    if status == 429 or code in _RATE:  # noqa: PLR2004  # Too Many Requests
        wait = retry_after_s(headers)
        return RateLimited(
            f"Slack asks us to wait {wait:.0f} s.",
            service=SERVICE,
            code="ratelimited",
            retry_after_s=wait,
        )
    if code in _BROKEN or not _WORD.fullmatch(code):  # HTML, cut JSON, a proxy's page
        return _lost(f"Slack answered HTTP {status} with no usable answer.", is_write=is_write)
    if code in _NOT_ALLOWED:
        return Unauthorized(f"Slack refuses our token: {code}.", service=SERVICE, code=code)
    if code in _NOT_THERE:
        return NotFound(f"Slack does not find it: {code}.", service=SERVICE, code=code)
    return Conflict(f"Slack refuses the call: {code}.", service=SERVICE, code=code)


def retry_after_s(headers: Mapping[str, Any]) -> float:
    """Read Retry-After, whatever its case; half a minute when it says nothing usable."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(0.0, float(value))
            except (TypeError, ValueError):
                break
    return DEFAULT_RETRY_AFTER_S


def _from_answer(error: SlackApiError, *, is_write: bool) -> ConnectorError:
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error", ""))
    found = answer_error(response.status_code, code, response.headers, is_write=is_write)
    if code == "missing_scope":
        found = Unauthorized(
            f"Slack refuses: our token lacks the scope {data.get('needed', '?')}.",
            service=SERVICE,
            code=code,
        )
    return found


def _from_the_way(error: Exception, *, is_write: bool) -> ConnectorError:
    reason = error.reason if isinstance(error, URLError) else error
    what = f"No answer from Slack ({type(reason).__name__})."
    if isinstance(reason, _NEVER_SENT):
        return Unavailable(what, service=SERVICE)
    if isinstance(error, SlackClientError):  # the SDK refused before anything was sent
        return Conflict(f"{type(error).__name__}: the call was not sent.", service=SERVICE)
    return _lost(what, is_write=is_write)


def _lost(what: str, *, is_write: bool) -> ConnectorError:
    kind = OutcomeUnknown if is_write else Unavailable
    return kind(what, service=SERVICE)
