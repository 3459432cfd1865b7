"""Bulk API 2.0 query jobs of the Salesforce emulator; with sources."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce.bulk2 import Operation

from bot.sandbox.salesforce import SalesforceEmulator
from tests.sandbox.salesforce_org import HAL, Client

PEOPLE = "SELECT Id, Username, Profile.Name, FederationIdentifier, IsActive FROM User"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    one = Client(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: Client) -> Iterator[Client]:
    """The module's org; the pace of its jobs is back to normal afterwards."""
    yield shared
    shared.emulator.bulk.pace, shared.emulator.bulk.is_stuck = 1, False
    shared.emulator.limits.bulk_jobs.most = 10_000


def create(crm: Client, query: str = PEOPLE, **more: str) -> dict[str, Any]:
    answer = crm.call("POST", "jobs/query", {"operation": "query", "query": query} | more)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def finished(crm: Client, query: str = PEOPLE, **more: str) -> str:
    """Create a job, look at it until it is complete and return the path of its results."""
    path = f"jobs/query/{create(crm, query, **more)['id']}"
    while crm.call("GET", path).json()["state"] != "JobComplete":
        pass
    return f"{path}/results"


def test_a_job_goes_from_queued_to_complete(crm: Client) -> None:
    # Bulk guide "Create a Query Job", "Get Information About a Query Job"
    job = create(crm)
    path = f"jobs/query/{job['id']}"
    states = [crm.call("GET", path).json() for _ in range(3)]

    assert job["id"].startswith("750")
    assert (job["state"], job["object"], job["operation"]) == ("UploadComplete", "User", "query")
    assert (job["apiVersion"], job["contentType"], job["columnDelimiter"]) == (62.0, "CSV", "COMMA")
    assert job["concurrencyMode"] == "Parallel"
    assert [one["state"] for one in states] == ["InProgress", "JobComplete", "JobComplete"]
    assert states[-1]["numberRecordsProcessed"] == 8


def test_results_are_csv_with_nothing_for_null(crm: Client) -> None:
    # Bulk guide "Get Results for a Query Job"; salesforce.md §7.14
    answer = crm.call("GET", finished(crm))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    zoe = next(row for row in rows if row["Username"].startswith("zoe"))

    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert answer.text.startswith('"Id","Username","Profile.Name"')
    assert answer.headers["Sforce-NumberOfRecords"] == str(len(rows)) == "8"
    assert answer.headers["Sforce-Locator"] == "null"
    assert zoe["Profile.Name"] == "Standard User"
    assert (zoe["FederationIdentifier"], zoe["IsActive"]) == ("", "false")


def test_results_come_in_sets_with_a_locator(crm: Client) -> None:
    # Bulk guide: maxRecords, Sforce-Locator; a set's locator stays and may be asked again
    path, locator, ids, sets = finished(crm), "", [], []
    while locator != "null":
        params = {"maxRecords": "3"} | ({"locator": locator} if locator else {})
        answer = crm.call("GET", path, params=params)
        again = crm.call("GET", path, params=params)
        assert again.text == answer.text
        ids += [row["Id"] for row in csv.DictReader(io.StringIO(answer.text))]
        sets.append(int(answer.headers["Sforce-NumberOfRecords"]))
        locator = answer.headers["Sforce-Locator"]

    assert sets == [3, 3, 2]
    assert len(set(ids)) == 8


