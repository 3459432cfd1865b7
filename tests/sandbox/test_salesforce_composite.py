"""composite and composite/sobjects of the Salesforce emulator, through the SDK; with sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from bot.sandbox.salesforce import SalesforceEmulator

V = "/services/data/v62.0"


class Org:
    """The emulator with composite calls in one line."""

    def __init__(self, ca_file: Path) -> None:
        self.emulator = SalesforceEmulator()
        url = self.emulator.serve_tls()
        ca_file.write_bytes(self.emulator.ca_pem)
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, str(ca_file)
        app = (self.emulator.client_id, self.emulator.client_secret)
        form = {"grant_type": "client_credentials"}
        answer = self.session.post(f"{url}/services/oauth2/token", data=form, auth=app, timeout=9)
        token = answer.json()["access_token"]
        self.sf = Salesforce(
            instance_url=url, session_id=token, session=self.session, version="62.0"
        )
        sets = self.sf.query("SELECT Id, Name FROM PermissionSet")["records"]
        profiles = self.sf.query("SELECT Id, Name FROM Profile")["records"]
        self.ids = {row["Name"]: row["Id"] for row in [*sets, *profiles]}

    def composite(self, *subrequests: Any, **flags: Any) -> list[tuple[int, Any]]:
        body = {"compositeRequest": list(subrequests)} | flags
        answer = self.sf.restful("composite", method="POST", json=body)
        return [(one["httpStatusCode"], one["body"]) for one in answer["compositeResponse"]]

    def collection(self, *records: Any, method: str = "POST", **flags: Any) -> list[dict[str, Any]]:
        body = {"records": list(records)} | flags
        answer: list[dict[str, Any]] = self.sf.restful(
            "composite/sobjects", method=method, json=body
        )
        return answer

    def person(self, name: str = "ann", **more: Any) -> dict[str, Any]:
        return {
            "Username": f"{name}@acme.example.crm",
            "LastName": name,
            "Email": f"{name}@acme.example",
            "Alias": name[:8],
            "TimeZoneSidKey": "GMT",
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US",
            "ProfileId": self.ids["Standard User"],
        } | more

    def assignment(self, name: str, user: str) -> dict[str, Any]:
        kind = {"attributes": {"type": "PermissionSetAssignment"}}
        return kind | {"AssigneeId": user, "PermissionSetId": self.ids[name]}


def sub(name: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    one = {"method": method, "url": f"{V}/{path}", "referenceId": name}
    return one if body is None else one | {"body": body}


def code(body: Any) -> str:
    return str(body[0]["errorCode"])


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    one = Org(tmp_path / "ca.pem")
    yield one
    one.session.close()
    one.emulator.close()


def test_a_composite_is_one_call_and_hands_results_on(org: Org) -> None:
    # REST guide "Composite": references in url and body; one API call (salesforce.md §4)
    before = org.emulator.api_calls
    where = "SELECT+Id+FROM+PermissionSet+WHERE+Name='AcmeCrmUser'"
    assign = {"AssigneeId": "@{user.id}", "PermissionSetId": "@{sets.records[0].Id}"}

    answers = org.composite(
        sub("sets", "GET", f"query?q={where}"),
        sub("user", "POST", "sobjects/User", org.person()),
        sub("assigned", "POST", "sobjects/PermissionSetAssignment", assign),
        sub("read", "GET", "sobjects/User/@{user.id}?fields=Username"),
    )

    assert [status for status, _ in answers] == [200, 201, 201, 200]
    assert answers[3][1]["Username"] == "ann@acme.example.crm"
    ann = org.emulator.org.user("ann@acme.example.crm")
    assert ann is not None
    assert ann.permission_sets == ("AcmeCrmUser",)
    assert org.emulator.api_calls == before + 1


def test_without_all_or_none_only_the_dependent_is_halted(org: Org) -> None:
    # REST guide "Composite": "Invalid reference specified. No value for … found in …"
    assign = {"AssigneeId": "@{user.id}", "PermissionSetId": org.ids["AcmeCrmUser"]}

    answers = org.composite(
        sub("user", "POST", "sobjects/User", {"LastName": "incomplete"}),
        sub("assigned", "POST", "sobjects/PermissionSetAssignment", assign),
        sub("other", "POST", "sobjects/User", org.person("bob")),
    )

    assert code(answers[0][1]) == "REQUIRED_FIELD_MISSING"
    assert code(answers[1][1]) == "PROCESSING_HALTED"
    assert answers[1][1][0]["message"].startswith(
        "Invalid reference specified. No value for user.id"
    )
    assert answers[2][0] == 201


def test_all_or_none_undoes_everything_and_says_so(org: Org) -> None:
    # REST guide "Composite", allOrNone; salesforce.md §6.6
    seats = org.emulator.org.licence("Salesforce")

    answers = org.composite(
        sub("user", "POST", "sobjects/User", org.person()),
        sub("same", "POST", "sobjects/User", org.person()),
        sub("read", "GET", "sobjects/User/@{user.id}"),
        allOrNone=True,
    )

    assert [code(body) for _, body in answers] == [
        "PROCESSING_HALTED",
        "DUPLICATE_USERNAME",
        "PROCESSING_HALTED",
    ]
    assert org.emulator.org.user("ann@acme.example.crm") is None
    assert org.emulator.org.licence("Salesforce") == seats
    assert org.sf.User.create(org.person())["success"]


def test_a_rollback_restores_deleted_rows_and_pending_addresses(org: Org) -> None:
    # REST guide "Composite", allOrNone: nothing of it stays, deletes and mails included
    user = org.sf.User.create(org.person())["id"]
    inbox = org.assignment("InboxWithEinsteinActivityCapture", user)
    row = org.collection(inbox)[0]["id"]

    answers = org.composite(
        sub("gone", "DELETE", f"sobjects/PermissionSetAssignment/{row}"),
        sub("mail", "PATCH", f"sobjects/User/{user}", {"Email": "new@acme.example"}),
        sub("fails", "POST", "composite/sobjects", {"records": [inbox, inbox]}),
        allOrNone=True,
    )

    found = org.emulator.org.user(user)
    assert found is not None
    assert [status for status, _ in answers] == [400, 400, 400]
    assert found.permission_sets == ("InboxWithEinsteinActivityCapture",)
    assert found.permission_set_licences == ("InboxWithEinsteinActivityCapturePsl",)
    assert org.emulator.org.outbox == []
    assert org.sf.PermissionSetAssignment.get(row)["Id"] == row


@pytest.mark.parametrize("number", [6, 26])
def test_a_composite_has_limits(org: Org, number: int) -> None:
    # salesforce.md §4: 25 subrequests, of which 5 queries; the code is [M]
    query = "query?q=SELECT+Id+FROM+User"
    path = query if number == 6 else "sobjects/User/describe"

    with pytest.raises(SalesforceMalformedRequest) as caught:
        org.composite(*(sub(f"r{n}", "GET", path) for n in range(number)))

    assert code(caught.value.content) == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    "broken",
    [
        [],
        [{"method": "GET", "url": f"{V}/query"}],
        [sub("a", "GET", "sobjects"), sub("a", "GET", "sobjects")],
        [sub("not ok", "GET", "sobjects")],
    ],
)
def test_a_broken_composite_runs_nothing(org: Org, broken: list[Any]) -> None:
    # Salesforce developers' blog 2017/02, "Handle Errors with Composite Resources"
    with pytest.raises(SalesforceMalformedRequest):
        org.composite(*broken)


def test_setup_and_business_writes_do_not_mix(org: Org) -> None:
    # Apex guide "sObjects That Cannot Be Used Together in DML Operations" (D10)
    answers = org.composite(
        sub("user", "POST", "sobjects/User", org.person()),
        sub("account", "POST", "sobjects/Account", {"Name": "Globex"}),
    )

    assert (answers[0][0], code(answers[1][1])) == (201, "MIXED_DML_OPERATION")
    assert org.sf.Account.create({"Name": "Globex"})["success"]


def test_a_collection_succeeds_in_parts_with_200(org: Org) -> None:
    # REST guide "sObject Collections"; salesforce.md §1.4
    user = org.sf.User.create(org.person())["id"]

    results = org.collection(
        org.assignment("AcmeCrmUser", user),
        org.assignment("AcmeCrmUser", user),
        org.assignment("AcmeCrmAdmin", user),
    )

    assert [one["success"] for one in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_a_collection_with_all_or_none_keeps_nothing(org: Org) -> None:
    # REST guide "sObject Collections", allOrNone
    user = org.sf.User.create(org.person())["id"]

    results = org.collection(
        org.assignment("AcmeCrmUser", user), org.assignment("AcmeCrmUser", user), allOrNone=True
    )

    codes = [one["errors"][0]["statusCode"] for one in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "DUPLICATE_VALUE"]
    found = org.emulator.org.user(user)
    assert found is not None
    assert found.permission_sets == ()


def test_a_collection_updates_and_deletes_by_id(org: Org) -> None:
    # REST guide "sObject Collections": PATCH with id, DELETE with ?ids=
    user = org.sf.User.create(org.person())["id"]
    row = org.collection(org.assignment("AcmeCrmUser", user))[0]["id"]

    changed = org.collection(
        {"attributes": {"type": "User"}, "id": user, "Title": "AE"}, method="PATCH"
    )
    path = f"composite/sobjects?ids={row},{row},nonsense"
    deleted = org.sf.restful(path, method="DELETE")

    assert changed[0]["success"]
    assert [one["success"] for one in deleted] == [True, False, False]
    codes = [one["errors"][0]["statusCode"] for one in deleted[1:]]
    assert codes == ["ENTITY_IS_DELETED", "MALFORMED_ID"]


def test_a_collection_with_a_setup_object_has_one_type(org: Org) -> None:
    # REST guide "Create Multiple Records with Fewer Round-Trips" (D9)
    account = {"attributes": {"type": "Account"}, "Name": "Globex"}
    user = {"attributes": {"type": "User"}} | org.person()

    with pytest.raises(SalesforceMalformedRequest):
        org.collection(account, user)
    with pytest.raises(SalesforceMalformedRequest) as many:
        org.collection(*[account] * 201)

    assert code(many.value.content) == "LIMIT_EXCEEDED"
    assert org.sf.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_an_unmodelled_subrequest_undoes_the_composite_and_says_so(org: Org) -> None:
    # Design of the sandbox: 501, and nothing half done
    headers = {"Authorization": f"Bearer {org.sf.session_id}"}
    group = sub("group", "POST", "sobjects/Territory2", {"Name": "x"})
    body = {"compositeRequest": [sub("user", "POST", "sobjects/User", org.person()), group]}

    url = f"{org.emulator.url}{V}/composite"
    answer = org.session.post(url, json=body, headers=headers, timeout=9)

    assert answer.status_code == 501
    assert org.emulator.org.user("ann@acme.example.crm") is None
