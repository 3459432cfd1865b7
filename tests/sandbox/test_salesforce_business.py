"""Business records of the Salesforce emulator: owners, hand-over, setup apart; with sources."""

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce import format_soql

from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.salesforce.objects import schema
from tests.sandbox.salesforce_org import GUS, HAL, IDA, TOM, ZOE, Client, V, record, sub

KINDS = ["Account", "Contact", "Opportunity", "Lead", "Case", "Task", "Event"]
OPEN = {
    "Opportunity": "IsClosed = false",
    "Lead": "IsConverted = false",
    "Case": "IsClosed = false",
    "Task": "IsClosed = false",
    "Event": "EndDateTime > TODAY",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    one = Client(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: Client) -> Iterator[Client]:
    """The module's org; every user gives away again what a test gave to them."""
    yield shared
    shared.org.business.allows_inactive_owners = True
    database = shared.org.database
    for kind in KINDS:
        entity = database.entity(kind)
        for row in database.store.rows(entity):
            database.store.remove(entity, row["Id"])
    shared.org.business.allows_inactive_owners = False
    shared.org.business.cascades_account_owner = False


@pytest.mark.parametrize("kind", KINDS)
def test_open_records_of_a_person_are_found_and_counted(crm: Client, kind: str) -> None:
    # Object reference, the page of each object; salesforce.md §1.3 (what is open)
    crm.org.seed_records(HAL, 3, [kind])
    owner, condition = crm.id(HAL), OPEN.get(kind)
    text = "SELECT Id, OwnerId, CreatedById, LastModifiedDate FROM {:literal} WHERE OwnerId = {}"
    tail = f" AND {condition}" if condition else ""

    rows = crm.query(format_soql(text, kind, owner) + tail)
    assert (len(rows), crm.count(kind, OwnerId=owner)) == (3, 3)
    assert {row["OwnerId"] for row in rows} == {owner}
    assert all(row["LastModifiedDate"].endswith("+0000") for row in rows)


def test_owners_are_counted_in_groups(crm: Client) -> None:
    # SOQL reference "GROUP BY"
    crm.org.seed_records(HAL, 2, ["Opportunity"])
    crm.org.seed_records(IDA, 3, ["Opportunity"])
    text = (
        "SELECT OwnerId, COUNT(Id) n, SUM(Amount) total FROM Opportunity "
        "WHERE IsClosed = false GROUP BY OwnerId ORDER BY OwnerId"
    )

    rows = {row["OwnerId"]: (row["n"], row["total"]) for row in crm.query(text)}

    assert rows == {crm.id(HAL): (2, 3000.0), crm.id(IDA): (3, 6000.0)}


@pytest.mark.parametrize(
    ("kind", "values", "flag"),
    [
        ("Opportunity", {"StageName": "Closed Won"}, "IsClosed"),
        ("Opportunity", {"StageName": "Closed Lost"}, "IsClosed"),
        ("Opportunity", {"StageName": "Closed Won"}, "IsWon"),
        ("Case", {"Status": "Closed"}, "IsClosed"),
        ("Task", {"Status": "Completed"}, "IsClosed"),
    ],
)
def test_what_is_done_is_closed(crm: Client, kind: str, values: dict[str, str], flag: str) -> None:
    # Object reference: IsClosed and IsWon follow from the stage or status and cannot be written
    one = crm.org.seed_records(HAL, 1, [kind])[kind][0]

    assert crm.call("PATCH", f"sobjects/{kind}/{one}", values).status_code == 204
    assert crm.count(kind, Id=one, **{flag: True}) == 1
    assert crm.refusal("PATCH", f"sobjects/{kind}/{one}", {flag: False})[1] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


@pytest.mark.parametrize(
    ("kind", "values", "missing"),
    [
        ("Account", {}, "Name"),
        ("Contact", {"FirstName": "Kim"}, "LastName"),
        ("Lead", {"LastName": "Kim"}, "Company"),
        ("Opportunity", {"Name": "Deal", "StageName": "Prospecting"}, "CloseDate"),
        ("Event", {"Subject": "Call"}, "StartDateTime, EndDateTime"),
    ],
)
def test_required_fields_are_named(
    crm: Client, kind: str, values: dict[str, str], missing: str
) -> None:
    # Object reference, required fields; salesforce.md §1.5
    status, code, message = crm.refusal("POST", f"sobjects/{kind}", values)

    assert (status, code) == (400, "REQUIRED_FIELD_MISSING")
    assert f"[{missing}]" in message


def test_a_record_belongs_to_who_makes_it_and_keeps_its_types(crm: Client) -> None:
    # Object reference: OwnerId defaults to the user of the call; currency and date types
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2030-02-03", "Amount": 12}
    made = crm.call("POST", "sobjects/Opportunity", deal).json()["id"]

    row = crm.call("GET", f"sobjects/Opportunity/{made}").json()

    assert row["OwnerId"] == crm.id(crm.emulator.bot_username)
    assert (row["CloseDate"], row["Amount"], row["IsDeleted"]) == ("2030-02-03", 12.0, False)
    bad = crm.refusal("PATCH", f"sobjects/Opportunity/{made}", {"CloseDate": "tomorrow"})
    assert bad[1] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("kind", KINDS)
def test_an_inactive_user_gets_no_records(crm: Client, kind: str) -> None:
    # salesforce.md §1.5; release notes Winter '16; the sentence as clients log it
    one = crm.org.seed_records(HAL, 1, [kind])[kind][0]
    name = kind[0].lower() + kind[1:]

    refused = crm.refusal("PATCH", f"sobjects/{kind}/{one}", {"OwnerId": crm.id(ZOE)})

    sentence = f"operation performed with inactive user [{crm.id(ZOE)[:15]}] as owner of {name}"
    assert refused == (400, "INACTIVE_OWNER_OR_USER", sentence)


@pytest.mark.parametrize(
    ("kind", "values", "is_allowed"),
    [
        ("Account", {"Name": "Globex"}, True),
        ("Opportunity", {"Name": "Big deal"}, True),
        ("Contact", {"FirstName": "Ann"}, False),
        ("Lead", {"FirstName": "Ann"}, False),
        ("Case", {"Subject": "Help"}, False),
        ("Task", {"Subject": "Call"}, False),
        ("Event", {"Subject": "Call"}, False),
    ],
)
def test_records_of_an_inactive_owner_can_be_edited_or_not(
    crm: Client, kind: str, values: dict[str, str], *, is_allowed: bool
) -> None:
    # salesforce.md §1.3: accounts and opportunities stay, contacts and tasks refuse edits; for
    # leads, cases and events nothing is published, so they are as strict
    one = crm.org.seed_records(ZOE, 1, [kind])[kind][0]
    path = f"sobjects/{kind}/{one}"

    assert (crm.call("PATCH", path, values).status_code == 204) is is_allowed
    assert crm.call("PATCH", path, {**values, "OwnerId": crm.id(IDA)}).status_code == 204
    assert crm.call("PATCH", path, values).status_code == 204


def test_the_permission_for_inactive_owners_lifts_both_refusals(crm: Client) -> None:
    # Release notes Winter '16 "Update Records with Inactive Owners"
    one = crm.org.seed_records(ZOE, 1, ["Lead"])["Lead"][0]
    crm.org.business.allows_inactive_owners = True

    assert crm.call("PATCH", f"sobjects/Lead/{one}", {"FirstName": "Ann"}).status_code == 204
    assert crm.call("PATCH", f"sobjects/Lead/{one}", {"OwnerId": crm.id(ZOE)}).status_code == 204


def test_a_converted_lead_cannot_be_changed(crm: Client) -> None:
    # The enterprise WSDL's StatusCode CANNOT_UPDATE_CONVERTED_LEAD
    one = crm.org.seed_records(HAL, 1, ["Lead"])["Lead"][0]
    database = crm.org.database
    leads = database.entity("Lead")
    row = database.store.get(leads, one)
    assert row is not None
    database.store.put(leads, {**row, "IsConverted": True})

    code = crm.refusal("PATCH", f"sobjects/Lead/{one}", {"OwnerId": crm.id(IDA)})[1]

    assert code == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_two_hundred_records_change_hands_in_one_call(crm: Client) -> None:
    # REST guide "sObject Collections": up to 200 records; one API call (salesforce.md §1.2)
    tasks = crm.org.seed_records(HAL, 200, ["Task"])["Task"]
    before = crm.emulator.api_calls
    body = {"records": [record("Task", id=one, OwnerId=crm.id(IDA)) for one in tasks]}

    results = crm.call("PATCH", "composite/sobjects", body).json()

    assert all(one["success"] for one in results)
    assert crm.emulator.api_calls == before + 1
    assert crm.count("Task", OwnerId=crm.id(IDA)) == 200
    assert crm.count("Task", OwnerId=crm.id(HAL)) == 0


def test_a_hand_over_succeeds_in_parts_with_200(crm: Client) -> None:
    # REST guide "sObject Collections": HTTP 200 with an answer for each record
    first, second = crm.org.seed_records(HAL, 2, ["Case"])["Case"]
    body = {
        "records": [
            record("Case", id=first, OwnerId=crm.id(ZOE)),
            record("Case", id=second, OwnerId=crm.id(IDA)),
        ]
    }

    answer = crm.call("PATCH", "composite/sobjects", body)

    assert answer.status_code == 200
    assert [one["success"] for one in answer.json()] == [False, True]
    assert answer.json()[0]["errors"][0]["statusCode"] == "INACTIVE_OWNER_OR_USER"


def test_business_types_may_share_a_call_in_ten_chunks(crm: Client) -> None:
    # REST guide "sObject Collections" (D9): several types in at most ten chunks
    made = crm.org.seed_records(HAL, 6, ["Task", "Lead"])
    pairs = [
        record(kind, id=one, OwnerId=crm.id(IDA))
        for task, lead in zip(made["Task"], made["Lead"], strict=True)
        for kind, one in (("Task", task), ("Lead", lead))
    ]

    assert crm.call("PATCH", "composite/sobjects", {"records": pairs[:10]}).status_code == 200
    refused = crm.refusal("PATCH", "composite/sobjects", {"records": pairs})
    assert refused[1] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("User", {"Title": "AE"}),
        ("UserLogin", {"IsFrozen": False}),
        ("PermissionSetAssignment", {}),
        ("Group", {}),
    ],
)
@pytest.mark.parametrize("is_setup_first", [True, False])
def test_setup_and_business_writes_never_meet_in_a_composite(
    crm: Client, kind: str, values: dict[str, Any], *, is_setup_first: bool
) -> None:
    # Apex guide "sObjects That Cannot Be Used Together in DML Operations" (D10); whether a
    # composite without allOrNone is one transaction is open (§10): the strict answer
    crm.org.seed_records(HAL, 1, ["Account"])
    if kind == "PermissionSetAssignment":
        wanted = crm.query("SELECT Id FROM PermissionSet WHERE Name = 'AcmeCrmUser'")[0]["Id"]
        setup = sub("s", "POST", f"sobjects/{kind}", {"AssigneeId": crm.id(TOM)})
        setup["body"]["PermissionSetId"] = wanted
    elif kind == "Group":
        setup = sub("s", "POST", "sobjects/Group", {"Name": "Sales", "Type": "Regular"})
    else:
        field = "Id" if kind == "User" else "UserId"
        one = crm.query(
            "SELECT Id FROM {:literal} WHERE {:literal} = {}", kind, field, crm.id(TOM)
        )[0]["Id"]
        setup = sub("s", "PATCH", f"sobjects/{kind}/{one}", values)
    account = sub("a", "POST", "sobjects/Account", {"Name": "Globex"})
    pair = (setup, account) if is_setup_first else (account, setup)

    answers = crm.composite(*pair, allOrNone=True)

    assert [one[1][0]["errorCode"] for one in answers] == [
        "PROCESSING_HALTED",
        "MIXED_DML_OPERATION",
    ]
    assert crm.count("Account") == 1


