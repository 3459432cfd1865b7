"""Every exception that PyGithub and requests can raise has its place in our tree."""

import importlib
import inspect
import pickle
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from bot.adapters.github.errors import translating
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)

# The package has a class of the module's name, which an import statement would find instead.
vendor: Any = importlib.import_module("github.GithubException")

HEADERS = {"retry-after": "9"}
POOL: Any = None
REFUSED = MaxRetryError(POOL, "/", NewConnectionError(POOL, "refused"))
VENDOR: list[tuple[Exception, type[ConnectorError], type[ConnectorError]]] = [
    (vendor.GithubException(502, {"message": "Bad gateway"}), Unavailable, OutcomeUnknown),
    (
        vendor.BadCredentialsException(401, {"message": "Bad credentials"}),
        Unauthorized,
        Unauthorized,
    ),
    (vendor.UnknownObjectException(404, {"message": "Not Found"}), NotFound, NotFound),
    (vendor.BadUserAgentException(403, {"message": "Missing"}), Unauthorized, Unauthorized),
    (vendor.RateLimitExceededException(403, {}, HEADERS), RateLimited, RateLimited),
    (vendor.RateLimitExceededExceedsMaxWait(403, {}, {}, None, 9.0), RateLimited, RateLimited),
    (vendor.TwoFactorException(401, {}), Unauthorized, Unauthorized),
    (vendor.BadAttributeException(1, (str, str), None), Unavailable, OutcomeUnknown),
    (vendor.IncompletableObject(400), Unavailable, OutcomeUnknown),
]
OTHERS: list[tuple[Exception, type[ConnectorError], type[ConnectorError]]] = [
    (vendor.GithubException(400, {"message": "Problems parsing JSON"}), Conflict, Conflict),
    (vendor.GithubException(409, "text"), Conflict, Conflict),
    (vendor.GithubException(429, None), RateLimited, RateLimited),
    (requests.ReadTimeout(), Unavailable, OutcomeUnknown),
    (requests.ConnectTimeout(), Unavailable, Unavailable),
    (requests.ConnectionError(REFUSED), Unavailable, Unavailable),
    (requests.ConnectionError(ProtocolError("aborted")), Unavailable, OutcomeUnknown),
    (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), Unavailable, Unavailable),
    (requests.exceptions.ChunkedEncodingError(), Unavailable, OutcomeUnknown),
    (ValueError("broken JSON"), Unavailable, OutcomeUnknown),
    (AssertionError("other.host"), Unavailable, OutcomeUnknown),
]


@pytest.mark.parametrize(("exc", "on_read", "on_write"), [*VENDOR, *OTHERS])
def test_each_becomes_one_of_ours_that_survives_the_engine(
    exc: Exception, on_read: type[ConnectorError], on_write: type[ConnectorError]
) -> None:
    for is_write, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(ConnectorError) as caught, translating("try", is_write=is_write):
            raise exc

        assert type(caught.value) is expected
        copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own bytes
        assert (type(copy), copy.detail) == (expected, caught.value.detail)
        assert caught.value.__cause__ is exc


def test_no_exception_of_the_library_is_left_out() -> None:
    known = {
        kind
        for _, kind in inspect.getmembers(vendor, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == vendor.__name__
    }

    assert known == {type(exc) for exc, _, _ in VENDOR}


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "9"}, 9, 9),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, 1e9, 1e11),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1, 1),
        ({"retry-after": "tomorrow"}, 60, 60),
        ({}, 60, 60),
    ],
)
def test_a_limit_says_how_long_to_wait(headers: dict[str, str], least: float, most: float) -> None:
    limit = vendor.RateLimitExceededException(403, {"message": "API rate limit exceeded"}, headers)

    with pytest.raises(RateLimited) as caught, translating("try", is_write=True):
        raise limit

    assert least <= caught.value.retry_after_s <= most


def test_a_missing_permission_is_named() -> None:
    headers = {"x-accepted-github-permissions": "issues=write"}
    refused = vendor.GithubException(403, {"message": "Resource not accessible"}, headers)

    with pytest.raises(Unauthorized, match="issues=write"), translating("try", is_write=True):
        raise refused
