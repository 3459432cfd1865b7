"""Hand-off vaults through the adapter, against an emulated Connect server."""

import inspect
import logging
import os
import pickle
import ssl
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina
import trustme
from onepasswordconnectsdk import errors as sdk_errors

from bot.adapters.onepassword import FATES, ConnectVault
from bot.domain.errors import (
    Conflict,
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from bot.domain.secret import Secret
from bot.domain.vault import Handoff
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.onepassword import ConnectEmulator

ANN = "vaultann000000000000000004"
GONE = "vaultgone00000000000000000"
CANARY = "Canary-7hJ2kQ9x"
POST = "POST /v1/vaults/*"
GET = "GET /v1/vaults/*"
PASSWORD = Secret(CANARY)
HANDOFF = Handoff(
    vault_id=ANN,
    title="Salesforce",
    username="ann.ortiz@acme.example.crm",
    url="https://acme.my.salesforce.com",
    note="Approved by Bea Kline. Change the password at the first log-in.",
    tag="req-0042",
)


@pytest.fixture
def connect() -> Iterator[ConnectEmulator]:
    emulator = ConnectEmulator(token="good-token")
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def vault(connect: ConnectEmulator) -> ConnectVault:
    return ConnectVault(connect.url, Secret("good-token"), timeout_s=5.0)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=10, cap=True):
        yield


