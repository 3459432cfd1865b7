"""The unmodified Python SDK against the Connect emulator."""

import re
from collections.abc import Iterator

import httpx
import pytest
from onepasswordconnectsdk.client import Client, new_client
from onepasswordconnectsdk.errors import FailedToRetrieveItemException
from onepasswordconnectsdk.models import Field, GeneratorRecipe, Item, ItemUrls, ItemVault, Section
from onepasswordconnectsdk.models.field_section import FieldSection

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.onepassword import ConnectEmulator

ANN = "vaultann000000000000000004"
LEO = "vaultleo000000000000000005"


@pytest.fixture
def connect() -> Iterator[ConnectEmulator]:
    emulator = ConnectEmulator(clock=lambda: 1_790_000_000.0)
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def sdk(connect: ConnectEmulator) -> Iterator[Client]:
    client = new_client(connect.url, "sandbox-connect-token")
    yield client
    client.session.close()


def login(**changes: object) -> Item:
    wanted: dict[str, object] = {
        "title": "Salesforce",
        "category": "LOGIN",
        "vault": ItemVault(id=ANN),
        "tags": ["usher", "req-7"],
        "urls": [ItemUrls(href="https://acme.example", primary=True)],
        "sections": [Section(id="about", label="What this is")],
        "fields": [
            Field(purpose="USERNAME", value="ann.ortiz@acme.example.crm"),
            Field(purpose="PASSWORD", generate=True, recipe=GeneratorRecipe(length=20)),
            Field(purpose="NOTES", value="Change it at first log-in."),
            Field(label="Approved by", value="gus", section=FieldSection(id="about")),
        ],
    }
    return Item(**{**wanted, **changes})


def test_a_login_made_with_the_sdk_lies_in_the_vault_with_a_generated_password(
    connect: ConnectEmulator, sdk: Client
) -> None:
    created = sdk.create_item(ANN, login())

    (item,) = connect.items(ANN)
    assert re.fullmatch("[a-z0-9]{26}", item.id)
    assert (item.id, item.version) == (created.id, 1)
    assert item.username == "ann.ortiz@acme.example.crm"
    assert item.password is not None
    assert len(item.password) == 20
    assert item.url == "https://acme.example"
    assert item.notes == "Change it at first log-in."
    assert item.details == (("Approved by", "gus"),)
    assert item.tags == ("usher", "req-7")
    assert item.password not in repr(item)
    assert item.notes not in repr(item)


def test_the_answer_to_create_carries_the_password_and_the_servers_field_ids(
    connect: ConnectEmulator, sdk: Client
) -> None:
    fields = sdk.create_item(ANN, login()).fields

    assert [f.id for f in fields[:3]] == ["username", "password", "notesPlain"]
    assert re.fullmatch("[a-z0-9]{26}", fields[3].id)
    assert fields[1].value == connect.items(ANN)[0].password
    assert fields[1].type == "CONCEALED"
    assert fields[1].entropy > 100


def test_an_item_is_found_by_id_title_and_vault_name(sdk: Client) -> None:
    created = sdk.create_item(ANN, login())

    assert sdk.get_item(created.id, ANN).title == "Salesforce"
    assert sdk.get_item("Salesforce", "Handoff - p004").id == created.id
    assert [v.type for v in sdk.get_vaults()].count("USER_CREATED") == 15
    assert sdk.get_vault(ANN).items == 1
    assert sdk.get_files(created.id, ANN) == []


def test_a_list_shows_summaries_and_filters_by_title_and_by_tag(
    connect: ConnectEmulator, sdk: Client
) -> None:
    sdk.create_item(ANN, login())
    sdk.create_item(ANN, login(title="Gong", tags=["req-8"]))

    assert [i.title for i in sdk.get_items(ANN)] == ["Salesforce", "Gong"]
    assert [i.title for i in sdk.get_items(ANN, 'title eq "Gong"')] == ["Gong"]
    assert [i.title for i in sdk.get_items(ANN, 'tag eq "req-7"')] == ["Salesforce"]
    assert sdk.get_items(LEO) == []
    assert b'"fields"' not in (connect.exchanges[-2].response_body or b"")


def test_an_update_replaces_the_whole_item_and_counts_up(
    connect: ConnectEmulator, sdk: Client
) -> None:
    item = sdk.create_item(ANN, login())
    connect.clock = lambda: 1_790_000_060.0

    item.title, item.tags = "Salesforce (expired)", None
    updated = sdk.update_item(item.id, ANN, item)

    (kept,) = connect.items(ANN)
    assert (kept.title, kept.tags, kept.version) == ("Salesforce (expired)", (), 2)
    assert (updated.updated_at - updated.created_at).total_seconds() == 60
    assert kept.password == item.fields[1].value


def test_a_deleted_item_is_gone(connect: ConnectEmulator, sdk: Client) -> None:
    item = sdk.create_item(ANN, login())

    sdk.delete_item(item.id, ANN)

    assert connect.items(ANN) == []
    assert connect.exchanges[-1].status == 204
    with pytest.raises(FailedToRetrieveItemException, match=f"item {item.id} not found") as caught:
        sdk.get_item_by_id(item.id, ANN)
    assert caught.value.status_code == 404


def test_a_title_that_breaks_out_of_the_filter_is_refused(sdk: Client) -> None:
    """The SDK pastes titles into the filter; the server knows one eq only."""
    with pytest.raises(FailedToRetrieveItemException, match="Invalid filter"):
        sdk.get_item_by_title('x" or title eq "Salesforce', ANN)
    with pytest.raises(FailedToRetrieveItemException, match="Invalid filter"):
        sdk.get_item_by_title("R&D", ANN)


def test_a_dropped_answer_leaves_the_item_behind(connect: ConnectEmulator, sdk: Client) -> None:
    connect.faults.add(Fault(route="POST /v1/vaults/*/items", kind=FaultKind.DROP_AFTER))

    with pytest.raises(httpx.RemoteProtocolError):
        sdk.create_item(ANN, login())

    assert len(connect.items(ANN)) == 1


def test_html_mode_answers_every_call_with_a_proxys_page(
    connect: ConnectEmulator, sdk: Client
) -> None:
    connect.html_mode = True

    with pytest.raises(ValueError, match="Expecting value"):
        sdk.create_item(ANN, login())

    assert (connect.exchanges[-1].status, connect.items(ANN)) == (502, [])
    connect.html_mode = False
    assert sdk.get_items(ANN) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Invalid token signature"),
        (403, "does not have access to vault"),
        (500, "failed to initiate"),
        (503, "injected fault"),
    ],
)
def test_injected_errors_have_the_vendors_body(
    connect: ConnectEmulator, sdk: Client, status: int, message: str
) -> None:
    connect.faults.add(Fault(route="GET *", kind=FaultKind.STATUS, status=status))

    with pytest.raises(FailedToRetrieveItemException, match=message):
        sdk.get_items(ANN)
