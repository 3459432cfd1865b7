"""What the doctor tells apart, each with a fix in one line."""

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import pytest

from bot.adapters.salesforce.credentials import AccessTokens
from bot.adapters.salesforce.gateway import Gateway
from bot.adapters.salesforce.health import SalesforceHealth
from bot.adapters.salesforce.login_errors import audience, is_sandbox_host
from bot.domain.errors import Conflict, SettingsError, Unauthorized
from bot.sandbox.faults import Fault, FaultKind
from bot.settings import load_org_settings
from tests.adapters.salesforce.org_bench import Bench, Connected
from tests.adapters.salesforce.scripted_org import (
    DATA,
    TOKEN,
    Answer,
    ScriptedOrg,
    composite,
    logged_in,
    page,
    said,
)

LIMITS = f"GET {DATA}/limits"
USER, ASSIGNMENT = (
    f"GET {DATA}/sobjects/{kind}/describe" for kind in ("User", "PermissionSetAssignment")
)
FIELD = {"name": "Usher_Person_Id__c", "externalId": True, "unique": True}
END = {"name": "ExpirationDate", "createable": True}
ORG = {"Name": "Acme", "IsSandbox": False}
RIGHTS = dict.fromkeys(
    (
        "PermissionsApiEnabled", "PermissionsManageUsers", "PermissionsAssignPermissionSets",
        "PermissionsResetPasswords", "PermissionsViewSetup",
    ),
    True,
)  # fmt: skip


def well(
    org: ScriptedOrg,
    *,
    company: Mapping[str, Any] = ORG,
    bot: Mapping[str, Any] | None = None,
    rights: Mapping[str, Any] | None = None,
    fields: list[Any] | None = None,
    left: int = 900,
    end: Mapping[str, Any] = END,
    further: tuple[Answer, ...] = (),
) -> None:
    """Make the scripted org a healthy one but for what is given."""
    org.answers(TOKEN, logged_in(Date=formatdate(usegmt=True)))
    org.answers(LIMITS, said({"DailyApiRequests": {"Max": 1000, "Remaining": left}}))
    person = {"IsActive": True, "IsFrozen": False, **(bot or {})}
    rows = (company, person, person, RIGHTS if rights is None else rights)
    org.reads(*(composite(one=page([row])) for row in rows), *further)
    org.answers(USER, said({"fields": [FIELD] if fields is None else fields}))
    org.answers(ASSIGNMENT, said({"fields": [{"name": "Id"}, end]}))


def complaints(org: ScriptedOrg, **more: Any) -> tuple[str, ...]:
    return SalesforceHealth(org.gateway()).complaints(**more)


def only(org: ScriptedOrg, **more: Any) -> str:
    (text,) = complaints(org, **more)
    assert "\n" not in text
    return text


def test_a_healthy_org_has_no_complaints(scripted: ScriptedOrg) -> None:
    well(scripted)

    assert complaints(scripted, uses_expiry=True) == ()


def test_the_emulated_org_is_healthy(salesforce: Connected) -> None:
    assert SalesforceHealth(salesforce.reading).complaints() == ()


