"""Seats, permission sets and the life of a user in the Salesforce emulator; with sources."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceError

from bot.sandbox.salesforce import SalesforceEmulator, UserSnapshot

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


def test_the_seed_has_a_bot_an_admin_four_sellers_and_one_who_left(crm: Crm) -> None:
    # Example company of the sandbox
    users = crm.org.users()

    assert len(users) == 7
    assert crm.org.licence("Salesforce") == (12, 6)
    assert [one.external_id for one in users if not one.is_active] == ["p015"]
    assert crm.org.psl(INBOX_PSL) == (3, 0)


def test_a_full_licence_refuses_create_and_reactivation(crm: Crm) -> None:
    # salesforce.md §2; help 000384982
    crm.org.set_total("Salesforce", 6)
    codes = []
    for attempt in (
        crm.create,
        lambda: crm.sf.User.update(crm.user("p015").id, {"IsActive": True}),
    ):
        with pytest.raises(SalesforceError) as caught:
            attempt()
        codes.append(refusal(caught))

    assert codes == [(400, "LICENSE_LIMIT_EXCEEDED")] * 2
    assert crm.create(IsActive=False)
    assert crm.org.licence("Salesforce") == (6, 6)


def test_a_freeze_keeps_the_seat_and_a_deactivation_frees_it(crm: Crm) -> None:
    # salesforce.md §1.2 and §2
    user_id = crm.create()
    login = crm.sf.query(format_soql("SELECT Id FROM UserLogin WHERE UserId = {}", user_id))[
        "records"
    ][0]["Id"]

    crm.sf.UserLogin.update(login, {"IsFrozen": True})
    assert (crm.user(user_id).is_frozen, crm.org.licence("Salesforce")) == (True, (12, 7))

    crm.sf.User.update(user_id, {"IsActive": False})
    assert crm.org.licence("Salesforce") == (12, 6)


def test_an_oversubscribed_pool_refuses_even_after_one_left(crm: Crm) -> None:
    # Help 000384813: used 10 of 5
    user_id = crm.create()
    crm.org.set_total("Salesforce", 3)
    crm.sf.User.update(user_id, {"IsActive": False})

    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.update(user_id, {"IsActive": True})

    assert refusal(caught) == (400, "LICENSE_LIMIT_EXCEEDED")


def test_a_profile_of_another_licence_moves_the_seat_or_is_refused(crm: Crm) -> None:
    # salesforce.md §1.2, Modify
    user_id = crm.create()
    crm.sf.User.update(user_id, {"ProfileId": crm.id_of("Profile", "Chatter Free User")})
    assert (crm.org.licence("Salesforce"), crm.org.licence("Chatter Free")[1]) == ((12, 6), 1)

    crm.org.set_total("Salesforce", 6)
    with pytest.raises(SalesforceError) as full:
        crm.sf.User.update(user_id, {"ProfileId": crm.id_of("Profile", "Read Only")})
    integration = crm.id_of("Profile", "Minimum Access - API Only Integrations")
    with pytest.raises(SalesforceError) as incompatible:
        crm.sf.User.update(user_id, {"ProfileId": integration})

    assert refusal(full) == (400, "LICENSE_LIMIT_EXCEEDED")
    assert refusal(incompatible) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert incompatible.value.content[0]["fields"] == ["ProfileId"]


def test_a_profile_move_that_strands_a_set_is_refused(crm: Crm) -> None:
    # salesforce.md §1.2, Modify: remove incompatible sets first
    ann, chatter = crm.create(), crm.id_of("Profile", "Chatter Free User")
    row = crm.assign(ann, "AcmeCrmReports")
    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.update(ann, {"ProfileId": chatter})

    crm.sf.PermissionSetAssignment.delete(row)

    assert refusal(caught) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert crm.sf.User.update(ann, {"ProfileId": chatter}) == 204


def test_a_new_profile_brings_its_own_permission_set(crm: Crm) -> None:
    # salesforce.md §2: one assignment with IsOwnedByProfile=true
    user_id, read_only = crm.create(), crm.id_of("Profile", "Read Only")
    crm.sf.User.update(user_id, {"ProfileId": read_only})

    rows = crm.sf.query(
        format_soql(
            "SELECT PermissionSet.ProfileId FROM PermissionSetAssignment "
            "WHERE AssigneeId = {} AND PermissionSet.IsOwnedByProfile = true",
            user_id,
        )
    )["records"]
    assert [row["PermissionSet"]["ProfileId"] for row in rows] == [read_only]


def test_a_feature_licence_is_counted(crm: Crm) -> None:
    # Help 000387847: the same sentence for feature licences
    crm.org.set_total("UserPermissionsMarketingUser", 1)
    crm.create(UserPermissionsMarketingUser=True)

    with pytest.raises(SalesforceError) as caught:
        crm.create(
            Username="b@acme.example.crm",
            CommunityNickname="b",
            UserPermissionsMarketingUser=True,
        )

    assert refusal(caught) == (400, "LICENSE_LIMIT_EXCEEDED")
    assert crm.org.feature("UserPermissionsMarketingUser") == (1, 1)


def test_shown_counters_can_lag_behind_the_true_ones(crm: Crm) -> None:
    # salesforce.md §2: UsedLicensesLastUpdated
    crm.org.lag_counters()
    crm.create()

    query = "SELECT UsedLicenses FROM UserLicense WHERE Name = 'Salesforce'"
    shown = crm.sf.query(query)["records"][0]["UsedLicenses"]

    assert (shown, crm.org.licence("Salesforce")[1]) == (6, 7)
    crm.org.lag_counters(is_lagging=False)
    assert crm.sf.query(query)["records"][0]["UsedLicenses"] == 7


def test_a_blocked_deactivation_is_refused_with_its_reason(crm: Crm) -> None:
    # salesforce.md §1.3
    ann, reason = crm.create(), "This user is the default lead owner."
    crm.org.add_blocker(ann, reason)

    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.update(ann, {"IsActive": False})

    assert caught.value.content[0]["message"] == reason
    assert crm.user(ann).is_active
    crm.org.remove_blocker(ann)
    crm.sf.User.update(ann, {"IsActive": False})
    assert not crm.user(ann).is_active


def test_the_bot_cannot_lock_itself_out_unnoticed(crm: Crm) -> None:
    # salesforce.md §6 P1: freeze, then 401 on the next call
    bot = crm.user(crm.emulator.bot_username)
    with pytest.raises(SalesforceError) as caught:
        crm.sf.User.update(bot.id, {"IsActive": False})
    login = crm.sf.query(format_soql("SELECT Id FROM UserLogin WHERE UserId = {}", bot.id))[
        "records"
    ][0]["Id"]
    crm.sf.UserLogin.update(login, {"IsFrozen": True})

    with pytest.raises(SalesforceError) as frozen:
        crm.sf.query("SELECT Id FROM User")

    assert refusal(caught) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert refusal(frozen) == (401, "INVALID_SESSION_ID")


def test_inactive_users_take_no_ownership(crm: Crm) -> None:
    # salesforce.md §1.5, INACTIVE_OWNER_OR_USER
    with pytest.raises(SalesforceError) as caught:
        crm.sf.Account.create({"Name": "Globex", "OwnerId": crm.user("p015").id})

    assert refusal(caught) == (400, "INACTIVE_OWNER_OR_USER")
