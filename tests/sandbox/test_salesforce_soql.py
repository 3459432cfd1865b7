"""SOQL of the Salesforce emulator, asked through the SDK; every case names its source."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceError, SalesforceMalformedRequest

from bot.sandbox.salesforce import SalesforceEmulator

NOON = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
"""A Wednesday, noon in the bot's time zone (America/Chicago)."""

SELLERS = ["Hal Mercer", "Ida Fonseca", "Nora Quist", "Tom Reyes"]


class Clock:
    """Time that moves when told."""

    now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


def connect(emulator: SalesforceEmulator, session: requests.Session, ca_file: Path) -> Salesforce:
    url = emulator.serve_tls()
    ca_file.write_bytes(emulator.ca_pem)
    session.trust_env, session.verify = False, str(ca_file)
    app, form = (emulator.client_id, emulator.client_secret), {"grant_type": "client_credentials"}
    token = session.post(f"{url}/services/oauth2/token", data=form, auth=app, timeout=9).json()
    return Salesforce(
        instance_url=url, session_id=token["access_token"], session=session, version="62.0"
    )


def people(number: int) -> list[dict[str, Any]]:
    """Rows for the platform's own insert: users without a licence cost no seat."""
    return [
        {
            "Username": f"u{n}@acme.example.bulk",
            "LastName": f"Bulk {n}",
            "Email": "bulk@acme.example",
            "Alias": "bulk",
            "CommunityNickname": f"bulk{n}",
            "ProfileId": None,
        }
        for n in range(number)
    ]


@pytest.fixture(scope="module")
def emulator() -> Iterator[SalesforceEmulator]:
    one = SalesforceEmulator(clock=Clock())
    database = one.org.database
    day = timedelta(days=1)
    entity = database.entity("User")
    for name, age in (("Hal Mercer", 0 * day), ("Ida Fonseca", 1 * day), ("Tom Reyes", 40 * day)):
        row = next(
            r for r in database.store.rows(entity) if database.value(entity, r, "Name") == name
        )
        database.store.put(entity, {**row, "LastLoginDate": NOON - age})
    yield one
    one.close()


@pytest.fixture(scope="module")
def sf(
    emulator: SalesforceEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Salesforce]:
    with requests.Session() as session:
        client = connect(emulator, session, tmp_path_factory.mktemp("ca") / "ca.pem")
        database, bot = emulator.org.database, emulator.org.user(emulator.bot_username)
        assert bot is not None
        row = database.store.get(database.entity("User"), bot.id)
        # Its own log-in is not what the cases are about.
        database.store.put(database.entity("User"), {**dict(row or {}), "LastLoginDate": None})
        yield client


def names(sf: Salesforce, where: str) -> list[str]:
    text = "SELECT Name FROM User WHERE {:literal} ORDER BY Name"
    return [row["Name"] for row in sf.query(format_soql(text, where))["records"]]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        # SOQL reference "Comparison Operators"
        ("Name = 'hal MERCER'", ["Hal Mercer"]),
        ("LastName LIKE '_ERC%'", ["Hal Mercer"]),
        ("LastName LIKE 'erc%'", []),
        ("FirstName IN ('Tom', 'ida')", ["Ida Fonseca", "Tom Reyes"]),
        ("IsActive = false", ["Zoe Wild"]),
        ("Usher_Person_Id__c = 'p015'", ["Zoe Wild"]),
        ("Usher_Person_Id__c = 'P015'", []),
        ("Usher_Person_Id__c != null AND IsActive = false", ["Zoe Wild"]),
        ("Usher_Person_Id__c != 'p015' AND FirstName = 'Tom'", ["Tom Reyes"]),
        ("Usher_Person_Id__c NOT IN ('p015') AND FirstName = 'Tom'", ["Tom Reyes"]),
        ("LastName > 'Quist' AND LastName <= 'reyes'", ["Tom Reyes"]),
        # SOQL reference "Logical Operators" and parent paths
        (
            "(FirstName = 'Tom' OR FirstName = 'Hal') AND IsActive = true",
            ["Hal Mercer", "Tom Reyes"],
        ),
        ("NOT IsActive = true", ["Zoe Wild"]),
        ("Profile.Name = 'Standard User' AND IsActive = true", SELLERS),
        ("Profile.UserLicense.Name = 'Salesforce' AND IsActive = false", ["Zoe Wild"]),
        ("ProfileId = null", ["Automated Process"]),
        ("User.Profile.Name = null", ["Automated Process"]),
        # SOQL reference "Date Formats and Date Literals in WHERE"
        ("LastLoginDate = TODAY", ["Hal Mercer"]),
        ("LastLoginDate = YESTERDAY", ["Ida Fonseca"]),
        ("LastLoginDate = LAST_N_DAYS:1", ["Hal Mercer", "Ida Fonseca"]),
        ("LastLoginDate = THIS_WEEK", ["Hal Mercer", "Ida Fonseca"]),
        ("LastLoginDate = LAST_N_MONTHS:2", ["Tom Reyes"]),
        ("LastLoginDate < LAST_N_DAYS:30", ["Tom Reyes"]),
        ("LastLoginDate >= YESTERDAY", ["Hal Mercer", "Ida Fonseca"]),
        ("LastLoginDate > TODAY", []),
        ("LastLoginDate = N_DAYS_AGO:40", ["Tom Reyes"]),
        ("LastLoginDate = THIS_QUARTER", ["Hal Mercer", "Ida Fonseca", "Tom Reyes"]),
        ("LastLoginDate > 2026-11-17T18:00:00Z", ["Hal Mercer"]),
        ("LastLoginDate = 2026-11-17T19:00:00+01:00", ["Ida Fonseca"]),
        ("LastLoginDate != null AND LastLoginDate < LAST_YEAR", []),
        # SOQL reference "Semi-joins": only at the top
        (
            (
                "Id IN (SELECT AssigneeId FROM PermissionSetAssignment "
                "WHERE PermissionSet.Profile.Name = 'System Administrator')"
            ),
            ["Gus Hale", "Usher Bot"],
        ),
        ("Id NOT IN (SELECT AssigneeId FROM PermissionSetAssignment)", ["Automated Process"]),
    ],
)
def test_a_filter_finds_whom_it_should(sf: Salesforce, where: str, expected: list[str]) -> None:
    # SOQL reference, the chapter that stands at each case
    assert names(sf, where) == expected


