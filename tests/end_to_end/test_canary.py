"""The canary: the bot's passwords are in Salesforce's password call and the vault, nowhere else.

Every file of this folder is searched like this when its house is closed; here it is made mean.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import pytest
import requests
from flask import Flask, Response, request

from bot.domain.cards import CardAction
from bot.operating import retry
from bot.sandbox.faults import Fault, FaultKind
from tests.end_to_end.canary import find
from tests.end_to_end.house import House, is_item_call, is_password_call, leaks

PASSWORD = "POST /services/data/*/password"
ITEM = "POST /v1/vaults/*/items"
KINDS = [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER, FaultKind.HTML, FaultKind.STATUS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", [PASSWORD, ITEM])
def test_no_fault_at_the_two_secret_calls_lets_a_password_out(
    house: House, route: str, kind: FaultKind
) -> None:
    team = house.team()
    emulator = house.world.salesforce if route == PASSWORD else house.world.onepassword
    asked = house.ask(team.engineer, "salesforce/view-only")
    made = len(_made(house))

    emulator.faults.add(Fault(route=route, kind=kind))
    house.press(team.manager, asked.id, CardAction.APPROVE)

    assert len(_made(house)) > made
    assert house.has_seat(team.engineer)
    assert leaks(house) == {}


@pytest.mark.parametrize("which", ["salesforce", "onepassword"])
def test_a_service_that_quotes_the_password_in_its_refusal_does_not_get_it_out(
    house: House, which: str
) -> None:
    team = house.team()
    emulator = getattr(house.world, which)
    asked = house.ask(team.engineer, "salesforce/view-only")

    with _echoing(emulator.app):
        house.press(team.manager, asked.id, CardAction.APPROVE)
    stuck = house.request(asked.id)

    assert stuck.note.startswith("salesforce: " if which == "salesforce" else "1password: ")
    assert leaks(house) == {}
    retry(house.usher.context, asked.id, actor="cli:test")
    house.settle()
    assert house.has_seat(team.engineer)
    assert leaks(house) == {}


def test_the_whole_life_of_a_seat_keeps_its_password_in_its_two_places(house: House) -> None:
    team = house.team()
    before = len(_made(house))
    house.grant_view_only(team.seller, team.manager)
    newer = house.grant_standard(team.seller, team.manager)
    (secret,) = _made(house)[before:]

    (item,) = house.items(team.seller)
    user = house.user(team.seller)
    assert user is not None
    assert (item.password, user.last_password) == (secret, secret)
    house.press(team.seller, newer.id, CardAction.GIVE_BACK)
    house.travel(timedelta(days=1))

    assert leaks(house) == {}
    pages = [requests.get(f"{house.url}{p}", timeout=10).text for p in ("/metrics", "/readyz")]
    assert find(_made(house), "".join(pages)) == []


def test_the_search_finds_a_password_where_it_may_be(house: House) -> None:
    """The positive control: what finds nothing elsewhere finds it in the two secret calls."""
    team = house.team()
    before = len(_made(house))
    house.grant_view_only(team.engineer, team.manager)
    (secret,) = _made(house)[before:]

    calls = [e for e in house.world.salesforce.exchanges if is_password_call(e)]
    items = [e for e in house.world.onepassword.exchanges if is_item_call(e)]

    assert sum(bool(find([secret], call.request_body)) for call in calls) == 1
    assert sum(bool(find([secret], call.request_body)) for call in items) == 1


@pytest.mark.parametrize(
    "disguise",
    [
        lambda s: f"the password {s} was refused",
        lambda s: s[:14] + "… (cut)",
        lambda s: json.dumps({"NewPassword": s}),
        lambda s: json.dumps(json.dumps({"NewPassword": s})),
        lambda s: f"?next=1&value={quote(s)}&more=2",
        lambda s: quote(quote(s, ""), ""),
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: base64.b64encode(f"usher:{s}".encode()).decode(),
        lambda s: base64.urlsafe_b64encode(f"a{s}b".encode()).decode(),
        lambda s: base64.b64encode(json.dumps({"value": s}).encode()).decode(),
        lambda s: s.encode().hex(),
    ],
)
def test_the_search_sees_through_disguises(disguise: object) -> None:
    secret = "aB3!xK9#pQ7$mN5%wE2-rT4="
    assert callable(disguise)

    assert find([secret], f"before {disguise(secret)} after") != []
    assert find([secret], f"before {disguise(secret[::2])} after") == []


def test_what_is_planted_in_a_searched_place_is_found(house: House) -> None:
    secret = house.usher.context.passwords.new().reveal()
    end = len(house.logs.getvalue())

    house.logs.write(f"oops {quote(secret, '')}")
    house.errors.texts.append(f"ValueError: {secret}")
    found = leaks(house)
    house.logs.seek(end)
    house.logs.truncate()
    house.errors.texts.pop()

    assert set(found) == {"logs", "errors"}
    assert leaks(house) == {}


def _made(house: House) -> list[str]:
    assert house.passwords is not None
    return house.passwords.made


@contextmanager
def _echoing(app: Flask) -> Iterator[None]:
    """Let a service answer its secret call with a refusal that quotes what it was sent."""

    def echo() -> Response | None:
        if request.method != "POST" or not request.path.endswith(("/password", "/items")):
            return None
        words = f"not good enough: {request.get_data(as_text=True)}"
        salesforces = [{"errorCode": "INVALID_NEW_PASSWORD", "message": words}]
        body = salesforces if app.name == "salesforce" else {"status": 400, "message": words}
        return Response(json.dumps(body), 400, mimetype="application/json")

    hooks = app.before_request_funcs.setdefault(None, [])
    hooks.append(echo)
    try:
        yield
    finally:
        hooks.remove(echo)
