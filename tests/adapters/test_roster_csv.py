"""The roster: a CSV in, people or every fault out."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.roster_csv import COLUMNS, RosterFile, load_roster
from bot.domain.errors import PolicyError
from bot.domain.people import Engagement

HEADER = ",".join(COLUMNS)
BEA = "p1,bea@acme.example,Bea Kline,sales-manager,,core,sales,Europe/Berlin,2020-06-15,,bea,U1,"
VAULT = "abcdefghijklmnopqrstuvwx01"
ANN = (
    "p2,ann@acme.example,Ann Ortiz,account-executive,p1,consultant,sales,America/New_York,"
    f"2024-02-05,2027-01-31,octo-ann,U2,{VAULT}"
)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a roster of these lines, under the right header unless told otherwise."""

    def to_file(*lines: str, header: str = HEADER) -> Path:
        path = tmp_path / "people.csv"
        path.write_text("\n".join((header, *lines)) + "\n")
        return path

    return to_file


def refused(path: Path) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_roster(path)
    return caught.value.faults


def test_people_are_read_with_what_is_known_of_them(write: Write) -> None:
    roster = load_roster(write(BEA, ANN))

    ann, bea = roster.get("p2"), roster.by_slack("U1")
    assert ann is not None
    assert bea is not None
    assert (ann.manager_id, ann.engagement) == ("p1", Engagement.CONSULTANT)
    assert (ann.first_day, ann.last_day) == (date(2024, 2, 5), date(2027, 1, 31))
    assert ann.handoff_vault == VAULT
    assert (bea.manager_id, bea.last_day, bea.handoff_vault) == (None, None, None)


def test_the_example_companys_people_are_a_roster() -> None:
    roster = load_roster(Path(__file__).parents[2] / "bot/sandbox/company/people.csv")

    assert len(roster) >= 12
    assert all(person.manager_id is None or roster.get(person.manager_id) for person in roster)


def test_excels_export_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    quoted = BEA.replace("Bea Kline", ' "Kline, Béa"').replace(' "', '"')
    path.write_bytes(f"{HEADER}\r\n{quoted}\r\n\r\n".encode("utf-8-sig"))

    (person,) = load_roster(path)

    assert person.name == "Kline, Béa"


