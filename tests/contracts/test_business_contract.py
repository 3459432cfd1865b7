"""What the workflows count on in RecordReader and RecordWriter, of the fake and of Salesforce."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.salesforce.records import SalesforceRecords, SalesforceRecordWriter
from bot.domain.blockers import BlockerKind
from bot.domain.errors import OutcomeUnknown
from bot.ports import RecordReader, RecordWriter
from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.salesforce import Org, SalesforceEmulator
from tests.adapters.salesforce.org_bench import Bench as OrgBench
from tests.adapters.salesforce.org_bench import person
from tests.fakes.business import FakeBusiness

HAL, IDA = person("px1", "Hal Mercer"), person("px2", "Ida Fonseca")
GONE = person("px3", "Zoe Wild")


@dataclass
class Bench:
    """An implementation, two of its users, and ways to make trouble."""

    reader: RecordReader
    writer: RecordWriter
    hal: str
    ida: str
    fill: Callable[[int], object]
    lose_answer: Callable[[], None]


@pytest.fixture(params=["fake", "salesforce"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "fake":
        fake = FakeBusiness(active={"px1": "005-hal", "px2": "005-ida"})
        lose = lambda: fake.troubles.lose("give")  # noqa: E731  # one line
        fill = lambda number: fake.fill("005-hal", Lead=number)  # noqa: E731  # one line
        yield Bench(fake, fake, "005-hal", "005-ida", fill, lose)
        return
    emulator = SalesforceEmulator()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(emulator.ca_pem)
    connected = OrgBench(emulator, emulator.serve_tls(), ca_file).connect()
    lost = Fault(route="PATCH /services/data/*/composite/sobjects", kind=FaultKind.DROP_AFTER)
    yield Bench(
        SalesforceRecords(connected.reading),
        SalesforceRecordWriter(connected.writing),
        _id(emulator.org, HAL.username),
        _id(emulator.org, IDA.username),
        lambda number: emulator.org.seed_records(HAL.username, number, ["Lead"]),
        lambda: emulator.faults.add(lost),
    )
    connected.wire.close()
    emulator.close()


def _id(org: Org, username: str) -> str:
    found = org.user(username)
    assert found is not None
    return found.id


def test_what_is_counted_is_what_has_ids(bench: Bench) -> None:
    bench.fill(3)

    assert bench.reader.count(bench.hal, ["Lead", "Case"]) == {"Lead": 3, "Case": 0}
    assert len(set(bench.reader.ids(bench.hal, "Lead"))) == 3
    assert bench.reader.ids(bench.hal, "Case") == ()
    assert bench.reader.count(bench.ida, []) == {}


def test_what_is_given_changes_hands_and_giving_it_again_changes_nothing(bench: Bench) -> None:
    bench.fill(3)
    first, second, third = bench.reader.ids(bench.hal, "Lead")

    assert bench.writer.give("Lead", [first, third], bench.ida) == ()
    assert bench.writer.give("Lead", [first, third], bench.ida) == ()

    assert bench.reader.ids(bench.hal, "Lead") == (second,)
    assert set(bench.reader.ids(bench.ida, "Lead")) == {first, third}


def test_a_lost_answer_is_an_unknown_outcome(bench: Bench) -> None:
    bench.fill(1)
    bench.lose_answer()

    with pytest.raises(OutcomeUnknown):
        bench.writer.give("Lead", bench.reader.ids(bench.hal, "Lead"), bench.ida)

    assert bench.reader.count(bench.hal, ["Lead"]) == {"Lead": 0}


def test_only_people_with_an_active_user_are_found(bench: Bench) -> None:
    assert bench.reader.users([HAL, IDA, GONE]) == {"px1": bench.hal, "px2": bench.ida}


def test_nobody_depends_on_a_user_like_any_other(bench: Bench) -> None:
    bench.fill(2)

    look = bench.reader.look(bench.hal, ["Lead", "Case"])

    assert (look.owned, look.blockers, look.unread) == ({"Lead": 2, "Case": 0}, (), "")
    found = bench.reader.look(bench.ida, []).blockers
    assert found is not None
    assert BlockerKind.OTHER not in {one.kind for one in found}
