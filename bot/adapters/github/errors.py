"""What PyGithub and requests raise, as our errors."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from github.GithubException import (
    BadAttributeException,
    GithubException,
    IncompletableObject,
    RateLimitExceededExceedsMaxWait,
    RateLimitExceededException,
)
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError

from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)

SERVICE = "github"
_MAX_DETAIL = 300
# Docs, "Rate limits for the REST API": without a better word, wait for at least one minute.
_WAIT_S = 60.0

# PyGithub meets an answer of another shape than it expects (an HTML page, a redirect elsewhere,
# broken JSON) with whatever its code then trips over.
NONSENSE = (
    BadAttributeException,
    AssertionError,
    AttributeError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
)
_NEVER_SENT = (NewConnectionError, ProxyError)


@contextmanager
def translating(action: str, *, is_write: bool) -> Iterator[None]:
    """Turn what one call raises into our errors; `action` says what was tried."""
    try:
        yield
    except (GithubException, requests.RequestException, *NONSENSE) as exc:
        raise translate(exc, action, is_write=is_write) from exc


def translate(exc: Exception, action: str, *, is_write: bool) -> ConnectorError:
    """Return our error for one of theirs."""
    match exc:
        case IncompletableObject() | BadAttributeException():
            return _no_sense(action, is_write=is_write)
        case GithubException():
            return _answered(exc, action, is_write=is_write)
        case requests.RequestException():
            return _not_answered(exc, action, is_write=is_write)
    return _no_sense(action, is_write=is_write)


def nonsense(action: str, *, is_write: bool) -> ConnectorError:
    """Return the error for an answer that says success and does not have what it should."""
    return _no_sense(action, is_write=is_write)


def _no_sense(action: str, *, is_write: bool) -> ConnectorError:
    detail = f"GitHub's answer makes no sense ({action})."
    kind = OutcomeUnknown if is_write else Unavailable
    return kind(detail, service=SERVICE, code="nonsense")


def _answered(exc: GithubException, action: str, *, is_write: bool) -> ConnectorError:
    status, code = exc.status, str(exc.status)
    said = f"GitHub says {status} ({action}): {_message(exc)}"
    headers = exc.headers or {}
    if _is_limit(exc, headers):
        wait_s = _wait_s(exc, headers)
        return RateLimited(said, service=SERVICE, code=code, retry_after_s=wait_s)
    match status:
        case 401:
            fix = "Check GITHUB_APP_ID and GITHUB_PRIVATE_KEY, or GITHUB_TOKEN."
            return Unauthorized(f"{said} {fix}", service=SERVICE, code=code)
        case 403:
            return Unauthorized(f"{said}{_missing(headers)}", service=SERVICE, code=code)
        case 404 | 410:
            return NotFound(said, service=SERVICE, code=code)
        case _ if status >= requests.codes.internal_server_error:
            kind = OutcomeUnknown if is_write else Unavailable
            return kind(said, service=SERVICE, code=code)
    return Conflict(said, service=SERVICE, code=code)


def _not_answered(exc: requests.RequestException, action: str, *, is_write: bool) -> ConnectorError:
    name = type(exc).__name__
    if is_write and not _was_never_sent(exc):
        detail = f"GitHub's answer was lost ({action}): {name}."
        return OutcomeUnknown(detail, service=SERVICE, code=name)
    return Unavailable(f"GitHub cannot be reached ({action}): {name}.", service=SERVICE, code=name)


def _was_never_sent(exc: requests.RequestException) -> bool:
    if isinstance(exc, requests.ConnectTimeout):
        return True
    cause = exc.args[0] if exc.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    is_bad_certificate = "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, _NEVER_SENT) or is_bad_certificate


def _is_limit(exc: GithubException, headers: dict[str, Any]) -> bool:
    """Docs: both limits answer 403 or 429, with `retry-after`, no calls left, or only a message."""
    if exc.status not in {403, 429}:
        return False
    return (
        exc.status == requests.codes.too_many_requests
        or isinstance(exc, RateLimitExceededException)
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )


def _wait_s(exc: GithubException, headers: dict[str, Any]) -> float:
    if isinstance(exc, RateLimitExceededExceedsMaxWait) and exc.wait is not None:
        return exc.wait
    if (asked := _number(headers.get("retry-after"))) is not None:
        return asked
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(1.0, reset - time.time())
    return _WAIT_S


def _number(text: object) -> float | None:
    return float(text) if isinstance(text, str) and text.isdecimal() else None


def _missing(headers: dict[str, Any]) -> str:
    """Docs, "Troubleshooting": the answer names the permissions that would do."""
    accepted = str(headers.get("x-accepted-github-permissions", ""))
    return f" The GitHub App or token needs {accepted}." if accepted else ""


def _message(exc: GithubException) -> str:
    data = exc.data
    if not isinstance(data, dict):
        return "no explanation."
    message = data.get("message")
    if not isinstance(message, str):
        return "a page instead of data."
    causes = data.get("errors")
    listed = f" {causes}" if isinstance(causes, list) and causes else ""
    return f"{message}{listed}"[:_MAX_DETAIL]
