"""A password, key or token is in no exception and no log line, whatever goes wrong."""

import json
import logging
import traceback
from typing import Any

import pytest

from bot.domain.errors import ConnectorError
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

CANARY = "Canary-7hJ2kQ9x"
ROUTE = "POST /services/data/v62.0/sobjects/User/*/password"


def said(**entry: str) -> dict[str, Any]:
    return {"kind": FaultKind.STATUS, "status": 400, "body": json.dumps([entry])}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.DROP_BEFORE},
        {"kind": FaultKind.DROP_AFTER},
        {"kind": FaultKind.DELAY, "seconds": 0.6},
        {"kind": FaultKind.HTML, "status": 502},
        *({"kind": FaultKind.STATUS, "status": s, "times": 9} for s in (400, 401, 403, 404, 500)),
        said(errorCode=CANARY),
        said(errorCode="X", message=CANARY),
    ],
    ids=str,
)  # fmt: skip
def test_the_password_is_nowhere_when_setting_it_fails(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    salesforce = bench.connect(timeouts_s=(5.0, 0.3))
    salesforce.reading.limits()
    user_id = bench.emulator.org.user("nora.quist@acme.example.crm").id
    bench.emulator.faults.add(Fault(route=ROUTE, **fault))

    with pytest.raises(ConnectorError) as caught:
        salesforce.writing.set_password(user_id, Secret(CANARY))

    salesforce.wire.close()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert CANARY not in shown
    assert "Bearer" not in shown
    assert user_id not in "".join(traceback.format_exception(caught.value))


def test_a_credential_shows_nothing_of_itself(bench: Bench) -> None:
    for credential in (bench.key_credential(), bench.secret_credential()):
        assert bench.emulator.client_secret not in repr(credential)
        assert "PRIVATE" not in repr(credential)


def test_a_token_shows_nothing_of_itself(salesforce: Connected) -> None:
    token = salesforce.reading.run_as()

    assert token.value.reveal() not in repr(token)