# ---- 1: the SOAP path ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SALESFORCE_URL", "https://acme.my.salesforce.com/services/Soap/u/62.0"),
        ("SALESFORCE_PASSWORD", "Canary"),
        ("SALESFORCE_SECURITY_TOKEN", "Canary"),
    ],
)
def test_soap_is_refused_with_its_reason_before_any_call(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_org_settings({name: value})

    (problem,) = [text for text in caught.value.problems if text.startswith(name)]
    assert "SOAP" in problem
    assert "leaves out from API version 65 on" in problem
    assert "Canary" not in problem


# ---- 2: the version gate ------------------------------------------------------------------------


def test_a_retired_api_version_says_so(scripted: ScriptedOrg) -> None:
    body = [{"errorCode": "UNSUPPORTED_API_VERSION", "message": "no longer available"}]
    scripted.answers(LIMITS, said(body, 410))

    with pytest.raises(Conflict, match="retired the API version that Usher uses: update Usher"):
        scripted.gateway().limits()


# ---- 3, 4, 5, 8: the log-in ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "description", "code", "fix"),
    [
        ("invalid_grant", "user hasn't approved this consumer", "app_not_approved", "pre-auth"),
        ("invalid_app_access", "not allowed", "app_not_approved", "pre-authorized"),
        ("invalid_grant", "audience is invalid", "audience", "own My Domain"),
        ("invalid_grant", "user is locked", "user_frozen", "Unfreeze"),
        ("inactive_user", "user is inactive", "user_inactive", "tick Active"),
        ("inactive_org", "org locked", "org_inactive", "support"),
        ("invalid_grant", "ip restricted", "ip_restricted", "login IP ranges"),
        ("invalid_grant", "no client credentials user enabled", "no_run_as_user", "run as"),
        ("invalid_client_id", "client identifier invalid", "invalid_client_id", "consumer key"),
        ("invalid_client", "invalid client credentials", "invalid_client", "certificate"),
        ("invalid_grant", "authentication failure", "invalid_grant", "clock"),
        ("<b>", "<script>", "unknown", "admin must check"),
    ],
)  # fmt: skip
def test_each_refusal_of_the_log_in_has_its_own_fix(
    bench: Bench, error: str, description: str, code: str, fix: str
) -> None:
    body = f'{{"error": "{error}", "error_description": "{description}"}}'
    fault = Fault(route=TOKEN, kind=FaultKind.STATUS, status=400, body=body, times=9)
    bench.emulator.faults.add(fault)

    with pytest.raises(Unauthorized, match=fix) as caught:
        bench.connect().reading.run_as()

    assert caught.value.code == code
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(("off_s", "way"), [(600, "10 minutes ahead of"), (-600, "behind")])
def test_a_clock_that_is_off_is_told_from_salesforces_own(
    scripted: ScriptedOrg, off_s: int, way: str
) -> None:
    date = formatdate(time.time() - off_s, usegmt=True)
    refusal = {"error": "invalid_grant", "error_description": "invalid assertion"}
    scripted.answers(TOKEN, said(refusal, 400, Date=date))

    with pytest.raises(Unauthorized, match=way) as caught:
        scripted.gateway().run_as()

    assert caught.value.code == "clock"
    assert "NTP" in str(caught.value)


def test_a_clock_that_is_off_is_told_even_where_it_does_no_harm_yet(scripted: ScriptedOrg) -> None:
    well(scripted)
    scripted.answers(TOKEN, logged_in(Date=formatdate(time.time() - 600, usegmt=True)))

    assert only(scripted).startswith("This machine's clock is 10 minutes ahead")


@pytest.mark.parametrize("active", [{"IsActive": False}, {"IsFrozen": True}])
def test_a_bot_user_that_is_frozen_or_inactive_is_told(
    scripted: ScriptedOrg, active: dict[str, bool]
) -> None:
    well(scripted, bot=active)

    text = only(scripted)

    assert ("inactive" in text) == ("IsActive" in active)
    assert ("press Unfreeze" in text) == ("IsFrozen" in active)


# ---- 6: rights ----------------------------------------------------------------------------------


def test_a_missing_right_is_named_as_setup_names_it(scripted: ScriptedOrg) -> None:
    lacking = {"PermissionsManageUsers": False, "PermissionsViewSetup": False}
    well(scripted, rights=RIGHTS | lacking)

    assert "lacks Manage Users, View Setup and Configuration: tick" in only(scripted)


def test_rights_that_cannot_be_seen_are_not_guessed(scripted: ScriptedOrg) -> None:
    well(scripted, rights={})
    assert complaints(scripted) == ()

    fine = [composite(one=page([row])) for row in (ORG, {}, {})]
    scripted.reads(*fine, composite(one=(400, [{"errorCode": "INVALID_FIELD", "message": "x"}])))
    assert complaints(scripted) == ()


# ---- 7: expiring assignments --------------------------------------------------------------------


@pytest.mark.parametrize("end", [{"name": "X"}, {"name": "ExpirationDate", "createable": False}])
def test_assignments_that_cannot_expire_are_told_if_the_policy_needs_it(
    scripted: ScriptedOrg, end: dict[str, Any]
) -> None:
    well(scripted, end=end)

    assert "with Expiration Dates" in only(scripted, uses_expiry=True)
    well(scripted, end=end)
    assert complaints(scripted) == ()


# ---- 9, 10: quota, and which org ----------------------------------------------------------------


def test_few_calls_left_are_told(scripted: ScriptedOrg) -> None:
    well(scripted, left=199)

    assert only(scripted).startswith("Only 199 of 1000 calls a day are left")