def test_a_log_in_is_stored_as_a_person_needs_it(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    item_id = vault.create_item(HANDOFF, PASSWORD)

    (item,) = connect.items(ANN)
    assert (item.id, item.category, item.title) == (item_id, "LOGIN", HANDOFF.title)
    assert (item.username, item.password, item.url) == (HANDOFF.username, CANARY, HANDOFF.url)
    assert item.tags == ("usher", "req-0042")
    assert ("note", HANDOFF.note) in item.details


def test_a_log_in_without_an_address_is_stored_too(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    vault.create_item(replace(HANDOFF, url=""), PASSWORD)

    assert connect.items(ANN)[0].url is None


def test_an_item_is_found_by_its_tag_only(vault: ConnectVault) -> None:
    item_id = vault.create_item(HANDOFF, PASSWORD)

    assert vault.find_item(ANN, "req-0042") == item_id
    assert vault.find_item(ANN, "req-004") is None


def test_removing_an_item_twice_is_fine(connect: ConnectEmulator, vault: ConnectVault) -> None:
    item_id = vault.create_item(HANDOFF, PASSWORD)

    vault.delete_item(ANN, item_id)
    vault.delete_item(ANN, item_id)

    assert connect.items(ANN) == []


@pytest.mark.parametrize("tag", ["", 'x" or tag eq "y', "a&b=c", "a#b", "A", "a" * 61, "a\n", "ä"])
def test_a_hostile_tag_never_leaves_the_host(
    connect: ConnectEmulator, vault: ConnectVault, tag: str
) -> None:
    with pytest.raises(Conflict):
        vault.find_item(ANN, tag)
    with pytest.raises(Conflict):
        vault.create_item(replace(HANDOFF, tag=tag), PASSWORD)
    assert connect.exchanges == []


@pytest.mark.parametrize(
    "hostile", ["", "../x", "Handoff - Ann", ANN.upper(), ANN + "0", ANN + "\n"]
)
def test_a_hostile_id_never_leaves_the_host(
    connect: ConnectEmulator, vault: ConnectVault, hostile: str
) -> None:
    for call in (
        lambda: vault.find_item(hostile, "req-1"),
        lambda: vault.create_item(replace(HANDOFF, vault_id=hostile), PASSWORD),
        lambda: vault.delete_item(hostile, ANN),
        lambda: vault.delete_item(ANN, hostile),
    ):
        with pytest.raises(Conflict):
            call()
    assert connect.exchanges == []


def test_a_vault_that_is_not_there_is_not_found_or_not_allowed(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    with pytest.raises((NotFound, Unauthorized)):
        vault.create_item(replace(HANDOFF, vault_id=GONE), PASSWORD)


def test_a_write_only_token_may_create_and_not_look(connect: ConnectEmulator) -> None:
    connect.add_token("write-only", vaults={ANN: "w"})
    vault = ConnectVault(connect.url, Secret("write-only"))

    vault.create_item(HANDOFF, PASSWORD)

    with pytest.raises(Unauthorized):
        vault.find_item(ANN, "req-0042")


def test_a_token_file_is_read_again_when_it_changes(
    connect: ConnectEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("good-token\n")
    vault = ConnectVault(connect.url, file)
    assert vault.find_item(ANN, "req-1") is None
    connect.revoke_token("good-token")
    with pytest.raises(Unauthorized):
        vault.find_item(ANN, "req-1")

    connect.add_token("next-token", vaults={ANN: "rw"})
    file.write_text("next-token")
    os.utime(file, (1, 1))

    assert vault.find_item(ANN, "req-1") is None


@pytest.mark.parametrize("content", [None, b"", b"two words", b"caf\xc3\xa9", b"\xff\xfe"])
def test_a_token_that_is_none_is_not_quoted(
    connect: ConnectEmulator, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(Unauthorized, match="OP_CONNECT_TOKEN") as caught:
        ConnectVault(connect.url, file).find_item(ANN, "req-1")

    assert "two words" not in str(caught.value)
    assert connect.exchanges == []


def test_a_passing_403_is_not_believed_at_once(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    connect.faults.add(Fault(route=POST, kind=FaultKind.STATUS, status=403, times=2))

    vault.create_item(HANDOFF, PASSWORD)

    assert len(connect.items(ANN)) == 1


def test_a_403_that_stays_is_believed_after_three_tries(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    connect.faults.add(Fault(route=POST, kind=FaultKind.STATUS, status=403, times=99))

    with pytest.raises(Unauthorized, match="hand-off vaults"):
        vault.create_item(HANDOFF, PASSWORD)

    assert len(connect.exchanges) == 3


@pytest.mark.parametrize(
    ("fault", "read", "write"),
    [
        ({"kind": FaultKind.STATUS, "status": 400}, Conflict, Conflict),
        ({"kind": FaultKind.STATUS, "status": 401}, Unauthorized, Unauthorized),
        ({"kind": FaultKind.STATUS, "status": 404}, NotFound, NotFound),
        ({"kind": FaultKind.STATUS, "status": 429, "retry_after": 7}, RateLimited, RateLimited),
        ({"kind": FaultKind.STATUS, "status": 500}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 503, "body": ""}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.HTML, "status": 502}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.HTML, "status": 404}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.HTML, "status": 200}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 302, "body": ""}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 200, "body": "7"}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 200, "body": "[{}]"}, None, OutcomeUnknown),
        ({"kind": FaultKind.STATUS, "status": 200, "body": '{"id": "?"}'}, None, OutcomeUnknown),
        ({"kind": FaultKind.DROP_BEFORE}, Unavailable, OutcomeUnknown),
        ({"kind": FaultKind.DROP_AFTER}, Unavailable, OutcomeUnknown),
    ],
    ids=str,
)
def test_a_failure_is_translated(
    connect: ConnectEmulator,
    vault: ConnectVault,
    fault: dict[str, Any],
    read: type[Exception] | None,
    write: type[Exception] | None,
) -> None:
    connect.faults.add(Fault(route=GET, **fault))
    connect.faults.add(Fault(route=POST, **fault))

    if read is None:
        assert vault.find_item(ANN, "req-0042") is None
    else:
        with pytest.raises(ConnectorError) as caught:
            vault.find_item(ANN, "req-0042")
        assert type(caught.value) is read
    with pytest.raises(ConnectorError) as caught:
        vault.create_item(HANDOFF, PASSWORD)

    assert type(pickle.loads(pickle.dumps(caught.value))) is write  # noqa: S301  # our own bytes


