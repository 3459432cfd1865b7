"""Every port has something real behind it, and tests that call each of its methods."""

import importlib
import inspect
import re
import typing
from datetime import timedelta
from pathlib import Path

import pytest

import bot.ports
from bot.app import SystemClock

ROOT = Path(__file__).parents[1]
ROWS = ("tests/contracts", "tests/adapters/store", "tests/workflows")
PORTS = {
    "Chat": ("bot.adapters.slack.chat:SlackChat", "tests/adapters/test_slack_chat.py"),
    "Checkup": ("bot.adapters.salesforce.health:SalesforceHealth", "tests/adapters/salesforce"),
    "Clock": ("bot.app:SystemClock", "tests/test_ports.py"),
    "Comments": ("bot.adapters.github.records:GitHubRecords", "tests/adapters/test_github_*.py"),
    "Desk": ("bot.workflows.desk:FrontDesk", "tests/workflows"),
    "Health": ("bot.adapters.salesforce.health:SalesforceHealth", "tests/adapters/salesforce"),
    "Inbox": ("bot.workflows.desk:FrontDesk", "tests/workflows"),
    "Ledger": ("bot.adapters.store.store:Store", "tests/contracts"),
    "Members": ("bot.adapters.slack.members:SlackMembers", "tests/adapters/test_slack_members.py"),
    "OrgDirectory": (
        "bot.adapters.salesforce.names:SalesforceNames",
        "tests/adapters/salesforce/test_names.py",
    ),
    "RightsReader": (
        "bot.adapters.salesforce.object_rights:SalesforceRights",
        "tests/adapters/salesforce/test_object_rights.py",
    ),
    "Passwords": ("bot.adapters.salesforce.passwords:SalesforcePasswords", "tests/adapters"),
    "PeopleSource": ("bot.adapters.people:CompanyPeople", "tests/adapters"),
    "PolicyReader": (
        "bot.adapters.policy_files.reader:PolicyFilesReader",
        "tests/adapters/policy_files",
    ),
    "PolicyRepository": (
        "bot.adapters.github.policies:GitHubPolicies",
        "tests/adapters/test_github_policies.py",
    ),
    "PolicyVerdicts": (
        "bot.adapters.github.policies:GitHubPolicies",
        "tests/adapters/test_github_policies.py",
    ),
    "PolicySource": ("bot.adapters.live_policy:LivePolicy", "tests/adapters"),
    "RecordReader": (
        "bot.adapters.salesforce.records:SalesforceRecords",
        "tests/adapters/salesforce/test_records.py",
    ),
    "RecordWriter": (
        "bot.adapters.salesforce.records:SalesforceRecordWriter",
        "tests/adapters/salesforce/test_records.py",
    ),
    "Records": ("bot.adapters.github.records:GitHubRecords", "tests/adapters/test_github_*.py"),
    "SeatReader": ("bot.adapters.salesforce.seats:SalesforceSeats", "tests/adapters/salesforce"),
    "SeatWriter": (
        "bot.adapters.salesforce.seats:SalesforceSeatWriter",
        "tests/adapters/salesforce",
    ),
    "Transaction": ("bot.adapters.store.store:Transaction", "tests/contracts"),
    "Vault": ("bot.adapters.onepassword:ConnectVault", "tests/adapters/test_onepassword.py"),
}
"""Each port: what really stands behind it, and the tests that call every method of it.

The rows are found through the transaction that hands them out.
"""


_ROWS: dict[str, type] = {
    name: typing.get_type_hints(value.fget)["return"]
    for name, value in vars(bot.ports.Transaction).items()
    if isinstance(value, property) and name != "connection"
}


@pytest.mark.parametrize("port", sorted(PORTS))
def test_every_method_of_a_port_is_there_and_called_by_its_tests(port: str) -> None:
    place, where = PORTS[port]
    module, _, name = place.partition(":")
    real = getattr(importlib.import_module(module), name)
    methods = _methods(getattr(bot.ports, port))
    text = _tests(where)

    assert [m for m in methods if not hasattr(real, m) and m not in _set_at_birth(real)] == []
    assert [m for m in methods if not re.search(rf"\.{m}\b", text)] == []


@pytest.mark.parametrize("attribute", sorted(_ROWS))
def test_every_method_of_the_rows_is_called_by_tests(attribute: str) -> None:
    text = _tests(*ROWS)

    uncalled = [m for m in _methods(_ROWS[attribute]) if f"{attribute}.{m}(" not in text]

    assert uncalled == []


def test_every_port_is_in_a_table_above() -> None:
    protocols = {
        name
        for name, value in vars(bot.ports).items()
        if getattr(value, "_is_protocol", False) and value.__module__ in ("bot.ports", "bot.rows")
    }

    assert protocols == set(PORTS) | {port.__name__ for port in _ROWS.values()}


def test_the_clock_knows_its_zone() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def _methods(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def _tests(*places: str) -> str:
    found = [path for place in places for path in ROOT.glob(place)]
    files = [f for path in found for f in ([path] if path.is_file() else path.rglob("*.py"))]
    return "\n".join(path.read_text("utf-8") for path in files)


def _set_at_birth(real: type) -> set[str]:
    return set(re.findall(r"self\.(\w+)\b", inspect.getsource(real)))
