"""Faults of the Salesforce emulator on every route, before and after the effect; with sources."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.wire import Emulator
from tests.sandbox.salesforce_org import HAL, IDA, Client, V, record, sub

ROUTES = [
    "GET limits",
    "GET query",
    "GET queryAll",
    "POST jobs/query",
    "GET sobjects/User/describe",
    "POST sobjects/Account",
    "PATCH sobjects/Account",
    "DELETE sobjects/Account",
    "POST composite",
    "PATCH composite/sobjects",
]
WRITES = [one for one in ROUTES if one.endswith(("Account", "composite"))]
CUTS = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    one = Client(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: Client) -> Iterator[Client]:
    """The module's org; no fault is left over."""
    yield shared
    shared.emulator.faults.clear()
    shared.log_in()


def send(crm: Client, route: str) -> requests.Response:
    """Send a call of this route that changes something where the route can."""
    method, path = route.split(" ")
    account = crm.org.seed_records(HAL, 1, ["Account"])["Account"][0]
    if route.startswith(("PATCH sobjects", "DELETE")):
        path = f"{path}/{account}"
    query = "SELECT Id FROM Account"
    bodies: dict[str, Any] = {
        "POST jobs/query": {"operation": "query", "query": query},
        "POST sobjects/Account": {"Name": "Made"},
        "PATCH sobjects/Account": {"Name": "Changed"},
        "POST composite": {
            "compositeRequest": [sub("a", "POST", "sobjects/Account", {"Name": "Made"})]
        },
        "PATCH composite/sobjects": {"records": [record("Account", id=account, Name="Changed")]},
    }
    params = {"q": query} if path.startswith("query") else None
    return crm.call(method, path, bodies.get(route), params=params)


def state(crm: Client) -> tuple[int, int, int]:
    """Return how many accounts were made, changed and deleted by calls."""
    database = crm.org.database
    accounts = database.entity("Account")
    rows = database.store.rows(accounts)
    names = [row["Name"] for row in rows]
    return names.count("Made"), names.count("Changed"), len(database.store.binned(accounts))


def add(crm: Client, route: str, kind: FaultKind, **more: Any) -> None:
    method, path = route.split(" ")
    crm.emulator.faults.add(Fault(route=f"{method} {V}/{path}*", kind=kind, **more))


@pytest.mark.parametrize("route", ROUTES)
def test_a_drop_before_the_effect_leaves_nothing(crm: Client, route: str) -> None:
    # salesforce.md §6.8: drop before commit, on any route
    before = state(crm)
    add(crm, route, FaultKind.DROP_BEFORE)

    with pytest.raises(requests.ConnectionError):
        send(crm, route)

    assert state(crm) == before
    assert send(crm, route).status_code < 300


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.CUT])
@pytest.mark.parametrize("route", WRITES)
def test_a_cut_after_the_effect_keeps_the_effect(crm: Client, route: str, kind: FaultKind) -> None:
    # salesforce.md §6.8: drop after commit; the client cannot tell it from one before
    before = state(crm)
    add(crm, route, kind)
    has_body = route.startswith("POST")  # an empty answer has nothing to be cut off
    if has_body or kind is FaultKind.DROP_AFTER:
        with pytest.raises(CUTS):
            send(crm, route)
    else:
        send(crm, route)

    assert state(crm) != before


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_can_answer_503_on_its_second_call(crm: Client, route: str) -> None:
    # salesforce.md §1.5: SERVER_UNAVAILABLE; the effect does not happen
    add(crm, route, FaultKind.STATUS, status=503, nth=2, retry_after=3)

    send(crm, route)
    before = state(crm)
    broken = send(crm, route)

    assert (broken.status_code, broken.headers["Retry-After"]) == (503, "3")
    assert broken.json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert state(crm) == before


@pytest.mark.parametrize("route", ["GET query", "POST sobjects/Account"])
def test_an_answer_can_be_empty_or_half(crm: Client, route: str) -> None:
    # salesforce.md §7.3: bodies that are no JSON; the call was carried out
    add(crm, route, FaultKind.EMPTY)
    add(crm, route, FaultKind.TRUNCATED, nth=2)
    made = state(crm)[0]

    empty, half = send(crm, route), send(crm, route)

    assert empty.content == b""
    assert half.content
    for one in (empty, half):
        assert one.ok
        with pytest.raises(requests.JSONDecodeError):
            one.json()
    assert state(crm)[0] == made + (2 if route.startswith("POST") else 0)


def test_a_proxy_can_answer_401_in_html(crm: Client) -> None:
    # salesforce.md §7.3: a 401 whose body is a page
    add(crm, "GET query", FaultKind.HTML, status=401)

    answer = send(crm, "GET query")

    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "text/html; charset=utf-8")
    assert send(crm, "GET query").status_code == 200


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "UNABLE_TO_LOCK_ROW"),
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (500, "UNKNOWN_EXCEPTION"),
    ],
)
def test_a_route_can_lose_its_lock_or_its_quota(crm: Client, status: int, code: str) -> None:
    # salesforce.md §1.5
    add(crm, "PATCH sobjects/Account", FaultKind.STATUS, status=status)

    assert send(crm, "PATCH sobjects/Account").json()[0]["errorCode"] == code


def test_a_lock_is_lost_inside_a_collection_too(crm: Client) -> None:
    # salesforce.md §1.5: UNABLE_TO_LOCK_ROW of one record, HTTP 200
    first, second = crm.org.seed_records(HAL, 2, ["Account"])["Account"]
    crm.org.lock_rows(1)
    records = [record("Account", id=one, OwnerId=crm.id(IDA)) for one in (first, second)]

    results = crm.call("PATCH", "composite/sobjects", {"records": records}).json()

    assert [one["success"] for one in results] == [False, True]
    assert results[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_a_token_can_die_in_the_middle_of_a_flow(crm: Client) -> None:
    # salesforce.md §6.8: token revoke mid-flow; the call does not happen, a new log-in works
    add(crm, "POST sobjects/Account", FaultKind.REVOKE, nth=2)
    assert send(crm, "POST sobjects/Account").status_code == 201
    before = state(crm)

    refused = send(crm, "POST sobjects/Account")

    assert (refused.status_code, refused.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert send(crm, "GET query").status_code == 401
    assert state(crm) == before
    crm.log_in()
    assert send(crm, "GET query").status_code == 200


def test_results_can_expire_while_they_are_read(crm: Client) -> None:
    # salesforce.md §1.5: INVALID_QUERY_LOCATOR, restart that query
    crm.org.seed_records(HAL, 3, ["Account"])
    crm.emulator.cursors.shortest = 1
    page = crm.call("GET", "query", params={"q": "SELECT Id FROM Account"}).json()
    rest = page["nextRecordsUrl"].removeprefix(f"{V}/")
    assert crm.call("GET", rest).json()["records"]

    crm.emulator.cursors.expire()
    crm.emulator.cursors.shortest = None

    assert crm.refusal("GET", rest)[:2] == (400, "INVALID_QUERY_LOCATOR")


def test_who_has_no_sessions_cannot_end_them() -> None:
    # Contract of wire.Emulator: a fault that cannot be played is a mistake of the test
    with pytest.raises(NotImplementedError):
        Emulator().end_sessions()