def test_an_item_without_a_proper_id_was_not_found(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    body = '[{"id": "?", "tags": ["req-0042"], "vault": {"id": "x"}}]'
    connect.faults.add(Fault(route=GET, kind=FaultKind.STATUS, status=200, body=body))

    with pytest.raises(Unavailable, match="names no item"):
        vault.find_item(ANN, "req-0042")


def test_a_proxys_page_does_not_count_as_deleted(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    item_id = vault.create_item(HANDOFF, PASSWORD)
    connect.html_mode = True

    with pytest.raises(OutcomeUnknown):
        vault.delete_item(ANN, item_id)


def test_a_create_whose_answer_is_lost_is_found_by_its_tag(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    connect.faults.add(Fault(route=POST, kind=FaultKind.DROP_AFTER))
    with pytest.raises(OutcomeUnknown):
        vault.create_item(HANDOFF, PASSWORD)

    assert vault.find_item(ANN, "req-0042") == connect.items(ANN)[0].id


def test_a_slow_server_is_not_waited_for(connect: ConnectEmulator) -> None:
    vault = ConnectVault(connect.url, Secret("good-token"), timeout_s=0.2)
    connect.faults.add(Fault(route="*", kind=FaultKind.DELAY, seconds=0.5, times=2))

    with pytest.raises(Unavailable):
        vault.find_item(ANN, "req-0042")
    with pytest.raises(OutcomeUnknown):
        vault.create_item(HANDOFF, PASSWORD)


def test_a_server_that_is_gone_was_surely_not_written_to(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    connect.close()

    with pytest.raises(Unavailable, match="cannot be reached"):
        vault.create_item(HANDOFF, PASSWORD)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.STATUS, "status": 400, "body": f'{{"message": "{CANARY}"}}'},
        {"kind": FaultKind.HTML, "status": 502},
        {"kind": FaultKind.DROP_AFTER},
        {"kind": FaultKind.STATUS, "status": 200, "body": f'{{"id": "{CANARY}"}}'},
    ],
    ids=str,
)
def test_the_password_and_the_token_are_nowhere(
    connect: ConnectEmulator,
    vault: ConnectVault,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    connect.faults.add(Fault(route=POST, **fault))

    with pytest.raises(ConnectorError) as caught:
        vault.create_item(HANDOFF, PASSWORD)

    said = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(vault)
    assert CANARY not in said
    assert "good-token" not in said


def test_a_private_ca_is_trusted_besides_the_public_ones(
    connect: ConnectEmulator, tmp_path: Path
) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    secure = ConnectEmulator(token="good-token")
    url = secure.serve(tls=context)

    trusting = ConnectVault(url, Secret("good-token"), ca_file=tmp_path / "ca.pem")
    assert trusting.find_item(ANN, "req-1") is None
    with pytest.raises(Unavailable):
        ConnectVault(url, Secret("good-token")).find_item(ANN, "req-1")
    secure.close()


def test_a_healthy_server_shows_version_and_vaults(
    connect: ConnectEmulator, vault: ConnectVault
) -> None:
    facts = vault.check()

    assert facts["version"] == "1.8.1"
    assert int(facts["vaults"]) >= 12


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("1.7.0", Conflict),
        ("1.6.12", Conflict),
        ("1.7.1", None),
        ("2.0.0", None),
        ("?", Unavailable),
    ],
)
def test_an_old_server_is_refused_with_the_fix(
    connect: ConnectEmulator, vault: ConnectVault, version: str, kind: type[Exception] | None
) -> None:
    connect.version = version

    if kind is None:
        assert vault.check()["version"] == version
    else:
        with pytest.raises(kind, match=r"1\.7\.1 or later|does not say"):
            vault.check()


def test_a_dead_token_is_found_by_the_check(connect: ConnectEmulator) -> None:
    with pytest.raises(Unauthorized):
        ConnectVault(connect.url, Secret("dead")).check()


def test_a_host_that_is_no_web_address_is_our_mistake() -> None:
    with pytest.raises(Conflict, match="check host and token"):
        ConnectVault("ftp://connect.example", Secret("good-token")).find_item(ANN, "req-1")


def test_a_proxys_page_is_no_health(connect: ConnectEmulator, vault: ConnectVault) -> None:
    connect.html_mode = True

    with pytest.raises(Unavailable):
        vault.check()


def library_errors() -> list[type[Exception]]:
    found = [kind for _, kind in inspect.getmembers(httpx, inspect.isclass)]
    found += [kind for _, kind in inspect.getmembers(sdk_errors, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", library_errors(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_libraries_is_mapped(kind: type[Exception]) -> None:
    assert kind in FATES