@pytest.mark.parametrize("locator", ["?", "bm9wZQ", "OTk5OTk5"])
def test_a_wrong_locator_is_refused(crm: Client, locator: str) -> None:
    # salesforce.md §1.5; the code for bulk locators is [M]
    answer = crm.call("GET", finished(crm), params={"locator": locator})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_delimiter_and_line_ending_can_be_chosen(crm: Client) -> None:
    # Bulk guide "Create a Query Job", optional parameters
    path = finished(crm, "SELECT Id, Alias FROM User", columnDelimiter="PIPE", lineEnding="CRLF")

    assert crm.call("GET", path).text.startswith('"Id"|"Alias"\r\n"005')


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ProfileId, COUNT(Id) FROM User GROUP BY ProfileId",
        "SELECT ProfileId FROM User GROUP BY ProfileId",
        "SELECT COUNT() FROM User",
        "SELECT MAX(CreatedDate) FROM User",
        "SELECT Id FROM User LIMIT 5 OFFSET 5",
        "SELECT Id, (SELECT Id FROM PermissionSetAssignments) FROM User",
        "SELECT TYPEOF Owner WHEN User THEN Name END FROM Lead",
    ],
)
def test_what_bulk_queries_cannot_have_is_refused_at_once(crm: Client, query: str) -> None:
    # Bulk guide "Create a Query Job", the note; code and words are [M] but for child queries
    used = crm.emulator.limits.bulk_jobs.used

    status, code, message = crm.refusal(
        "POST", "jobs/query", {"operation": "query", "query": query}
    )

    assert (status, code) == (400, "API_ERROR")
    assert "not supported in Bulk Query" in message
    assert crm.emulator.limits.bulk_jobs.used == used


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "SELECT FROM User"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "SELECT Nonsense FROM User"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Usr"}, "INVALID_TYPE"),
        ({"operation": "insert", "query": PEOPLE}, "JSON_PARSER_ERROR"),
        ({"operation": "query", "query": PEOPLE, "contentType": "JSON"}, "JSON_PARSER_ERROR"),
        ({"operation": "query", "query": PEOPLE, "lineEnding": "CR"}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_wrong_job_is_not_made(crm: Client, body: dict[str, str], code: str) -> None:
    # Bulk guide "Create a Query Job", possible values; that names are checked now is [M]
    assert crm.refusal("POST", "jobs/query", body)[:2] == (400, code)


def test_a_word_in_a_string_is_no_clause(crm: Client) -> None:
    # SOQL reference: quoted text is text
    path = finished(crm, "SELECT Id FROM User WHERE LastName = 'typeof group by offset'")

    assert crm.call("GET", path).headers["Sforce-NumberOfRecords"] == "0"


def test_results_before_the_end_are_no_content(crm: Client) -> None:
    # Bulk guide 226.0 "Get Results": 204 when the request fails; never an empty table
    crm.emulator.bulk.is_stuck = True
    path = f"jobs/query/{create(crm)['id']}"

    answer = crm.call("GET", f"{path}/results")

    assert (answer.status_code, answer.text) == (204, "")
    assert crm.call("GET", path).json()["state"] == "UploadComplete"


def test_a_running_job_can_be_aborted_and_a_done_one_deleted(crm: Client) -> None:
    # Bulk guide "Abort a Query Job" (UploadComplete and InProgress only), "Delete a Query Job"
    path = f"jobs/query/{create(crm)['id']}"
    assert crm.refusal("DELETE", path)[1] == "INVALIDJOBSTATE"

    assert crm.call("PATCH", path, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert crm.refusal("PATCH", path, {"state": "Aborted"})[1] == "INVALIDJOBSTATE"
    assert crm.call("DELETE", path).status_code == 204
    assert crm.call("GET", path).status_code == 404


def test_a_job_can_fail_with_a_message(crm: Client) -> None:
    # Bulk guide: state Failed, errorMessage
    crm.emulator.bulk.fail_next("QUERY_TIMEOUT")
    crm.emulator.bulk.pace = 0
    path = f"jobs/query/{create(crm)['id']}"

    info = crm.call("GET", path).json()

    assert (info["state"], info["errorMessage"]) == ("Failed", "QUERY_TIMEOUT")
    assert crm.call("GET", f"{path}/results").status_code == 204


def test_jobs_have_a_daily_limit_of_their_own_and_every_call_counts(crm: Client) -> None:
    # salesforce.md §4 (D23): 10,000 jobs in 24 h; each HTTP request is an API call too
    limits = crm.call("GET", "limits").json()
    crm.call("GET", finished(crm))
    after = crm.call("GET", "limits").json()
    used = {name: limits[name]["Remaining"] - after[name]["Remaining"] for name in limits}
    assert used == {"DailyApiRequests": 5, "DailyBulkV2QueryJobs": 1}

    crm.emulator.limits.bulk_jobs.most = crm.emulator.limits.bulk_jobs.used
    status, code, message = crm.refusal(
        "POST", "jobs/query", {"operation": "query", "query": PEOPLE}
    )
    assert (status, code) == (400, "LIMIT_EXCEEDED")
    assert "per 24 hrs has been reached" in message


def test_query_all_jobs_see_the_recycle_bin(crm: Client) -> None:
    # Bulk guide: operation queryAll
    gone = crm.org.seed_records(HAL, 1, ["Account"])["Account"][0]
    crm.call("DELETE", f"sobjects/Account/{gone}")
    text = "SELECT Id, IsDeleted FROM Account"

    plain = crm.call("GET", finished(crm, text)).text
    every = crm.call("GET", finished(crm, text, operation="queryAll")).text

    assert gone not in plain
    assert f'"{gone}","true"' in every


def test_jobs_are_listed_and_filters_are_not_modelled(crm: Client) -> None:
    # Bulk guide "Get Information About All Query Jobs"
    job = create(crm)["id"]
    listed = crm.call("GET", "jobs/query").json()

    assert job in [one["id"] for one in listed["records"]]
    assert listed["done"] is True
    assert crm.call("GET", "jobs/query", params={"jobType": "V2Query"}).status_code == 501
    assert crm.call("PATCH", f"jobs/query/{job}", {"state": "Closed"}).status_code == 501
    extra = {"operation": "query", "query": PEOPLE, "externalIdFieldName": "x"}
    assert crm.call("POST", "jobs/query", extra).status_code == 501


def test_versions_before_47_have_no_query_jobs(crm: Client) -> None:
    # Bulk guide: available in API version 47.0 and later
    url = f"{crm.url}/services/data/v46.0/jobs/query"
    headers = {"Authorization": f"Bearer {crm.token}"}

    assert crm.session.get(url, headers=headers, timeout=9).status_code == 404


def test_the_sdks_own_client_reads_a_job(crm: Client) -> None:
    # simple_salesforce 1.12.10 bulk2.py, without its sleeping loop
    crm.emulator.bulk.pace = 0
    client = crm.sf.bulk2.User._client  # the SDK has no other door without a wait

    job = client.create_job(Operation.query, query=PEOPLE)["id"]
    assert client.get_job(job, True)["state"] == "JobComplete"
    result = client.get_query_results(job, max_records=5)
    rest = client.get_query_results(job, locator=result["locator"], max_records=5)

    assert (result["number_of_records"], rest["number_of_records"]) == (5, 3)
    assert rest["locator"] == ""