def test_columns_may_stand_in_any_order(write: Write) -> None:
    header = ",".join(reversed(COLUMNS))
    line = ",".join(reversed(BEA.split(",")))

    assert load_roster(write(line, header=header)).by_github("BEA") is not None


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        (HEADER.replace("slack_id", "slackid"),
         ["unknown column 'slackid' - did you mean 'slack_id'?"]),
        (HEADER.replace("slack_id,", ""), ["column 'slack_id' is missing"]),
        (HEADER + ",phone", ["unknown column 'phone' (remove it)"]),
        (HEADER + ",mail", ["column 'mail' is there twice"]),
        (HEADER.replace(",", ";"), [f"the first line must name the columns: {HEADER}"]),
    ],
)  # fmt: skip
def test_the_header_must_be_right(write: Write, header: str, faults: list[str]) -> None:
    assert sorted(refused(write(BEA, header=header))) == sorted(
        f"people.csv:1: error: {fault}" for fault in faults
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("p2,", ",", "id is empty"),
        ("Ann Ortiz", " ", "name is empty"),
        ("2024-02-05", "", "first_day is empty"),
        ("2024-02-05", "5.2.2024", "first_day '5.2.2024' is not a day (write it as 2026-11-30)"),
        ("2024-02-05", "20240205", "first_day '20240205' is not a day (write it as 2026-11-30)"),
        ("2027-01-31", "2027-02-30", "last_day '2027-02-30' is not a day (write it as 2026-11-30)"),
        ("2027-01-31", "2023-01-31", "last_day 2023-01-31 is before first_day 2024-02-05"),
        ("New_York", "New_Yrok",
         "timezone is an unknown time zone 'America/New_Yrok' - did you mean 'America/New_York'?"),
        ("consultant,", "consultent,",
         "engagement 'consultent' is unknown - did you mean 'consultant'?"),
        ("consultant,", "xyz,", "engagement 'xyz' is unknown (write core or consultant)"),
        ("ann@acme.example", "ann at acme", "mail 'ann at acme' is not a mail address"),
        (VAULT, "Sales",
         "handoff_vault 'Sales' is not a vault id (26 lower-case letters and digits, or empty)"),
        (",p1,", ",p9,", "manager_id 'p9' is not the id of anybody here"),
        (",p1,", ",P1,", "manager_id 'P1' is not the id of anybody here - did you mean 'p1'?"),
        ("p2,", "p1,", "duplicate id 'p1' (first on line 2)"),
        ("ann@", "BEA@", "duplicate mail 'BEA@acme.example' (first on line 2)"),
        ("octo-ann", "Bea", "duplicate github 'Bea' (first on line 2)"),
        ("U2", "U1", "duplicate slack_id 'U1' (first on line 2)"),
        ("Ann Ortiz", "Ortiz, Ann", "14 cells instead of 13 (put text with commas in quotes)"),
        ("Ann Ortiz", '"Ann\nOrtiz"', "name has a line break or another invisible character"),
        ("Ann Ortiz", '"Ann" Ortiz', "this is not CSV: ',' expected after '\"'"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told_once_with_its_line(
    write: Write, old: str, new: str, fault: str
) -> None:
    assert old in ANN

    assert refused(write(BEA, ANN.replace(old, new, 1))) == (f"people.csv:3: error: {fault}",)


def test_lines_are_counted_also_after_a_cell_with_a_line_break(write: Write) -> None:
    faults = refused(write(BEA.replace("sales,", '"a\nb",'), ANN.replace(",p1,", ",p9,")))

    assert [fault.partition(": error")[0] for fault in faults] == ["people.csv:2", "people.csv:4"]


def test_all_faults_come_together_in_the_order_of_lines(write: Write) -> None:
    lines = [ANN.replace("p2", f"p{n}").replace(",p1,", ",p99,") for n in range(2, 12)]
    with pytest.raises(PolicyError) as caught:
        load_roster(write(BEA, *lines))

    numbers = [int(fault.split(":")[1]) for fault in caught.value.faults]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(3, 13))
    assert caught.value.detail == f"people.csv cannot be used: {len(numbers)} errors"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "1: error: the first line must name the columns"),
        (HEADER.encode() + b"\n", "1: error: there is nobody in this file"),
        (HEADER.encode() + b"\np1,\xe9", "2: error: this is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)

    (found,) = refused(path)

    assert found.startswith(f"people.csv:{fault}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path / "people.csv")

    assert fault.startswith("people.csv:1: error: this file cannot be read: No such file")


@given(text=st.text(max_size=60), at=st.integers(0, 400))
@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=5000
)
def test_whatever_is_in_the_file_people_or_faults_come_out(
    tmp_path: Path, text: str, at: int
) -> None:
    whole = f"{HEADER}\n{BEA}\n{ANN}\n"
    path = tmp_path / "people.csv"
    path.write_bytes((whole[:at] + text + whole[at:]).encode("utf-8", "surrogatepass"))

    try:
        load_roster(path)
        faults: tuple[str, ...] = ()
    except PolicyError as error:
        faults = error.faults or ("refused without a fault",)
    assert all(fault.startswith("people.csv:") for fault in faults)


# ---- the last good one --------------------------------------------------------------------------


def test_a_changed_file_is_read_again(write: Write) -> None:
    file = RosterFile(write(BEA))
    before = file.roster()

    write(BEA, ANN)

    assert (len(before), len(file.roster())) == (1, 2)
    assert file.roster() is file.roster()


def test_a_change_of_the_same_size_is_seen_by_its_time(write: Write) -> None:
    path = write(BEA)
    file = RosterFile(path)

    write(BEA.replace("Bea Kline", "Bea Klein"))
    os.utime(path, ns=(1, 1))

    assert [person.name for person in file.roster()] == ["Bea Klein"]


def test_a_broken_change_leaves_the_last_good_roster_in_force(write: Write) -> None:
    path = write(BEA)
    file = RosterFile(path)

    write(BEA.replace("core", "cor"))
    assert len(file.roster()) == 1
    assert "people.csv:2: error: engagement 'cor' is unknown" in (file.error or "")

    path.unlink()
    assert len(file.roster()) == 1
    assert "cannot be read" in (file.error or "")

    write(BEA, ANN)
    assert len(file.roster()) == 2
    assert file.error is None


def test_a_file_that_is_broken_at_the_start_is_refused(write: Write) -> None:
    with pytest.raises(PolicyError, match=r"people\.csv cannot be used: 1 error"):
        RosterFile(write(BEA.replace("core", "cor")))
