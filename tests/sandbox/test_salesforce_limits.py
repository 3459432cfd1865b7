"""Quotas of the Salesforce emulator and several orgs beside each other; with sources."""

import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
import requests

from bot.sandbox.salesforce import SalesforceEmulator, UsernameRegistry
from tests.sandbox.salesforce_org import BOT, GUS, ZOE, Client, sub

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def crm(tmp_path: Path, clock: Clock) -> Iterator[Client]:
    one = Client(SalesforceEmulator(clock=clock), tmp_path)
    one.org.sessions.timeout_s = 7 * 24 * 3600
    yield one
    one.close()


def usage(answer: requests.Response) -> str:
    return answer.headers["Sforce-Limit-Info"]


def test_every_answer_says_what_is_used(crm: Client) -> None:
    # REST guide "Limit Info Header"; refusals of data count and say so too
    first = crm.call("GET", "limits")
    wrong = crm.call("GET", "query", params={"q": "SELECT"})

    assert [usage(first), usage(wrong)] == ["api-usage=1/15000", "api-usage=2/15000"]
    assert first.json()["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_999}


def test_a_composite_is_one_call(crm: Client) -> None:
    # salesforce.md §4: one API call, whatever is in it
    crm.composite(*(sub(f"r{n}", "GET", "sobjects/User/describe") for n in range(5)))

    assert usage(crm.call("GET", "limits")) == "api-usage=2/15000"


def test_what_others_used_is_gone_for_a_day(crm: Client, clock: Clock) -> None:
    # salesforce.md §4: org-wide, shared by all clients, rolling 24 h; §1.5 the code
    crm.emulator.leave_api_calls(2)
    answers = [crm.call("GET", "limits") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 403]
    assert answers[2].json() == [
        {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    ]
    assert usage(answers[2]) == "api-usage=15000/15000"
    clock.now += 24 * 3600 + 1
    assert usage(crm.call("GET", "limits")) == "api-usage=1/15000"


def test_a_used_up_quota_stops_reads_and_writes_but_no_log_in(crm: Client) -> None:
    # salesforce.md §1.5: REQUEST_LIMIT_EXCEEDED is 403; token requests are no API calls
    crm.emulator.leave_api_calls(0)
    crm.log_in()

    for method, path in (("GET", "sobjects"), ("POST", "sobjects/User"), ("POST", "composite")):
        assert crm.refusal(method, path, {})[:2] == (403, "REQUEST_LIMIT_EXCEEDED")


def test_long_calls_of_others_fill_the_concurrent_limit(crm: Client) -> None:
    # salesforce.md §4: 25 calls of more than 20 s; the sentence as clients log it
    crm.emulator.limits.concurrent = 25

    status, code, message = crm.refusal("GET", "limits")

    assert (status, code) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert message == "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    crm.emulator.limits.concurrent = 24
    assert usage(crm.call("GET", "limits")) == "api-usage=1/15000"


@pytest.fixture(scope="module")
def orgs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """Production, two sandboxes and a trial under one registry of user names."""
    registry, folder = UsernameRegistry(), tmp_path_factory.mktemp("orgs")
    stranger = "usher@trial.example"
    made = {
        "production": SalesforceEmulator(registry=registry),
        "dev": SalesforceEmulator(registry=registry, sandbox="dev"),
        "uat": SalesforceEmulator(registry=registry, sandbox="uat"),
        "trial": SalesforceEmulator(registry=registry, bot_username=stranger, is_trial=True),
    }
    clients = {name: Client(one, folder) for name, one in made.items()}
    yield clients
    for one in clients.values():
        one.close()


def test_every_org_says_which_kind_it_is(orgs: dict[str, Client]) -> None:
    # Object reference, Organization.IsSandbox and TrialExpirationDate
    text = "SELECT Id, IsSandbox, TrialExpirationDate FROM Organization"
    rows = {name: one.query(text)[0] for name, one in orgs.items()}

    assert {name: row["IsSandbox"] for name, row in rows.items()} == {
        "production": False,
        "dev": True,
        "uat": True,
        "trial": False,
    }
    assert [name for name, row in rows.items() if row["TrialExpirationDate"]] == ["trial"]
    assert len({row["Id"] for row in rows.values()}) == 4
    assert orgs["trial"].emulator.limits.most_concurrent == 5


def test_a_sandbox_has_suffixed_names_and_spoilt_addresses(orgs: dict[str, Client]) -> None:
    # Help data_sandbox_users_and_contacts (D1): .invalid, but for who refreshed it
    gus = orgs["dev"].org.user(f"{GUS}.dev")
    bot = orgs["dev"].org.user(f"{BOT}.dev")
    real = orgs["production"].org.user(GUS)

    assert gus is not None
    assert bot is not None
    assert real is not None
    assert gus.email == f"{real.email}.invalid"
    assert not bot.email.endswith(".invalid")


@pytest.mark.parametrize("org", ["production", "uat", "trial"])
def test_a_name_of_one_org_is_taken_in_all(orgs: dict[str, Client], org: str) -> None:
    # salesforce.md §1.1: unique across all orgs, sandboxes and trials, inactive users too
    taken, user = f"{ZOE}.dev", orgs[org].org.users()[0]

    code = orgs[org].refusal("PATCH", f"sobjects/User/{user.id}", {"Username": taken})[1]

    assert code == "DUPLICATE_USERNAME"


def test_a_taken_sandbox_name_gets_characters_before_it(orgs: dict[str, Client]) -> None:
    # Help data_sandbox_users_and_contacts (D1): Salesforce prepends characters on collision
    registry = orgs["dev"].org.database.registry

    assert registry.sandbox_username(GUS, "new") == f"{GUS}.new"
    assert registry.sandbox_username(GUS, "dev") == f"0001{GUS}.dev"


def test_a_token_of_one_org_is_nothing_in_another(orgs: dict[str, Client]) -> None:
    # OAuth guide: access tokens belong to one org
    headers = {"Authorization": f"Bearer {orgs['dev'].token}"}

    assert orgs["production"].call("GET", "limits", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("org", "audience", "is_right"),
    [
        ("production", "https://login.salesforce.com", True),
        ("production", "https://test.salesforce.com", False),
        ("dev", "https://test.salesforce.com", True),
        ("dev", "https://login.salesforce.com", False),
    ],
)
def test_a_sandbox_has_a_log_in_host_of_its_own(
    orgs: dict[str, Client], org: str, audience: str, *, is_right: bool
) -> None:
    # Help "OAuth 2.0 JWT Bearer Flow", claim aud; salesforce.md §3
    emulator = orgs[org].emulator
    claims = {
        "iss": emulator.client_id,
        "sub": emulator.bot_username,
        "aud": audience,
        "exp": int(time.time()) + 180,
    }
    form = {
        "grant_type": JWT_BEARER,
        "assertion": jwt.encode(claims, emulator.private_key_pem, algorithm="RS256"),
    }

    url = f"{orgs[org].url}/services/oauth2/token"
    answer = orgs[org].session.post(url, data=form, timeout=9)

    assert answer.status_code == (200 if is_right else 400)
    assert is_right or answer.json()["error_description"] == "audience is invalid"
