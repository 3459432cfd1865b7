"""What keeps a user of the Salesforce emulator active, and what only breaks later; with sources."""

from collections.abc import Iterator

import pytest
from simple_salesforce import format_soql

from bot.sandbox.salesforce import SalesforceEmulator
from bot.sandbox.salesforce.blockers import Blocker
from tests.sandbox.salesforce_org import GUS, HAL, IDA, TOM, ZOE, Client, sub


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    one = Client(SalesforceEmulator(), tmp_path_factory.mktemp("crm"))
    yield one
    one.close()


@pytest.fixture
def crm(shared: Client) -> Iterator[Client]:
    """The module's org, with everybody active again afterwards."""
    yield shared
    for user in (HAL, TOM):
        path = f"sobjects/User/{shared.id(user)}"
        assert shared.call("PATCH", path, {"IsActive": True}).status_code == 204


def deactivate(crm: Client, user: str) -> tuple[str, str]:
    """Return (errorCode, message) of the refusal."""
    status, code, message = crm.refusal(
        "PATCH", f"sobjects/User/{crm.id(user)}", {"IsActive": False}
    )
    assert status == 400
    assert crm.query("SELECT IsActive FROM User WHERE Id = {}", crm.id(user))[0]["IsActive"]
    return code, message


def is_deactivated(crm: Client, user: str) -> bool:
    answer = crm.call("PATCH", f"sobjects/User/{crm.id(user)}", {"IsActive": False})
    return answer.status_code == 204


@pytest.mark.parametrize("blocker", list(Blocker), ids=lambda one: one.name)
def test_a_setting_that_names_the_user_blocks_until_it_names_another(
    crm: Client, blocker: Blocker
) -> None:
    # salesforce.md §1.3 with help 000384586, 000384761, 000187291; wording of some is [M]
    crm.org.blockers.put(blocker, HAL)

    assert deactivate(crm, HAL) == ("FIELD_INTEGRITY_EXCEPTION", str(blocker))
    crm.org.blockers.put(blocker, IDA)
    assert is_deactivated(crm, HAL)
    crm.org.blockers.clear(blocker)


@pytest.mark.parametrize("setting", ["CaseSettings", "LeadSettings", "WorkflowAlert"])
def test_settings_cannot_be_queried(crm: Client, setting: str) -> None:
    # salesforce.md §1.3: Settings metadata, no object of SOQL; only the refusal tells
    query = format_soql("SELECT Id FROM {:literal}", setting)

    assert crm.call("GET", "query", params={"q": query}).json()[0]["errorCode"] == "INVALID_TYPE"


def test_the_value_of_a_hierarchy_field_stays_active(crm: Client) -> None:
    # Help 000384962, the vendor's sentence
    tom = f"sobjects/User/{crm.id(TOM)}"
    crm.call("PATCH", tom, {"Team_Lead__c": crm.id(HAL)})

    code, message = deactivate(crm, HAL)
    assert message == "Cannot inactivate user that is the value of a hierarchy field: Team Lead"
    assert code == "FIELD_INTEGRITY_EXCEPTION"
    crm.call("PATCH", tom, {"Team_Lead__c": None})
    assert is_deactivated(crm, HAL)


def test_describe_shows_which_fields_can_block(crm: Client) -> None:
    # REST guide "sObject Describe"; salesforce.md §1.3: relationshipName and a self-reference
    fields = crm.call("GET", "sobjects/User/describe").json()["fields"]

    found = {
        one["name"]: one["relationshipName"]
        for one in fields
        if one["referenceTo"] == ["User"] and one["custom"]
    }
    assert found == {"Team_Lead__c": "Team_Lead__r"}
    text = "SELECT Id, Team_Lead__r.Name FROM User WHERE Team_Lead__c = {}"
    assert crm.query(text, crm.id(HAL)) == []


def test_a_hierarchy_field_takes_active_users_only(crm: Client) -> None:
    # salesforce.md §1.1: the target must be active
    path, value = f"sobjects/User/{crm.id(TOM)}", {"Team_Lead__c": crm.id(ZOE)}

    assert crm.refusal("PATCH", path, value)[1] == "INACTIVE_OWNER_OR_USER"


def test_the_standard_manager_blocks_only_where_the_org_says_so(crm: Client) -> None:
    # salesforce.md §1.3: help 000004425 lists direct reports, later pages do not
    path = f"sobjects/User/{crm.id(TOM)}"
    crm.call("PATCH", path, {"ManagerId": crm.id(HAL)})
    crm.org.blockers.managers_block = True
    assert "manager" in deactivate(crm, HAL)[1]

    crm.org.blockers.managers_block = False
    assert is_deactivated(crm, HAL)
    crm.call("PATCH", path, {"ManagerId": None})


