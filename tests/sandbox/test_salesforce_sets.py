"""Permission sets and their licences in the Salesforce emulator, with sources."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceError

from bot.sandbox.salesforce import SalesforceEmulator, UserSnapshot

INBOX = "InboxWithEinsteinActivityCapture"
INBOX_PSL = "InboxWithEinsteinActivityCapturePsl"


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Crm:
    """An org behind the real SDK, with the few things every case needs."""

    def __init__(self, emulator: SalesforceEmulator, ca_file: Path) -> None:
        self.emulator, self.org = emulator, emulator.org
        self.url = emulator.serve_tls()
        ca_file.write_bytes(emulator.ca_pem)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(ca_file)
        self.sf = self.sdk()

    def sdk(self, version: str = "62.0") -> Salesforce:
        app = (self.emulator.client_id, self.emulator.client_secret)
        form = {"grant_type": "client_credentials"}
        url = f"{self.url}/services/oauth2/token"
        token = self.session.post(url, data=form, auth=app, timeout=9).json()["access_token"]
        return Salesforce(
            instance_url=self.url, session_id=token, session=self.session, version=version
        )

    def id_of(self, entity: str, name: str, column: str = "Name") -> str:
        text = "SELECT Id FROM {:literal} WHERE {:literal} = {}"
        found = self.sf.query(format_soql(text, entity, column, name))
        return str(found["records"][0]["Id"])

    def person(self, **changes: Any) -> dict[str, Any]:
        values = {
            "Username": "ann.ortiz@acme.example.crm",
            "FirstName": "Ann",
            "LastName": "Ortiz",
            "Email": "ann.ortiz@acme.example",
            "Alias": "aortiz",
            "CommunityNickname": "ann.ortiz.1f2e",
            "TimeZoneSidKey": "America/New_York",
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US",
            "ProfileId": self.id_of("Profile", "Standard User"),
        }
        return {name: one for name, one in (values | changes).items() if one != "leave out"}

    def create(self, **changes: Any) -> str:
        return str(self.sf.User.create(self.person(**changes))["id"])

    def user(self, key: str) -> UserSnapshot:
        found = self.org.user(key)
        assert found is not None
        return found

    def assign(self, user_id: str, name: str, **more: Any) -> str:
        body = {"AssigneeId": user_id, "PermissionSetId": self.id_of("PermissionSet", name)}
        return str(self.sf.PermissionSetAssignment.create(body | more)["id"])

    def assign_psl(self, user_id: str, name: str = INBOX_PSL) -> str:
        psl = self.id_of("PermissionSetLicense", name, "DeveloperName")
        body = {"AssigneeId": user_id, "PermissionSetLicenseId": psl}
        return str(self.sf.PermissionSetLicenseAssign.create(body)["id"])


def refusal(caught: pytest.ExceptionInfo[SalesforceError]) -> tuple[int, str]:
    return caught.value.status, caught.value.content[0]["errorCode"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def crm(tmp_path: Path, clock: Clock) -> Iterator[Crm]:
    one = Crm(SalesforceEmulator(clock=clock), tmp_path / "ca.pem")
    yield one
    one.session.close()
    one.emulator.close()


def test_a_set_brings_its_licence_and_takes_it_away(crm: Crm) -> None:
    # Help users_permissionset_licenses_and_perm_sets, users_permissionset_licenses_remove
    user_id = crm.create()
    assignment = crm.assign(user_id, INBOX)
    assert crm.user(user_id).permission_set_licences == (INBOX_PSL,)

    crm.sf.PermissionSetAssignment.delete(assignment)

    assert crm.user(user_id).permission_set_licences == ()
    assert crm.org.psl(INBOX_PSL) == (3, 0)


def test_a_licence_stays_while_another_set_needs_it_or_it_came_directly(crm: Crm) -> None:
    # salesforce.md §2, "Not freed by"
    ann = crm.create()
    first, second = crm.assign(ann, INBOX), crm.assign(ann, "AcmeInboxBeta")
    crm.sf.PermissionSetAssignment.delete(first)
    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)
    crm.sf.PermissionSetAssignment.delete(second)
    assert crm.user(ann).permission_set_licences == ()

    direct = crm.assign_psl(ann)
    crm.sf.PermissionSetAssignment.delete(crm.assign(ann, INBOX))
    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)
    crm.sf.PermissionSetLicenseAssign.delete(direct)
    assert crm.org.psl(INBOX_PSL) == (3, 0)


def test_a_licence_under_a_set_is_not_taken_away(crm: Crm) -> None:
    # Strict reading of D15: remove the set first
    ann = crm.create()
    crm.assign(ann, INBOX)
    row = crm.sf.query("SELECT Id FROM PermissionSetLicenseAssign")["records"][0]["Id"]

    with pytest.raises(SalesforceError) as caught:
        crm.sf.PermissionSetLicenseAssign.delete(row)

    assert refusal(caught) == (400, "FIELD_INTEGRITY_EXCEPTION")


@pytest.mark.parametrize("way", ["set", "licence"])
def test_an_exhausted_permission_set_licence_refuses_both_ways(crm: Crm, way: str) -> None:
    # salesforce.md §6.4; the code is [M]
    ann = crm.create()
    crm.org.set_total(INBOX_PSL, 0)

    with pytest.raises(SalesforceError) as caught:
        crm.assign(ann, INBOX) if way == "set" else crm.assign_psl(ann)

    assert refusal(caught) == (400, "LICENSE_LIMIT_EXCEEDED")
    assert crm.user(ann).permission_sets == ()


def test_duplicates_have_the_vendors_sentence(crm: Crm) -> None:
    # salesforce.md §1.4: nine public tools match the text
    ann, crm_set = crm.create(), crm.id_of("PermissionSet", "AcmeCrmUser")
    crm.assign(ann, "AcmeCrmUser")
    crm.assign_psl(ann)

    with pytest.raises(SalesforceError) as of_set:
        crm.assign(ann, "AcmeCrmUser")
    with pytest.raises(SalesforceError) as of_licence:
        crm.assign_psl(ann)

    sentence = f"Duplicate PermissionSetAssignment. Assignee: {ann}; Permission Set: {crm_set}"
    assert of_set.value.content[0]["message"] == sentence
    assert refusal(of_set) == refusal(of_licence) == (400, "DUPLICATE_VALUE")


def test_deactivation_keeps_sets_and_their_licences(crm: Crm) -> None:
    # salesforce.md §1, RESIDUE; help 000394412
    ann = crm.create()
    crm.assign(ann, INBOX)
    crm.sf.User.update(ann, {"IsActive": False})

    assert crm.user(ann).permission_sets == (INBOX,)
    assert crm.org.psl(INBOX_PSL) == (3, 1)
    assert crm.org.licence("Salesforce") == (12, 6)


def test_a_set_of_another_licence_is_refused(crm: Crm) -> None:
    # Vendor sentence: salesforce.md §1.5, FIELD_INTEGRITY_EXCEPTION
    ann = crm.create(ProfileId=crm.id_of("Profile", "Chatter Free User"))

    with pytest.raises(SalesforceError) as caught:
        crm.assign(ann, "AcmeCrmReports")

    assert refusal(caught) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert "The user license doesn't allow the permission" in caught.value.content[0]["message"]


def test_an_assignment_expires_by_the_clock(crm: Crm, clock: Clock) -> None:
    # Object reference PermissionSetAssignment.ExpirationDate; the kept row is [M]
    ann = crm.create()
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now + 3600))
    row = crm.assign(ann, "AcmeCrmUser", ExpirationDate=ends)
    assert crm.user(ann).expirations["AcmeCrmUser"] is not None

    clock.now += 3601

    assert crm.user(ann).permission_sets == ()
    assert crm.sf.PermissionSetAssignment.get(row)["IsActive"] is False


def test_an_expiration_is_refused_for_granting_sets_and_inactive_users(
    crm: Crm, clock: Clock
) -> None:
    # Help permissions_assign_expire_how
    ann, ends = crm.create(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now + 3600))
    with pytest.raises(SalesforceError) as granting:
        crm.assign(ann, "AcmeCrmAdmin", ExpirationDate=ends)
    with pytest.raises(SalesforceError) as inactive:
        crm.assign(crm.user("p015").id, "AcmeCrmUser", ExpirationDate=ends)

    assert refusal(granting) == refusal(inactive) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_an_expiration_can_be_changed_and_nothing_else(crm: Crm, clock: Clock) -> None:
    # Object reference PermissionSetAssignment (D12)
    row = crm.assign(crm.create(), "AcmeCrmUser")
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime(clock.now + 3600))
    crm.sf.PermissionSetAssignment.update(row, {"ExpirationDate": ends})

    with pytest.raises(SalesforceError) as caught:
        crm.sf.PermissionSetAssignment.update(row, {"AssigneeId": crm.user("p015").id})

    assert crm.sf.PermissionSetAssignment.get(row)["ExpirationDate"] == ends
    assert refusal(caught) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_a_second_delete_says_that_the_row_is_gone(crm: Crm) -> None:
    # salesforce.md §1.4: 404, ENTITY_IS_DELETED
    row = crm.assign(crm.create(), "AcmeCrmUser")
    crm.sf.PermissionSetAssignment.delete(row)

    with pytest.raises(SalesforceError) as caught:
        crm.sf.PermissionSetAssignment.delete(row)

    assert refusal(caught) == (404, "ENTITY_IS_DELETED")


def test_a_profiles_own_set_cannot_be_assigned_or_taken(crm: Crm) -> None:
    # salesforce.md §2; the code is [M]
    ann = crm.create()
    own = crm.sf.query(
        format_soql(
            "SELECT Id, PermissionSetId FROM PermissionSetAssignment "
            "WHERE AssigneeId = {} AND PermissionSet.IsOwnedByProfile = true",
            ann,
        )
    )["records"][0]
    body = {"AssigneeId": crm.user("p015").id, "PermissionSetId": own["PermissionSetId"]}

    with pytest.raises(SalesforceError) as given:
        crm.sf.PermissionSetAssignment.create(body)
    with pytest.raises(SalesforceError) as taken:
        crm.sf.PermissionSetAssignment.delete(own["Id"])

    assert refusal(given) == refusal(taken) == (400, "FIELD_INTEGRITY_EXCEPTION")
