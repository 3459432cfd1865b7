"""Roles, public groups, queues and their common lock in the Salesforce emulator; with sources."""

from collections.abc import Callable, Iterator

import pytest

from tests.sandbox.salesforce_org import sub
from tests.sandbox.salesforce_people import People

LOCKED = "UNABLE_TO_LOCK_ROW"
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


def member(crm: People, user: str, group: str = "Acme_Sales") -> dict[str, str]:
    return {"GroupId": crm.named("Group", group), "UserOrGroupId": user}


def refused_by_lock(crm: People, entity: str, **values: object) -> bool:
    status, code, message = crm.refusal("POST", f"sobjects/{entity}", values)
    assert message == "Group membership operation already in progress"
    return (status, code) == (400, LOCKED)


# ---- members


def test_a_user_joins_and_leaves_a_group_and_a_queue(crm: People) -> None:
    # Object reference GroupMember
    ann = crm.make()
    rows = [
        crm.post("GroupMember", **member(crm, ann, one)) for one in ("Acme_Sales", "Tier_1_Support")
    ]
    assert crm.user(ann).groups == ("Acme_Sales", "Tier_1_Support")

    for row in rows:
        crm.delete("GroupMember", row)
    assert crm.user(ann).groups == ()


def test_a_second_membership_returns_the_first(crm: People) -> None:
    # D13 says that "the system simply returns the existing record"
    ann = crm.make()
    first = crm.post("GroupMember", **member(crm, ann))

    assert crm.post("GroupMember", **member(crm, ann)) == first
    assert crm.count(f"GroupMember WHERE UserOrGroupId = '{ann}'") == 1


def test_a_membership_has_no_update(crm: People) -> None:
    # Object reference GroupMember, supported calls
    row = crm.post("GroupMember", **member(crm, crm.make()))

    refused = crm.refused_patch("GroupMember", row, UserOrGroupId=crm.make())
    assert refused == "INVALID_TYPE_FOR_OPERATION"


def test_groups_may_be_members_but_not_of_themselves(crm: People) -> None:
    # Object reference GroupMember.UserOrGroupId; the code is [M]
    group = crm.named("Group", "Acme_Sales")

    assert crm.post("GroupMember", **member(crm, group, "Acme_Forecast"))
    assert crm.refused("GroupMember", **member(crm, group)) == INTEGRITY


def test_members_stay_when_they_are_deactivated_but_do_not_join(crm: People) -> None:
    # "The user still appears as a member of public groups" [3P]; joining is [M]
    ann = crm.make()
    crm.post("GroupMember", **member(crm, ann))
    crm.patch("User", ann, IsActive=False)

    assert crm.user(ann).groups == ("Acme_Sales",)
    joined = crm.refused("GroupMember", **member(crm, ann, "Tier_1_Support"))
    assert joined == "INACTIVE_OWNER_OR_USER"


def test_the_platforms_own_groups_take_no_members(crm: People) -> None:
    # Object reference Group.Type: groups of roles are the platform's; the code is [M]
    (own,) = crm.query("SELECT Id, RelatedId FROM Group WHERE Type = 'Role' AND Name = 'CEO'")
    body = {"GroupId": own["Id"], "UserOrGroupId": crm.make()}

    assert own["RelatedId"] == crm.named("UserRole", "CEO")
    assert crm.refused("GroupMember", **body) == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_members_are_read_with_their_group(crm: People) -> None:
    # salesforce.md §4: Group Type 'Queue' + GroupMember
    ann = crm.make()
    crm.post("GroupMember", **member(crm, ann, "Inbound_Leads"))

    rows = crm.query(
        "SELECT Group.DeveloperName, Group.Type, UserOrGroupId FROM GroupMember "
        "WHERE Group.Type = 'Queue'"
    )

    found = {(one["Group"]["DeveloperName"], one["UserOrGroupId"]) for one in rows}
    assert ("Inbound_Leads", ann) in found


def test_the_sdk_reads_and_writes_members(crm: People) -> None:
    # The same through the unmodified simple_salesforce
    body = member(crm, crm.make())
    made = crm.sf.GroupMember.create(body)

    assert crm.sf.GroupMember.create(body)["id"] == made["id"]
    assert crm.sf.GroupMember.delete(made["id"]) == 204


# ---- groups, queues, roles


def test_a_queue_names_its_objects(crm: People) -> None:
    # Object reference QueueSobject
    rows = crm.query("SELECT SobjectType, Queue.DeveloperName FROM QueueSobject ORDER BY Id")

    found = [(one["Queue"]["DeveloperName"], one["SobjectType"]) for one in rows]
    assert found == [("Tier_1_Support", "Case"), ("Inbound_Leads", "Lead")]


def test_only_queues_own_objects(crm: People) -> None:
    # Object reference QueueSobject.QueueId; the code is [M]
    body = {"QueueId": crm.named("Group", "Acme_Sales"), "SobjectType": "Lead"}

    assert crm.refused("QueueSobject", **body) == INTEGRITY


