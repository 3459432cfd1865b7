"""Answers that are empty, cut, of another kind or of another shape, for every method."""

from collections.abc import Callable

import pytest

from bot.adapters.salesforce.batches import changing, creating, deleting
from bot.adapters.salesforce.gateway import WritingGateway
from bot.domain.errors import ConnectorError, OutcomeUnknown, Unavailable
from bot.domain.secret import Secret
from tests.adapters.salesforce.scripted_org import (
    BOT_ID,
    DATA,
    Answer,
    ScriptedOrg,
    composite,
    page,
    said,
)

Call = Callable[[WritingGateway], object]
HTML = b"<!DOCTYPE html><html><body>Down for Maintenance</body></html>"
ROW = "0PaB00000000001AAA"


def patient(_: int) -> bool:
    return True


READS: dict[str, tuple[str, Call]] = {
    "query": (f"POST {DATA}/composite", lambda g: g.query({"one": "SELECT Id FROM User"})),
    "pages": (f"POST {DATA}/composite", lambda g: g.pages({"one": "SELECT Id FROM User"})),
    "query_all": (f"POST {DATA}/composite", lambda g: [*g.query_all("SELECT Id FROM User")]),
    "bulk_query": (
        f"POST {DATA}/jobs/query",
        lambda g: [*g.bulk_query("SELECT Id FROM User", wait=patient)],
    ),
    "limits": (f"GET {DATA}/limits", lambda g: g.limits()),
    "objects": (f"GET {DATA}/sobjects", lambda g: g.objects()),
    "quota": (f"GET {DATA}/limits", lambda g: g.quota()),
    "may_read_bulk": (f"GET {DATA}/limits", lambda g: g.may_read_bulk(1)),
    "describe": (f"GET {DATA}/sobjects/User/describe", lambda g: g.describe("User")),
    "run_as": ("POST /services/oauth2/token", lambda g: g.run_as()),
}
UPSERT = (
    f"PATCH {DATA}/sobjects/User/Usher_Person_Id__c/p004",
    lambda g: g.upsert_user("p004", {"LastName": "x"}, pool=""),
)
CREATE = (
    f"POST {DATA}/composite/sobjects",
    lambda g: g.change([*creating("GroupMember", [({"GroupId": BOT_ID}, "")])]),
)
WRITES: dict[str, tuple[str, Call]] = {
    "upsert_user": UPSERT,
    "update": (
        f"PATCH {DATA}/sobjects/User/{BOT_ID}",
        lambda g: g.update("User", BOT_ID, {"IsActive": False}),
    ),
    "deactivate": (f"PATCH {DATA}/sobjects/User/{BOT_ID}", lambda g: g.deactivate(BOT_ID)),
    "set_password": (
        f"POST {DATA}/sobjects/User/{BOT_ID}/password",
        lambda g: g.set_password(BOT_ID, Secret("Canary-1")),
    ),
    "change: create": CREATE,
    "change: change": (
        f"PATCH {DATA}/composite/sobjects",
        lambda g: g.change([*changing("GroupMember", [{"Id": ROW}])]),
    ),
    "change: delete": (
        f"DELETE {DATA}/composite/sobjects",
        lambda g: g.change([*deleting([ROW])]),
    ),
    "change: several": (
        f"POST {DATA}/composite",
        lambda g: g.change([*deleting([ROW]), *creating("GroupMember", [({}, "")])]),
    ),
}

