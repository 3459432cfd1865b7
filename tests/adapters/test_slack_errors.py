"""Every error that the SDK or the way to Slack can raise becomes one of ours."""

import http.client
import pickle
import socket
import ssl
import urllib.error
from typing import Any

import pytest
from slack_sdk import errors as vendor
from slack_sdk.web import SlackResponse

from bot.adapters.slack.errors import DEFAULT_RETRY_AFTER_S, retry_after_s, translated
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)


def answer(error: str, status: int = 200, headers: dict[str, str] | None = None) -> Any:
    data: dict[str, Any] = {"ok": False, "error": error}
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api/x",
        req_args={},
        data=data,
        headers=headers or {},
        status_code=status,
    )
    return vendor.SlackApiError("failed", response)


def our_error(error: BaseException, *, is_write: bool) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught, translated(is_write=is_write):
        raise error
    return caught.value


def vendor_errors() -> list[type[Exception]]:
    found = [vendor.SlackClientError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


@pytest.mark.parametrize("kind", vendor_errors())
@pytest.mark.parametrize("is_write", [True, False])
def test_every_error_class_of_the_sdk_is_mapped(kind: Any, *, is_write: bool) -> None:
    if kind is vendor.SlackApiError:
        error: Exception = answer("some_word")
    elif kind is vendor.SlackTokenRotationError:
        error = kind(answer("some_word"))
    else:
        error = kind("odd")

    ours = our_error(error, is_write=is_write)

    assert isinstance(ours, Conflict)
    assert pickle.loads(pickle.dumps(ours)).detail == ours.detail  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("word", "status", "kind"),
    [
        ("ratelimited", 429, RateLimited),
        ("ratelimited", 200, RateLimited),
        ("invalid_auth", 200, Unauthorized),
        ("not_authed", 200, Unauthorized),
        ("account_inactive", 200, Unauthorized),
        ("token_revoked", 200, Unauthorized),
        ("missing_scope", 200, Unauthorized),
        ("channel_not_found", 200, NotFound),
        ("user_not_found", 200, NotFound),
        ("users_not_found", 200, NotFound),
        ("msg_too_long", 200, Conflict),
    ],
)
def test_slacks_words_are_sorted_alike_for_reads_and_writes(
    word: str, status: int, kind: Any
) -> None:
    for is_write in (True, False):
        assert type(our_error(answer(word, status), is_write=is_write)) is kind


@pytest.mark.parametrize(
    "error",
    [
        answer("internal_error", 500),
        answer("fatal_error"),
        answer("service_unavailable", 503),
        answer("Received a response in a non-JSON format: <!DOCTYPE html>", 502),
        urllib.error.URLError(TimeoutError("timed out")),
        TimeoutError("timed out"),
        ConnectionResetError(),
        http.client.RemoteDisconnected("gone"),
        http.client.IncompleteRead(b"{"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        LookupError("unknown encoding"),
    ],
)
def test_a_lost_answer_is_unknown_for_a_write_and_harmless_for_a_read(error: BaseException) -> None:
    assert type(our_error(error, is_write=True)) is OutcomeUnknown
    assert type(our_error(error, is_write=False)) is Unavailable


@pytest.mark.parametrize(
    "reason",
    [ConnectionRefusedError(), socket.gaierror(-2, "unknown"), ssl.SSLCertVerificationError()],
)
def test_what_never_left_was_never_done(reason: OSError) -> None:
    for is_write in (True, False):
        ours = our_error(urllib.error.URLError(reason), is_write=is_write)
        assert type(ours) is Unavailable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "1"}, 1.0),
        ({"Retry-After": "soon"}, DEFAULT_RETRY_AFTER_S),
        ({"Retry-After": "-5"}, 0.0),
        ({}, DEFAULT_RETRY_AFTER_S),
    ],
)
def test_the_wait_is_read_from_slacks_header(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_s(headers) == seconds
