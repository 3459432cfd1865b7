"""Tokens, versions, limits, faults and errors of the Salesforce emulator; with sources."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.salesforce.errors import locked_row_body

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
V = "/services/data/v62.0"


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Client:
    """requests with the emulator's CA, and simple_salesforce on top."""

    def __init__(self, emulator: SalesforceEmulator, ca_file: Path) -> None:
        self.emulator = emulator
        self.url = emulator.serve_tls()
        ca_file.write_bytes(emulator.ca_pem)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(ca_file)

    def post_token(self, auth: Any = None, **form: str) -> requests.Response:
        return self.session.post(
            f"{self.url}/services/oauth2/token", data=form, auth=auth, timeout=9
        )

    def token(self) -> str:
        form = {"client_id": self.emulator.client_id, "client_secret": self.emulator.client_secret}
        return str(self.post_token(grant_type="client_credentials", **form).json()["access_token"])

    def sdk(self) -> Salesforce:
        return Salesforce(
            instance_url=self.url, session_id=self.token(), session=self.session, version="62.0"
        )

    def get(self, path: str, token: str | None = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token()}"} | more.pop("headers", {})
        return self.session.get(self.url + path, headers=headers, timeout=9, **more)

    def assertion(self, key: str | None = None, **changes: Any) -> str:
        claims = {
            "iss": self.emulator.client_id,
            "sub": self.emulator.bot_username,
            "aud": "https://login.salesforce.com",
            "exp": int(self.emulator.clock()) + 180,
        }
        return jwt.encode(claims | changes, key or self.emulator.private_key_pem, algorithm="RS256")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    one = Client(SalesforceEmulator(clock=clock), tmp_path / "ca.pem")
    yield one
    one.session.close()
    one.emulator.close()


def test_a_jwt_signed_with_the_apps_key_gets_a_token_without_expiry(client: Client) -> None:
    # Help "OAuth 2.0 JWT Bearer Flow"; salesforce.md §3: no expires_in
    answer = client.post_token(grant_type=JWT_BEARER, assertion=client.assertion())

    assert answer.status_code == 200
    assert answer.json()["instance_url"] == client.url
    assert answer.json()["token_type"] == "Bearer"
    assert "expires_in" not in answer.json()


def test_exp_may_be_text_as_simple_salesforce_sends_it(client: Client, clock: Clock) -> None:
    # simple_salesforce 1.12.10 login.py; salesforce.md §6.1
    assertion = client.assertion(exp=f"{clock.now + 180:.0f}")

    assert client.post_token(grant_type=JWT_BEARER, assertion=assertion).status_code == 200


def test_the_sdks_own_login_is_accepted(client: Client) -> None:
    # simple_salesforce 1.12.10 fixes the token URL to *.salesforce.com (salesforce.md §7.9)
    class ToLoopback(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *a: Any, **k: Any) -> requests.Response:
            request.url = f"{client.url}/services/oauth2/token"
            return super().send(request, *a, **k)

    client.session.mount("https://login.salesforce.com/", ToLoopback())

    sf = Salesforce(
        username=client.emulator.bot_username,
        consumer_key=client.emulator.client_id,
        privatekey=client.emulator.private_key_pem,
        session=client.session,
        version="62.0",
    )

    assert sf.query("SELECT COUNT() FROM User")["totalSize"] == 8


