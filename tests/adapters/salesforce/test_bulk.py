"""Bulk reads: a job, its pages as CSV, and nothing left running."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.errors import Conflict, Unauthorized, Unavailable
from tests.adapters.salesforce.scripted_org import DATA, TOKEN, Answer, ScriptedOrg, said

JOB = "7505g00000ABCDEAA2"
CREATE, LOOK = f"POST {DATA}/jobs/query", f"GET {DATA}/jobs/query/{JOB}"
ABORT, RESULTS = f"PATCH {DATA}/jobs/query/{JOB}", f"{LOOK}/results"
QUERY = "SELECT Id, Name FROM User"
STALE = said([{"errorCode": "INVALID_SESSION_ID", "message": "x"}], 401)


def state(name: str) -> Answer:
    return said({"id": JOB, "state": name})


def csv(text: str, following: str = "null", count: int | str = 1) -> Answer:
    headers = {
        "Content-Type": "text/csv; charset=UTF-8",
        "Sforce-Locator": following,
        "Sforce-NumberOfRecords": str(count),
    }
    return Answer(body=text.encode(), headers=headers)


def patient(_: int) -> bool:
    return True


@pytest.fixture
def org(scripted: ScriptedOrg) -> ScriptedOrg:
    scripted.answers(CREATE, state("UploadComplete"))
    scripted.answers(LOOK, state("UploadComplete"), state("InProgress"), state("JobComplete"))
    scripted.answers(ABORT, state("Aborted"))
    scripted.answers(RESULTS, csv('"Id","Name"\n"1","Ann"\n'))
    return scripted


def read(org: ScriptedOrg, **more: Any) -> list[Any]:
    return [*org.gateway().bulk_query(QUERY, **({"wait": patient} | more))]


def test_rows_of_all_pages_come_in_order(org: ScriptedOrg) -> None:
    org.answers(
        RESULTS,
        csv('"Id","Name"\n"1","Ann"\n"2","Bea, ""B""\nO\'Neil"\n', "MTAwMDA=", 2),
        csv('"Id","Name"\n"3",""\n"4","\u2028Zoë\x85"\n', count=2),
    )

    assert read(org) == [
        {"Id": "1", "Name": "Ann"},
        {"Id": "2", "Name": 'Bea, "B"\nO\'Neil'},
        {"Id": "3", "Name": None},
        {"Id": "4", "Name": "\u2028Zoë\x85"},
    ]
    assert org.lines() == [TOKEN, CREATE, LOOK, LOOK, LOOK, RESULTS, RESULTS]
    assert json.loads(org.calls[1].body) == {"operation": "query", "query": QUERY}
    assert org.calls[-1].path.endswith("?maxRecords=100000&locator=MTAwMDA%3D")


def test_the_caller_paces_the_looks(org: ScriptedOrg) -> None:
    waited: list[int] = []

    def wait(look: int) -> bool:
        waited.append(look)
        return True

    read(org, wait=wait)

    assert waited == [1, 2, 3]


def test_an_empty_result_is_no_row(org: ScriptedOrg) -> None:
    for text in ('"Id","Name"\n', ""):
        org.answers(RESULTS, csv(text, count=0))
        org.answers(LOOK, state("JobComplete"))
        assert read(org) == []


def test_a_job_that_is_given_up_is_aborted(org: ScriptedOrg) -> None:
    with pytest.raises(Unavailable) as caught:
        read(org, wait=lambda look: look < 3)

    assert caught.value.code == "BULK_TIMEOUT"
    assert org.lines()[-1] == ABORT
    assert json.loads(org.calls[-1].body) == {"state": "Aborted"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=503), Unavailable),
        (said({"state": "Weird"}), Unavailable),
        (said([]), Unavailable),
        (said([{"errorCode": "API_CURRENTLY_DISABLED", "message": "x"}], 403), Unauthorized),
        (state("Failed"), Unavailable),
        (state("Aborted"), Unavailable),
    ],
)
def test_whatever_ends_the_wait_no_rows_come(
    org: ScriptedOrg, answer: Answer, kind: type[Exception]
) -> None:
    org.answers(LOOK, answer)

    with pytest.raises(kind):
        read(org)

    assert RESULTS not in org.lines()


def test_an_abort_that_fails_hides_nothing(org: ScriptedOrg) -> None:
    org.answers(ABORT, Answer(status=500))

    with pytest.raises(Unavailable, match="takes too long"):
        read(org, wait=lambda _: False)


def test_a_reader_who_stops_early_leaves_no_job_running(org: ScriptedOrg) -> None:
    rows: Iterator[Any] = org.gateway().bulk_query(QUERY, wait=patient)
    next(rows)
    rows.close()  # type: ignore[attr-defined]  # it is a generator

    assert ABORT not in org.lines(), "the job is complete"


@pytest.mark.parametrize("job", ["", "../x", "//evil.example", None, 7, f"{JOB}/results", "x" * 99])
def test_a_job_id_that_is_none_goes_into_no_address(org: ScriptedOrg, job: Any) -> None:
    org.answers(CREATE, said({"id": job, "state": "UploadComplete"}))

    with pytest.raises(Unavailable):
        read(org)

    assert org.lines() == [TOKEN, CREATE]


def test_a_query_that_bulk_forbids_is_a_refusal(org: ScriptedOrg) -> None:
    org.answers(CREATE, said([{"errorCode": "API_ERROR", "message": "no GROUP BY"}], 400))

    with pytest.raises(Conflict):
        read(org)


@pytest.mark.parametrize(
    "answer",
    [
        csv('"Id","Name"\n"1","Ann"\n', count=2),
        csv('"Id","Name"\n"1","Ann"\n', count=""),
        csv('"Id","Name"\n"1","An', count=1),
        csv('"Id","Name"\n"1"\n', count=1),
        csv('"Id","Id"\n"1","2"\n', count=1),
        csv('"Id","Name"\n"1","Ann"x\n', count=1),
        csv('"Id","Name"\n"1","Ann"\n', following="../evil"),
        csv('"Id","Name"\n"1","Ann"\n', following=""),
        csv('"Id"\n"' + "x" * (3 * 2**20), count=1),
        csv("<html>Maintenance</html>", count=1),
        Answer(
            body=b'"Id"\n"\xff\xfe"\n',
            headers={"Sforce-Locator": "null", "Sforce-NumberOfRecords": "1"},
        ),
        Answer(status=503),
        Answer(status=302, headers={"Location": "/x"}),
        Answer(status=500, body=b"[" * 100_000),
    ],
)
def test_a_result_that_is_cut_or_mangled_is_no_result(org: ScriptedOrg, answer: Answer) -> None:
    org.answers(RESULTS, answer)

    with pytest.raises(Unavailable):
        read(org)

    assert org.lines()[-1] == RESULTS, "and nobody is followed elsewhere"


def test_a_result_cut_off_on_the_way_is_no_result(org: ScriptedOrg) -> None:
    head = b"HTTP/1.1 200 OK\r\nSforce-Locator: null\r\nSforce-NumberOfRecords: 1\r\n"
    raw = head + b'Content-Length: 999\r\n\r\n"Id","Name"\n"1","Ann"\n'
    org.answers(RESULTS, Answer(raw=lambda out: out.write(raw)))

    with pytest.raises(Unavailable, match="did not arrive"):
        read(org)


def test_pages_that_lead_in_a_circle_end(org: ScriptedOrg) -> None:
    org.answers(RESULTS, csv('"Id","Name"\n"1","Ann"\n', "AAAA"))

    with pytest.raises(Unavailable):
        read(org)

    assert org.lines().count(RESULTS) == 2


def test_a_token_that_ends_between_pages_is_renewed(org: ScriptedOrg) -> None:
    org.answers(
        RESULTS,
        csv('"Id","Name"\n"1","Ann"\n', "AAAA"),
        STALE,
        csv('"Id","Name"\n"2","Bea"\n'),
    )

    assert [row["Id"] for row in read(org)] == ["1", "2"]
    assert org.lines().count(TOKEN) == 2


def test_memory_does_not_grow_with_the_result(org: ScriptedOrg) -> None:
    count = 10_000
    text = '"Id","Name"\n' + "".join(f'"{number:018}","{"x" * 400}"\n' for number in range(count))
    org.answers(RESULTS, csv(text, count=count))
    rows = org.gateway().bulk_query(QUERY, wait=patient)
    next(rows)

    tracemalloc.start()
    read_rows = sum(1 for _ in rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read_rows == count - 1
    assert peak < 2**20 < len(text) // 4
