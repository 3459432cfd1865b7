"""What the Connect emulator takes for an item, a patch, a filter and a password recipe."""

import string
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.sandbox.onepassword import ConnectEmulator, VaultItem

ANN = "vaultann000000000000000004"
ITEMS = f"/v1/vaults/{ANN}/items"
PASSWORD = {"purpose": "PASSWORD", "value": "old"}


@pytest.fixture(scope="module")
def server() -> Iterator[ConnectEmulator]:
    emulator = ConnectEmulator()
    emulator.serve()
    yield emulator
    emulator.close()


@pytest.fixture
def connect(server: ConnectEmulator) -> ConnectEmulator:
    for item in server.items(ANN):
        ask(server, "DELETE", f"{ITEMS}/{item.id}")
    return server


def ask(
    connect: ConnectEmulator, method: str, path: str, json: object = None, content: Any = None
) -> httpx.Response:
    headers = {"Authorization": "Bearer sandbox-connect-token"}
    return httpx.request(method, connect.url + path, headers=headers, json=json, content=content)


def item(**changes: object) -> dict[str, object]:
    return {"title": "Clay", "category": "LOGIN", "vault": {"id": ANN}, **changes}


def create(connect: ConnectEmulator, **changes: object) -> str:
    answer = ask(connect, "POST", ITEMS, item(**changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def only(connect: ConnectEmulator) -> VaultItem:
    (found,) = connect.items(ANN)
    return found


BAD_ITEMS: list[tuple[dict[str, object], str]] = [
    ({"category": "Login"}, "Invalid item category"),
    ({"category": None}, "Invalid item category"),
    ({"category": "DOCUMENT"}, "DOCUMENT"),
    ({"category": "PASSWORD"}, "The item doesn't have a password field."),
    ({"vault": {"id": "c" * 26}}, "vault.id"),
    ({"vault": None}, "vault.id"),
    ({"fields": [PASSWORD, PASSWORD]}, 'You can only use one "password" field.'),
    ({"fields": [{"purpose": "SECRET"}]}, "purpose"),
    ({"fields": [{"type": "TOTP"}]}, "type"),
    ({"fields": [{"id": "a"}, {"id": "a"}]}, "same id"),
    ({"fields": ["a"]}, "field must be an object"),
    ({"fields": [{"value": 7}]}, "value must be of type str"),
    ({"fields": [{"section": {"id": 7}}]}, "section must have an id"),
    ({"fields": {}}, "fields must be of type list"),
    ({"sections": ["a"]}, "section must be an object"),
    ({"urls": ["https://acme.example"]}, "must have an href"),
    ({"tags": [7]}, "tags must be strings"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_ITEMS, ids=lambda value: str(value)[:40])
def test_a_bad_item_is_refused_with_400(
    connect: ConnectEmulator, changes: dict[str, object], message: str
) -> None:
    answer = ask(connect, "POST", ITEMS, item(**changes))

    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert connect.items(ANN) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused_with_400(
    connect: ConnectEmulator, content: bytes
) -> None:
    assert ask(connect, "POST", ITEMS, content=content).status_code == 400


NOT_MODELLED: list[dict[str, object]] = [
    {"id": "d" * 26},
    {"category": "CUSTOM"},
    {"files": [{"name": "a.txt"}]},
    {"colour": "red"},
    {"fields": [{"colour": "red"}]},
    {"fields": [{"purpose": "NOTES", "id": "a"}, {"purpose": "NOTES", "id": "b"}]},
    {"category": "SECURE_NOTE", "fields": [PASSWORD]},
    {"fields": [{"section": {"id": "nowhere"}}]},
]


@pytest.mark.parametrize("changes", NOT_MODELLED, ids=str)
def test_what_no_document_describes_answers_501(
    connect: ConnectEmulator, changes: dict[str, object]
) -> None:
    answer = ask(connect, "POST", ITEMS, item(**changes))

    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]
    assert connect.items(ANN) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/vaults"),
        ("DELETE", f"/v1/vaults/{ANN}"),
        ("GET", "/v2/vaults"),
        ("GET", f"{ITEMS}?page=2"),
        ("GET", f"/v1/vaults/{ANN}?expand=items"),
        ("POST", f"{ITEMS}?dry_run=1"),
    ],
)
def test_routes_and_parameters_that_connect_does_not_have_answer_501(
    connect: ConnectEmulator, method: str, path: str
) -> None:
    assert ask(connect, method, path, item()).status_code == 501
    assert connect.items(ANN) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/v1/vaults", 'id eq "x"'),
        ("/v1/vaults", 'name eq "x" or name eq "y"'),
        (ITEMS, "title eq x"),
        (ITEMS, 'title co "x"'),
        (ITEMS, 'category eq "LOGIN"'),
        (ITEMS, r'title eq "\q"'),
        (ITEMS, ""),
    ],
)
def test_only_one_eq_on_a_known_attribute_is_a_filter(
    connect: ConnectEmulator, path: str, text: str
) -> None:
    answer = ask(connect, "GET", f"{path}?{httpx.QueryParams(filter=text)}")

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid filter")


