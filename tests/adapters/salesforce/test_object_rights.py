"""What a profile, sets and groups really grant an integration, read from the org."""

import pytest

from bot.adapters.salesforce.object_rights import SalesforceRights
from bot.domain.errors import Unavailable
from bot.domain.integration_grants import misfits
from bot.domain.policy import Bundle
from bot.domain.policy_integration import ALL, IntegrationRights, ObjectRights, Operation, Right
from tests.adapters.salesforce.org_bench import Bench, Connected
from tests.adapters.salesforce.scripted_org import DATA, ScriptedOrg, composite, page, said

API_ONLY = "Minimum Access - API Only Integrations"
SYNC = Bundle(
    licence="Salesforce Integration", profile=API_ONLY, permission_sets=("AcmeWarehouseSync",)
)
FITS = IntegrationRights(
    objects={
        "Account": ObjectRights(
            read=("Name", "AnnualRevenue"), create=("Name",), edit=("Industry",)
        ),
        "Contact": ObjectRights(read=("LastName",)),
        "Opportunity": ObjectRights(read=("Name", "Amount"), view_all=True),
    }
)


def test_a_set_that_grants_exactly_what_is_asked_for_fits(
    bench: Bench, salesforce: Connected
) -> None:
    found = SalesforceRights(salesforce.reading).granted(SYNC, FITS.objects)

    assert misfits(FITS, found) == ()
    assert found.rights[Right("Account", Operation.EDIT, "Industry")] == (
        "the permission set AcmeWarehouseSync",
    )
    assert found.guarded["Account"].keys() >= {"Industry", "Phone"}
    assert "Name" not in found.guarded["Account"]
    assert sum("/composite" in call for call in bench.calls) == 3
    assert not any(exchange.is_write for exchange in bench.emulator.exchanges)


def test_what_is_missing_and_too_much_is_told_with_who_grants_it(salesforce: Connected) -> None:
    bundle = Bundle(profile="Standard User", permission_set_groups=("AcmeSalesTeam",))
    asked = IntegrationRights(
        objects={"Account": ObjectRights(read=(ALL,)), "Nothing__c": ObjectRights(delete=True)}
    )

    told = "\n".join(
        misfits(asked, SalesforceRights(salesforce.reading).granted(bundle, asked.objects))
    )

    assert "would not be API-only" in told
    assert "Account: read AnnualRevenue, Industry, Phone is missing" in told
    assert "Nothing__c: delete is missing" in told
    by_set = "the permission set AcmeCrmUser of the group AcmeSalesTeam grants it"
    assert f"Lead: edit is too much: {by_set}" in told


def test_powers_that_no_list_of_objects_bounds_are_too_much(salesforce: Connected) -> None:
    admin = Bundle(profile="System Administrator", permission_sets=("AcmeCrmAdmin",))

    found = SalesforceRights(salesforce.reading).granted(admin, ())

    assert found.powers["Modify All Data"] == ("the profile System Administrator",)
    assert "the permission set AcmeCrmAdmin" in found.powers["Manage Users"]
    assert Right("Account", Operation.MODIFY_ALL) in found.rights
    assert not found.is_api_only


def test_names_that_the_org_lacks_grant_nothing(salesforce: Connected) -> None:
    found = SalesforceRights(salesforce.reading).granted(Bundle(profile="Nobody"), ("Account",))

    assert (found.rights, found.powers, found.is_api_only) == ({}, {}, False)


def test_rights_on_many_pages_are_all_read(scripted: ScriptedOrg) -> None:
    first = {"ParentId": "0PS", "SobjectType": "Account", "PermissionsRead": True}
    second = {**first, "SobjectType": "Lead"}
    at = "0r8xx0000000001AAA-1"
    own = {"Id": "0PS", "Name": "X", "IsOwnedByProfile": True}
    cut = {"records": [first], "done": False, "nextRecordsUrl": f"{DATA}/query/{at}"}
    scripted.reads(
        composite(sets=page([{**own, "PermissionsApiUserOnly": True}])),
        composite(objects=cut),
        composite(objects=page([second])),
        composite(),
    )

    found = SalesforceRights(scripted.gateway()).granted(Bundle(profile="X"), ())

    assert {right.object for right in found.rights} == {"Account", "Lead"}


def test_pages_that_lead_in_circles_and_descriptions_of_nothing_are_no_answer(
    scripted: ScriptedOrg,
) -> None:
    at = "0r8xx0000000001AAA-1"
    cut = {"records": [], "done": False, "nextRecordsUrl": f"{DATA}/query/{at}"}
    scripted.reads(composite(one=cut), composite(one=cut), composite(d0={"fields": "none"}))
    gateway = scripted.gateway()

    with pytest.raises(Unavailable):
        gateway.query_every({"one": "SELECT Id FROM User"})
    with pytest.raises(Unavailable):
        gateway.describe_all(["User"])


def test_a_group_that_mutes_rights_is_not_guessed_about(scripted: ScriptedOrg) -> None:
    group = {"PermissionSetGroup": {"DeveloperName": "Team"}, "PermissionSet": None}
    scripted.reads(
        composite(sets=page([]), members=page([{"PermissionSetId": "0QMx", **group}])),
        composite(),
    )
    bundle = Bundle(profile="X", permission_set_groups=("Team",))

    assert SalesforceRights(scripted.gateway()).granted(bundle, ()).unclear == ("Team",)


def test_fields_are_told_in_full_only_of_the_objects_asked_about(scripted: ScriptedOrg) -> None:
    fields = [{"name": "Id"}, {"name": "Fax", "permissionable": True, "updateable": True}]
    missing = {"httpStatusCode": 404, "body": [{"errorCode": "NOT_FOUND", "message": "no"}]}
    parts = [
        {"referenceId": "d0", "httpStatusCode": 200, "body": {"fields": fields}},
        {"referenceId": "d1", **missing},
    ]
    scripted.reads(said({"compositeResponse": parts}))

    assert scripted.gateway().describe_all(["Account", "Gone__c"]) == {
        "Account": {"fields": fields}
    }