def test_a_collection_mixes_no_setup_object_with_another(crm: Client) -> None:
    # REST guide "sObject Collections" (D9): one type per call when one is related to Setup
    body = {"records": [record("Account", Name="Globex"), record("User", Title="x")]}

    status, code, message = crm.refusal("POST", "composite/sobjects", body)

    assert (status, code) == (400, "INVALID_TYPE_FOR_OPERATION")
    assert "Setup" in message
    assert crm.count("Account") == 0


def test_collections_of_a_composite_count_as_one_transaction_too(crm: Client) -> None:
    # salesforce.md §1.2: never mix User/PSA/Group with business objects in one composite
    users = {"records": [record("User", id=crm.id(TOM), Title="AE")]}
    accounts = {"records": [record("Account", Name="Globex")]}

    answers = crm.composite(
        sub("users", "PATCH", "composite/sobjects", users),
        sub("accounts", "POST", "composite/sobjects", accounts),
    )

    assert answers[0][1][0]["success"] is True
    assert answers[1][1][0]["errors"][0]["statusCode"] == "MIXED_DML_OPERATION"


def test_an_accounts_new_owner_gets_what_hangs_on_it_where_the_org_wants_it(crm: Client) -> None:
    # SOAP guide "OwnerChangeOptions": contacts, open opportunities, open activities; of the old
    # owner only, and nothing by default
    made = crm.org.seed_records(HAL, 1)
    account = made["Account"][0]
    for kind, field in (("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Task", "WhatId")):
        path = f"sobjects/{kind}/{made[kind][0]}"
        assert crm.call("PATCH", path, {field: account}).status_code == 204
    gus, ida = crm.id(GUS), crm.id(IDA)

    crm.call("PATCH", f"sobjects/Account/{account}", {"OwnerId": gus})
    assert crm.count("Contact", OwnerId=gus) == 0
    crm.call("PATCH", f"sobjects/Account/{account}", {"OwnerId": crm.id(HAL)})
    crm.org.business.cascades_account_owner = True
    crm.call("PATCH", f"sobjects/Account/{account}", {"OwnerId": ida})

    owned = {kind: crm.count(kind, OwnerId=ida) for kind in KINDS}
    assert owned == dict.fromkeys(("Account", "Contact", "Opportunity", "Task"), 1) | dict.fromkeys(
        ("Lead", "Case", "Event"), 0
    )