def test_groups_are_made_and_deleted_with_their_members(crm: People) -> None:
    # Object reference Group: "Unlike users, this object can be deleted"
    group = crm.post("Group", Name="Temps", Type="Regular")
    ann = crm.make()
    crm.post("GroupMember", GroupId=group, UserOrGroupId=ann)

    crm.delete("Group", group)

    assert crm.count(f"GroupMember WHERE UserOrGroupId = '{ann}'") == 0


def test_a_groups_name_is_unique_by_type(crm: People) -> None:
    # Object reference Group.DeveloperName: "unique by group type"; the code is [M]
    crm.post("Group", Name="Shared", DeveloperName="Shared", Type="Regular")
    crm.post("Group", Name="Shared", DeveloperName="Shared", Type="Queue")

    again = crm.refused("Group", Name="Shared", DeveloperName="Shared", Type="Queue")
    assert again == "DUPLICATE_DEVELOPER_NAME"


def test_a_role_is_given_moved_and_taken(crm: People) -> None:
    # Object reference User.UserRoleId
    ann = crm.make(UserRoleId=crm.named("UserRole", "Sales_Rep"))
    assert crm.user(ann).role == "Sales_Rep"

    crm.patch("User", ann, UserRoleId=crm.named("UserRole", "VP_Sales"))
    assert crm.user(ann).role == "VP_Sales"
    crm.patch("User", ann, UserRoleId=None)
    assert crm.ask("SELECT UserRole.Name FROM User WHERE Id = {}", ann)[0]["UserRole"] is None


def test_a_role_in_use_is_not_deleted(crm: People) -> None:
    # Object reference UserRole; the code is [M]
    role = crm.post("UserRole", Name="Intern", DeveloperName="Intern")
    ann = crm.make(UserRoleId=role)

    assert crm.refusal("DELETE", f"sobjects/UserRole/{role}")[1] == INTEGRITY
    crm.patch("User", ann, UserRoleId=None)
    crm.delete("UserRole", role)
    assert crm.count(f"Group WHERE RelatedId = '{role}'") == 0


# ---- the lock


@pytest.mark.parametrize(
    "attempt",
    [
        lambda crm: ("GroupMember", member(crm, crm.make())),
        lambda crm: ("User", crm.person(UserRoleId=crm.named("UserRole", "CEO"))),
        lambda crm: ("UserRole", {"Name": "R", "DeveloperName": "R"}),
        lambda crm: ("Group", {"Name": "G", "Type": "Regular"}),
    ],
    ids=["member", "user-with-role", "role", "group"],
)
def test_role_and_group_writes_need_the_lock(
    crm: People, attempt: Callable[[People], tuple[str, dict[str, str]]]
) -> None:
    # D5 and engineering blog 2012: what takes the group membership lock
    entity, values = attempt(crm)
    crm.org.hold_group_lock()

    assert refused_by_lock(crm, entity, **values)
    crm.org.hold_group_lock(is_held=False)
    assert crm.post(entity, **values)
    if entity == "UserRole":
        crm.delete("UserRole", crm.named("UserRole", "R"))


def test_other_writes_do_not_need_it(crm: People) -> None:
    # D5: neither users without a role nor permission sets
    crm.org.hold_group_lock()
    ann = crm.make()

    crm.patch("User", ann, Title="AE")
    assert crm.assign(ann, "AcmeCrmUser")


def test_a_role_change_loses_the_lock_as_often_as_told(crm: People) -> None:
    # salesforce.md §1.5: retry up to five times
    ann, role = crm.make(), crm.named("UserRole", "CEO")
    crm.org.lock_groups(2)

    assert [crm.refused_patch("User", ann, UserRoleId=role) for _ in range(2)] == [LOCKED] * 2
    crm.patch("User", ann, UserRoleId=role)
    assert crm.user(ann).role == "CEO"


def test_writers_who_do_not_take_turns_meet_the_lock(crm: People) -> None:
    # D5: a lock held longer than others wait; salesforce.md §1.5: serialise per org
    crm.org.database.group_lock.held_for_s = 5
    ann, bob = crm.make(), crm.make()
    crm.post("GroupMember", **member(crm, ann))

    assert refused_by_lock(crm, "GroupMember", **member(crm, bob))
    crm.clock.now += 6
    assert crm.post("GroupMember", **member(crm, bob))


def test_one_call_does_not_lock_itself_out(crm: People) -> None:
    # One transaction holds the lock once (D5: "for the duration of their transaction")
    crm.org.database.group_lock.held_for_s = 5
    bodies = [member(crm, crm.make()) for _ in range(3)]
    subs = [sub(f"m{n}", "POST", "sobjects/GroupMember", one) for n, one in enumerate(bodies)]

    assert [status for status, _ in crm.composite(*subs)] == [201] * 3
