"""The peer of `seat`: a seat made the way that connectors usually do it, one question at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.format import format_soql

from bot.sandbox.salesforce import SalesforceEmulator


def create_seat(
    emulator: SalesforceEmulator,
    ca_file: Path,
    person_id: str,
    *,
    licence: str,
    profile: str,
    sets: Sequence[str],
) -> None:
    """Look everything up by itself, create the user, assign, set the password, read back."""
    crm = _connect(emulator, ca_file)
    username = "ann.ortiz@acme.example.crm"
    assert not _rows(crm, "SELECT Id FROM User WHERE Usher_Person_Id__c = {}", person_id)
    assert not _rows(crm, "SELECT Id FROM User WHERE Username = {}", username)
    [seats] = _rows(
        crm, "SELECT TotalLicenses, UsedLicenses FROM UserLicense WHERE Name = {}", licence
    )
    assert seats["UsedLicenses"] < seats["TotalLicenses"]
    [held] = _rows(crm, "SELECT Id FROM Profile WHERE Name = {}", profile)
    user = {
        "Username": username,
        "FirstName": "Ann",
        "LastName": "Ortiz",
        "Email": "ann.ortiz@acme.example",
        "Alias": "aortiz",
        "CommunityNickname": "ann.ortiz",
        "TimeZoneSidKey": "America/New_York",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "ProfileId": held["Id"],
        "Usher_Person_Id__c": person_id,
    }
    user_id = crm.User.create(user)["id"]
    for name in sets:
        [found] = _rows(crm, "SELECT Id FROM PermissionSet WHERE Name = {}", name)
        text = (
            "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {} AND PermissionSetId = {}"
        )
        if not _rows(crm, text, user_id, found["Id"]):
            assignment = {"AssigneeId": user_id, "PermissionSetId": found["Id"]}
            crm.PermissionSetAssignment.create(assignment)
    crm.restful(
        f"sobjects/User/{user_id}/password", method="POST", json={"NewPassword": "Naive-1-Naive-1"}
    )
    crm.User.get(user_id)
    _rows(crm, "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {}", user_id)


def _connect(emulator: SalesforceEmulator, ca_file: Path) -> Salesforce:
    session = requests.Session()
    session.trust_env = False  # no proxy: this is loopback
    session.verify = str(ca_file)
    answer = session.post(
        f"{emulator.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(emulator.client_id, emulator.client_secret),
        timeout=10,
    )
    token = answer.json()["access_token"]
    return Salesforce(instance_url=emulator.url, session_id=token, session=session, version="62.0")


def _rows(crm: Salesforce, text: str, *values: str) -> list[Any]:
    return list(crm.query(format_soql(text, *values))["records"])
