"""Users of the Salesforce emulator: names, fields, upsert, passwords; with sources."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceError

from bot.sandbox.salesforce import SalesforceEmulator, UsernameRegistry, UserSnapshot

PERSON = "sobjects/User/Usher_Person_Id__c"


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


def test_a_created_user_is_active_with_login_row_and_profile_set(crm: Crm) -> None:
    # Object reference UserLogin; salesforce.md §2: one assignment with IsOwnedByProfile=true
    user_id = crm.create(Usher_Person_Id__c="p004")

    login = crm.sf.query(format_soql("SELECT IsFrozen FROM UserLogin WHERE UserId = {}", user_id))
    owned = crm.sf.query(
        format_soql(
            "SELECT PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment "
            "WHERE AssigneeId = {}",
            user_id,
        )
    )
    one = crm.user("p004")
    assert (one.is_active, one.profile, one.licence) == (True, "Standard User", "Salesforce")
    assert [row["IsFrozen"] for row in login["records"]] == [False]
    assert [row["PermissionSet"]["IsOwnedByProfile"] for row in owned["records"]] == [True]
    assert one.permission_sets == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"LastName": "leave out"}, "REQUIRED_FIELD_MISSING", id="§1.1-required"),
        pytest.param({"ProfileId": None}, "REQUIRED_FIELD_MISSING", id="§1.1-profile"),
        pytest.param({"Alias": "nine chars"}, "STRING_TOO_LONG", id="§1.1-alias-8"),
        pytest.param({"Username": "ann"}, "FIELD_INTEGRITY_EXCEPTION", id="§1.1-username-form"),
        pytest.param({"Username": "a" * 80 + "@b.co"}, "STRING_TOO_LONG", id="§10-username-80"),
        pytest.param({"Email": "ann at acme"}, "INVALID_EMAIL_ADDRESS", id="§1.1-email"),
        pytest.param(
            {"TimeZoneSidKey": "Mars/Base"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            id="§1.1-time-zone",
        ),
        pytest.param(
            {"LanguageLocaleKey": "tlh"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            id="§1.1-language-not-enabled",
        ),
        pytest.param(
            {"CommunityNickname": "gus.hale"}, "DUPLICATE_COMM_NICKNAME", id="§1.1-nickname"
        ),
        pytest.param({"ProfileId": "005000000000001"}, "MALFORMED_ID", id="§1.5-id-of-wrong-type"),
        pytest.param(
            {"ProfileId": "00e000000000001"}, "INVALID_CROSS_REFERENCE_KEY", id="§1.1-no-profile"
        ),
        pytest.param({"Nonsense__c": "x"}, "INVALID_FIELD", id="§6.2-unknown-field"),
        pytest.param({"IsActive": "yes"}, "JSON_PARSER_ERROR", id="rest-guide-types"),
        pytest.param(
            {"CreatedDate": "2026-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            id="object-reference-system-fields",
        ),
        pytest.param({"Usher_Person_Id__c": "p015"}, "DUPLICATE_VALUE", id="§1.5-unique-field"),
    ],
)
def test_a_user_with_a_bad_field_is_refused(crm: Crm, changes: dict[str, Any], code: str) -> None:
    # salesforce.md §1.1 and §1.5, REST guide: the section is the id of each case
    before = crm.org.licence("Salesforce")

    with pytest.raises(SalesforceError) as caught:
        crm.create(**changes)

    assert refusal(caught) == (400, code)
    assert crm.org.licence("Salesforce") == before


def test_a_user_name_is_unique_in_any_case_and_over_orgs_and_for_ever(
    crm: Crm, tmp_path: Path
) -> None:
    # salesforce.md §1.1: all orgs, inactive users too
    registry = UsernameRegistry()
    SalesforceEmulator(registry=registry, bot_username="usher@acme.example.sandbox")
    other = Crm(SalesforceEmulator(registry=registry), tmp_path / "other.pem")
    crm.org.occupy_username("taken@acme.example.crm")
    refusals = []
    for one, name in (
        (crm, "taken@acme.example.crm"),
        (crm, "ZOE.WILD@acme.example.crm"),
        (other, "Gus.Hale@acme.example.SANDBOX"),
    ):
        with pytest.raises(SalesforceError) as caught:
            one.create(Username=name)
        refusals.append(refusal(caught))
    other.session.close()
    other.emulator.close()

    assert refusals == [(400, "DUPLICATE_USERNAME")] * 3
    assert caught.value.content[0]["fields"] == ["Username"]


def test_a_refused_create_frees_its_user_name_again(crm: Crm) -> None:
    # salesforce.md §6.6: nothing of a refused write stays
    with pytest.raises(SalesforceError):
        crm.create(CommunityNickname="gus.hale")

    assert crm.user(crm.create()).username == "ann.ortiz@acme.example.crm"


def test_a_changed_user_name_is_free_for_others(crm: Crm) -> None:
    # Help 000005244: or change the other's user name
    user_id = crm.create()
    crm.sf.User.update(user_id, {"Username": "ann.new@acme.example.crm"})

    crm.create(CommunityNickname="second")

    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.update(user_id, {"Username": "ann.ortiz@acme.example.crm"})
    assert refusal(caught) == (400, "DUPLICATE_USERNAME")


def test_a_federation_identifier_is_unique_and_case_sensitive(crm: Crm) -> None:
    # salesforce.md §1.1, D4
    crm.create(FederationIdentifier="Ann")
    second = {"Username": "b@acme.example.crm", "CommunityNickname": "b"}
    crm.create(**second, FederationIdentifier="ann")

    with pytest.raises(SalesforceError) as caught:
        crm.create(Username="c@acme.example.crm", CommunityNickname="c", FederationIdentifier="Ann")

    assert refusal(caught) == (400, "DUPLICATE_VALUE")


def test_upsert_by_external_id_creates_then_updates(crm: Crm) -> None:
    # REST guide "Upsert Records": 201, then 200 with created since 46.0, 204 before
    first = crm.sf.restful(f"{PERSON}/p004", method="PATCH", json=crm.person())
    second = crm.sf.restful(f"{PERSON}/p004", method="PATCH", json={"Title": "AE"})
    old = crm.sdk("45.0").restful(f"{PERSON}/p004", method="PATCH", json={"Title": "AE 2"})

    assert (first["created"], second["created"], old) == (True, False, None)
    assert first["id"] == second["id"] == crm.user("p004").id
    assert crm.sf.restful(f"{PERSON}/p004?fields=Title")["Title"] == "AE 2"


def test_an_external_id_is_case_sensitive_and_survives_escaping(crm: Crm) -> None:
    # Case-sensitive external id field (issue brief); REST guide: the value is a path segment
    crm.sf.restful(f"{PERSON}/hr%2F4%3Fx", method="PATCH", json=crm.person())

    with pytest.raises(SalesforceError) as caught:
        crm.sf.restful(f"{PERSON}/HR%2F4%3Fx")

    assert refusal(caught) == (404, "NOT_FOUND")
    assert crm.user("hr/4?x").external_id == "hr/4?x"


def test_an_ambiguous_external_id_answers_300_with_the_matches(crm: Crm) -> None:
    # REST guide "Upsert Records": 300 if the id is not unique
    ids = [
        crm.create(Badge_Number__c="7"),
        crm.create(Username="b@acme.example.crm", CommunityNickname="b", Badge_Number__c="7"),
    ]

    with pytest.raises(SalesforceError) as caught:
        crm.sf.restful("sobjects/User/Badge_Number__c/7", method="PATCH", json={"Title": "x"})

    assert caught.value.status == 300
    assert caught.value.content == [f"/services/data/v62.0/sobjects/User/{one}" for one in ids]


def test_the_external_id_may_not_be_in_an_upserts_body(crm: Crm) -> None:
    # REST guide "Upsert Records"
    body = crm.person(Usher_Person_Id__c="p004")

    with pytest.raises(SalesforceError) as caught:
        crm.sf.restful(f"{PERSON}/p004", method="PATCH", json=body)

    assert refusal(caught) == (400, "INVALID_FIELD")


def test_records_are_read_by_15_and_18_character_ids(crm: Crm) -> None:
    # Help "ID Field Types"; salesforce.md §6.2
    user_id = crm.create()

    short = crm.sf.User.get(user_id[:15])
    some = crm.sf.restful(f"sobjects/User/{user_id.lower()}?fields=Id,username")

    assert len(user_id) == 18
    assert user_id.startswith("005")
    assert short["Id"] == user_id
    assert {name for name in some if name != "attributes"} == {"Id", "Username"}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda sf: sf.User.get("0055g0000009999"), (404, "NOT_FOUND")),
        (lambda sf: sf.User.update("nonsense", {"Title": "x"}), (400, "MALFORMED_ID")),
        (
            lambda sf: sf.User.update("0055g0000009999", {"Title": "x"}),
            (404, "INVALID_CROSS_REFERENCE_KEY"),
        ),
        (lambda sf: sf.Usr.get("0055g0000009999"), (404, "NOT_FOUND")),
        (lambda sf: sf.UserLogin.create({"IsFrozen": True}), (400, "INVALID_TYPE_FOR_OPERATION")),
        (lambda sf: sf.Profile.create({"Name": "x"}), (400, "INVALID_TYPE_FOR_OPERATION")),
    ],
)
def test_wrong_ids_and_calls_have_the_vendors_errors(
    crm: Crm, call: Any, expected: tuple[int, str]
) -> None:
    # salesforce.md §1.5
    with pytest.raises(SalesforceError) as caught:
        call(crm.sf)

    assert refusal(caught) == expected


def test_users_cannot_be_deleted(crm: Crm) -> None:
    # salesforce.md §1: users are never deletable
    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.delete(crm.create())

    assert refusal(caught) == (400, "INVALID_TYPE_FOR_OPERATION")


def test_a_changed_address_waits_for_its_confirmation(crm: Crm) -> None:
    # Help 000385115: 204, and the value is unchanged until the link is clicked
    user_id = crm.create()

    status = crm.sf.User.update(user_id, {"Email": "ann.new@acme.example"})

    assert (status, crm.user(user_id).email) == (204, "ann.ortiz@acme.example")
    assert [mail.to for mail in crm.org.outbox] == ["ann.new@acme.example"]
    crm.org.confirm_email(user_id)
    assert crm.user(user_id).email == "ann.new@acme.example"


def test_a_password_is_set_without_a_mail(crm: Crm) -> None:
    # REST guide "Set User Password": 204 and no body
    user_id = crm.create()

    assert crm.sf.set_password(user_id, "correct h0rse") is None
    assert crm.sf.restful(f"sobjects/User/{user_id}/password") == {"isExpired": False}
    assert (crm.user(user_id).last_password, crm.user(user_id).passwords_set) == (
        "correct h0rse",
        1,
    )
    assert crm.org.outbox == []


@pytest.mark.parametrize(
    "password", ["short1", "onlyletters", "12345678", "x1ANN.ORTIZ2y", "", "used before 1"]
)
def test_a_password_against_the_policy_is_refused(crm: Crm, password: str) -> None:
    # REST guide "sObject User Password": INVALID_NEW_PASSWORD; help "Set Password Policies"
    user_id = crm.create()
    crm.sf.set_password(user_id, "used before 1")

    with pytest.raises(SalesforceError) as caught:
        crm.sf.set_password(user_id, password)

    assert refusal(caught) == (400, "INVALID_NEW_PASSWORD")
    assert crm.user(user_id).passwords_set == 1


def test_a_password_may_return_after_three_others(crm: Crm) -> None:
    # Help "Set Password Policies": 3 passwords remembered
    user_id = crm.create()
    for number in (1, 2, 3, 4, 1):
        crm.sf.set_password(user_id, f"pass phrase {number}")

    assert crm.user(user_id).passwords_set == 5


def test_a_reset_returns_a_password_and_mails(crm: Crm) -> None:
    # REST guide "Reset User Password"; salesforce.md §1.4
    user_id = crm.create()

    answer = crm.sf.restful(f"sobjects/User/{user_id}/password", method="DELETE")

    assert len(answer["NewPassword"]) >= 8
    assert [mail.to for mail in crm.org.reset_emails] == ["ann.ortiz@acme.example"]


def test_describe_tells_what_a_preflight_needs(crm: Crm) -> None:
    # REST guide "sObject Describe"
    fields = {one["name"]: one for one in crm.sf.User.describe()["fields"]}

    key = fields["Usher_Person_Id__c"]
    assert (key["externalId"], key["unique"], key["caseSensitive"]) == (True, True, True)
    assert fields["Alias"]["length"] == 8
    assert {"value": "GMT", "label": "GMT", "active": True, "defaultValue": False} in fields[
        "TimeZoneSidKey"
    ]["picklistValues"]
    assert "User" in {one["name"] for one in crm.sf.describe()["sobjects"]}


def test_the_orgs_own_rule_and_lost_locks_refuse_writes(crm: Crm) -> None:
    # salesforce.md §1.5
    crm.org.require_validation_rule("Cost centre is missing")
    with pytest.raises(SalesforceError) as by_rule:
        crm.create()
    crm.org.clear_validation_rule()
    crm.org.lock_rows(1)
    with pytest.raises(SalesforceError) as by_lock:
        crm.create()

    assert refusal(by_rule) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert by_rule.value.content[0]["message"] == "Cost centre is missing"
    assert refusal(by_lock) == (400, "UNABLE_TO_LOCK_ROW")
    assert crm.create()
