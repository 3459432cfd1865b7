"""Who may do what at the Connect emulator, and what its activity record says of it."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from bot.sandbox.example import colleagues
from bot.sandbox.onepassword import ConnectEmulator

ANN = "vaultann000000000000000004"
LEO = "vaultleo000000000000000005"
ITEMS = f"/v1/vaults/{ANN}/items"
NOTE = {
    "title": "Badge",
    "category": "SECURE_NOTE",
    "vault": {"id": ANN},
    "fields": [{"purpose": "NOTES", "value": "canary"}],
}


@pytest.fixture
def connect() -> Iterator[ConnectEmulator]:
    emulator = ConnectEmulator()
    emulator.add_token("read", vaults={ANN: "r"})
    emulator.add_token("write", vaults={ANN: "w"})
    emulator.add_token("both", vaults={ANN: "rw"})
    emulator.serve()
    yield emulator
    emulator.close()


def ask(
    connect: ConnectEmulator, token: str, method: str, path: str, json: object = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, connect.url + path, headers=headers, json=json)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body.keys() == {"status", "message"}
    return answer.status_code, body["message"]


@pytest.mark.parametrize("path", ["/v1/vaults", "/v1/activity", ITEMS])
def test_without_a_good_token_everything_under_v1_answers_401(
    connect: ConnectEmulator, path: str
) -> None:
    assert refusal(httpx.get(connect.url + path)) == (401, "Invalid bearer token")
    assert refusal(ask(connect, "forged", "GET", path)) == (401, "Invalid token signature")


def test_a_revoked_token_is_dead_at_once(connect: ConnectEmulator) -> None:
    assert ask(connect, "both", "GET", ITEMS).status_code == 200

    connect.revoke_token("both")

    assert refusal(ask(connect, "both", "GET", ITEMS)) == (401, "Invalid token signature")


def test_a_vault_out_of_scope_is_403_and_an_unknown_one_404(connect: ConnectEmulator) -> None:
    nowhere = "a" * 26

    for path in (f"/v1/vaults/{LEO}", f"/v1/vaults/{LEO}/items"):
        assert refusal(ask(connect, "both", "GET", path)) == (403, f"vault {LEO} is not in scope")
    missing = ask(connect, "both", "GET", f"/v1/vaults/{nowhere}/items")
    assert refusal(missing) == (404, f"vault {nowhere} not found")
    assert [v["id"] for v in ask(connect, "both", "GET", "/v1/vaults").json()] == [ANN]


def test_ids_of_the_wrong_form_are_400(connect: ConnectEmulator) -> None:
    bad_vault = ask(connect, "both", "GET", "/v1/vaults/ANN")
    bad_item = ask(connect, "both", "GET", f"{ITEMS}/short")

    assert refusal(bad_vault) == (400, "Invalid Vault UUID")
    assert refusal(bad_item) == (400, "Invalid Item UUID")


def test_a_read_only_token_cannot_write_and_gets_the_vendors_401(connect: ConnectEmulator) -> None:
    item = ask(connect, "both", "POST", ITEMS, NOTE).json()["id"]
    message = "Unauthorized Request, token does not have write access to the Vault"

    for method, path in (
        ("POST", ITEMS),
        ("PUT", f"{ITEMS}/{item}"),
        ("PATCH", f"{ITEMS}/{item}"),
        ("DELETE", f"{ITEMS}/{item}"),
    ):
        assert refusal(ask(connect, "read", method, path, NOTE)) == (401, message)
    assert len(connect.items(ANN)) == 1
    assert ask(connect, "read", "GET", f"{ITEMS}/{item}").json()["fields"][0]["value"] == "canary"


def test_a_write_only_token_writes_but_never_sees_a_value(connect: ConnectEmulator) -> None:
    created = ask(connect, "write", "POST", ITEMS, NOTE)
    item = f"{ITEMS}/{created.json()['id']}"
    change = [{"op": "replace", "path": "/title", "value": "Badge 2"}]

    answers = [
        created,
        ask(connect, "write", "PATCH", item, change),
        ask(connect, "write", "PATCH", item, []),
        ask(connect, "write", "PUT", item, NOTE),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert "canary" not in "".join(answer.text for answer in answers)
    assert connect.items(ANN)[0].notes == "canary"
    for path in (ITEMS, item, f"{item}/files", f"{item}/files/f", f"{item}/files/f/content"):
        assert ask(connect, "write", "GET", path).status_code == 403
    assert ask(connect, "write", "GET", f"/v1/vaults/{ANN}").json()["name"] == "Handoff - p004"
    assert ask(connect, "write", "DELETE", item).status_code == 204


def test_a_new_vault_needs_a_new_token(connect: ConnectEmulator) -> None:
    vault = connect.add_vault("Handoff - p099")

    before = ask(connect, "sandbox-connect-token", "GET", f"/v1/vaults/{vault}")
    connect.add_token("newer", vaults={vault: "w"})

    assert before.status_code == 403
    assert ask(connect, "newer", "GET", f"/v1/vaults/{vault}").json()["type"] == "USER_CREATED"


def test_only_people_with_a_hand_off_vault_get_one() -> None:
    ann, leo = [c for c in colleagues() if c.handoff_vault in {ANN, LEO}]
    connect = ConnectEmulator(people=[ann, replace(leo, handoff_vault="")])

    assert connect.items(ANN) == []
    with pytest.raises(KeyError):
        connect.items(LEO)


def test_what_cannot_be_is_refused_when_it_is_set_up(connect: ConnectEmulator) -> None:
    with pytest.raises(ValueError, match="scope r, w or rw"):
        connect.add_token("odd", vaults={ANN: "x"})
    with pytest.raises(ValueError, match="known vaults"):
        connect.add_token("odd", vaults={"b" * 26: "r"})
    with pytest.raises(ValueError, match="free id"):
        connect.add_vault("Handoff - twice", vault_id=ANN)
    with pytest.raises(ValueError, match="type"):
        connect.add_vault("Handoff - odd", kind="SHARED")


def test_the_activity_record_tells_who_did_what_newest_first(connect: ConnectEmulator) -> None:
    item = ask(connect, "write", "POST", ITEMS, NOTE).json()["id"]
    ask(connect, "read", "DELETE", f"{ITEMS}/{item}")
    ask(connect, "both", "GET", "/v1/vaults")

    page = ask(connect, "both", "GET", "/v1/activity?limit=2")
    rest = ask(connect, "both", "GET", "/v1/activity?offset=2")

    assert page.headers["Content-Range"] == "1-2/3"
    vaults, denied = page.json()
    assert (vaults["action"], vaults["resource"]) == ("READ", {"type": "VAULT"})
    assert (denied["action"], denied["result"]) == ("DELETE", "DENY")
    (created,) = rest.json()
    assert (created["action"], created["result"]) == ("CREATE", "SUCCESS")
    assert created["resource"]["item"] == {"id": item}
    assert created["resource"]["itemVersion"] == 1
    assert created["actor"]["jti"] != denied["actor"]["jti"]
    assert "canary" not in page.text + rest.text


def test_activity_for_python_is_oldest_first_and_leaves_out_mere_mistakes(
    connect: ConnectEmulator,
) -> None:
    ask(connect, "both", "GET", f"{ITEMS}/{'z' * 26}")
    ask(connect, "both", "POST", ITEMS, NOTE)
    ask(connect, "both", "GET", f"/v1/vaults/{LEO}")

    assert [(a.action, a.result, a.vault_id) for a in connect.activity()] == [
        ("CREATE", "SUCCESS", ANN),
        ("READ", "DENY", LEO),
    ]


@pytest.mark.parametrize(
    ("query", "status", "content_range"),
    [
        ("", 200, "0-0/0"),
        ("?limit=-1", 400, None),
        ("?offset=x", 400, None),
        ("?since=1", 501, None),
    ],
)
def test_activity_takes_limit_and_offset_only(
    connect: ConnectEmulator, query: str, status: int, content_range: str | None
) -> None:
    answer = ask(connect, "both", "GET", f"/v1/activity{query}")

    assert answer.status_code == status
    assert answer.headers.get("Content-Range") == content_range


def test_health_waits_for_the_first_good_token(connect: ConnectEmulator) -> None:
    health = f"{connect.url}/health"

    def sync() -> str:
        return str(httpx.get(health).json()["dependencies"][0]["status"])

    assert sync() == "TOKEN_NEEDED"
    ask(connect, "forged", "GET", ITEMS)
    assert sync() == "TOKEN_NEEDED"
    ask(connect, "read", "GET", ITEMS)
    assert sync() == "ACTIVE"
    assert httpx.get(health).json()["version"] == "1.8.1"
    assert httpx.get(f"{connect.url}/heartbeat").text == "."
    assert "process_start_time_seconds" in httpx.get(f"{connect.url}/metrics").text
