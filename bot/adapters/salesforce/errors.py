"""Salesforce's refusals and the network's failures as ours.

The originals hold URLs, bodies and the request with its token, so nothing of their text goes into
ours, and ours are raised `from None`.
"""

import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import requests
import simple_salesforce.exceptions as vendor
import urllib3.exceptions as transport

from bot.adapters.salesforce.refusals import refusal_of
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.errors import (
    Blocked,
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    SeatsExhausted,
    Unauthorized,
    Unavailable,
)

SERVICE = "salesforce"
LOCK_CODES = frozenset({"UNABLE_TO_LOCK_ROW"})
GONE_CODES = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED"})
_DAILY_HOLD_S = 900.0
_BRIEF_HOLD_S = 30.0
_TOO_MANY_REQUESTS = 429
_REFUSED_BEFORE_READING = {
    410: ("UNSUPPORTED_API_VERSION", "has retired the API version that Usher uses: update Usher"),
    414: ("URI_TOO_LONG", "takes no address as long as this one"),
    431: ("HEADER_TOO_LARGE", "takes no headers as long as these"),
}
"""Statuses of calls that surely did nothing, whoever answered."""
_SERVER_ERROR = 500
_GROUP_LOCK = "group membership operation already in progress"
_CODE = re.compile(r"[A-Z_]{3,80}")
_FIELD = re.compile(r"[A-Za-z0-9_.]{1,80}")

_RIGHTS = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "API_CURRENTLY_DISABLED",
        "API_DISABLED_FOR_ORG",
        "INVALID_AUTH_HEADER",
        "INVALID_SESSION_ID",
        "FORBIDDEN",
    }
)
_SHUT_OUT_CODES = frozenset(
    {"API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG", "INVALID_AUTH_HEADER", "FORBIDDEN"}
)
_TRANSIENT = frozenset({"QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"})
_DOWN = frozenset({"SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"})
_INVISIBLE = frozenset({"INVALID_FIELD", "INVALID_TYPE"})

_SENTENCES = {
    "DUPLICATE_USERNAME": "the user name is taken, in this or in another Salesforce org",
    "DUPLICATE_COMM_NICKNAME": "the nickname is taken",
    "DUPLICATE_VALUE": "the same value exists already",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of the org forbids it",
    "FIELD_INTEGRITY_EXCEPTION": "licence, profile and permission sets do not fit together, "
    "or something still depends on this user",
    "REQUIRED_FIELD_MISSING": "the org requires a field that Usher does not fill",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "the org does not offer this value",
    "STRING_TOO_LONG": "a value is too long",
    "INVALID_EMAIL_ADDRESS": "the mail address is not accepted",
    "INVALID_CROSS_REFERENCE_KEY": "the profile, set or user is not there any more",
    "MIXED_DML_OPERATION": "automation in the org mixes users with business records",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "automation in the org refuses it",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "automation in the org refuses it",
    "INACTIVE_OWNER_OR_USER": "the user is inactive",
    "INVALID_NEW_PASSWORD": "the password does not meet the org's rules",
    "MALFORMED_ID": "an id is none of this org's",
    "INVALID_FIELD": "the org lacks a field that Usher needs, or the bot may not see it",
    "INVALID_TYPE": "the org lacks a feature that Usher needs, or the bot may not see it",
    "MALFORMED_QUERY": "the question is not understood",
    "QUERY_TOO_COMPLICATED": "the question is too complicated",
    "CANNOT_DEACTIVATE_USER": "something in the org still depends on this user",
}


class Fate(StrEnum):
    """What can be said about a call that ended in this exception."""

    ANSWERED = "answered"
    NOT_SENT = "not_sent"
    LOST = "lost"
    OUR_MISTAKE = "our_mistake"


