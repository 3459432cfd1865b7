"""Whatever strangers type, no call leaves the host and no query asks for something else."""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from bot.adapters.salesforce.batches import changing, creating, deleting
from bot.adapters.salesforce.gateway import WritingGateway
from bot.adapters.salesforce.paging import Locator
from bot.adapters.salesforce.soql import soql
from bot.domain.errors import Conflict, ConnectorError
from bot.domain.secret import Secret
from tests.adapters.salesforce.scripted_org import DATA, ScriptedOrg, composite, page

GOOD = "0055g0000001009AAA"
HOSTILE = [
    "//evil.example",
    "//evil.example/x",
    "https://evil.example/x",
    "http:evil.example",
    "https:/evil.example",
    "\\\\evil.example\\x",
    "@evil.example",
    "x@evil.example:443/005000000000001",
    "../",
    "../Account/001000000000001",
    "../../../../oauth2/revoke",
    "..%2f..%2foauth2%2frevoke",
    "%2e%2e/%2e%2e/limits",
    "%252e%252e%252f",
    "..;/limits",
    "./",
    "'",
    "\\",
    "\\'",
    "\\\\'",
    '"',
    "' OR '1'='1",
    "' OR Id != '",
    "x' OR IsActive = true --",
    "x') OR (Id != '",
    "x' LIMIT 1 /*",
    "' OR",
    "%",
    "_%",
    "{person}",
    "{0}",
    "{v:literal}",
    "{v.__class__}",
    "${jndi:ldap://evil.example}",
    "@{users.records[0].Id}",
    "%00",
    "\x00",
    "a\nb",
    "a\r\nHost: evil.example",
    "a\r\n\r\nGET /evil HTTP/1.1",
    "\t",
    "\x1b[2J",
    "\x7f",
    "\u202egnp.exe",
    "\u2028' OR '1'='1",
    "\ufeff005000000000001",
    "O\u2019Neil",
    "\uff07 OR \uff071\uff07=\uff071",
    "Аnn",
    "005000000000000١",
    "0055g0000001009AAA0055g0000001009AAA",
    "0055g0000001009AAA/password",
    "0055g0000001009AAA?x=1",
    "0055g0000001009AAA#x",
    "0055g0000001009AAA ",
    "0055g0000001009AAA,0055g0000001009AAB",
    "<script>alert(1)</script>",
    "🦊" * 18,
    "A" * 10_000,
    "'" * 10_000,
]

Call = Callable[[WritingGateway, str], object]

# Every public method that takes an id or a name, by the name of the method.
ADDRESSED: dict[str, list[Call]] = {
    "update": [
        lambda g, x: g.update("User", x, {"IsActive": False}),
        lambda g, x: g.update(x, GOOD, {"IsActive": False}),
    ],
    "upsert_user": [lambda g, x: g.upsert_user(x, {"LastName": "x"}, pool="")],
    "deactivate": [lambda g, x: g.deactivate(x)],
    "set_password": [lambda g, x: g.set_password(x, Secret("Canary-1"))],
    "change": [
        lambda g, x: g.change([*deleting([GOOD, x])]),
        lambda g, x: g.change([*changing("User", [{"Id": x}])]),
        lambda g, x: g.change([*creating(x, [({"AssigneeId": GOOD}, "")])]),
        lambda g, x: g.change([*deleting([GOOD]), *deleting([x])]),
    ],
    "describe": [lambda g, x: g.describe(x)],
    "describe_all": [lambda g, x: g.describe_all(["User", x])],
    "pages": [lambda g, x: g.pages({"one": Locator(x)})],
}


def patient(_: int) -> bool:
    return True


# Every public method that takes a query.
ASKING: dict[str, Call] = {
    "query": lambda g, q: g.query({"one": q}),
    "query_each": lambda g, q: g.query_each({"one": q}),
    "query_every": lambda g, q: g.query_every({"one": q}),
    "query_all": lambda g, q: [*g.query_all(q)],
    "bulk_query": lambda g, q: [*g.bulk_query(q, wait=patient)],
}
NOTHING_TO_TYPE = {
    "run_as", "limits", "objects", "quota", "may_read_bulk", "clock_off_s", "host",
}  # fmt: skip


def test_there_are_at_least_fifty_of_them_and_no_method_is_left_out() -> None:
    public = {name for name in dir(WritingGateway) if not name.startswith("_")}

    assert len(set(HOSTILE)) >= 50
    assert public == {*ADDRESSED, *ASKING, *NOTHING_TO_TYPE}


@pytest.mark.parametrize("method", sorted(ADDRESSED))
def test_nothing_hostile_gets_into_an_address(scripted: ScriptedOrg, method: str) -> None:
    gateway = scripted.gateway()
    gateway.run_as()
    before = len(scripted.calls)

    for call in ADDRESSED[method]:
        for hostile in HOSTILE:
            if method == "upsert_user" and re.fullmatch(r"[\w-]{1,64}", hostile, re.ASCII):
                continue  # some companies' ids look like that
            with pytest.raises(Conflict) as caught:
                call(gateway, hostile)
            assert caught.value.code == "MALFORMED_ID", hostile
            assert hostile not in str(caught.value)

    assert len(scripted.calls) == before


def test_nothing_hostile_changes_a_query(scripted: ScriptedOrg) -> None:
    gateway = scripted.gateway()
    gateway.run_as()

    for hostile in HOSTILE:
        scripted.calls.clear()
        scripted.reads(composite(one=page([])), composite(page=page([])))
        query = soql("SELECT Id FROM User WHERE Username = {name} LIMIT 2", name=hostile)
        for ask in ASKING.values():
            with contextlib.suppress(ConnectorError):  # there is no script for jobs
                ask(gateway, query)

        sent = [text for call in scripted.calls for text in queries(json.loads(call.body))]
        assert len(sent) == len(ASKING)
        assert {told(text) for text in sent} == {hostile}
        assert all(re.fullmatch(r"/services/[\w/.]+", call.path) for call in scripted.calls)


def told(text: str) -> str:
    """Return what a query asks for; fails if it is another query."""
    literal = re.fullmatch(
        r"SELECT Id FROM User WHERE Username = '((?:[^'\\]|\\.)*)' LIMIT 2", text, re.DOTALL
    )
    assert literal is not None, text[:200]
    return unescaped(literal[1])


def queries(body: dict[str, Any]) -> list[str]:
    """Return the queries of a composite call, or that of a job."""
    if "query" in body:
        return [body["query"]]
    head = f"{DATA}/query?q="
    urls = [part["url"] for part in body["compositeRequest"]]
    assert all(re.fullmatch(r"[\w.~/?=%-]+", url) for url in urls)
    return [unquote(url.removeprefix(head)) for url in urls]


def unescaped(literal: str) -> str:
    """Undo the escapes of a SOQL string (SOQL and SOSL reference, quoted string escapes)."""
    meant = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    return re.sub(r"\\(.)", lambda m: meant.get(m[1], m[1]), literal)