def test_the_audience_may_be_the_my_domain_itself(client: Client) -> None:
    # Help "OAuth 2.0 JWT Bearer Flow", claim aud
    assertion = client.assertion(aud=client.url)

    assert client.post_token(grant_type=JWT_BEARER, assertion=assertion).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"aud": "https://evil.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": 9_999_999_999}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"sub": "nobody@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        (
            {"sub": "gus.hale@acme.example.crm"},
            "invalid_grant",
            "user hasn't approved this consumer",
        ),
        ({"iss": "another app"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_a_wrong_claim_is_refused_with_the_vendors_words(
    client: Client, changes: dict[str, Any], error: str, description: str
) -> None:
    # salesforce.md §1.5, row invalid_grant
    answer = client.post_token(grant_type=JWT_BEARER, assertion=client.assertion(**changes))

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_a_jwt_signed_with_another_key_is_refused(client: Client) -> None:
    # salesforce.md §6.1: RS256 is verified
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assertion = client.assertion(key=stranger.decode())

    answer = client.post_token(grant_type=JWT_BEARER, assertion=assertion)

    assert answer.json()["error"] == "invalid_grant"


def test_client_credentials_work_in_the_header_and_in_the_body(client: Client) -> None:
    # Help "OAuth 2.0 Client Credentials Flow"; salesforce.md §6.1
    app = (client.emulator.client_id, client.emulator.client_secret)

    in_header = client.post_token(auth=app, grant_type="client_credentials")

    assert in_header.status_code == 200
    assert client.get(f"{V}/limits", client.token()).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": "3MVG9sandbox"}, "invalid_client"),
        ({"grant_type": "password", "username": "u", "password": "p"}, "invalid_grant"),
        ({"grant_type": "saml"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_other_grants_and_wrong_secrets_are_refused(
    client: Client, form: dict[str, str], error: str
) -> None:
    # salesforce.md §3 (password flow blocked since Summer '23)
    answer = client.post_token(**form)

    assert answer.status_code == 400
    assert answer.json()["error"] == error


def test_an_app_that_is_not_approved_gets_no_token(client: Client) -> None:
    # salesforce.md §1.5: "user hasn't approved this consumer"
    client.emulator.org.require_app_approval()

    answer = client.post_token(grant_type=JWT_BEARER, assertion=client.assertion())

    assert answer.json()["error_description"] == "user hasn't approved this consumer"


def test_userinfo_names_the_run_as_user(client: Client) -> None:
    # Help "The UserInfo Endpoint"
    bot = client.emulator.org.user(client.emulator.bot_username)

    info = client.sdk().oauth2("userinfo")

    assert bot is not None
    assert info["user_id"] == bot.id
    assert client.get("/services/oauth2/userinfo", "stale").status_code == 403


def test_a_token_slides_with_use_and_ends_when_idle(client: Client, clock: Clock) -> None:
    # salesforce.md §3: lifetime is the session timeout, sliding
    token, statuses = client.token(), []
    for hours in (1.9, 1.9, 2.1):
        clock.now += hours * 3600
        statuses.append(client.get(f"{V}/limits", token).status_code)

    assert statuses == [200, 200, 401]


def test_a_revoked_token_answers_the_session_error_and_a_new_one_works(client: Client) -> None:
    # salesforce.md §1.5: 401 with a list
    sdk = client.sdk()
    client.emulator.org.revoke_tokens()

    with pytest.raises(SalesforceExpiredSession) as caught:
        sdk.query("SELECT Id FROM User")

    message = {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    assert caught.value.content == [message]
    assert client.sdk().query("SELECT COUNT() FROM User")["totalSize"] == 8


def test_denied_tokens_are_refused_for_ever(client: Client) -> None:
    # Sandbox switch for "Salesforce 401 for ever" (issue 2, bad input)
    client.emulator.org.deny_tokens()

    assert [client.get(f"{V}/limits").status_code for _ in range(3)] == [401, 401, 401]
    client.emulator.org.deny_tokens(False)
    assert client.get(f"{V}/limits").status_code == 200


def test_versions_are_listed_and_old_or_unknown_ones_refused(client: Client) -> None:
    # REST guide "Versions"; salesforce.md §6 P1: 410 up to 30
    listed = client.session.get(f"{client.url}/services/data", timeout=9).json()

    assert listed[-1]["version"] == "62.0"
    assert client.get("/services/data/v30.0/limits").status_code == 410
    assert client.get("/services/data/v99.0/limits").json()[0]["errorCode"] == "NOT_FOUND"
    assert client.get(V).json()["sobjects"] == f"{V}/sobjects"


def test_calls_are_counted_in_header_and_limits_over_a_rolling_day(
    client: Client, clock: Clock
) -> None:
    # salesforce.md §4: Sforce-Limit-Info and /limits; token requests are no API calls
    client.emulator.daily_api_limit = 3
    sdk = client.sdk()
    sdk.query("SELECT Id FROM User")
    assert sdk.api_usage["api-usage"].used == 1
    assert sdk.limits()["DailyApiRequests"] == {"Max": 3, "Remaining": 1}

    client.get(V)
    refused = client.get(V)
    clock.now += 24 * 3600

    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert client.get(V).status_code == 200
    assert client.emulator.api_calls == 4


def test_too_long_addresses_and_headers_are_refused(client: Client) -> None:
    # Help 000386264: 16,384 bytes
    query = "SELECT Id FROM User WHERE Id = '" + "x" * 16_384

    assert client.get(f"{V}/query", params={"q": query}).status_code == 414
    assert client.get(V, headers={"X-Big": "x" * 16_384}).status_code == 431


@pytest.mark.parametrize(
    "path",
    [
        f"{V}/tooling/query?q=SELECT+Id+FROM+User",
        f"{V}/sobjects/Territory2/describe",
        f"{V}/query?q=SELECT+Id+FROM+UserShare",
        f"{V}/query?q=SELECT+DelegatedApproverId+FROM+User",
        f"{V}/query?q=SELECT+Id+FROM+User+WITH+SECURITY_ENFORCED",
        f"{V}/query?q=SELECT+Id+FROM+User+WHERE+CreatedDate+=+LAST_FISCAL_YEAR",
        f"{V}/query?q=SELECT+FORMAT(CreatedDate)+FROM+User",
        f"{V}/jobs/ingest",
        "/services/Soap/u/62.0",
    ],
)
def test_what_is_not_modelled_says_so(client: Client, path: str) -> None:
    # Design of the sandbox: 501, never a friendly guess
    answer = client.get(path)

    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]


def test_a_drop_after_the_effect_keeps_the_effect(client: Client) -> None:
    # salesforce.md §6.8, over TLS
    sdk = client.sdk()
    gus = client.emulator.org.user("gus.hale@acme.example.crm")
    assert gus is not None
    client.emulator.faults.add(Fault(route="POST */password", kind=FaultKind.DROP_AFTER))

    with pytest.raises(requests.ConnectionError):
        sdk.set_password(gus.id, "a new passw0rd")

    after = client.emulator.org.user(gus.id)
    assert after is not None
    assert (after.last_password, after.passwords_set) == ("a new passw0rd", 1)
    assert "passw0rd" not in repr(after)


def test_injected_statuses_have_salesforces_bodies(client: Client) -> None:
    # salesforce.md §1.5: the body is a list
    add = client.emulator.faults.add
    add(Fault(route="GET */limits", kind=FaultKind.STATUS, status=503))
    add(
        Fault(
            route="GET */limits", kind=FaultKind.STATUS, status=400, nth=2, body=locked_row_body()
        )
    )

    bodies = [client.get(f"{V}/limits").json() for _ in range(2)]

    assert [one[0]["errorCode"] for one in bodies] == ["SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"]


@pytest.mark.parametrize(
    ("method", "path", "body", "is_write"),
    [
        ("GET", f"{V}/query", b"", False),
        ("POST", "/services/oauth2/token", b"grant_type=x", False),
        ("POST", f"{V}/composite", b'{"compositeRequest":[{"method":"GET"}]}', False),
        ("POST", f"{V}/composite", b'{"compositeRequest":[{"method":"PATCH"}]}', True),
        ("POST", f"{V}/composite", b"not json", False),
        ("POST", f"{V}/composite/sobjects", b"{}", True),
        ("PATCH", f"{V}/sobjects/User/005", b"{}", True),
        ("DELETE", f"{V}/sobjects/PermissionSetAssignment/0Pa", b"", True),
    ],
)
def test_reads_are_told_from_writes(method: str, path: str, body: bytes, is_write: object) -> None:
    # Contract of wire.Emulator: the crash suite enumerates writes by it
    assert SalesforceEmulator(people=()).is_write(method, path, body) is is_write


def test_concurrent_writers_share_one_seat_without_overgranting(client: Client) -> None:
    # salesforce.md §2: the API answer is the only lock
    org, sdk = client.emulator.org, client.sdk()
    profile = sdk.query("SELECT Id FROM Profile WHERE Name = 'Read Only'")["records"][0]["Id"]
    org.set_total("Salesforce", org.licence("Salesforce")[1] + 1)
    headers, statuses = {"Authorization": f"Bearer {sdk.session_id}"}, []

    def create(number: int) -> None:
        name = f"w{number}@acme.example.crm"
        body = {
            "Username": name,
            "Email": name,
            "LastName": "W",
            "Alias": "w",
            "ProfileId": profile,
        }
        zone = {"TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
        body |= zone | {"EmailEncodingKey": "UTF-8"}
        url = f"{client.url}{V}/sobjects/User"
        with requests.Session() as own:
            own.trust_env = False
            verify = client.session.verify
            sent = own.post(url, json=body, headers=headers, timeout=9, verify=verify)
        statuses.append(sent.status_code)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(statuses) == [201, 400, 400, 400, 400, 400]
    assert org.licence("Salesforce") == (7, 7)