FATES: dict[type[BaseException], Fate] = {
    vendor.SalesforceError: Fate.ANSWERED,
    vendor.SalesforceMoreThanOneRecord: Fate.ANSWERED,
    vendor.SalesforceMalformedRequest: Fate.ANSWERED,
    vendor.SalesforceExpiredSession: Fate.ANSWERED,
    vendor.SalesforceRefusedRequest: Fate.ANSWERED,
    vendor.SalesforceResourceNotFound: Fate.ANSWERED,
    vendor.SalesforceAuthenticationFailed: Fate.ANSWERED,
    vendor.SalesforceGeneralError: Fate.ANSWERED,
    vendor.SalesforceOperationError: Fate.LOST,
    vendor.SalesforceBulkV2LoadError: Fate.LOST,
    vendor.SalesforceBulkV2ExtractError: Fate.LOST,
    requests.exceptions.RequestException: Fate.LOST,
    requests.exceptions.InvalidJSONError: Fate.OUR_MISTAKE,
    requests.exceptions.JSONDecodeError: Fate.LOST,
    requests.exceptions.HTTPError: Fate.LOST,
    requests.exceptions.ConnectionError: Fate.LOST,
    requests.exceptions.ProxyError: Fate.NOT_SENT,
    requests.exceptions.SSLError: Fate.LOST,
    requests.exceptions.Timeout: Fate.LOST,
    requests.exceptions.ConnectTimeout: Fate.NOT_SENT,
    requests.exceptions.ReadTimeout: Fate.LOST,
    requests.exceptions.URLRequired: Fate.OUR_MISTAKE,
    requests.exceptions.TooManyRedirects: Fate.LOST,
    requests.exceptions.MissingSchema: Fate.OUR_MISTAKE,
    requests.exceptions.InvalidSchema: Fate.OUR_MISTAKE,
    requests.exceptions.InvalidURL: Fate.OUR_MISTAKE,
    requests.exceptions.InvalidHeader: Fate.OUR_MISTAKE,
    requests.exceptions.InvalidProxyURL: Fate.OUR_MISTAKE,
    requests.exceptions.ChunkedEncodingError: Fate.LOST,
    requests.exceptions.ContentDecodingError: Fate.LOST,
    requests.exceptions.StreamConsumedError: Fate.LOST,
    requests.exceptions.RetryError: Fate.LOST,
    requests.exceptions.UnrewindableBodyError: Fate.LOST,
    transport.HTTPError: Fate.LOST,
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One entry of Salesforce's list of errors, without its text."""

    code: str
    fields: tuple[str, ...] = ()
    is_daily_limit: bool = False
    is_duplicate: bool = False
    blocker: Blocker | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was tried, as far as its error must know."""

    is_write: bool
    pool: str = ""
    retry_after: str = ""
    is_deactivation: bool = False


def fate_of(error: BaseException) -> Fate:
    """Say what is known about a call that raised this; the closest class in the table answers."""
    if isinstance(error, requests.exceptions.ConnectionError) and _never_left(error):
        return Fate.NOT_SENT
    return next((FATES[kind] for kind in type(error).__mro__ if kind in FATES), Fate.LOST)


def network_error(error: Exception, *, is_write: bool) -> ConnectorError:
    """Translate a call that got no answer of Salesforce's own."""
    name, fate = type(error).__name__, fate_of(error)
    if fate is Fate.OUR_MISTAKE:
        detail = f"The call to Salesforce could not be made ({name}): check its URL."
        return Conflict(detail, service=SERVICE, code=name)
    if fate is Fate.NOT_SENT:
        return Unavailable(f"Salesforce cannot be reached ({name}).", service=SERVICE, code=name)
    return lost(f"Salesforce's answer did not arrive ({name}).", name, is_write=is_write)


def lost(detail: str, code: str = "", *, is_write: bool) -> ConnectorError:
    """Say that there is no usable answer: harmless for a read, an unknown outcome for a write."""
    kind = OutcomeUnknown if is_write else Unavailable
    return kind(detail, service=SERVICE, code=code)


def answer_error(error: vendor.SalesforceError, attempt: Attempt) -> ConnectorError:
    """Translate an HTTP answer that is not a success."""
    if isinstance(error, vendor.SalesforceMoreThanOneRecord):
        detail = "Salesforce has several users with this person id: IT must say which one is right."
        return Conflict(detail, service=SERVICE, code="MORE_THAN_ONE_RECORD")
    return status_error(error.status, problems(error.content), attempt)


def status_error(status: int, found: tuple[Problem, ...], attempt: Attempt) -> ConnectorError:
    """Translate status and error list of an answer."""
    if status == _TOO_MANY_REQUESTS:
        return _rate_limited(found, attempt)
    if status == requests.codes.unauthorized:
        detail = "Salesforce does not accept the bot's access token."
        return Unauthorized(detail, service=SERVICE, code="INVALID_SESSION_ID")
    if status in _REFUSED_BEFORE_READING:
        code, says = _REFUSED_BEFORE_READING[status]
        return Conflict(f"Salesforce {says} (HTTP {status}).", service=SERVICE, code=code)
    if not found or status >= _SERVER_ERROR:
        # Without Salesforce's own list we do not even know who answered.
        detail = f"Salesforce's answer makes no sense (HTTP {status})."
        return lost(detail, f"HTTP_{status}", is_write=attempt.is_write)
    return problem_error(found, attempt)


def is_about_the_bot(status: int, code: str, *, is_write: bool) -> bool:
    """Whether an Unauthorized would meet every call, so that none need be made for a while.

    A 403 to a write may be about the one record that it touches; one to a read is about the bot.
    """
    return status == requests.codes.forbidden and (not is_write or code in _SHUT_OUT_CODES)


def problem_error(  # noqa: PLR0911  # one return per kind of error reads best
    found: tuple[Problem, ...], attempt: Attempt
) -> ConnectorError:
    """Translate a list of errors; the one that decides what happens next names ours."""
    codes = [problem.code for problem in found]
    said = ", ".join(dict.fromkeys(codes))
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return _rate_limited(found, attempt)
    if (code := _first(codes, _DOWN)) is not None:
        return lost(f"Salesforce is down ({said}).", code, is_write=attempt.is_write)
    if "LICENSE_LIMIT_EXCEEDED" in codes:
        return _exhausted(attempt.pool, said)
    if (code := _first(codes, _RIGHTS)) is not None:
        detail = f"The bot's Salesforce user lacks a right ({said})."
        return Unauthorized(detail, service=SERVICE, code=code)
    if not attempt.is_write and (code := _first(codes, _INVISIBLE)) is not None:
        # Fields that the bot's user may not see are answered like fields that do not exist.
        detail = f"The bot's Salesforce user cannot see a field or object it needs ({said})."
        return Unauthorized(detail, service=SERVICE, code=code)
    if (code := _first(codes, LOCK_CODES | _TRANSIENT)) is not None:
        return Unavailable(f"Salesforce is busy ({said}).", service=SERVICE, code=code)
    if (code := _first(codes, GONE_CODES)) is not None:
        return NotFound(f"Salesforce does not have it ({said}).", service=SERVICE, code=code)
    if attempt.is_deactivation:
        return _blocked(found)
    return Conflict(_refusal(found), service=SERVICE, code=codes[0])


def problems(body: Any) -> tuple[Problem, ...]:
    """Read Salesforce's list of errors; empty for anything else."""
    if not isinstance(body, list):
        return ()
    return tuple(_problem(entry) for entry in body if _is_entry(entry))


def _is_entry(entry: Any) -> bool:
    # Collections call the same thing statusCode.
    return isinstance(entry, dict) and bool(entry.get("errorCode") or entry.get("statusCode"))


def _problem(entry: dict[str, Any]) -> Problem:
    code = str(entry.get("errorCode") or entry.get("statusCode"))
    message = str(entry.get("message", ""))
    named = entry.get("fields")
    fields = named if isinstance(named, list) else []
    return Problem(
        code=_code(code, message),
        fields=tuple(name for name in map(str, fields) if _FIELD.fullmatch(name)),
        is_daily_limit="TotalRequests" in message,
        # The code of a second assignment is not documented; its text is what public tools go by.
        is_duplicate=code == "DUPLICATE_VALUE" or message.startswith("Duplicate PermissionSet"),
        blocker=refusal_of(message),
    )


def _code(code: str, message: str) -> str:
    if _GROUP_LOCK in message.lower():
        # The lock of role and group changes comes with several codes; its text is always the same.
        return "UNABLE_TO_LOCK_ROW"
    return code if _CODE.fullmatch(code) else "UNREADABLE_CODE"


def _blocked(found: Sequence[Problem]) -> Blocked:
    known = tuple(
        problem.blocker or Blocker(kind=BlockerKind.OTHER, what=(_sentence(problem),))
        for problem in found
    )
    detail = "Salesforce does not let the user be deactivated yet."
    return Blocked(detail, service=SERVICE, code=found[0].code, blockers=known)


def _refusal(found: Iterable[Problem]) -> str:
    return (
        "Salesforce refuses: " + "; ".join(dict.fromkeys(_sentence(each) for each in found)) + "."
    )


def _sentence(problem: Problem) -> str:
    fields = f", fields {', '.join(problem.fields)}" if problem.fields else ""
    said = _SENTENCES.get(problem.code, "for a reason that Usher does not know")
    return f"{said} ({problem.code}{fields})"


def _rate_limited(found: tuple[Problem, ...], attempt: Attempt) -> RateLimited:
    if attempt.retry_after.isascii() and attempt.retry_after.isdigit():
        wait_s = float(attempt.retry_after)
    else:
        wait_s = _DAILY_HOLD_S if any(each.is_daily_limit for each in found) else _BRIEF_HOLD_S
    code = found[0].code if found else f"HTTP_{_TOO_MANY_REQUESTS}"
    detail = "The org's allowance of Salesforce calls is used up for now."
    return RateLimited(detail, service=SERVICE, code=code, retry_after_s=wait_s)


def _exhausted(pool: str, said: str) -> SeatsExhausted:
    detail = f"No free {pool} seat in Salesforce." if pool else "No free seat in Salesforce."
    if said != "LICENSE_LIMIT_EXCEEDED":
        detail = f"{detail[:-1]} ({said})."
    return SeatsExhausted(detail, service=SERVICE, code="LICENSE_LIMIT_EXCEEDED", pool=pool)


def _first(codes: Iterable[str], known: frozenset[str]) -> str | None:
    return next((code for code in codes if code in known), None)


def _never_left(error: BaseException) -> bool:
    """Look into what requests wrapped: no connection, no name, or no trusted certificate."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, (transport.NewConnectionError, transport.ConnectTimeoutError)):
        return True
    inner = reason.args[0] if isinstance(reason, transport.SSLError) and reason.args else None
    return isinstance(inner, ssl.SSLCertVerificationError)
