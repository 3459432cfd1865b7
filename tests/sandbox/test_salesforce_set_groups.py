"""Permission set groups and the licences under sets in the Salesforce emulator; with sources."""

from collections.abc import Iterator

import pytest

from tests.sandbox.salesforce_people import INBOX, INBOX_PSL, People

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


# ---- groups


def test_a_groups_assignment_names_the_group_and_its_own_set(crm: People) -> None:
    # Object reference PermissionSet: "contains the aggregated permissions for the group"
    ann = crm.make()
    crm.assign_group(ann, "AcmeSalesTeam")

    rows = crm.ask(
        "SELECT PermissionSetGroup.DeveloperName, PermissionSet.Type, "
        "PermissionSet.PermissionSetGroupId, PermissionSetGroupId FROM PermissionSetAssignment "
        "WHERE AssigneeId = {} AND PermissionSet.IsOwnedByProfile = false",
        ann,
    )

    (row,) = rows
    assert row["PermissionSetGroup"]["DeveloperName"] == "AcmeSalesTeam"
    assert row["PermissionSet"]["Type"] == "Group"
    assert row["PermissionSet"]["PermissionSetGroupId"] == row["PermissionSetGroupId"]
    assert crm.user(ann).permission_set_groups == ("AcmeSalesTeam",)
    assert crm.user(ann).permission_sets == ()


def test_groups_and_their_sets_can_be_read(crm: People) -> None:
    # Object reference PermissionSetGroupComponent
    rows = crm.query(
        "SELECT PermissionSetGroup.DeveloperName, PermissionSet.Name "
        "FROM PermissionSetGroupComponent ORDER BY PermissionSet.Name"
    )

    found = {(r["PermissionSetGroup"]["DeveloperName"], r["PermissionSet"]["Name"]) for r in rows}
    assert ("AcmeSalesTeam", "AcmeCrmReports") in found
    assert ("AcmeInboxTeam", INBOX) in found


def test_the_group_of_an_assignment_is_found_by_the_parents_rows(crm: People) -> None:
    # Object reference: child relationship of PermissionSetGroup
    ann = crm.make()
    crm.assign_group(ann, "AcmeSalesTeam")

    (row,) = crm.query(
        "SELECT DeveloperName, (SELECT AssigneeId FROM Assignments) FROM PermissionSetGroup "
        "WHERE DeveloperName = 'AcmeSalesTeam'"
    )

    assert ann in {one["AssigneeId"] for one in row["Assignments"]["records"]}


def test_a_group_is_assigned_once(crm: People) -> None:
    # salesforce.md §1.4, unique (assignee, set); for groups [M]
    ann, group = crm.make(), crm.named("PermissionSetGroup", "AcmeSalesTeam")
    crm.assign_group(ann, "AcmeSalesTeam")
    body = {"AssigneeId": ann, "PermissionSetGroupId": group}

    status, code, message = crm.refusal("POST", "sobjects/PermissionSetAssignment", body)

    assert (status, code) == (400, "DUPLICATE_VALUE")
    assert message.startswith(f"Duplicate PermissionSetAssignment. Assignee: {ann}")


def test_a_set_may_come_alone_and_in_a_group(crm: People) -> None:
    # Object reference: the two assignments are different rows
    ann = crm.make()
    crm.assign(ann, "AcmeCrmUser")
    crm.assign_group(ann, "AcmeSalesTeam")

    assert crm.user(ann).permission_sets == ("AcmeCrmUser",)
    assert crm.user(ann).permission_set_groups == ("AcmeSalesTeam",)


def test_an_assignment_names_a_set_or_a_group(crm: People) -> None:
    # Object reference PermissionSetAssignment.AssigneeId ("or the permission set group"); [M]
    ann = crm.make()
    both = {
        "PermissionSetId": crm.named("PermissionSet", "AcmeCrmUser"),
        "PermissionSetGroupId": crm.named("PermissionSetGroup", "AcmeSalesTeam"),
    }

    assert crm.refused("PermissionSetAssignment", AssigneeId=ann, **both) == INTEGRITY
    neither = crm.refused("PermissionSetAssignment", AssigneeId=ann)
    assert neither == "REQUIRED_FIELD_MISSING"


def test_a_groups_own_set_is_not_assigned_by_itself(crm: People) -> None:
    # Object reference PermissionSet ("read-only child relationship"); the code is [M]
    (own,) = crm.query("SELECT Id FROM PermissionSet WHERE Name = 'AcmeSalesTeam'")
    body = {"AssigneeId": crm.make(), "PermissionSetId": own["Id"]}

    assert crm.refused("PermissionSetAssignment", **body) == INTEGRITY


def test_a_group_needs_its_sets_licences_before(crm: People) -> None:
    # Strict: third parties; help D7 names sets only
    ann, group = crm.make(), crm.named("PermissionSetGroup", "AcmeInboxTeam")
    body = {"AssigneeId": ann, "PermissionSetGroupId": group}

    assert crm.refused("PermissionSetAssignment", **body) == INTEGRITY
    psl = crm.named("PermissionSetLicense", INBOX_PSL)
    crm.post("PermissionSetLicenseAssign", AssigneeId=ann, PermissionSetLicenseId=psl)
    assert crm.post("PermissionSetAssignment", **body)


def test_an_org_may_let_groups_bring_licences(crm: People) -> None:
    # The lenient reading of D7 and D15 ("permission set or permission set group")
    crm.org.settings.groups_bring_licences = True
    ann = crm.make()
    row = crm.assign_group(ann, "AcmeInboxTeam")
    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)

    crm.delete("PermissionSetAssignment", row)
    assert crm.user(ann).permission_set_licences == ()


