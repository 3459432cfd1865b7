"""The onboarding API as an HR system meets it."""

import hashlib
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.domain.errors import InvalidRequest, NotPermitted, Unavailable
from handlers.http.models import EXAMPLE
from handlers.http.onboarding import MAX_BODY_BYTES, onboarding_routes
from tests.fakes.desk import FakeDesk
from tests.fakes.web import Caller, in_chunks

TOKEN = "hr-token"
TOKENS = {"hr": hashlib.sha256(TOKEN.encode()).hexdigest(), "other": "0" * 64}
PATH = "/api/v1/onboardings"


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def app(desk: FakeDesk) -> FastAPI:
    app = FastAPI(openapi_url="/api/openapi.json")
    app.include_router(onboarding_routes(desk=desk, tokens=lambda: TOKENS))
    return app


@pytest.fixture
def web(app: FastAPI) -> Caller:
    return Caller(app)


def headers(**changes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k-1", **changes}


def person(**changes: Any) -> dict[str, Any]:
    return {"person": {**EXAMPLE["person"], **changes}}


def post(web: Caller, body: Any = EXAMPLE, **changes: str) -> httpx.Response:
    return web.post(PATH, json=body, headers=headers(**changes))


def test_a_new_person_is_created_and_can_be_looked_up(web: Caller, desk: FakeDesk) -> None:
    answer = post(web)

    assert answer.status_code == 201
    assert answer.json()["person_id"] == "p117"
    shown = web.get(answer.headers["Location"], headers=headers())
    assert (shown.status_code, shown.json()) == (200, answer.json())
    (call,) = desk.calls.values()
    assert (call.caller, call.mail, call.github) == ("hr", "kim.lee@acme.example", "octo-kim")


def test_a_repeated_call_is_answered_alike(web: Caller, desk: FakeDesk) -> None:
    first = post(web)
    spelled_otherwise = dict(
        reversed(list(person(engagement="core", last_day=None)["person"].items()))
    )
    again = post(web, {"person": spelled_otherwise})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(desk.calls) == 1


def test_one_key_for_two_bodies_is_refused(web: Caller) -> None:
    post(web)
    answer = post(web, person(name="Kim Smith"))

    assert answer.status_code == 409
    assert "another body" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        ("", 'Bearer realm="usher"'),
        ("Bearer ", 'Bearer realm="usher"'),
        ("Basic aHI6eA==", 'Bearer realm="usher"'),
        ("Bearer wrong", 'Bearer realm="usher", error="invalid_token"'),
        (f"Bearer {TOKENS['hr']}", 'Bearer realm="usher", error="invalid_token"'),
    ],
)
def test_without_a_known_token_nothing_is_read(
    authorization: str, challenge: str, web: Caller, desk: FakeDesk
) -> None:
    refused = web.post(PATH, content=b"{", headers=headers(Authorization=authorization))
    hidden = web.get(f"{PATH}/ob-1", headers={"Authorization": authorization})

    assert refused.status_code == hidden.status_code == 401
    assert refused.headers["WWW-Authenticate"] == challenge
    assert desk.calls == {}


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb", "schlüssel"])
def test_the_idempotency_key_is_required_and_plain(key: str, web: Caller) -> None:
    answer = web.post(
        PATH, json=EXAMPLE, headers={**headers(), "Idempotency-Key": key.encode("latin-1")}
    )

    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"mail": "kim at acme"}, "person.mail"),
        ({"mail": "kim@acme.example>\n<!channel>"}, "person.mail"),
        ({"name": " "}, "person.name"),
        ({"name": "Kim \u202eeeL"}, "person.name"),
        ({"name": "x" * 10_000}, "person.name"),
        ({"id": "../p1"}, "person.id"),
        ({"timezone": "America"}, "person.timezone"),
        ({"timezone": "../../etc/passwd"}, "person.timezone"),
        ({"first_day": "01.12.2026"}, "person.first_day"),
        ({"first_day": 1}, "person.first_day"),
        ({"last_day": "2026-11-30"}, "last_day is before first_day"),
        ({"engagement": "guest"}, "person.engagement"),
        ({"slack_id": "<@U1>"}, "person.slack_id"),
        ({"github": "octo kim"}, "person.github"),
        ({"nickname": "Kim"}, "person.nickname"),
        ({"manager_id": None}, "person.manager_id"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], problem: str, web: Caller) -> None:
    answer = post(web, person(**changes))

    assert answer.status_code == 422
    (said,) = answer.json()["problems"]
    assert problem in said


def test_all_problems_are_listed_at_once(web: Caller) -> None:
    answer = post(web, {"person": {}, "extra": 1})

    assert answer.status_code == 422
    assert len(answer.json()["problems"]) == 8


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000])
def test_a_body_that_is_not_json_is_said_to_be_none(body: bytes, web: Caller) -> None:
    answer = web.post(PATH, content=body, headers=headers())

    assert answer.status_code == 400


def test_a_huge_body_is_not_read(web: Caller) -> None:
    body = in_chunks(b" " * (MAX_BODY_BYTES + 1))

    assert web.post(PATH, content=body, headers=headers()).status_code == 413


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (InvalidRequest("There is no role wizard.", next_step="Name one of roles.yml."), 422),
        (NotPermitted("The roster owns p117."), 403),
        (Unavailable("locked", service="database"), 503),
    ],
)
def test_what_the_desk_refuses_is_said(
    failure: Exception, status: int, web: Caller, desk: FakeDesk
) -> None:
    desk.failure = failure
    answer = post(web)

    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_an_unknown_onboarding_is_not_found(web: Caller) -> None:
    assert web.get(f"{PATH}/ob-9", headers=headers()).status_code == 404


def test_while_the_tokens_cannot_be_read_nobody_comes_in(desk: FakeDesk) -> None:
    def broken() -> dict[str, str]:
        raise Unavailable("tokens:3: …", service="api tokens")

    app = FastAPI()
    app.include_router(onboarding_routes(desk=desk, tokens=broken))
    answer = post(Caller(app))

    assert answer.status_code == 503
    assert "tokens:3" not in answer.text


def test_the_openapi_page_shows_bodies_problems_and_the_token(web: Caller) -> None:
    page = web.get("/api/openapi.json").json()

    operation = page["paths"][PATH]["post"]
    assert operation["security"] == [{"bearer": []}]
    assert page["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"200", "201", "400", "401", "403", "409", "413", "422", "503"} <= set(
        operation["responses"]
    )
    content = operation["requestBody"]["content"]["application/json"]
    assert content["example"] == EXAMPLE
    assert "#/$defs" not in json.dumps(content)
    assert any(
        p["name"] == "Idempotency-Key" or p["name"] == "idempotency-key"
        for p in operation["parameters"]
    )
