"""Log-in: two flows, one token for all threads, and no hammering on a closed door."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from bot.adapters.salesforce.credentials import AccessTokens, ClientCredentials, JwtBearer
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.wire import Wire
from bot.domain.errors import RateLimited, Unauthorized, Unavailable
from bot.domain.secret import Secret
from bot.sandbox.faults import Fault, FaultKind
from tests.adapters.salesforce.org_bench import Bench, Connected

TOKEN = "POST /services/oauth2/token"
DENIED = Fault(route="* /services/data/*", kind=FaultKind.STATUS, status=401, times=1000)


class RecordingWire(Wire):
    """A wire whose token endpoint keeps what it was sent and refuses."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.form = {}

    def post_form(self, path: str, form: Mapping[str, str], login: object) -> None:
        self.form = dict(form)
        return 400, {"error": "invalid_grant"}


def test_a_signed_assertion_logs_in(bench: Bench) -> None:
    connected = bench.connect(bench.key_credential())

    assert connected.reading.limits()
    assert connected.reading.run_as().org_id == bench.emulator.org_id


def test_a_client_secret_logs_in(salesforce: Connected) -> None:
    assert salesforce.reading.limits()


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_assertion_is_for_the_right_log_in_service(
    bench: Bench, url: str, audience: str
) -> None:
    wire = RecordingWire(url)

    with pytest.raises(Unauthorized):
        AccessTokens(wire, bench.key_credential()).current()

    claims = jwt.decode(wire.form["assertion"], options={"verify_signature": False})
    assert claims["aud"] == audience
    assert claims["sub"] == bench.emulator.bot_username


def test_a_stranger_is_told_what_an_admin_must_check(bench: Bench) -> None:
    wrong = ClientCredentials(client_id="nobody", client_secret=Secret("Canary-secret"))

    with pytest.raises(Unauthorized, match="an admin must check") as caught:
        bench.connect(wrong).reading.limits()

    assert caught.value.code == "invalid_client_id"
    assert bench.calls == [TOKEN]


def test_a_key_that_is_no_key_is_not_quoted(bench: Bench) -> None:
    broken = JwtBearer(client_id="x", username="y", private_key=Secret("Canary-key"))

    with pytest.raises(Unauthorized, match="private key") as caught:
        bench.connect(broken).reading.limits()

    assert "Canary" not in str(caught.value)
    assert bench.calls == []


def test_a_token_that_ended_is_renewed_once(bench: Bench, salesforce: Connected) -> None:
    salesforce.reading.limits()
    bench.emulator.org.revoke_tokens()

    salesforce.reading.limits()

    assert bench.calls.count(TOKEN) == 2


def test_a_permanent_refusal_costs_at_most_three_calls(bench: Bench, salesforce: Connected) -> None:
    salesforce.reading.limits()
    bench.emulator.faults.add(DENIED)
    for expected_calls in (3, 0, 0):
        before = len(bench.calls)

        with pytest.raises(Unauthorized):
            salesforce.reading.limits()

        assert len(bench.calls) - before == expected_calls


def test_a_refused_write_costs_at_most_three_calls_too(bench: Bench, salesforce: Connected) -> None:
    user_id = bench.emulator.org.user("nora.quist@acme.example.crm").id
    salesforce.reading.limits()
    bench.emulator.faults.add(replace(DENIED, kind=FaultKind.HTML))
    before = len(bench.calls)

    with pytest.raises(Unauthorized):
        salesforce.writing.set_password(user_id, Secret("Canary-password-123"))

    assert len(bench.calls) - before == 3


def test_sixteen_threads_and_one_expiry_make_one_log_in(
    bench: Bench, salesforce: Connected
) -> None:
    with ThreadPoolExecutor(16) as threads:
        for _ in threads.map(lambda _: salesforce.reading.limits(), range(16)):
            pass
        assert bench.calls.count(TOKEN) == 1
        bench.emulator.org.revoke_tokens()
        for _ in threads.map(lambda _: salesforce.reading.limits(), range(16)):
            pass

    assert bench.calls.count(TOKEN) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": FaultKind.STATUS, "status": 503}, Unavailable),
        ({"kind": FaultKind.HTML, "status": 400}, Unavailable),
        ({"kind": FaultKind.DROP_AFTER}, Unavailable),
        ({"kind": FaultKind.STATUS, "status": 429}, RateLimited),
        ({"kind": FaultKind.STATUS, "status": 200, "body": "{}"}, Unavailable),
        ({"kind": FaultKind.STATUS, "status": 400, "body": '{"error": "<b>"}'}, Unauthorized),
    ],
)
def test_a_log_in_service_that_fails_is_translated(
    bench: Bench, salesforce: Connected, fault: dict[str, Any], kind: type[Exception]
) -> None:
    bench.emulator.faults.add(Fault(route=TOKEN, **fault))

    with pytest.raises(kind) as caught:
        salesforce.reading.limits()

    assert "<b>" not in str(caught.value)


def test_a_netrc_file_does_not_replace_the_token(
    bench: Bench,
    salesforce: Connected,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login mallory password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(bench.url) is not None

    salesforce.reading.limits()

    sent = [e.request_headers["Authorization"] for e in bench.emulator.exchanges]
    assert [value.split()[0] for value in sent] == ["Basic", "Bearer"]
    assert "mallory" not in json.dumps(sent)


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "acme", "https://a:b@acme"])
def test_only_an_https_address_without_a_log_in_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://acme\.my\.salesforce\.com"):
        Wire(url)


def test_the_version_of_the_interface_is_fixed(bench: Bench, salesforce: Connected) -> None:
    gateway: Gateway = salesforce.reading
    gateway.limits()

    assert bench.calls[-1] == "GET /services/data/v62.0/limits"
