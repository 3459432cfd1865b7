"""Queries of many pages: all rows, each once, and never led astray."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from bot.adapters.salesforce.paging import Locator
from bot.domain.errors import Conflict, Unavailable
from bot.domain.plan import Holder
from tests.adapters.salesforce.org_bench import Connected, person
from tests.adapters.salesforce.scripted_org import DATA, Answer, ScriptedOrg, composite, page

QUERY = "SELECT Id, Email FROM User WHERE Email = 'ann@acme.example'"
NEXT = f"{DATA}/query/01g5g00000ABCDEAA2-2000"
THEN = f"{DATA}/query/01g5g00000ABCDEAA2-4000"
LOST = composite(page=(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "gone"}]))


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"Id": f"{number:018}", "Email": f"{number}@acme.example"} for number in numbers]


def numbers(found: Any) -> list[int]:
    return [int(row["Id"]) for row in found]


def asked(org: ScriptedOrg) -> list[dict[str, Any]]:
    """List the parts of all composite calls."""
    bodies = [json.loads(call.body) for call in org.calls if call.line.endswith("/composite")]
    return [part for body in bodies for part in body["compositeRequest"]]


def test_all_pages_come_in_order_each_with_one_call(scripted: ScriptedOrg) -> None:
    scripted.reads(
        composite(page=page(rows(1, 2), NEXT)),
        composite(page=page(rows(3), THEN)),
        composite(page=page(rows(4))),
    )

    assert numbers(scripted.gateway().query_all(QUERY)) == [1, 2, 3, 4]
    assert [part["url"] for part in asked(scripted)] == [
        f"{DATA}/query?q={quote(QUERY, safe='')}", NEXT, THEN,
    ]  # fmt: skip
    assert {part["httpHeaders"]["Sforce-Query-Options"] for part in asked(scripted)} == {
        "batchSize=2000"
    }


def test_no_name_or_mail_travels_in_an_address(scripted: ScriptedOrg) -> None:
    scripted.reads(composite(page=page(rows(1))))
    [*scripted.gateway().query_all(QUERY)]

    assert not any("acme" in call.path for call in scripted.calls)


def test_nothing_is_read_before_somebody_wants_it(scripted: ScriptedOrg) -> None:
    scripted.reads(composite(page=page(rows(1, 2), NEXT)), composite(page=page(rows(3))))
    found = scripted.gateway().query_all(QUERY)
    assert scripted.calls == []

    assert next(found)["Email"] == "1@acme.example"
    assert len(asked(scripted)) == 1


def test_a_lost_cursor_starts_over_once_and_gives_no_row_twice(scripted: ScriptedOrg) -> None:
    scripted.reads(
        composite(page=page(rows(1, 2), NEXT)),
        LOST,
        composite(page=page(rows(1, 2), NEXT)),
        composite(page=page(rows(3, 4))),
    )

    assert numbers(scripted.gateway().query_all(QUERY)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("answers", "calls"),
    [
        ([composite(page=page(rows(1), NEXT)), LOST], 4),
        ([LOST], 1),
        ([composite(page=page([{"Name": "without an id"}], NEXT)), LOST], 2),
    ],
)
def test_it_does_not_start_over_for_ever(
    scripted: ScriptedOrg, answers: list[Answer], calls: int
) -> None:
    scripted.reads(*answers, *([*answers[:1], LOST] if calls == 4 else []))

    with pytest.raises(Unavailable) as caught:
        [*scripted.gateway().query_all(QUERY)]

    assert caught.value.code == "INVALID_QUERY_LOCATOR"
    assert len(asked(scripted)) == calls


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/services/data/v62.0/query/01g5g00000ABCDEAA2-2000",
        "//evil.example/services/data/v62.0/query/01g5g00000ABCDEAA2-2000",
        "http://localhost/services/data/v62.0/query/01g5g00000ABCDEAA2-2000",
        "https://localhost@evil.example/services/data/v62.0/query/01g5g00000ABCDEAA2-2000",
        f"{DATA}/query/../sobjects/User/01g5g00000ABCDEAA2",
        f"{DATA}/query/01g5g00000ABCDEAA2-2000/../../limits",
        f"{DATA}/query/01g5g00000ABCDEAA2-2000?q=SELECT",
        f"{DATA}/query/01g5g00000ABCDEAA2-2000#x",
        f"{DATA}/query/01g5g00000ABCDEAA2-2000\n",
        f"{DATA}/query/01g5g00000ABCDEAA2%2D2000",
        f"{DATA}/query/",
        f"{DATA}/queryAll/01g5g00000ABCDEAA2-2000",
        "/services/data/v30.0/query/01g5g00000ABCDEAA2-2000",
        f"{DATA}/query{DATA}/query/01g5g00000ABCDEAA2-2000",
        "01g5g00000ABCDEAA2-2000",
        "",
        f"{DATA}/query/{'0' * 10_000}-2000",
    ],
)
def test_a_next_page_elsewhere_is_refused(scripted: ScriptedOrg, following: str) -> None:
    scripted.reads(composite(page=page(rows(1), following)), composite(page=page(rows(2))))

    with pytest.raises(Unavailable):
        [*scripted.gateway().query_all(QUERY)]

    assert len(asked(scripted)) == 1


def test_an_address_on_the_very_same_host_is_fine(scripted: ScriptedOrg) -> None:
    scripted.reads(
        composite(page=page(rows(1), scripted.url + NEXT)), composite(page=page(rows(2)))
    )

    assert numbers(scripted.gateway().query_all(QUERY)) == [1, 2]
    assert asked(scripted)[1]["url"] == NEXT


def test_pages_that_lead_in_a_circle_end(scripted: ScriptedOrg) -> None:
    scripted.reads(composite(page=page(rows(1), NEXT)))

    with pytest.raises(Unavailable):
        [*scripted.gateway().query_all(QUERY)]

    assert len(asked(scripted)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"done": True, "records": [], "nextRecordsUrl": NEXT},
        {"done": False, "records": []},
        {"done": False, "records": [], "nextRecordsUrl": 7},
        {"done": "true", "records": []},
        {"records": []},
        {"done": True, "records": {}},
        {"done": True, "records": [7]},
        [],
        None,
    ],
)
def test_a_page_of_another_shape_is_no_page(scripted: ScriptedOrg, body: Any) -> None:
    scripted.reads(composite(page=body))

    with pytest.raises(Unavailable):
        [*scripted.gateway().query_all(QUERY)]


@pytest.mark.parametrize("text", ["", "x-1", "../x", NEXT, "01g5g00000ABCDEAA2-2000 ", "a" * 99])
def test_only_a_locator_is_one(text: str) -> None:
    with pytest.raises(Conflict):
        Locator(text)


def test_pages_of_several_queries_go_in_one_call(scripted: ScriptedOrg) -> None:
    scripted.reads(composite(a=page(rows(1), NEXT), b=page(rows(2))), composite(a=page(rows(3))))
    gateway = scripted.gateway()

    first = gateway.pages({"a": QUERY, "b": QUERY})
    assert first["b"].next is None
    assert first["a"].next is not None
    then = gateway.pages({"a": first["a"].next})

    assert numbers(then["a"].rows) == [3]
    with pytest.raises(ValueError, match="5 queries"):
        gateway.pages(dict.fromkeys("abcdef", QUERY))


def test_an_emulated_org_gives_all_of_its_users(salesforce: Connected, ann: Holder) -> None:
    everybody = {user.id for user in salesforce.emulator.org.users()}

    found = [*salesforce.reading.query_all("SELECT Id FROM User ORDER BY Id")]

    assert {row["Id"] for row in found} >= everybody
    assert len({row["Id"] for row in found}) == len(found)
    assert person("p900", "X").name not in str(found)