def test_a_sandbox_behind_an_address_of_production_is_told(scripted: ScriptedOrg) -> None:
    well(scripted, company=ORG | {"IsSandbox": True})

    text = only(scripted)

    assert text.startswith("The org is a sandbox org, and localhost looks like")
    assert "SALESFORCE_URL" in text


@pytest.mark.parametrize(
    ("host", "is_sandbox"),
    [
        ("acme.my.salesforce.com", False),
        ("acme--uat.sandbox.my.salesforce.com", True),
        ("acme--uat.my.salesforce.com", True),
        ("acme--uat.cs42.my.salesforce.com", True),
        ("login--helper.acme.example", False),
        ("localhost", False),
    ],
)
def test_an_address_says_which_kind_of_org_it_is(
    host: str,
    is_sandbox: bool,  # noqa: FBT001  # a table
) -> None:
    assert is_sandbox_host(host) is is_sandbox
    assert audience(host) == f"https://{'test' if is_sandbox else 'login'}.salesforce.com"


# ---- the person field ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "says"),
    [
        (None, "add the Text\\(64\\) field Usher_Person_Id with External ID"),
        (FIELD | {"unique": False}, "is not Unique, so that one person could become two"),
        (FIELD | {"externalId": False}, "is not External ID"),
        (FIELD | {"unique": 1, "externalId": None}, "not External ID and not Unique"),
        (FIELD | {"name": "usher_person_id__c"}, "spells Usher_Person_Id__c otherwise"),
    ],
)
def test_a_person_field_that_will_not_do_is_told(
    scripted: ScriptedOrg, field: dict[str, Any] | None, says: str
) -> None:
    well(scripted, fields=[{"name": "Id"}, 7, *([field] if field else [])])

    with pytest.raises(AssertionError, match=says):
        raise AssertionError(only(scripted))


# ---- records that are handed over ---------------------------------------------------------------

SEES_NOT = {"PermissionsViewAllData": False, "PermissionsModifyAllData": False}


@pytest.mark.parametrize(
    ("sees", "some", "says"),
    [
        (SEES_NOT | {"PermissionsViewAllData": True}, [], ""),
        (SEES_NOT | {"PermissionsModifyAllData": True}, [], ""),
        (SEES_NOT, ["Case", "Lead"], ""),
        (SEES_NOT, ["Lead"], "may not see every Case,"),
        (SEES_NOT, [], "may not see every Case, Lead, "),
    ],
)
def test_records_that_the_bot_may_not_see_are_told(
    scripted: ScriptedOrg, sees: Mapping[str, Any], some: list[str], says: str
) -> None:
    rows = [{"Id": name, "SobjectType": name} for name in some]
    well(scripted, further=(composite(all=page([sees]), some=page(rows)),))

    found = complaints(scripted, hands_over=("Lead", "Case"))

    assert len(found) == bool(says)
    assert says in "".join(found)


def test_the_emulated_bot_sees_all(salesforce: Connected) -> None:
    assert SalesforceHealth(salesforce.reading).complaints(hands_over=("Lead", "Task")) == ()


# ---- all of it ----------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once(scripted: ScriptedOrg) -> None:
    well(
        scripted,
        company=ORG | {"IsSandbox": True},
        bot={"IsFrozen": True},
        rights=dict.fromkeys(RIGHTS, False),
        fields=[],
        left=1,
        end={},
    )

    assert len(complaints(scripted, uses_expiry=True)) == 6


def test_a_look_that_fails_does_not_hide_the_others(scripted: ScriptedOrg) -> None:
    well(scripted, left=1)
    no = (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type is not supported"}])
    scripted.reads(composite(one=no))

    found = complaints(scripted)

    assert len(found) == 2
    assert "cannot see a field or object" in found[0]
    assert "calls a day" in found[1]


def test_an_org_that_is_down_is_waited_for_once(scripted: ScriptedOrg) -> None:
    well(scripted)
    scripted.reads(said({}, 503))

    assert len(complaints(scripted)) == 1
    assert scripted.lines() == [TOKEN, LIMITS, f"POST {DATA}/composite"]


def test_a_refused_log_in_is_told_once(bench: Bench) -> None:
    wire = bench.wire()
    wrong = bench.secret_credential()
    bench.emulator.faults.add(
        Fault(route=TOKEN, kind=FaultKind.STATUS, status=400, body='{"error": "x"}', times=99)
    )

    assert len(SalesforceHealth(Gateway(wire, AccessTokens(wire, wrong))).complaints()) == 1
    assert bench.calls == [TOKEN]
