"""The Salesforce emulator with very many users: loading, paging, filters; with sources."""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.salesforce.ids import normal_id
from tests.sandbox.salesforce_org import HAL, Client, V, sub

FEW, MANY = 5_000, 100_000
SETS = ("AcmeCrmUser", "AcmeCrmAdmin", "InboxWithEinsteinActivityCapture")
USERS = "SELECT Id, Username, Name, IsActive, ProfileId, SystemModstamp FROM User"
TABLES = {
    "User": USERS,
    "PermissionSetAssignment": (
        "SELECT Id, AssigneeId, PermissionSetId, ExpirationDate FROM PermissionSetAssignment "
        "WHERE PermissionSet.IsOwnedByProfile = false ORDER BY Id"
    ),
    "PermissionSetLicenseAssign": (
        "SELECT Id, AssigneeId, PermissionSetLicenseId FROM PermissionSetLicenseAssign ORDER BY Id"
    ),
    "UserLogin": "SELECT Id, UserId, IsFrozen FROM UserLogin ORDER BY Id",
}


class Crowd(Client):
    """An org with very many users and what it takes to page through them."""

    ids: tuple[str, ...] = ()

    def pages(self, text: str, **headers: str) -> Iterator[dict[str, Any]]:
        answer = self.call("GET", "query", params={"q": text}, headers=headers)
        while True:
            page: dict[str, Any] = answer.json()
            yield page
            if page["done"]:
                return
            rest = page["nextRecordsUrl"].removeprefix(f"{V}/")
            answer = self.call("GET", rest, headers=headers)


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    one = Crowd(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    one.ids = tuple(one.org.seed_users(FEW, sets=SETS))
    yield one
    one.close()


def test_loaded_users_are_as_if_made_one_by_one(crm: Crowd) -> None:
    # salesforce.md §2: one profile-owned set each, PSL with the set, UserLogin, seats
    found = crm.org.user(crm.ids[7])

    assert found is not None
    assert (found.profile, found.is_active, found.is_frozen) == ("Standard User", True, False)
    assert found.permission_sets == SETS[1::-1] + SETS[2:]
    assert found.permission_set_licences == ("InboxWithEinsteinActivityCapturePsl",)
    assert crm.count("PermissionSetAssignment", AssigneeId=found.id) == 4
    total, used = crm.org.licence("Salesforce")
    assert total == used == FEW + 6
    assert crm.org.psl("InboxWithEinsteinActivityCapturePsl") == (FEW, FEW)


def test_loaded_users_are_checked_like_others(crm: Crowd) -> None:
    # salesforce.md §1.1, §2: unique names, no seat left, and a change that sticks
    one = crm.org.user(crm.ids[0])
    assert one is not None
    path = f"sobjects/User/{crm.ids[1]}"

    assert crm.refusal("PATCH", path, {"Username": one.username})[1] == "DUPLICATE_USERNAME"
    assert (
        crm.refusal(
            "PATCH", f"sobjects/User/{crm.id('zoe.wild@acme.example.crm')}", {"IsActive": True}
        )[1]
        == "LICENSE_LIMIT_EXCEEDED"
    )
    assert crm.call("PATCH", path, {"Title": "AE"}).status_code == 204
    assert crm.count("User", Title="AE") == 1


def test_a_licence_that_came_with_a_loaded_set_goes_with_it(crm: Crowd) -> None:
    # Help users_permissionset_licenses_remove (D15)
    one = crm.ids[FEW - 1]
    text = (
        "SELECT Id, PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {} AND "
        "PermissionSet.Name = 'InboxWithEinsteinActivityCapture'"
    )

    held = crm.query(text, one)[0]
    path = "sobjects/PermissionSetAssignment"
    assert crm.call("DELETE", f"{path}/{held['Id']}").status_code == 204
    assert crm.count("PermissionSetLicenseAssign", AssigneeId=one) == 0

    again = {"AssigneeId": one, "PermissionSetId": held["PermissionSetId"]}
    assert crm.call("POST", path, again).status_code == 201
    assert crm.count("PermissionSetLicenseAssign", AssigneeId=one) == 1


def test_ids_of_a_series_are_whole_and_rising(crm: Crowd) -> None:
    # Salesforce help "ID Field Types": the checksum restores the case
    assert list(crm.ids) == sorted(set(crm.ids))
    assert all(normal_id(one[:15]) == one for one in crm.ids)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_comes_on_exactly_one_page(crm: Crowd, table: str) -> None:
    # salesforce.md §4, D21: 2,000 a page; flat tables read whole
    pages = list(crm.pages(TABLES[table]))
    ids = [row["Id"] for page in pages for row in page["records"]]

    assert len(ids) == len(set(ids)) == pages[0]["totalSize"]
    assert all(len(page["records"]) == 2000 for page in pages[:-1])
    assert pages[0]["totalSize"] >= FEW


def test_the_page_size_is_a_wish_within_limits(crm: Crowd) -> None:
    # REST guide "Query Options Header": 200 to 2,000, and pages may be shorter at any time
    def first(size: int) -> int:
        page = next(crm.pages(USERS, **{"Sforce-Query-Options": f"batchSize={size}"}))
        return len(page["records"])

    assert [first(size) for size in (1, 500, 9_999)] == [200, 500, 2000]
    crm.emulator.cursors.shortest = 37
    assert first(2000) == 37
    crm.emulator.cursors.shortest = None


def test_a_locator_can_be_asked_again_and_has_the_documented_form(crm: Crowd) -> None:
    # Help 000384958: 18 characters that begin with 0r8, two days; a lost answer is asked for again
    page = next(crm.pages(USERS))
    rest = page["nextRecordsUrl"].removeprefix(f"{V}/query/")
    locator, _, start = rest.partition("-")

    assert (len(locator), locator[:3], start) == (18, "0r8", "2000")
    first, again = (crm.call("GET", f"query/{rest}").json() for _ in range(2))
    assert first == again
    for wrong in (f"{locator}-999999", f"{locator}-x", locator, "0r8000000000000AAA-2000"):
        assert crm.refusal("GET", f"query/{wrong}")[1] == "INVALID_QUERY_LOCATOR"


def test_pages_can_be_packed_into_a_composite(crm: Crowd) -> None:
    # Help 000386264: locators in a composite; that each counts to its five queries is assumed
    page = next(crm.pages(TABLES["PermissionSetAssignment"]))
    locator = page["nextRecordsUrl"].removeprefix(f"{V}/").rpartition("-")[0]
    parts = [sub(f"p{n}", "GET", f"{locator}-{2000 * n}") for n in range(1, 7)]

    answers = crm.composite(*parts[:5])
    rows = [row["Id"] for _, body in answers for row in body["records"]]

    assert [status for status, _ in answers] == [200] * 5
    assert len(set(rows)) == 10_000
    refused = crm.refusal("POST", "composite", {"compositeRequest": parts})
    assert refused[1] == "LIMIT_EXCEEDED"


def test_rows_that_go_while_a_result_is_read_leave_short_pages(crm: Crowd) -> None:
    # "No guarantee" of the page size (D21); that rows go missing from a cursor is [M]
    accounts = crm.org.seed_records(HAL, 400, ["Account"])["Account"]
    pages = crm.pages("SELECT Id FROM Account", **{"Sforce-Query-Options": "batchSize=200"})
    assert len(next(pages)["records"]) == 200

    assert crm.call("DELETE", f"sobjects/Account/{accounts[-1]}").status_code == 204

    assert len(next(pages)["records"]) == 199


def test_the_next_rows_after_an_id_are_found_without_the_others(crm: Crowd) -> None:
    # SOQL reference "Comparison Operators" on Id; salesforce.md §4: ORDER BY Id
    text = "SELECT Id FROM User WHERE Id > {} ORDER BY Id LIMIT 3"
    after = crm.query(text, crm.ids[41])
    down = crm.query("SELECT Id FROM User WHERE Id <= {} ORDER BY Id DESC LIMIT 2", crm.ids[41])

    assert [row["Id"] for row in after] == list(crm.ids[42:45])
    assert [row["Id"] for row in down] == [crm.ids[41], crm.ids[40]]


def test_filters_on_indexed_fields_agree_with_all_others(crm: Crowd) -> None:
    # The planner of the sandbox only narrows what is looked at
    one = crm.ids[9]
    of_one = "SELECT COUNT() FROM PermissionSetAssignment WHERE {:literal}"
    conditions = {
        f"AssigneeId = '{one}'": 4,
        f"AssigneeId IN ('{one}', '{crm.ids[10]}')": 8,
        f"AssigneeId = '{one}' AND PermissionSet.Name = 'AcmeCrmUser'": 1,
        f"AssigneeId = '{one}' OR AssigneeId = '{crm.ids[10]}'": 8,
        f"AssigneeId = '{one}' AND AssigneeId != '{one}'": 0,
        f"AssigneeId = '{one}' AND CreatedDate > 2099-01-01T00:00:00Z": 0,
        f"AssigneeId = '{one}' AND CreatedDate <= TODAY": 4,
        "SystemModstamp > 2099-01-01T00:00:00Z": 0,
        "CreatedDate = 2099-01-01T00:00:00Z": 0,
        "AssigneeId = null": 0,
    }

    for condition, expected in conditions.items():
        text = of_one.replace("{:literal}", condition)
        answer = crm.call("GET", "query", params={"q": text}).json()
        assert answer["totalSize"] == expected, condition


def test_a_change_is_found_by_its_moment(crm: Crowd) -> None:
    # salesforce.md §4: SystemModstamp > t finds what changed
    database = crm.org.database
    users = database.entity("User")
    row = database.store.get(users, crm.ids[3])
    assert row is not None
    later = row["SystemModstamp"].replace(year=2098)
    database.store.put(users, {**row, "SystemModstamp": later})

    found = crm.query("SELECT Id FROM User WHERE SystemModstamp > 2097-01-01T00:00:00Z")

    assert [one["Id"] for one in found] == [crm.ids[3]]
    database.store.put(users, {**row})
    assert crm.query("SELECT Id FROM User WHERE SystemModstamp > 2097-01-01T00:00:00Z") == []


def test_groups_that_do_not_fit_a_page_are_refused(crm: Crowd) -> None:
    # SOQL reference "GROUP BY": no queryMore() for aggregates
    text = "SELECT AssigneeId, COUNT(Id) FROM PermissionSetAssignment GROUP BY AssigneeId"
    answer = crm.call("GET", "query", params={"q": text})

    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_answers_need_not_be_kept_whole(crm: Crowd) -> None:
    # Sandbox: reading a large org must not fill the memory with its own record of it
    crm.emulator.longest_kept = 100
    crm.query("SELECT Id FROM User LIMIT 2000")
    crm.emulator.longest_kept = None

    assert len(crm.emulator.exchanges[-1].response_body or b"") == 100


@pytest.mark.slow
def test_a_hundred_thousand_users_load_and_page_fast(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # salesforce.md §9.5; processor time, because other tests share the machine
    crm = Crowd(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    crm.emulator.longest_kept = 0

    assert _spent(lambda: crm.org.seed_users(MANY, sets=SETS)) < 15
    gc.freeze()  # what a full collection looks through is the test's process, not the vendor's
    for table, text in TABLES.items():
        start, pages = time.process_time(), 0
        for _page in crm.pages(text):
            pages += 1
        assert (time.process_time() - start) / pages < 0.1, table
        assert pages >= MANY // 2000
    gc.unfreeze()
    crm.close()


def _spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