def test_a_filters_text_may_hold_escaped_quotes(connect: ConnectEmulator) -> None:
    create(connect, title='The "one" & #2')
    query = httpx.QueryParams(filter=r'title EQ "The \"one\" & #2"')

    (found,) = ask(connect, "GET", f"{ITEMS}?{query}").json()

    assert found["title"] == 'The "one" & #2'


@pytest.mark.parametrize(
    ("recipe", "length", "allowed"),
    [
        ({"length": 64, "characterSets": ["DIGITS"]}, 64, string.digits),
        ({"length": 1, "characterSets": ["LETTERS"]}, 1, string.ascii_letters),
        ({"characterSets": ["LETTERS", "DIGITS"]}, 32, string.ascii_letters + string.digits),
        (
            {"characterSets": ["DIGITS"], "excludeCharacters": "01l"},
            32,
            string.digits.replace("0", "").replace("1", ""),
        ),
        (None, 32, string.ascii_letters + string.digits + string.punctuation),
    ],
)
def test_a_password_is_made_by_its_recipe(
    connect: ConnectEmulator, recipe: object, length: int, allowed: str
) -> None:
    create(connect, fields=[{"purpose": "PASSWORD", "generate": True, "recipe": recipe}])

    password = only(connect).password or ""

    assert len(password) == length
    assert set(password) <= set(allowed)


def test_every_asked_for_kind_of_character_is_in_the_password(connect: ConnectEmulator) -> None:
    recipe = {"length": 3, "characterSets": ["LETTERS", "DIGITS", "SYMBOLS"]}
    create(connect, fields=[{"purpose": "PASSWORD", "generate": True, "recipe": recipe}])

    password = only(connect).password or ""

    assert sorted((c.isalpha(), c.isdigit()) for c in password) == [
        (False, False),
        (False, True),
        (True, False),
    ]


def test_a_value_that_is_given_is_not_generated_over(connect: ConnectEmulator) -> None:
    create(connect, fields=[{**PASSWORD, "generate": True}])

    assert only(connect).password == "old"


@pytest.mark.parametrize(
    "recipe",
    [
        {"length": 0},
        {"length": 65},
        {"length": "20"},
        {"length": True},
        {"characterSets": ["EMOJI"]},
        {"characterSets": ["DIGITS", "DIGITS"]},
        {"characterSets": "DIGITS"},
        {"characterSets": ["DIGITS"], "excludeCharacters": string.digits},
        {"excludeCharacters": 7},
        {"colour": "red"},
        "long",
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_followed_is_refused(
    connect: ConnectEmulator, recipe: object
) -> None:
    fields = [{"purpose": "PASSWORD", "generate": True, "recipe": recipe}]

    assert ask(connect, "POST", ITEMS, item(fields=fields)).status_code == 400


def patch(connect: ConnectEmulator, path: str, *operations: object) -> httpx.Response:
    return ask(connect, "PATCH", path, list(operations))


def test_a_patch_changes_attributes_of_the_item(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect, tags=['a', 'b'])}"

    answer = patch(
        connect,
        path,
        {"op": "replace", "path": "/favorite", "value": True},
        {"op": "remove", "path": "/tags/1"},
        {"op": "add", "path": "/tags/-", "value": "z"},
        {"op": "add", "path": "/tags/0", "value": "first"},
        {"op": "replace", "path": "/tags/1", "value": "A"},
        {"op": "remove", "path": "/title"},
        {"op": "add", "path": "/sections/-", "value": {}},
        {
            "op": "add",
            "path": "/urls",
            "value": [{"href": "https://b.example", "label": "b"}, {"href": "c"}],
        },
    )

    assert answer.json()["favorite"] is True
    assert only(connect).tags == ("first", "A", "z")
    assert (only(connect).title, only(connect).url) == ("", "https://b.example")
    assert only(connect).version == 2


def test_a_patch_reaches_fields_by_their_id(connect: ConnectEmulator) -> None:
    note = {"id": "note", "label": "Note", "value": "x"}
    path = f"{ITEMS}/{create(connect, fields=[PASSWORD, note])}"

    patch(connect, path, {"op": "replace", "path": "/fields/password/value", "value": "new"})
    patch(connect, path, {"op": "replace", "path": "/fields/note", "value": {"label": "Other"}})
    added = {"label": "New Field", "type": "string", "value": "hunter2"}
    patch(connect, path, {"op": "add", "path": "/fields", "value": added})

    assert only(connect).password == "new"
    assert only(connect).details == (("Other", ""), ("New Field", "hunter2"))

    patch(connect, path, {"op": "remove", "path": "/fields/note"})
    patch(connect, path, {"op": "remove", "path": "/fields/password/value"})
    assert (only(connect).password, only(connect).details) == (None, (("New Field", "hunter2"),))
    patch(connect, path, {"op": "replace", "path": "/fields", "value": [PASSWORD]})
    assert (only(connect).password, only(connect).details) == ("old", ())
    patch(connect, path, {"op": "remove", "path": "/fields"})
    assert only(connect).password is None


def test_a_patch_of_the_whole_item_is_a_put(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect, fields=[PASSWORD], tags=['a'])}"

    patch(connect, path, {"op": "replace", "path": "/", "value": {"title": "New Title"}})

    assert only(connect).title == "New Title"
    assert (only(connect).password, only(connect).tags) == (None, ())


