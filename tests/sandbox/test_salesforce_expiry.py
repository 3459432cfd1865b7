"""Assignments that end by themselves in the Salesforce emulator; with sources."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.salesforce_people import INBOX, INBOX_PSL, People

HOUR = 3600.0
INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    one = People(tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: People) -> Iterator[People]:
    yield shared
    shared.reset()


def body(crm: People, name: str = "AcmeCrmUser", seconds: float = HOUR) -> dict[str, Any]:
    return {
        "AssigneeId": crm.make(),
        "PermissionSetId": crm.named("PermissionSet", name),
        "ExpirationDate": crm.in_(seconds),
    }


def at(crm: People, version: str, text: str) -> Any:
    """Query in another API version."""
    headers = {"Authorization": f"Bearer {crm.token}"}
    url = f"{crm.url}/services/data/v{version}/query"
    return crm.session.get(url, params={"q": text}, headers=headers, timeout=9).json()


def test_before_version_52_there_is_no_expiration(crm: People) -> None:
    # Object reference: "This field is available in API version 52.0 and later"
    text = "SELECT ExpirationDate FROM PermissionSetAssignment"

    assert at(crm, "51.0", text)[0]["errorCode"] == "INVALID_FIELD"
    assert "records" in at(crm, "52.0", text)


def test_an_old_version_refuses_to_write_it_too(crm: People) -> None:
    # The same
    url = f"{crm.url}/services/data/v51.0/sobjects/PermissionSetAssignment"
    headers = {"Authorization": f"Bearer {crm.token}"}
    answer = crm.session.post(url, json=body(crm), headers=headers, timeout=9)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_before_version_45_there_are_no_permission_set_groups(crm: People) -> None:
    # Object reference PermissionSetGroup: "available in API version 45.0 and later"
    answer = at(crm, "44.0", "SELECT Id FROM PermissionSetGroup")

    assert answer[0]["errorCode"] == "INVALID_TYPE"
    assert "records" in at(crm, "45.0", "SELECT Id FROM PermissionSetGroup")


def test_an_org_without_the_setting_refuses_the_field(crm: People) -> None:
    # Help permissions_assign_expire_how: enable it in User Management Settings (strict)
    crm.org.settings.expiring_assignments = False
    row = crm.assign(crm.make(), "AcmeCrmUser")
    later = {"ExpirationDate": crm.in_(HOUR)}

    assert crm.refused("PermissionSetAssignment", **body(crm)) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    refused = crm.refused_patch("PermissionSetAssignment", row, **later)
    assert refused == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize("is_on", [True, False])
def test_describe_shows_whether_the_setting_is_on(crm: People, *, is_on: bool) -> None:
    # REST guide "sObject Describe": createable, updateable
    crm.org.settings.expiring_assignments = is_on

    described = crm.call("GET", "sobjects/PermissionSetAssignment/describe").json()

    field = next(one for one in described["fields"] if one["name"] == "ExpirationDate")
    assert (field["createable"], field["updateable"]) == (is_on, is_on)


@pytest.mark.parametrize("name", ["AcmeCrmAdmin", "AcmeCrmOwners"])
def test_granting_sets_and_groups_do_not_expire(crm: People, name: str) -> None:
    # D17 says that "If a permission set or permission set group contains any of …"
    one = body(crm)
    if name == "AcmeCrmOwners":
        del one["PermissionSetId"]
        one["PermissionSetGroupId"] = crm.named("PermissionSetGroup", name)
    else:
        one["PermissionSetId"] = crm.named("PermissionSet", name)

    assert crm.refused("PermissionSetAssignment", **one) == INTEGRITY
    del one["ExpirationDate"]
    row = crm.post("PermissionSetAssignment", **one)
    later = {"ExpirationDate": crm.in_(HOUR)}
    assert crm.refused_patch("PermissionSetAssignment", row, **later) == INTEGRITY


def test_a_group_expires(crm: People) -> None:
    # Object reference: "of the permission set or permission set group expires"
    ann = crm.make()
    crm.assign_group(ann, "AcmeSalesTeam", ExpirationDate=crm.in_(HOUR))
    assert crm.user(ann).permission_set_groups == ("AcmeSalesTeam",)

    crm.clock.now += HOUR + 1
    assert crm.user(ann).permission_set_groups == ()
    crm.log_in()


def test_a_duplicate_keeps_the_old_date_until_it_is_changed(crm: People) -> None:
    # salesforce.md §1.4: a duplicate keeps the old expiry; the field is updateable (D12)
    one = body(crm)
    row = crm.post("PermissionSetAssignment", **one)
    later = crm.in_(2 * HOUR)

    duplicate = {**one, "ExpirationDate": later}
    assert crm.refused("PermissionSetAssignment", **duplicate) == "DUPLICATE_VALUE"
    read = f"sobjects/PermissionSetAssignment/{row}"
    before = crm.call("GET", read).json()["ExpirationDate"]
    crm.patch("PermissionSetAssignment", row, ExpirationDate=later)

    after = crm.call("GET", read).json()["ExpirationDate"]
    assert before == one["ExpirationDate"].replace("Z", ".000+0000")
    assert after == later.replace("Z", ".000+0000")


def test_an_expired_row_is_in_the_way_until_its_date_moves(crm: People) -> None:
    # salesforce.md §10, not verified: kept rows are the strict reading
    one = body(crm)
    row = crm.post("PermissionSetAssignment", **one)
    crm.clock.now += HOUR + 1
    crm.log_in()
    fresh = {**one, "ExpirationDate": crm.in_(HOUR)}

    assert crm.refused("PermissionSetAssignment", **fresh) == "DUPLICATE_VALUE"
    crm.patch("PermissionSetAssignment", row, ExpirationDate=fresh["ExpirationDate"])
    assert crm.user(one["AssigneeId"]).permission_sets == ("AcmeCrmUser",)


def test_an_expired_row_still_holds_its_licence_where_rows_are_kept(crm: People) -> None:
    # The same
    one = body(crm, INBOX)
    crm.post("PermissionSetAssignment", **one)
    crm.clock.now += HOUR + 1
    crm.log_in()

    assert crm.user(one["AssigneeId"]).permission_set_licences == (INBOX_PSL,)


def test_an_org_may_remove_expired_rows(crm: People) -> None:
    # The other reading: release notes speak of revoking
    crm.org.settings.keeps_expired_rows = False
    one = body(crm, INBOX)
    row = crm.post("PermissionSetAssignment", **one)
    crm.clock.now += HOUR + 1
    crm.log_in()

    assert crm.count(f"PermissionSetAssignment WHERE Id = '{row}'") == 0
    assert crm.user(one["AssigneeId"]).permission_set_licences == ()


def test_an_expiration_can_be_lifted(crm: People) -> None:
    # Object reference: nillable, update
    one = body(crm)
    row = crm.post("PermissionSetAssignment", **one)
    crm.patch("PermissionSetAssignment", row, ExpirationDate=None)
    crm.clock.now += HOUR + 1
    crm.log_in()

    assert crm.user(one["AssigneeId"]).permission_sets == ("AcmeCrmUser",)


def test_a_profiles_own_assignment_never_expires(crm: People) -> None:
    # salesforce.md §2; the code is [M]
    (own,) = crm.ask(
        "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {} "
        "AND PermissionSet.IsOwnedByProfile = true",
        crm.make(),
    )
    later = {"ExpirationDate": crm.in_(HOUR)}

    assert crm.refused_patch("PermissionSetAssignment", own["Id"], **later) == INTEGRITY


def test_who_left_cannot_be_given_an_end(crm: People) -> None:
    # salesforce.md §2: only active users [3P]
    one = body(crm)
    del one["ExpirationDate"]
    row = crm.post("PermissionSetAssignment", **one)
    crm.patch("User", one["AssigneeId"], IsActive=False)
    later = {"ExpirationDate": crm.in_(HOUR)}

    assert crm.refused_patch("PermissionSetAssignment", row, **later) == INTEGRITY


def test_an_end_in_the_past_is_not_guessed_at(crm: People) -> None:
    # No source says what happens: 501
    answer = crm.call("POST", "sobjects/PermissionSetAssignment", body(crm, seconds=-HOUR))

    assert answer.status_code == 501


def test_a_date_without_a_zone_is_refused(crm: People) -> None:
    # REST guide, "Valid Date and DateTime Formats"
    one = body(crm) | {"ExpirationDate": "2099-01-01T00:00:00"}

    assert crm.refused("PermissionSetAssignment", **one) == "JSON_PARSER_ERROR"