def test_a_pending_approval_blocks_and_can_be_seen_before(crm: Client) -> None:
    # salesforce.md §1.3: pending approvals; ProcessInstanceWorkitem.ActorId is queryable
    account = crm.org.seed_records(GUS, 1, ["Account"])["Account"][0]
    item = crm.org.blockers.ask_approval(HAL, account)
    text = format_soql(
        "SELECT Id, ProcessInstance.Status, ProcessInstance.TargetObjectId "
        "FROM ProcessInstanceWorkitem WHERE ActorId = {}",
        crm.id(HAL),
    )

    seen = crm.query(text)[0]
    assert (seen["ProcessInstance"]["Status"], seen["ProcessInstance"]["TargetObjectId"]) == (
        "Pending",
        account,
    )
    assert "approval" in deactivate(crm, HAL)[1]
    crm.org.blockers.decide_approval(item)
    assert crm.query(text) == []
    assert is_deactivated(crm, HAL)


def test_jobs_and_dashboards_are_seen_but_do_not_block(crm: Client) -> None:
    # salesforce.md §1.3: not blocking but breaking
    job, board = crm.org.blockers.schedule_job(HAL), crm.org.blockers.run_dashboard(HAL)
    hal = crm.id(HAL)
    jobs = format_soql("SELECT Id, CronJobDetail.Name FROM CronTrigger WHERE OwnerId = {}", hal)
    boards = format_soql("SELECT Id, Title FROM Dashboard WHERE RunningUserId = {}", hal)

    assert [row["Id"] for row in crm.query(jobs)] == [job]
    assert [row["Id"] for row in crm.query(boards)] == [board]
    assert is_deactivated(crm, HAL)
    assert [row["Id"] for row in crm.query(boards)] == [board]


def test_what_is_only_shown_says_so(crm: Client) -> None:
    # Design of the sandbox: approvals, jobs and dashboards are not changed through the API here
    board = crm.org.blockers.run_dashboard(HAL)

    answer = crm.call("PATCH", f"sobjects/Dashboard/{board}", {"RunningUserId": crm.id(GUS)})

    assert (answer.status_code, "does not model" in answer.text) == (501, True)
    assert crm.call("DELETE", f"sobjects/Dashboard/{board}").status_code == 501


def test_a_blocked_user_can_still_be_frozen(crm: Client) -> None:
    # salesforce.md §1.2: if deactivation is blocked, remain frozen
    crm.org.blockers.put(Blocker.DEFAULT_CASE_OWNER, HAL)
    login = crm.query("SELECT Id FROM UserLogin WHERE UserId = {}", crm.id(HAL))[0]["Id"]
    path = f"sobjects/UserLogin/{login}"

    assert crm.call("PATCH", path, {"IsFrozen": True}).status_code == 204
    assert "default owner of cases" in deactivate(crm, HAL)[1]
    crm.call("PATCH", path, {"IsFrozen": False})
    crm.org.blockers.clear(Blocker.DEFAULT_CASE_OWNER)


def test_a_blocked_deactivation_undoes_its_composite(crm: Client) -> None:
    # REST guide "Composite", allOrNone
    crm.org.blockers.put(Blocker.SOLE_ALERT_RECIPIENT, HAL)
    hal, tom = (f"sobjects/User/{crm.id(one)}" for one in (HAL, TOM))

    answers = crm.composite(
        sub("tom", "PATCH", tom, {"IsActive": False}),
        sub("hal", "PATCH", hal, {"IsActive": False}),
        allOrNone=True,
    )

    assert [one[1][0]["errorCode"] for one in answers] == [
        "PROCESSING_HALTED",
        "FIELD_INTEGRITY_EXCEPTION",
    ]
    found = crm.org.user(TOM)
    assert found is not None
    assert found.is_active
    crm.org.blockers.clear(Blocker.SOLE_ALERT_RECIPIENT)


def test_words_of_ones_own_refuse_too(crm: Client) -> None:
    # Sandbox: an org's package may refuse in its own words
    crm.org.add_blocker(HAL, "Ask the billing team first")
    assert deactivate(crm, HAL)[1] == "Ask the billing team first"

    crm.org.remove_blocker(HAL)
    assert is_deactivated(crm, HAL)


def test_unknown_people_and_items_are_mistakes_of_the_test(crm: Client) -> None:
    # Design of the sandbox: what a test names wrongly is told at once
    with pytest.raises(KeyError):
        crm.org.blockers.put(Blocker.DEFAULT_LEAD_OWNER, "nobody@acme.example")
    with pytest.raises(KeyError):
        crm.org.blockers.decide_approval("04i000000000000AAA")