# What no method may take for a success.
BAD = {
    "empty": Answer(),
    "html": Answer(body=HTML),
    "html error": Answer(status=500, body=HTML),
    "bad gateway": Answer(status=502, body=HTML),
    "html not found": Answer(status=404, body=HTML),
    "html bad request": Answer(status=400, body=HTML),
    "half": Answer(body=b'{"id": "005'),
    "half list": Answer(body=b'[{"success": tr'),
    "number": Answer(body=b"7"),
    "null": Answer(body=b"null"),
    "text": Answer(body=b'"ok"'),
    "not utf-8": Answer(body=b'{"id": "\xff\xfe'),
    "deep": Answer(body=b"[" * 200_000),
    "list of numbers": Answer(body=b"[7]"),
    "other shape": said({"hello": ["world"]}),
    "errors of no kind": Answer(status=400, body=b'{"error": "x"}'),
    "list of no errors": Answer(status=400, body=b'[{"message": "x"}, 7, null]'),
    "created nothing": Answer(status=201, body=b"<created/>"),
    "moved": Answer(status=301, headers={"Location": "/x"}),
    "unavailable": Answer(status=503),
    "cut": Answer(
        raw=lambda out: out.write(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "005')
    ),
    "hung up": Answer(raw=lambda _: None),
}
# A reader of any JSON object takes what it is given, and its callers look closer; to a log-in, an
# «error» is a refusal of its own (test_login.py).
TAKEN = {
    ("limits", "other shape"),
    ("describe", "other shape"),
    ("run_as", "errors of no kind"),
}


@pytest.mark.parametrize("method", READS)
def test_a_read_is_unavailable(scripted: ScriptedOrg, method: str) -> None:
    line, call = READS[method]
    gateway = scripted.gateway()

    for bad, answer in BAD.items():
        if (method, bad) in TAKEN:
            continue
        scripted.answers(line, answer)
        with pytest.raises(ConnectorError) as caught:
            call(gateway)
        assert type(caught.value) is Unavailable, bad
        assert "html" not in str(caught.value).lower()


@pytest.mark.parametrize("method", WRITES)
def test_a_write_is_an_unknown_outcome(scripted: ScriptedOrg, method: str) -> None:
    """Nobody can say what came of it: it must be read back, and never sent again blindly."""
    line, call = WRITES[method]
    gateway = scripted.gateway()

    for bad, answer in BAD.items():
        scripted.answers(line, answer)
        with pytest.raises(ConnectorError) as caught:
            call(gateway)
        assert type(caught.value) is OutcomeUnknown, bad
        assert "html" not in str(caught.value).lower()

    assert scripted.lines().count(line) == len(BAD)


@pytest.mark.parametrize("method", WRITES)
def test_a_writes_token_that_ended_is_no_unknown_outcome(
    scripted: ScriptedOrg, method: str
) -> None:
    """A 401 says that nothing was done, so the write goes out again, once."""
    line, call = WRITES[method]
    stale = said([{"errorCode": "INVALID_SESSION_ID", "message": "x"}], 401)
    scripted.answers(line, stale, Answer(status=503))

    with pytest.raises(OutcomeUnknown):
        call(scripted.gateway_in_use())

    assert scripted.lines().count(line) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"id": None},
        {"id": ""},
        {"id": "../evil"},
        {"id": "0055g000000100"},
        {"id": 5},
        {"id": [BOT_ID]},
        [{"id": BOT_ID}],
        {"success": True},
    ],
)
def test_an_upsert_that_names_no_user_is_an_unknown_outcome(
    scripted: ScriptedOrg, body: object
) -> None:
    scripted.answers(UPSERT[0], said(body, 201))

    with pytest.raises(OutcomeUnknown):
        UPSERT[1](scripted.gateway())


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"success": True}, {"success": True}],
        [{"success": "true"}],
        [{"success": False, "errors": []}],
        [{"success": False, "errors": "x"}],
        [{"success": False, "errors": [{"message": "x"}]}],
        [None],
    ],
)
def test_an_item_without_success_or_reason_is_an_unknown_outcome(
    scripted: ScriptedOrg, items: list[object]
) -> None:
    scripted.answers(CREATE[0], said(items))

    with pytest.raises(OutcomeUnknown):
        CREATE[1](scripted.gateway())


def test_all_errors_of_all_parts_and_items_are_told(scripted: ScriptedOrg) -> None:
    no = [{"errorCode": "QUERY_TIMEOUT", "message": "x"}]
    worse = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "x"}]
    scripted.reads(composite(a=(400, no), b=page([]), c=(400, worse)))
    with pytest.raises(Unavailable, match="QUERY_TIMEOUT, UNABLE_TO_LOCK_ROW"):
        scripted.gateway().query(dict.fromkeys("abc", "SELECT Id FROM User"))

    errors = [
        {"errorCode": "STRING_TOO_LONG", "message": "x", "fields": ["Alias"]},
        {"errorCode": "REQUIRED_FIELD_MISSING", "message": "x", "fields": ["LastName"]},
    ]
    scripted.answers(UPSERT[0], said(errors, 400))
    with pytest.raises(
        ConnectorError, match=r"too long \(STRING_TOO_LONG, fields Alias\); the org"
    ):
        UPSERT[1](scripted.gateway())

    full = [{"errorCode": "LICENSE_LIMIT_EXCEEDED", "message": "x"}, errors[0]]
    scripted.answers(UPSERT[0], said(full, 400))
    with pytest.raises(ConnectorError, match=r"No free seat.*STRING_TOO_LONG"):
        UPSERT[1](scripted.gateway())


def test_the_lock_of_group_memberships_is_known_by_its_text(scripted: ScriptedOrg) -> None:
    text = "A Group Membership operation already in progress, please try again"
    lock = said([{"errorCode": "UNKNOWN_EXCEPTION", "message": text}], 400)
    scripted.answers(CREATE[0], lock, said([{"success": True, "id": ROW, "errors": []}]))

    CREATE[1](scripted.gateway())

    assert scripted.lines().count(CREATE[0]) == 2


@pytest.mark.parametrize(("status", "code"), [(414, "URI_TOO_LONG"), (431, "HEADER_TOO_LARGE")])
def test_what_is_too_long_was_surely_not_done(
    scripted: ScriptedOrg, status: int, code: str
) -> None:
    scripted.answers(UPSERT[0], Answer(status=status, body=HTML))

    with pytest.raises(ConnectorError) as caught:
        UPSERT[1](scripted.gateway())

    assert caught.value.code == code
