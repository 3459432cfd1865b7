"""What the doctor learns from Salesforce."""

import json
from typing import Any

import pytest

from bot.adapters.salesforce.health import SalesforceHealth
from bot.domain.errors import Unauthorized, Unavailable
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

READ = "POST /services/data/v62.0/composite"


def composite(**parts: Any) -> None:
    return json.dumps(
        {
            "compositeResponse": [
                {"referenceId": name, "httpStatusCode": status, "body": body}
                for name, (status, body) in parts.items()
            ]
        }
    )


def answered(rows: list[Any]) -> None:
    return 200, {"done": True, "records": rows}


def test_a_healthy_org_shows_user_org_and_calls_left(bench: Bench, salesforce: Connected) -> None:
    facts = SalesforceHealth(salesforce.reading).check()

    assert facts["user"] == bench.emulator.bot_username
    assert facts["org"] == "Acme"
    assert facts["api_calls_left"] == "14998 of 15000"


def test_a_missing_field_comes_with_its_fix(bench: Bench, salesforce: Connected) -> None:
    body = composite(users=(400, [{"errorCode": "INVALID_FIELD", "message": "No such column"}]))
    bench.emulator.faults.add(Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Unauthorized, match="Object Manager, User, add the Text"):
        SalesforceHealth(salesforce.reading).check()


def test_a_user_without_rights_is_reported_as_it_is(bench: Bench, salesforce: Connected) -> None:
    body = composite(users=(403, [{"errorCode": "API_CURRENTLY_DISABLED"}]))
    bench.emulator.faults.add(Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Unauthorized, match="API_CURRENTLY_DISABLED"):
        SalesforceHealth(salesforce.reading).check()


def test_a_user_who_cannot_see_itself_is_reported(bench: Bench, salesforce: Connected) -> None:
    body = composite(users=answered([]), orgs=answered([]))
    bench.emulator.faults.add(Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Unauthorized, match="see itself"):
        SalesforceHealth(salesforce.reading).check()


def test_a_sandbox_is_called_one(bench: Bench, salesforce: Connected) -> None:
    body = composite(
        users=answered([{"Username": "u"}]), orgs=answered([{"Name": "Acme", "IsSandbox": True}])
    )
    bench.emulator.faults.add(Fault(route=READ, kind=FaultKind.STATUS, status=200, body=body))

    assert SalesforceHealth(salesforce.reading).check()["org"] == "Acme (sandbox)"


def test_unknown_limits_are_no_health(bench: Bench, salesforce: Connected) -> None:
    route = "GET /services/data/v62.0/limits"
    bench.emulator.faults.add(
        Fault(route=route, kind=FaultKind.STATUS, status=200, body='{"a": 1}')
    )

    with pytest.raises(Unavailable, match="calls are left"):
        SalesforceHealth(salesforce.reading).check()