def test_query_all_sees_the_recycle_bin_and_query_does_not(crm: Client) -> None:
    # REST guide "QueryAll"; setup objects have no recycle bin
    keep, drop = crm.org.seed_records(HAL, 2, ["Account"])["Account"]
    assert crm.call("DELETE", f"sobjects/Account/{drop}").status_code == 204
    text = "SELECT Id, IsDeleted FROM Account WHERE Id IN {} ORDER BY Id"

    assert [row["Id"] for row in crm.query(text, [keep, drop])] == [keep]
    found = {
        row["Id"]: row["IsDeleted"] for row in crm.query(text, [keep, drop], resource="queryAll")
    }
    assert found == {keep: False, drop: True}


def test_the_sdk_hands_a_lead_over(crm: Client) -> None:
    # simple_salesforce 1.12.10 SFType.update and query_all(include_deleted)
    one = crm.org.seed_records(HAL, 1, ["Lead"])["Lead"][0]

    assert crm.sf.Lead.update(one, {"OwnerId": crm.id(IDA)}) == 204
    assert crm.sf.Lead.get(one)["OwnerId"] == crm.id(IDA)
    assert crm.sf.Lead.delete(one) == 204
    text = format_soql("SELECT Id FROM Lead WHERE Id = {}", one)
    assert crm.sf.query_all(text)["totalSize"] == 0
    assert crm.sf.query_all(text, include_deleted=True)["totalSize"] == 1


def test_a_record_has_an_owner_and_a_case_its_number(crm: Client) -> None:
    # Object reference: OwnerId is not nillable; CaseNumber is the platform's
    first, second = crm.org.seed_records(HAL, 2, ["Case"])["Case"]
    path = f"sobjects/Case/{first}"

    assert crm.refusal("PATCH", path, {"OwnerId": None})[1] == "INVALID_CROSS_REFERENCE_KEY"
    numbers = [crm.call("GET", f"sobjects/Case/{one}").json() for one in (first, second)]
    assert int(numbers[1]["CaseNumber"]) == int(numbers[0]["CaseNumber"]) + 1


def test_which_objects_are_business_objects() -> None:
    # Apex guide (D10): everything around users is setup; only records of the business are not
    approvals = {"ProcessInstance", "ProcessInstanceWorkitem"}

    assert {one.name for one in schema().objects if not one.is_setup} == {*KINDS, *approvals}


def test_owners_that_may_be_queues_have_no_simple_path(crm: Client) -> None:
    # SOQL reference "Polymorphic relationships": not modelled, and said so
    answer = crm.call("GET", "query", params={"q": "SELECT Owner.Name FROM Lead"})

    assert answer.status_code == 501
    assert V in crm.call("GET", "").text
