"""Audit trail, log-in history and rights on objects in the Salesforce emulator; with sources."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from simple_salesforce import format_soql

from tests.sandbox.salesforce_org import BOT, GUS
from tests.sandbox.salesforce_people import INBOX_PSL, People


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    one = People(tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: People) -> Iterator[People]:
    yield shared
    shared.reset()


def last(crm: People) -> dict[str, Any]:
    text = "SELECT Action, Section, Display, CreatedById FROM SetupAuditTrail ORDER BY Id DESC"
    return crm.query(f"{text} LIMIT 1")[0]


def refused_query(crm: People, text: str) -> tuple[str, str]:
    status, code, message = crm.refusal("GET", f"query?q={text.replace(' ', '+')}")
    assert status == 400
    return code, message


# ---- the audit trail


def test_a_new_user_is_in_the_trail_with_who_made_it(crm: People) -> None:
    # Object reference SetupAuditTrail; action as seen in real orgs [3P]
    crm.make(FirstName="Ann", LastName="Ortiz")
    rows = crm.query("SELECT Action, Display, CreatedBy.Username FROM SetupAuditTrail")

    found = [one for one in rows if one["Action"] == "createduser"][-1]
    assert found["Display"] == "Created new user Ann Ortiz"
    assert found["CreatedBy"]["Username"] == BOT


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"IsActive": False}, "deactivateduser"),
        ({"Username": "renamed@acme.example.crm"}, "changedusername"),
        ({"FederationIdentifier": "fed-77"}, "changedfederationid"),
        ({"CommunityNickname": "other.77"}, "changedcommunitynickname"),
        ({"UserPermissionsMarketingUser": True}, "changedmarketinguseroffon"),
    ],
)
def test_changes_of_a_user_are_in_the_trail(
    crm: People, changes: dict[str, Any], action: str
) -> None:
    # Actions as published [3P]
    crm.patch("User", crm.make(), **changes)

    assert (last(crm)["Action"], last(crm)["Section"]) == (action, "Manage Users")


def test_a_changed_profile_is_in_the_trail_with_both_names(crm: People) -> None:
    # "Changed profile for user … from … to …" [3P]
    ann = crm.make(FirstName="Ann", LastName="Profile")
    crm.admin.change_profile(ann, "Read Only")

    row = next(one for one in reversed(crm.admin.trail()) if "profile" in one["Action"])
    text = "Changed profile for user Ann Profile from Standard User to Read Only"
    assert (row["Action"], row["Display"]) == ("changedprofileforuser", text)
    assert row["CreatedById"] == crm.id(GUS)


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (lambda crm, ann: crm.assign(ann, "AcmeCrmUser"), "PermSetAssign"),
        (
            lambda crm, ann: crm.assign(ann, "AcmeCrmUser", ExpirationDate=crm.in_(9000)),
            "PermSetAssign_HasExpiration",
        ),
        (lambda crm, ann: crm.assign_group(ann, "AcmeSalesTeam"), "PermSetGroupAssign"),
        (lambda crm, ann: crm.admin.give_licence(ann, INBOX_PSL), "PermSetLicenseAssign"),
        (lambda crm, ann: crm.admin.give_package(ann, "acmesign"), "granteduserpackagelicense"),
        (lambda crm, ann: crm.admin.add_member(ann, "Acme_Sales"), "groupMembership"),
        (lambda crm, ann: crm.admin.add_member(ann, "Tier_1_Support"), "queueMembership"),
        (lambda crm, ann: crm.admin.freeze(ann), "frozeuser"),
        (lambda crm, ann: crm.admin.change_role(ann, "CEO"), "changedroleforuserfromnone"),
        (lambda crm, ann: crm.admin.change_mail(ann, "new@acme.example"), "changedemail"),
    ],
)
def test_changes_of_access_are_in_the_trail(
    crm: People, change: Callable[[People, str], Any], action: str
) -> None:
    # Actions as published [3P]
    change(crm, crm.make())

    assert last(crm)["Action"] == action


@pytest.mark.parametrize(
    ("give", "take", "action"),
    [
        ("assign_set", "unassign_set", "PermSetUnassign"),
        ("assign_group", "unassign_group", "PermSetGroupUnassign"),
        ("give_licence", "take_licence", "PermSetLicenseUnassign"),
        ("give_package", "take_package", "removeduserpackagelicense"),
    ],
)
def test_taken_access_is_in_the_trail(crm: People, give: str, take: str, action: str) -> None:
    # The same
    names = {
        "assign_set": "AcmeCrmUser",
        "assign_group": "AcmeSalesTeam",
        "give_licence": INBOX_PSL,
        "give_package": "acmesign",
    }
    ann = crm.make()
    getattr(crm.admin, give)(ann, names[give])
    getattr(crm.admin, take)(ann, names[give])

    assert last(crm)["Action"] == action


@pytest.mark.parametrize(
    ("method", "body", "action"),
    [
        ("POST", {"NewPassword": "correct h0rse"}, "changedpassword"),
        ("DELETE", None, "resetpassword"),
    ],
)
def test_passwords_leave_a_trail_without_themselves(
    crm: People, method: str, body: dict[str, str] | None, action: str
) -> None:
    # Actions as published [3P]
    answer = crm.call(method, f"sobjects/User/{crm.make()}/password", body)

    row = last(crm)
    assert row["Action"] == action
    secret = body["NewPassword"] if body else answer.json()["NewPassword"]
    assert secret not in str(row)


def test_a_moved_end_is_in_the_trail_with_both(crm: People) -> None:
    # "expiration was changed from … to …" [3P]
    row = crm.assign(crm.make(), "AcmeCrmUser")
    crm.patch("PermissionSetAssignment", row, ExpirationDate=crm.in_(9000))

    assert last(crm)["Action"] == "PermSetAssignmentExpirationChange"
    assert "expiration was changed from none to" in last(crm)["Display"]


def test_a_refused_change_leaves_no_trail(crm: People) -> None:
    # salesforce.md §6.6: nothing of a refused write stays
    ann, before = crm.make(), len(crm.admin.trail())
    crm.refused_patch("User", ann, IsActive=False, Alias="much too long")
    crm.org.hold_group_lock()
    crm.refused_patch("User", ann, Title="x", UserRoleId=crm.named("UserRole", "CEO"))

    assert len(crm.admin.trail()) == before


def test_the_trail_is_filtered_by_action_and_day_but_not_by_text(crm: People) -> None:
    # Object reference SetupAuditTrail: Display and Section have no Filter property
    crm.make()
    text = "SELECT Id FROM SetupAuditTrail WHERE"

    assert crm.query(f"{text} Action = 'createduser' AND CreatedDate = TODAY")
    code, message = refused_query(crm, f"{text} Display = 'x'")
    assert code == "INVALID_FIELD"
    assert "field 'Display' can not be filtered in a query call" in message


def test_the_trail_is_counted_and_not_aggregated(crm: People) -> None:
    # Object reference: "SELECT count() … works but SELECT count(Id) … fails"
    crm.make()

    assert crm.count("SetupAuditTrail") > 0
    answer = crm.call("GET", "query?q=SELECT+COUNT(Id)+FROM+SetupAuditTrail")
    assert answer.status_code == 400


def test_nobody_writes_the_trail(crm: People) -> None:
    # Object reference SetupAuditTrail, supported calls: query(), retrieve()
    crm.make()
    row = crm.admin.trail()[-1]["Id"]

    assert crm.refused("SetupAuditTrail", Action="x") == "INVALID_TYPE_FOR_OPERATION"
    assert crm.refusal("DELETE", f"sobjects/SetupAuditTrail/{row}")[0] == 400
    assert crm.call("GET", f"sobjects/SetupAuditTrail/{row}").json()["Id"] == row


# ---- log-ins


def test_every_log_in_has_a_row(crm: People) -> None:
    # Object reference LoginHistory
    crm.log_in()
    text = "SELECT LoginTime, LoginType, Status FROM LoginHistory WHERE UserId = {}"
    row = crm.ask(f"{text} ORDER BY LoginTime DESC, Id DESC LIMIT 1", crm.id(BOT))[0]

    assert (row["LoginType"], row["Status"]) == ("Remote Access 2.0", "Success")
    (user,) = crm.ask("SELECT LastLoginDate FROM User WHERE Id = {}", crm.id(BOT))
    assert user["LastLoginDate"] == row["LoginTime"]


def test_a_refused_log_in_has_a_row_too(crm: People) -> None:
    # "all successful and failed login attempts"
    crm.admin.freeze(BOT)
    app = (crm.emulator.client_id, crm.emulator.client_secret)
    form = {"grant_type": "client_credentials"}
    crm.session.post(f"{crm.url}/services/oauth2/token", data=form, auth=app, timeout=9)
    crm.admin.freeze(BOT, is_frozen=False)
    crm.log_in()

    rows = crm.query("SELECT Status FROM LoginHistory ORDER BY Id DESC LIMIT 2")
    assert [one["Status"] for one in rows] == ["Success", "Failed: user is locked"]


@pytest.mark.parametrize("field", ["Status", "Application", "SourceIp", "Browser"])
def test_few_fields_of_the_login_history_can_be_filtered_by(crm: People, field: str) -> None:
    # Object reference LoginHistory: "Not all fields are filterable"
    text = format_soql("SELECT Id FROM LoginHistory WHERE {:literal} = 'x'", field)
    code, message = refused_query(crm, text)

    assert code == "INVALID_FIELD"
    assert "can not be filtered" in message


# ---- what sets allow


def test_a_sets_rights_on_objects_are_read_with_the_set(crm: People) -> None:
    # Object reference ObjectPermissions ("query … up to the parent PermissionSet")
    rows = crm.query(
        "SELECT SobjectType, PermissionsRead, PermissionsCreate, PermissionsEdit, "
        "PermissionsDelete, PermissionsViewAllRecords FROM ObjectPermissions "
        "WHERE Parent.Name = 'AcmeWarehouseSync' ORDER BY SobjectType"
    )

    found = {one["SobjectType"]: one for one in rows}
    assert list(found) == ["Account", "Contact", "Opportunity"]
    assert found["Account"]["PermissionsEdit"]
    assert not found["Account"]["PermissionsDelete"]
    assert found["Opportunity"]["PermissionsViewAllRecords"]


def test_a_sets_rights_on_fields_are_read_with_the_set(crm: People) -> None:
    # Object reference FieldPermissions
    rows = crm.query(
        "SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        "WHERE Parent.Name = 'AcmeWarehouseSync' AND SobjectType = 'Account' ORDER BY Field"
    )

    found = {one["Field"]: one["PermissionsEdit"] for one in rows}
    assert found == {"Account.AnnualRevenue": False, "Account.Industry": True}


@pytest.mark.parametrize(
    ("rights", "needs"),
    [
        ({"PermissionsCreate": True}, "PermissionsRead"),
        ({"PermissionsRead": True, "PermissionsDelete": True}, "PermissionsEdit"),
        ({"PermissionsViewAllRecords": True}, "PermissionsRead"),
        (
            {"PermissionsRead": True, "PermissionsEdit": True, "PermissionsModifyAllRecords": True},
            "PermissionsDelete",
        ),
    ],
)
def test_rights_require_each_other(crm: People, rights: dict[str, bool], needs: str) -> None:
    # Object reference ObjectPermissions ("Requires …"); the code is [M]
    body = {"ParentId": crm.named("PermissionSet", "AcmeLeadIntake"), "SobjectType": "Case"}

    status, code, message = crm.refusal("POST", "sobjects/ObjectPermissions", body | rights)

    assert (status, code) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert message.endswith(needs)


def test_a_row_without_rights_cannot_be(crm: People) -> None:
    # "If a … Permission Set has no access to an object, then there is no … record" [3P]
    body = {"ParentId": crm.named("PermissionSet", "AcmeLeadIntake"), "SobjectType": "Case"}

    assert crm.refused("ObjectPermissions", **body) == "FIELD_INTEGRITY_EXCEPTION"


def test_rights_are_granted_changed_and_taken(crm: People) -> None:
    # Object reference ObjectPermissions, supported calls
    body = {"ParentId": crm.named("PermissionSet", "AcmeLeadIntake"), "SobjectType": "Case"}
    row = crm.post("ObjectPermissions", **body, PermissionsRead=True)

    assert crm.refused("ObjectPermissions", **body, PermissionsRead=True) == "DUPLICATE_VALUE"
    crm.patch("ObjectPermissions", row, PermissionsEdit=True)
    assert last(crm)["Action"] == "PermSetEntityPermChanged"
    crm.delete("ObjectPermissions", row)


def test_editing_a_field_requires_reading_it(crm: People) -> None:
    # Object reference FieldPermissions; the code is [M]
    body = {
        "ParentId": crm.named("PermissionSet", "AcmeLeadIntake"),
        "SobjectType": "Lead",
        "Field": "Lead.Rating",
        "PermissionsEdit": True,
    }

    assert crm.refused("FieldPermissions", **body) == "FIELD_INTEGRITY_EXCEPTION"
    row = crm.post("FieldPermissions", **body, PermissionsRead=True)
    crm.delete("FieldPermissions", row)


def test_an_integration_user_has_the_licence_and_the_set(crm: People) -> None:
    # Help "Give Integration Users API Only Access": Salesforce Integration and its PSL
    ann = crm.make(ProfileId=crm.named("Profile", "Minimum Access - API Only Integrations"))
    crm.assign(ann, "AcmeWarehouseSync")

    found = crm.user(ann)
    assert found.licence == "Salesforce Integration"
    assert found.permission_set_licences == ("SalesforceAPIIntegrationPsl",)


# ---- the administrator's hands


def test_an_administrator_makes_users_whom_nobody_asked_for(crm: People) -> None:
    # salesforce.md §6 P2: out-of-band changes
    user = crm.admin.create_user("shadow.one@acme.example.crm")

    (row,) = crm.ask("SELECT Name, CreatedBy.Username FROM User WHERE Id = {}", user)
    assert (row["Name"], row["CreatedBy"]["Username"]) == ("One", GUS)


def test_an_administrator_is_not_stopped_by_the_apis_troubles(crm: People) -> None:
    # Design of the sandbox: injected trouble is the API's
    crm.org.lock_rows(1)
    crm.org.hold_group_lock()
    ann = crm.admin.create_user("shadow.two@acme.example.crm")
    crm.admin.add_member(ann, "Acme_Sales")

    assert crm.user(ann).groups == ("Acme_Sales",)
    assert crm.refused("User", **crm.person()) == "UNABLE_TO_LOCK_ROW"


def test_an_administrator_changes_pools(crm: People) -> None:
    # salesforce.md §2: totals and ends are the contract's
    crm.admin.change_total("acmemaps", 7)
    crm.admin.expire_pool("acmemaps", status="Expired")
    text = "SELECT AllowedLicenses, Status FROM PackageLicense WHERE NamespacePrefix = 'acmemaps'"

    row = crm.query(text)[0]
    assert (row["AllowedLicenses"], row["Status"]) == (7, "Expired")


def test_an_administrator_reactivates_and_the_seat_is_counted(crm: People) -> None:
    # salesforce.md §2
    ann = crm.make()
    crm.admin.deactivate(ann)
    used = crm.org.licence("Salesforce")[1]
    crm.admin.reactivate(ann)

    assert crm.org.licence("Salesforce")[1] == used + 1
    assert last(crm)["Action"] == "activateduser"