def test_a_licence_under_a_group_is_not_taken_away(crm: People) -> None:
    # D15 says that "First remove … the relevant assigned permission sets"
    ann = crm.make()
    row = crm.admin.give_licence(ann, INBOX_PSL)
    crm.assign_group(ann, "AcmeInboxTeam")

    status, code, _ = crm.refusal("DELETE", f"sobjects/PermissionSetLicenseAssign/{row}")

    assert (status, code) == (400, INTEGRITY)


def test_a_group_with_a_set_of_another_licence_is_refused(crm: People) -> None:
    # salesforce.md §1.5, FIELD_INTEGRITY_EXCEPTION
    ann = crm.make(ProfileId=crm.named("Profile", "Chatter Free User"))
    body = {
        "AssigneeId": ann,
        "PermissionSetGroupId": crm.named("PermissionSetGroup", "AcmeSalesTeam"),
    }

    assert crm.refused("PermissionSetAssignment", **body) == INTEGRITY


def test_a_changed_group_is_outdated_until_recalculated(crm: People) -> None:
    # Object reference PermissionSetGroup.Status; audit actions PermissionSetGroupCalculation…
    crm.org.settings.recalculates_groups = False
    crm.admin.add_to_group("AcmeCrmOwners", "AcmeLeadIntake")
    text = "SELECT Status FROM PermissionSetGroup WHERE DeveloperName = 'AcmeCrmOwners'"

    assert crm.query(text)[0]["Status"] == "Outdated"
    crm.org.settings.recalculates_groups = True
    crm.admin.remove_from_group("AcmeCrmOwners", "AcmeLeadIntake")
    assert crm.query(text)[0]["Status"] == "Updated"


@pytest.mark.parametrize("status", ["Updating", "Failed"])
def test_a_group_can_be_in_the_middle_of_it(crm: People, status: str) -> None:
    # Object reference PermissionSetGroup.Status
    crm.org.set_group_status("AcmeSalesTeam", status)

    text = "SELECT DeveloperName FROM PermissionSetGroup WHERE Status = {}"
    assert [one["DeveloperName"] for one in crm.ask(text, status)] == ["AcmeSalesTeam"]
    crm.org.set_group_status("AcmeSalesTeam", "Updated")


def test_groups_are_built_and_taken_down_through_the_api(crm: People) -> None:
    # Object reference PermissionSetGroup and PermissionSetGroupComponent, supported calls
    group = crm.post("PermissionSetGroup", DeveloperName="AcmeNew", MasterLabel="Acme New")
    body = {
        "PermissionSetGroupId": group,
        "PermissionSetId": crm.named("PermissionSet", "AcmeCrmUser"),
    }
    crm.post("PermissionSetGroupComponent", **body)
    row = crm.assign_group(crm.make(), "AcmeNew")

    assert crm.refused("PermissionSetGroupComponent", **body) == "DUPLICATE_VALUE"
    assert crm.refusal("DELETE", f"sobjects/PermissionSetGroup/{group}")[1] == INTEGRITY
    crm.delete("PermissionSetAssignment", row)
    crm.delete("PermissionSetGroup", group)
    assert crm.count("PermissionSet WHERE Name = 'AcmeNew'") == 0


def test_inactive_users_keep_a_groups_licensed_sets_out(crm: People) -> None:
    # "Considerations for Deactivating Users" (D11): remove them from groups first; the code is [M]
    ann = crm.make()
    crm.assign_group(ann, "AcmeCrmOwners")
    crm.patch("User", ann, IsActive=False)
    body = {
        "PermissionSetGroupId": crm.named("PermissionSetGroup", "AcmeCrmOwners"),
        "PermissionSetId": crm.named("PermissionSet", INBOX),
    }

    assert crm.refused("PermissionSetGroupComponent", **body) == INTEGRITY


# ---- licences that stay


@pytest.mark.parametrize(("number", "kept"), [(50, 50), (49, 0)])
def test_fifty_at_once_keep_their_licences(crm: People, number: int, kept: int) -> None:
    # D15 says that "when unassigning 50 or more permission sets or permission set groups at once"
    before = crm.org.psl(INBOX_PSL)[1]
    rows = crm.assign_to_many(number, INBOX)
    assert crm.org.psl(INBOX_PSL)[1] == before + number

    answer = crm.call("DELETE", f"composite/sobjects?ids={','.join(rows)}")

    assert all(one["success"] for one in answer.json())
    assert crm.org.psl(INBOX_PSL)[1] == before + kept


def test_a_user_access_policy_leaves_the_licence(crm: People) -> None:
    # D15 says that "when updates are made via user access policies"
    ann = crm.make()
    crm.assign(ann, INBOX)
    crm.admin.revoke_by_policy(ann, INBOX)

    assert crm.user(ann).permission_sets == ()
    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)


def test_a_set_that_leaves_its_group_leaves_the_licence(crm: People) -> None:
    # D15 says that "when removing a licensed permission set from a permission set group"
    crm.org.settings.groups_bring_licences = True
    ann = crm.make()
    crm.assign_group(ann, "AcmeInboxTeam")
    crm.admin.remove_from_group("AcmeInboxTeam", INBOX)

    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)
    crm.admin.add_to_group("AcmeInboxTeam", INBOX)


def test_a_set_in_a_group_keeps_the_licence_of_the_set_alone(crm: People) -> None:
    # D15 says that "when the user requires the license through another permission set"
    ann = crm.make()
    row = crm.assign(ann, INBOX)
    crm.assign_group(ann, "AcmeInboxTeam")
    crm.delete("PermissionSetAssignment", row)

    assert crm.user(ann).permission_set_licences == (INBOX_PSL,)
