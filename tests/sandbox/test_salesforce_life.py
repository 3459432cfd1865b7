"""Addresses, log-ins, tokens and rights of users in the Salesforce emulator; with sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.salesforce import SalesforceEmulator
from tests.sandbox.salesforce_org import BOT, GUS, Client
from tests.sandbox.salesforce_people import SELLERS, People

DAY = 86_400.0
DENIED = "INSUFFICIENT_ACCESS_OR_READONLY"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    one = People(tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: People) -> Iterator[People]:
    yield shared
    shared.reset()
    shared.admin.change_profile(BOT, "System Administrator")
    shared.admin.freeze(BOT, is_frozen=False)
    shared.log_in()


def token(crm: Client) -> tuple[int, dict[str, Any]]:
    app = (crm.emulator.client_id, crm.emulator.client_secret)
    form = {"grant_type": "client_credentials"}
    url = f"{crm.url}/services/oauth2/token"
    answer = crm.session.post(url, data=form, auth=app, timeout=9)
    return answer.status_code, answer.json()


# ---- addresses


def test_a_changed_address_waits_three_days_and_no_longer(crm: People) -> None:
    # D3, help 000385115: 72 hours
    ann = crm.make()
    before = crm.user(ann).email
    crm.patch("User", ann, Email="late@acme.example")
    crm.clock.now += 3 * DAY + 1

    assert crm.org.confirm_email(ann) is False
    assert crm.user(ann).email == before
    crm.log_in()


def test_a_click_in_time_counts(crm: People) -> None:
    # D3
    ann = crm.make()
    crm.patch("User", ann, Email="new@acme.example")
    crm.clock.now += 3 * DAY - 1

    assert crm.org.confirm_email(ann) is True
    assert crm.user(ann).email == "new@acme.example"
    assert crm.org.confirm_email(ann) is False
    crm.log_in()


def test_the_last_change_of_an_address_counts(crm: People) -> None:
    # D3: each change mails a link of its own; that the last one wins is [M]
    ann = crm.make()
    crm.patch("User", ann, Email="first@acme.example")
    crm.patch("User", ann, Email="second@acme.example")

    assert crm.org.email_changes.address_of(ann) == "second@acme.example"
    crm.org.confirm_email(ann)
    assert crm.user(ann).email == "second@acme.example"


def test_other_fields_change_while_an_address_waits(crm: People) -> None:
    # D3: 204, the address alone is unchanged
    ann = crm.make()
    before = crm.user(ann).email
    crm.patch("User", ann, Email="wait@acme.example", Title="AE")

    (row,) = crm.ask("SELECT Email, Title FROM User WHERE Id = {}", ann)
    assert (row["Email"], row["Title"]) == (before, "AE")


def test_a_refused_change_asks_nobody(crm: People) -> None:
    # salesforce.md §6.6: nothing of a refused write stays
    ann, sent = crm.make(), len(crm.org.outbox)

    refused = crm.refused_patch("User", ann, Email="x@acme.example", Alias="much too long")

    assert refused == "STRING_TOO_LONG"
    assert len(crm.org.outbox) == sent
    assert crm.org.email_changes.address_of(ann) is None


# ---- names


def test_federation_ids_differ_by_case_unless_the_org_says_otherwise(crm: People) -> None:
    # D4, Summer '20 release notes
    crm.make(FederationIdentifier="Sub-1")
    crm.make(FederationIdentifier="sub-1")
    crm.org.settings.ignores_federation_case = True

    assert crm.refused("User", **crm.person(FederationIdentifier="SUB-1")) == "DUPLICATE_VALUE"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"FederationIdentifier": "f" * 513}, "STRING_TOO_LONG", id="federation-512"),
        pytest.param({"CommunityNickname": "n" * 41}, "STRING_TOO_LONG", id="nickname-40"),
        pytest.param({"Email": "e" * 120 + "@acme.example"}, "STRING_TOO_LONG", id="email-128"),
        pytest.param(
            {"TimeZoneSidKey": None},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            id="null-time-zone",
        ),
        pytest.param(
            {"LocaleSidKey": "xx_XX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", id="locale"
        ),
        pytest.param(
            {"EmailEncodingKey": "EBCDIC"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            id="encoding",
        ),
        pytest.param({"UserRoleId": "00E000000000001"}, "INVALID_CROSS_REFERENCE_KEY", id="role"),
        pytest.param({"Alias": "nine char"}, "STRING_TOO_LONG", id="alias-8"),
    ],
)
def test_fields_have_their_limits(crm: People, changes: dict[str, Any], code: str) -> None:
    # salesforce.md §1.1; field reference User (D2)
    ann = crm.make()

    assert crm.refused("User", **crm.person(**changes)) == code
    assert crm.refused_patch("User", ann, **changes) == code


def test_a_report_of_somebody_who_left_can_still_be_changed(crm: People) -> None:
    # salesforce.md §1.1: a new manager must be active; the old one may have left
    boss = crm.make()
    ann = crm.make(ManagerId=boss)
    crm.patch("User", boss, IsActive=False)

    crm.patch("User", ann, Title="AE")
    assert crm.refused("User", **crm.person(ManagerId=boss)) == "INACTIVE_OWNER_OR_USER"


# ---- log-ins


def test_a_password_lock_is_the_platforms_and_only_lifted(crm: People) -> None:
    # Object reference UserLogin.IsPasswordLocked
    ann = crm.make()
    crm.admin.lock_password(ann)
    login = crm.login_of(ann)
    assert login["IsPasswordLocked"]

    crm.patch("UserLogin", login["Id"], IsPasswordLocked=False)
    refused = crm.refused_patch("UserLogin", login["Id"], IsPasswordLocked=True)
    assert refused == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_every_user_has_one_login_row_and_nobody_makes_more(crm: People) -> None:
    # Object reference UserLogin (D8)
    ann = crm.make()

    assert crm.count(f"UserLogin WHERE UserId = '{ann}'") == 1
    refused = crm.refused("UserLogin", UserId=ann, IsFrozen=True)
    assert refused == "INVALID_TYPE_FOR_OPERATION"


def test_a_reactivated_user_may_still_be_frozen(crm: People) -> None:
    # salesforce.md §10, not verified: strict
    ann = crm.make()
    crm.patch("UserLogin", crm.login_of(ann)["Id"], IsFrozen=True)
    crm.patch("User", ann, IsActive=False)
    crm.patch("User", ann, IsActive=True)

    assert crm.user(ann).is_frozen


def test_a_frozen_users_token_is_dead_even_after_the_thaw(crm: People) -> None:
    # salesforce.md §1.2: freezing kills sessions at the next action [3P]
    crm.admin.freeze(BOT)
    first = crm.call("GET", "sobjects")
    refused = token(crm)
    crm.admin.freeze(BOT, is_frozen=False)
    second = crm.call("GET", "sobjects")

    assert (first.status_code, second.status_code) == (401, 401)
    assert first.json()[0]["errorCode"] == "INVALID_SESSION_ID"
    error = {"error": "invalid_grant", "error_description": "user is locked"}
    assert refused == (400, error)
    assert token(crm)[0] == 200


def test_an_inactive_user_gets_no_token_and_loses_the_old(crm: People) -> None:
    # salesforce.md §1.5, token endpoint
    crm.admin.deactivate(BOT)
    dead = crm.call("GET", "sobjects").status_code
    refused = token(crm)
    crm.admin.reactivate(BOT)

    assert dead == 401
    assert refused == (400, {"error": "invalid_grant", "error_description": "inactive user"})


def test_a_locked_password_keeps_new_logins_out(crm: People) -> None:
    # salesforce.md §1.5 "user is locked"; which flows it stops is [M]
    crm.admin.lock_password(BOT)

    assert token(crm)[1]["error_description"] == "user is locked"
    crm.patch("UserLogin", crm.login_of(crm.id(BOT))["Id"], IsPasswordLocked=False)
    assert token(crm)[0] == 200


# ---- rights


@pytest.mark.parametrize(
    "attempt",
    [
        lambda crm: crm.refused("User", **crm.person()),
        lambda crm: crm.refused_patch("User", crm.id(GUS), Title="x"),
        lambda crm: crm.refused(
            "PermissionSetAssignment",
            AssigneeId=crm.id(GUS),
            PermissionSetId=crm.named("PermissionSet", "AcmeCrmUser"),
        ),
        lambda crm: crm.refused_patch("UserLogin", crm.login_of(crm.id(GUS))["Id"], IsFrozen=True),
        lambda crm: crm.refused("UserRole", Name="R", DeveloperName="R"),
    ],
    ids=["create-user", "change-user", "assign-set", "freeze", "create-role"],
)
def test_who_lacks_the_permission_is_refused(crm: People, attempt: Any) -> None:
    # Special access rules of User, PermissionSetAssignment, UserLogin; which code is [M]
    crm.admin.change_profile(BOT, SELLERS)

    assert attempt(crm) == DENIED


def test_a_set_gives_the_permission_to_who_lacked_it(crm: People) -> None:
    # Object reference PermissionSet: "grant more access"
    crm.admin.change_profile(BOT, SELLERS)
    crm.admin.assign_set(BOT, "AcmeCrmAdmin")

    assert crm.make()
    crm.admin.unassign_set(BOT, "AcmeCrmAdmin")
    assert crm.refused("User", **crm.person()) == DENIED


def test_a_user_sees_the_own_permissions(crm: People) -> None:
    # Object reference UserPermissionAccess: the current user's
    text = "SELECT PermissionsManageUsers, PermissionsApiEnabled FROM UserPermissionAccess"
    (mine,) = crm.query(text)
    crm.admin.change_profile(BOT, SELLERS)
    (less,) = crm.query(text)

    assert (mine["PermissionsManageUsers"], less["PermissionsManageUsers"]) == (True, False)
    assert less["PermissionsApiEnabled"]


# ---- sandboxes


def test_a_sandboxs_people_are_found_by_suffix_and_get_no_mail(tmp_path: Path) -> None:
    # D1, help data_sandbox_users_and_contacts
    uat = Client(SalesforceEmulator(sandbox="uat"), tmp_path)
    rows = uat.query("SELECT Username, Email FROM User WHERE LastName = 'Mercer'")
    (org,) = uat.query("SELECT IsSandbox FROM Organization")
    uat.close()

    assert rows[0]["Username"] == "hal.mercer@acme.example.crm.uat"
    assert rows[0]["Email"] == "hal.mercer@acme.example.invalid"
    assert org["IsSandbox"]