def test_escaped_text_stays_text(sf: Salesforce) -> None:
    # SOQL reference "Quoted String Escape Sequences"
    for hostile in ("O'Brien \\ \" % _", "' OR Name != '", "\n\t"):
        assert (
            sf.query(format_soql("SELECT Id FROM User WHERE Name = {}", hostile))["totalSize"] == 0
        )
    pattern = format_soql("SELECT Id FROM User WHERE Name LIKE '{:like}%'", "%")
    assert sf.query(pattern)["totalSize"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        # salesforce.md §6.5 and §8: what other emulators let through
        ("SELECT Id FROM User WHERE ((((", "MALFORMED_QUERY"),
        ("SELECT FROM User", "MALFORMED_QUERY"),
        ("SELECT * FROM User", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM User LIMIT", "MALFORMED_QUERY"),
        ("DELETE FROM User", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'a", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'a\\q'", "MALFORMED_QUERY"),
        # SOQL reference "conditionExpression": no mix without parentheses
        (
            "SELECT Id FROM User WHERE Name = 'a' OR Name = 'b' AND Alias = 'c'",
            "MALFORMED_QUERY",
        ),
        ("SELECT Id FROM User WHERE Name = 'a' AND NOT Alias = 'c'", "MALFORMED_QUERY"),
        # SOQL reference "Semi-joins", limits
        (
            (
                "SELECT Id FROM User WHERE Name = 'a' OR Id IN "
                "(SELECT AssigneeId FROM PermissionSetAssignment)"
            ),
            "MALFORMED_QUERY",
        ),
        # SOQL reference "GROUP BY" and "Aggregate Functions"
        ("SELECT Name, COUNT(Id) FROM User GROUP BY ProfileId", "MALFORMED_QUERY"),
        ("SELECT COUNT(), Id FROM User", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id) FROM User LIMIT 1", "MALFORMED_QUERY"),
        ("SELECT Name n FROM User", "MALFORMED_QUERY"),
        ("SELECT Nonsense FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Nonsense = 1", "INVALID_FIELD"),
        ("SELECT Id FROM User ORDER BY Nonsense", "INVALID_FIELD"),
        ("SELECT Profile.Nonsense FROM User", "INVALID_FIELD"),
        ("SELECT Manger.Name FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE CreatedDate = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE CreatedDate = SOMEDAY", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Usr", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nonsense) FROM User", "INVALID_TYPE"),
        ("SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_a_wrong_query_is_refused(sf: Salesforce, query: str, code: str) -> None:
    # SOQL reference, the chapter that stands at each case; salesforce.md §1.5 for the codes
    with pytest.raises(SalesforceMalformedRequest) as caught:
        sf.query(query)

    assert caught.value.content[0]["errorCode"] == code


def test_a_refusal_points_at_the_place(sf: Salesforce) -> None:
    # Form of the vendor's message: line, caret, row and column
    with pytest.raises(SalesforceMalformedRequest) as caught:
        sf.query("SELECT Id, Nonsense FROM User")

    message = caught.value.content[0]["message"]
    assert message.startswith(
        "\nSELECT Id, Nonsense FROM User\n           ^\nERROR at Row:1:Column:12\n"
    )
    assert "No such column 'Nonsense' on entity 'User'" in message


def test_names_match_in_any_case_and_answer_canonically(sf: Salesforce) -> None:
    # salesforce.md §6.5
    row = sf.query("select USERNAME, profile.NAME from user where firstname = 'zoe'")["records"][0]

    assert row["Username"] == "zoe.wild@acme.example.crm"
    assert row["Profile"]["Name"] == "Standard User"
    assert row["attributes"]["type"] == "User"


def test_ordering_limits_and_offsets(sf: Salesforce) -> None:
    # SOQL reference "ORDER BY": nulls first unless NULLS LAST
    text = "SELECT Name FROM User {:literal}"

    def query(tail: str) -> list[str]:
        return [row["Name"] for row in sf.query(format_soql(text, tail))["records"]]

    assert query("ORDER BY LastName DESC LIMIT 2") == ["Zoe Wild", "Tom Reyes"]
    assert query("ORDER BY LastLoginDate DESC NULLS LAST LIMIT 2") == ["Hal Mercer", "Ida Fonseca"]
    assert query("ORDER BY Usher_Person_Id__c, Name LIMIT 1") == ["Automated Process"]
    assert query("WHERE IsActive = true ORDER BY Name LIMIT 2 OFFSET 1") == [
        "Gus Hale",
        "Hal Mercer",
    ]


def test_counting_and_grouping(sf: Salesforce) -> None:
    # SOQL reference "COUNT()", "GROUP BY", "Using Aliases with GROUP BY"; salesforce.md §2
    bare = sf.query("SELECT COUNT() FROM User WHERE IsActive = true")
    grouped = sf.query(
        "SELECT Profile.UserLicenseId, COUNT(Id) seats FROM User WHERE IsActive = true AND "
        "ProfileId != null GROUP BY Profile.UserLicenseId"
    )["records"]
    text = "SELECT COUNT(Id), MAX(Name), SUM(TotalLicenses) FROM UserLicense"
    overall = sf.query(text)["records"][0]

    assert (bare["totalSize"], bare["records"]) == (7, [])
    assert [row["seats"] for row in grouped] == [6]
    assert grouped[0]["attributes"] == {"type": "AggregateResult"}
    assert grouped[0]["UserLicenseId"].startswith("100")
    assert (overall["expr0"], overall["expr2"]) == (3, 5017)


def test_groups_are_ordered_limited_and_summed(sf: Salesforce) -> None:
    # SOQL reference "Aggregate Functions"
    text = (
        "SELECT Status, COUNT_DISTINCT(Name) names, AVG(TotalLicenses) mean, MIN(Name) first "
        "FROM UserLicense GROUP BY Status ORDER BY Status DESC LIMIT 1"
    )

    row = sf.query(text)["records"][0]

    assert (row["Status"], row["names"], row["first"]) == ("Active", 3, "Chatter Free")
    assert round(row["mean"]) == 1672


def test_children_are_null_when_there_are_none(sf: Salesforce) -> None:
    # salesforce.md §4, CumulusCI #2193
    rows = sf.query(
        "SELECT Name, (SELECT PermissionSet.IsOwnedByProfile FROM PermissionSetAssignments), "
        "(SELECT Id FROM PermissionSetLicenseAssignments) FROM User WHERE FirstName = 'Tom'"
    )["records"]

    assert rows[0]["PermissionSetAssignments"]["totalSize"] == 1
    assert rows[0]["PermissionSetLicenseAssignments"] is None


def test_long_results_come_in_pages(tmp_path: Path) -> None:
    # REST guide "Query Options Header": 2,000 and 200; locators live two days (D21)
    clock = Clock()
    emulator = SalesforceEmulator(clock=clock)
    entity = emulator.org.database.entity("User")
    for row in people(2100):
        emulator.org.database.insert(entity, row)
    with requests.Session() as session:
        sf = connect(emulator, session, tmp_path / "ca.pem")
        text = "SELECT Id FROM User ORDER BY Id"
        first = sf.query(text)
        assert (first["totalSize"], len(first["records"]), first["done"]) == (2108, 2000, False)
        assert len({row["Id"] for row in sf.query_all(text)["records"]}) == 2108
        small = sf.query(text, headers={"Sforce-Query-Options": "batchSize=10"})
        assert len(small["records"]) == 200

        emulator.org.sessions.timeout_s = 7 * 24 * 3600
        clock.now += 2 * 24 * 3600 + 1
        with pytest.raises(SalesforceError) as caught:
            sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    emulator.close()

    assert caught.value.content[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