def test_a_patch_without_operations_changes_nothing(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect)}"

    answer = patch(connect, path)

    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert not connect.exchanges[-1].is_write
    patch(connect, path, {"op": "replace", "path": "/title", "value": "x"})
    assert connect.exchanges[-1].is_write


BAD_PATCHES: list[tuple[object, int]] = [
    ({"op": "move", "path": "/title", "from": "/tags"}, 400),
    ({"op": "replace", "path": "title", "value": "x"}, 400),
    ({"op": "replace", "path": "/title"}, 400),
    ({"op": "replace", "path": "/title", "value": 7}, 400),
    ({"op": "replace", "path": "/", "value": 7}, 400),
    ({"op": "remove", "path": "/"}, 501),
    ({"op": "replace", "path": "/version", "value": 7}, 501),
    ({"op": "remove", "path": "/tags/7"}, 400),
    ({"op": "remove", "path": "/tags/x"}, 400),
    ({"op": "remove", "path": "/urls/0/href"}, 501),
    ({"op": "remove", "path": "/fields/nobody"}, 400),
    ({"op": "add", "path": "/fields/password", "value": PASSWORD}, 501),
    ({"op": "replace", "path": "/fields/password", "value": "x"}, 400),
    ({"op": "replace", "path": "/fields/-", "value": PASSWORD}, 400),
    ({"op": "add", "path": "/fields", "value": [PASSWORD]}, 501),
    ({"op": "add", "path": "/fields", "value": PASSWORD}, 400),
    ({"op": "replace", "path": "/fields/password/id", "value": "x"}, 501),
    ("title", 400),
]


@pytest.mark.parametrize(("operation", "status"), BAD_PATCHES, ids=str)
def test_a_bad_operation_refuses_the_whole_patch(
    connect: ConnectEmulator, operation: object, status: int
) -> None:
    path = f"{ITEMS}/{create(connect, fields=[PASSWORD], tags=['a'])}"
    before = only(connect)

    answer = patch(connect, path, {"op": "replace", "path": "/title", "value": "T"}, operation)

    assert answer.status_code == status
    assert only(connect) == before


def test_two_operations_that_fit_only_apart_are_refused(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect, tags=['a'])}"
    broken = {"op": "replace", "path": "/fields", "value": 7}

    assert patch(connect, path, broken, {"op": "remove", "path": "/fields/x"}).status_code == 400
    assert ask(connect, "PATCH", path, {"op": "remove"}).status_code == 400


def test_a_put_must_fit_its_path_and_keeps_the_category(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect)}"

    assert ask(connect, "PUT", path, item(id="e" * 26)).status_code == 400
    assert ask(connect, "PUT", path, item(category="SECURE_NOTE")).status_code == 501
    assert ask(connect, "PUT", f"{ITEMS}/{'f' * 26}", item()).status_code == 404
    assert only(connect).version == 1


def test_an_unknown_file_is_404(connect: ConnectEmulator) -> None:
    path = f"{ITEMS}/{create(connect)}/files"

    assert ask(connect, "GET", f"{path}?inline_files=true").json() == []
    for unknown in (f"{path}/f", f"{path}/f/content"):
        assert ask(connect, "GET", unknown).json() == {"status": 404, "message": "file f not found"}
