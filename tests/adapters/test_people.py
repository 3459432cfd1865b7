"""Everybody: the roster file, and those who joined and are not in it yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.people import CompanyPeople
from bot.adapters.store.database import make_engine
from bot.adapters.store.migrating import migrate
from bot.adapters.store.store import Store
from bot.domain.errors import Unavailable
from bot.domain.people import Person, Roster
from tests.factories import NOW, person, roster
from tests.fakes.ledger import FlakyLedger


class File:
    """The roster file, as HR exports it."""

    def __init__(self) -> None:
        self.now = roster()

    def __call__(self) -> Roster:
        return self.now


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[FlakyLedger]:
    engine = make_engine(f"sqlite:///{tmp_path}/usher.db")
    migrate(engine)
    yield FlakyLedger(Store(engine))
    engine.dispose()


def join(ledger: FlakyLedger, *people: Person) -> None:
    with ledger.begin() as tx:
        for one in people:
            tx.people.add(one, NOW)


def test_who_joins_is_known_after_the_next_refresh(file: File, ledger: FlakyLedger) -> None:
    people = CompanyPeople(file, ledger)
    assert people.roster() is file.now

    join(ledger, person("noor"))
    assert people.roster().get("noor") is None
    people.refresh()

    assert people.roster().get("noor") == person("noor")
    assert people.roster() is people.roster()
    assert len(people.roster()) == len(file.now) + 1


def test_the_files_line_wins_at_once(file: File, ledger: FlakyLedger) -> None:
    people = CompanyPeople(file, ledger)
    join(ledger, person("noor", role="csm"))
    people.refresh()
    assert people.roster().by_mail("noor@acme.example") == person("noor", role="csm")

    file.now = roster(person("noor", role="consultant"))

    assert people.roster().by_mail("noor@acme.example") == person("noor", role="consultant")


@pytest.mark.parametrize("is_read_between", [True, False])
def test_who_was_in_the_file_once_leaves_with_it(
    file: File, ledger: FlakyLedger, *, is_read_between: bool
) -> None:
    here, elsewhere = CompanyPeople(file, ledger), CompanyPeople(file, ledger)
    join(ledger, person("noor"), person("omar"))
    for people in (here, elsewhere):
        people.refresh()

    file.now = roster(person("noor"))
    if is_read_between:
        assert here.roster().get("noor")
        assert elsewhere.roster().get("noor")
    else:
        here.refresh()
        elsewhere.refresh()
    file.now = roster()
    for people in (here, elsewhere):
        assert people.roster().get("noor") is None
        people.refresh()
        assert people.roster().get("noor") is None
        assert people.roster().get("omar")

    with ledger.read() as tx:
        assert [one.id for one in tx.people.all()] == ["omar"]


def test_a_process_that_missed_the_files_line_learns_it_from_the_table(
    file: File, ledger: FlakyLedger
) -> None:
    missed = CompanyPeople(file, ledger)
    join(ledger, person("noor"))
    missed.refresh()
    assert missed.roster().get("noor")

    CompanyPeople(lambda: roster(person("noor")), ledger).refresh()
    missed.refresh()

    assert missed.roster().get("noor") is None


def test_who_left_may_join_once_more(file: File, ledger: FlakyLedger) -> None:
    people = CompanyPeople(file, ledger)
    join(ledger, person("noor"))
    people.refresh()
    file.now = roster(person("noor"))
    assert people.roster().get("noor")
    file.now = roster()
    people.refresh()

    join(ledger, person("noor", role="csm"))
    people.refresh()

    assert people.roster().get("noor") == person("noor", role="csm")


def test_looking_people_up_needs_no_database(file: File, ledger: FlakyLedger) -> None:
    people = CompanyPeople(file, ledger)
    join(ledger, person("noor"))
    people.refresh()

    ledger.is_down = True
    with pytest.raises(Unavailable):
        people.refresh()

    assert people.roster().get("noor") == person("noor")
