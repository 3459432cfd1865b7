"""Every exception of the libraries below has a known fate."""

import inspect
import ssl
from types import ModuleType

import pytest
import requests
import simple_salesforce.exceptions
import urllib3.exceptions

from bot.adapters.salesforce.errors import FATES, Fate, fate_of, network_error
from bot.domain.errors import Conflict, OutcomeUnknown, Unavailable


def exceptions_of(module: ModuleType) -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize(
    "kind",
    exceptions_of(simple_salesforce.exceptions) + exceptions_of(requests.exceptions),
    ids=lambda kind: f"{kind.__module__}.{kind.__name__}",
)
def test_every_exception_of_the_libraries_is_mapped(kind: type[Exception]) -> None:
    assert kind in FATES


def test_what_urllib3_lets_through_counts_as_lost() -> None:
    assert {fate_of(kind.__new__(kind)) for kind in exceptions_of(urllib3.exceptions)} == {
        Fate.LOST
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectTimeout("Canary"), Unavailable),
        (requests.ReadTimeout("Canary"), OutcomeUnknown),
        (requests.ConnectionError("Canary"), OutcomeUnknown),
        (requests.ConnectionError(), OutcomeUnknown),
        (requests.exceptions.SSLError("Canary"), OutcomeUnknown),
        (requests.exceptions.InvalidURL("Canary"), Conflict),
        (requests.exceptions.ChunkedEncodingError("Canary"), OutcomeUnknown),
        (urllib3.exceptions.ProtocolError("Canary"), OutcomeUnknown),
    ],
)
def test_a_failed_write_is_unknown_unless_it_surely_was_not_sent(
    error: Exception, kind: type[Exception]
) -> None:
    ours = network_error(error, is_write=True)

    assert type(ours) is kind
    assert "Canary" not in str(ours)


def test_only_an_untrusted_certificate_is_a_tls_error_before_sending() -> None:
    def wrapped(inner: Exception) -> requests.exceptions.SSLError:
        reason = urllib3.exceptions.SSLError(inner)
        return requests.exceptions.SSLError(urllib3.exceptions.MaxRetryError(None, "/", reason))

    assert fate_of(wrapped(ssl.SSLCertVerificationError())) is Fate.NOT_SENT
    assert fate_of(wrapped(ssl.SSLError())) is Fate.LOST
